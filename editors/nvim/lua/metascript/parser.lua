local M = {}

---The directory of this plugin.
---@return string
function M.root()
  local file = debug.getinfo(1, 'S').source:sub(2)
  return vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(vim.fs.abspath(file))))
end

---The grammar lies beside `editors` in the repository.
---@return string
function M.grammar()
  return vim.fs.joinpath(vim.fs.dirname(vim.fs.dirname(M.root())), 'grammar')
end

---Where the parser is written: a directory of the run-time path that belongs to the user.
---@return string
function M.target()
  return vim.fs.joinpath(vim.fn.stdpath('data'), 'site', 'parser', 'metascript.so')
end

---@return boolean available
---@return string? reason
function M.available()
  local loaded, result, reason = pcall(vim.treesitter.language.add, 'metascript')
  if not (loaded and result) and vim.uv.fs_stat(M.target()) then
    -- Neovim does not look again into a directory that was not there when it started.
    loaded, result, reason = pcall(vim.treesitter.language.add, 'metascript', { path = M.target() })
  end
  if loaded and result then
    return true
  end
  return false, tostring(reason or result)
end

---@return string? compiler
function M.compiler()
  for _, name in ipairs({ vim.env.CC or 'cc', 'cc', 'gcc', 'clang', 'zig' }) do
    if vim.fn.executable(name) == 1 then
      return name
    end
  end
end

---@param grammar? string The grammar directory.
function M.build(grammar)
  local source = vim.fs.joinpath(grammar or M.grammar(), 'src')
  if not vim.uv.fs_stat(vim.fs.joinpath(source, 'parser.c')) then
    vim.notify('There is no parser.c in ' .. source, vim.log.levels.ERROR)
    return
  end
  local compiler = M.compiler()
  if not compiler then
    vim.notify('No C compiler was found', vim.log.levels.ERROR)
    return
  end
  local target = M.target()
  vim.fn.mkdir(vim.fs.dirname(target), 'p')
  -- A parser that is loaded must not be overwritten in place.
  local fresh = target .. '.new'
  local command = { compiler }
  if compiler == 'zig' then
    table.insert(command, 'cc')
  end
  vim.list_extend(command, {
    '-O2',
    '-shared',
    '-fPIC',
    '-I',
    source,
    vim.fs.joinpath(source, 'parser.c'),
    vim.fs.joinpath(source, 'scanner.c'),
    '-o',
    fresh,
  })
  vim.notify('Compiling the Metascript parser ...')
  local result = vim.system(command, { text = true }):wait()
  if result.code ~= 0 then
    vim.notify('The Metascript parser could not be compiled:\n' .. result.stderr, vim.log.levels.ERROR)
    return
  end
  assert(vim.uv.fs_rename(fresh, target))
  vim.notify('Written: ' .. target)
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.bo[buffer].filetype == 'metascript' then
      require('metascript').attach(buffer)
    end
  end
end

return M
