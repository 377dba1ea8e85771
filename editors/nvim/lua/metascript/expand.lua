-- What macros generate, in a buffer beside the source.
local M = {}

---The program: the one that the language server was configured with, else the one in the path.
---@return string
function M.program()
  local config = vim.lsp.config and vim.lsp.config.msc
  local command = config and config.cmd
  return type(command) == 'table' and command[1] or 'msc'
end

---The buffer for the expansions of `source`, made if there is none.
local function buffer_for(source)
  local name = 'metascript-expansion://' .. source
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_get_name(buffer) == name then
      return buffer
    end
  end
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buffer, name)
  vim.bo[buffer].bufhidden = 'wipe'
  vim.bo[buffer].modifiable = false
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = buffer, desc = 'Close the expansion' })
  return buffer
end

local function show(buffer, text)
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, vim.split(vim.trim(text), '\n'))
  vim.bo[buffer].modifiable = false
  if vim.bo[buffer].filetype ~= 'metascript' then
    -- Coloured, and without a language server: this is nobody's file.
    vim.bo[buffer].filetype = 'metascript'
  end
  local window = vim.fn.bufwinid(buffer)
  if window == -1 then
    vim.cmd('botright vertical sbuffer ' .. buffer)
    vim.cmd.wincmd('p')
  end
end

---Shows what the uses on `line` generate, or without one the whole file as it is after expansion.
---@param line? integer Counted from 1.
---@param file? string The source; without it, that of the current buffer.
function M.show(line, file)
  local source = file or vim.api.nvim_buf_get_name(0)
  if not vim.endswith(source, '.ms') then
    vim.notify('Only Metascript files have expansions', vim.log.levels.ERROR)
    return
  end
  local buffer = vim.fn.bufnr(source)
  if buffer ~= -1 and vim.bo[buffer].modified then
    vim.notify('What is shown is the expansion of the saved text', vim.log.levels.WARN)
  end
  local place = line and ('%s:%d'):format(source, line) or source
  local started, why = pcall(
    vim.system,
    { M.program(), 'expand', '--color', 'never', place },
    { text = true, cwd = vim.fs.dirname(source) },
    vim.schedule_wrap(function(result)
      if result.stdout == '' then
        local message = vim.trim(result.stderr)
        vim.notify(message ~= '' and message or 'Nothing is generated here', vim.log.levels.WARN)
        return
      end
      show(buffer_for(source), result.stdout)
      if result.code ~= 0 then
        vim.notify(vim.trim(result.stderr), vim.log.levels.WARN)
      end
    end)
  )
  if not started then
    vim.notify(('%s cannot be started: %s'):format(M.program(), why), vim.log.levels.ERROR)
  end
end

return M
