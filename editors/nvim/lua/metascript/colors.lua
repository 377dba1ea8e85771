-- What runs at compile time, and what is generated, as backgrounds; names of macros in an accent of the colour
-- scheme. Every group is a default: a colour scheme or a user that defines one wins.
local M = {}

local function rgb(number)
  return bit.rshift(number, 16), bit.band(bit.rshift(number, 8), 255), bit.band(number, 255)
end

---@param base integer
---@param tint integer
---@param share number How much of the tint, from 0 to 1.
local function blend(base, tint, share)
  local mixed = 0
  local from, to = { rgb(base) }, { rgb(tint) }
  for index = 1, 3 do
    mixed = mixed * 256 + math.floor(from[index] * (1 - share) + to[index] * share + 0.5)
  end
  return mixed
end

---Blue is compile time, amber is generated code. The numbers are for terminals of 256 colours.
local TINTS = {
  dark = {
    page = 0x16181d,
    { name = 'body', tint = 0x3a78d8, share = 0.14, cterm = 17 },
    { name = 'quote', tint = 0xd8a03a, share = 0.12, cterm = 236 },
    { name = 'splice', tint = 0x3a78d8, share = 0.3, cterm = 18 },
  },
  light = {
    page = 0xffffff,
    { name = 'body', tint = 0x3a8bff, share = 0.09, cterm = 195 },
    { name = 'quote', tint = 0xffb000, share = 0.15, cterm = 230 },
    { name = 'splice', tint = 0x3a8bff, share = 0.2, cterm = 189 },
  },
}

local function defined(name)
  return next(vim.api.nvim_get_hl(0, { name = name })) ~= nil
end

---Defines the groups anew, for the colour scheme of now.
function M.apply()
  local tints = TINTS[vim.o.background] or TINTS.dark
  local page = vim.api.nvim_get_hl(0, { name = 'Normal', link = false }).bg or tints.page
  for _, region in ipairs(tints) do
    vim.api.nvim_set_hl(0, '@macro.' .. region.name .. '.metascript', {
      default = true,
      bg = blend(page, region.tint, region.share),
      ctermbg = region.cterm,
    })
  end

  -- A scheme that knows macros is taken at its word.
  local accent = { default = true, link = '@function.macro' }
  if not defined('@function.macro') then
    local special = vim.api.nvim_get_hl(0, { name = 'Special', link = false })
    accent = { default = true, bold = true, fg = special.fg, ctermfg = special.ctermfg, cterm = { bold = true } }
    vim.api.nvim_set_hl(0, '@function.macro.metascript', accent)
  end
  for _, name in ipairs({ '@attribute', '@keyword.directive', '@punctuation.special.splice' }) do
    vim.api.nvim_set_hl(0, name .. '.metascript', accent)
  end
end

return M
