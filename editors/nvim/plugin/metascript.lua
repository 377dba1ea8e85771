if vim.g.loaded_metascript then
  return
end
vim.g.loaded_metascript = true

vim.filetype.add({ extension = { ms = 'metascript' } })

vim.api.nvim_create_user_command('MetascriptBuildParser', function(command)
  require('metascript.parser').build(command.args ~= '' and command.args or nil)
end, {
  nargs = '?',
  complete = 'dir',
  desc = 'Compile the tree-sitter parser of Metascript (optional argument: the grammar directory)',
})

vim.api.nvim_create_user_command('MetascriptExpand', function(command)
  require('metascript.expand').show(not command.bang and command.line1 or nil)
end, {
  bang = true,
  range = true,
  desc = 'Show what the macros on this line generate (with !, the whole file expanded)',
})

-- What the server's code lenses name: the URI and the position of a use.
vim.lsp.commands['metascript.expandMacro'] = function(command)
  local uri, position = unpack(command.arguments or {})
  local line = position and position.line and position.line + 1
  require('metascript.expand').show(line, uri and vim.uri_to_fname(uri) or nil)
end

-- A colour scheme forgets the groups of others.
vim.api.nvim_create_autocmd('ColorScheme', {
  group = vim.api.nvim_create_augroup('metascript', {}),
  callback = function()
    require('metascript.colors').apply()
  end,
})
