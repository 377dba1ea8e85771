local M = {}

---@class metascript.Options
---@field lsp? boolean|vim.lsp.Config Start the language server; a table changes its configuration.
---@field highlight? boolean Colour with tree-sitter.
---@field fold? boolean Fold with tree-sitter.

---@type metascript.Options
local options = {
  lsp = true,
  highlight = true,
  fold = false,
}

---Optional: without it files are coloured, but no language server is started.
---@param given? metascript.Options
function M.setup(given)
  options = vim.tbl_extend('force', options, given or {})
  if options.lsp then
    if type(options.lsp) == 'table' then
      vim.lsp.config('msc', options.lsp --[[@as vim.lsp.Config]])
    end
    vim.lsp.enable('msc')
  end
end

local told = false

---Called for each Metascript buffer.
---@param buffer integer
function M.attach(buffer)
  if not require('metascript.parser').available() then
    if not told then
      told = true
      vim.schedule(function()
        if not require('metascript.parser').available() then
          vim.notify('No Metascript parser. :MetascriptBuildParser compiles it.', vim.log.levels.WARN)
        end
      end)
    end
    return
  end
  if options.highlight then
    require('metascript.colors').apply()
    vim.treesitter.start(buffer, 'metascript')
  end
  if options.fold then
    vim.wo[0][0].foldmethod = 'expr'
    vim.wo[0][0].foldexpr = 'v:lua.vim.treesitter.foldexpr()'
  end
end

return M
