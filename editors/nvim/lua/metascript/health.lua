local M = {}

function M.check()
  local health = vim.health
  local parser = require('metascript.parser')
  health.start('metascript')

  if vim.fn.has('nvim-0.11') == 1 then
    health.ok('Neovim is recent enough')
  else
    health.error('Neovim 0.11 or later is needed')
  end

  if vim.filetype.match({ filename = 'a.ms' }) == 'metascript' then
    health.ok('.ms files are Metascript')
  else
    health.error('.ms files are taken for ' .. tostring(vim.filetype.match({ filename = 'a.ms' })))
  end

  local available, reason = parser.available()
  if not available then
    health.error('The parser cannot be loaded: ' .. reason, {
      'Run :MetascriptBuildParser',
      'C compiler: ' .. (parser.compiler() or 'none found'),
    })
  else
    health.ok('The parser is loaded')
    for _, query in ipairs({ 'highlights', 'injections', 'locals', 'folds', 'indents', 'textobjects' }) do
      local compiled, found = pcall(vim.treesitter.query.get, 'metascript', query)
      if not compiled then
        health.error(query .. '.scm and the parser do not fit: ' .. tostring(found), {
          'Run :MetascriptBuildParser',
        })
      elseif not found then
        health.error(query .. '.scm is missing')
      else
        health.ok(query .. '.scm fits')
      end
    end
  end

  if vim.lsp.is_enabled and vim.lsp.is_enabled('msc') or vim.lsp._enabled_configs and vim.lsp._enabled_configs.msc then
    health.ok('The language server is enabled')
  else
    health.warn('The language server is not enabled', {
      "Call require('metascript').setup() or vim.lsp.enable('msc')",
    })
  end
  local program = require('metascript.expand').program()
  if vim.fn.executable(program) == 1 then
    local version = vim.system({ program, '--version' }, { text = true }):wait()
    if version.code == 0 then
      health.ok(vim.trim(version.stdout) .. ': ' .. vim.fn.exepath(program))
    else
      health.error(program .. ' does not run: ' .. vim.trim(version.stderr))
    end
  else
    health.error(program .. ' cannot be run', {
      'Put msc on your path',
      "Or name it: require('metascript').setup({ lsp = { cmd = { '/path/to/msc', 'lsp' } } })",
    })
  end
  for _, client in ipairs(vim.lsp.get_clients({ name = 'msc' })) do
    health.info('Serving ' .. (client.root_dir or 'single files'))
  end
end

return M
