-- Found by `vim.lsp.enable('msc')`, which `require('metascript').setup()` calls.
return {
  cmd = { 'msc', 'lsp' },
  filetypes = { 'metascript' },
  root_markers = { 'metascript.json', 'tsconfig.json', 'package.json', '.git' },
}
