if vim.b.did_ftplugin then
  return
end
vim.b.did_ftplugin = true

vim.bo.commentstring = '// %s'
vim.bo.comments = 'sO:* -,mO:*  ,exO:*/,s1:/*,mb:*,ex:*/,://'
vim.bo.suffixesadd = '.ms,.ts,.d.ts,.json'
vim.opt_local.formatoptions:remove('t')
vim.opt_local.formatoptions:append('croql')
vim.opt_local.matchpairs:append('<:>')

-- There is no indent function without nvim-treesitter; C's rules come close.
if vim.bo.indentexpr == '' then
  vim.bo.cindent = true
  vim.bo.cinoptions = 'j1,J1,(1s,u1s,+1s,m1,#1'
end

vim.b.undo_ftplugin = table.concat({
  'setlocal commentstring< comments< suffixesadd< formatoptions< matchpairs< cindent< cinoptions<',
  'lua pcall(vim.treesitter.stop)',
}, ' | ')

require('metascript').attach(0)
