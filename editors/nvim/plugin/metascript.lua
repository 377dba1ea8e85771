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
