-- What the Neovim test does, inside Neovim: opens a file of the example, types, asks, compares.
-- Started by tests/neovim.rs, which sets MSC, PLUGIN, SHOP (the copied
-- example), DERIVED and MACRO (files of it that use derive and declare a macro). Prints a
-- transcript and leaves with status 0, or 1 at the first thing that is not as expected.
--
-- It waits for events with conditions, never for time alone.

local SECONDS = 1000
local PATIENCE = 60 * SECONDS

local function say(...)
  local parts = vim.tbl_map(function(part)
    return type(part) == 'string' and part or vim.inspect(part)
  end, { ... })
  io.stdout:write(table.concat(parts, ' ') .. '\n')
  io.stdout:flush()
end

local function show(text)
  for line in vim.gsplit(text, '\n') do
    say('   | ' .. line)
  end
end

local function fail(...)
  say('FAILED:', ...)
  local log = vim.lsp.get_log_path()
  if vim.fn.filereadable(log) == 1 then
    say('-- the client log, last lines')
    show(table.concat(vim.fn.readfile(log, '', -30), '\n'))
  end
  vim.cmd('cquit 1')
end

local function expect(condition, ...)
  if not condition then
    fail(...)
  end
end

--- Waits until `condition` returns something true, and returns that.
local function await(what, condition)
  local found
  local done = vim.wait(PATIENCE, function()
    found = condition()
    return found
  end, 10)
  expect(done, 'waited in vain for', what)
  return found
end

--- Runs `step`; an error in it ends the session.
local function guarded(step)
  local ok, why = xpcall(step, debug.traceback)
  if not ok then
    fail(why)
  end
end

--- As `await`, but lets Neovim's main loop go on meanwhile (insert mode and its menu need it), and
--- goes on with `next` from there.
local function when(what, condition, next)
  local began = vim.uv.hrtime()
  local timer = assert(vim.uv.new_timer())
  local function look()
    if timer:is_closing() then
      return
    end
    if condition() then
      timer:close()
      guarded(next)
    elseif (vim.uv.hrtime() - began) / 1e6 > PATIENCE then
      timer:close()
      fail('waited in vain for', what)
    end
  end
  timer:start(10, 10, vim.schedule_wrap(look))
end

--- Types keys as a person would: changes reach the server as they happen.
local function type_keys(keys)
  vim.api.nvim_feedkeys(vim.keycode(keys), 'xt', false)
end

--- Puts the cursor on the first character of `needle` in the last line that has it.
local function cursor_on(needle, offset)
  for row = vim.api.nvim_buf_line_count(0), 1, -1 do
    local line = vim.api.nvim_buf_get_lines(0, row - 1, row, true)[1]
    local column = line:find(needle, 1, true)
    if column then
      vim.api.nvim_win_set_cursor(0, { row, column - 1 + (offset or 0) })
      return row, column - 1 + (offset or 0)
    end
  end
  fail('no line has', needle)
end

--- The answer of the server to a request about the place of the cursor.
local function ask(method, change)
  local client = vim.lsp.get_clients({ bufnr = 0, name = 'msc' })[1]
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  local reply, why = client:request_sync(method, change and change(params) or params, PATIENCE, vim.api.nvim_get_current_buf())
  expect(reply, method, 'got no answer:', why)
  expect(not reply.err, method, 'was answered with an error:', reply.err)
  return reply.result
end

--- What the server says where it has no answer for the place of the cursor.
local function client_error(method)
  local client = vim.lsp.get_clients({ bufnr = 0, name = 'msc' })[1]
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  local reply = client:request_sync(method, params, PATIENCE, vim.api.nvim_get_current_buf())
  expect(reply and reply.err, method, 'was answered and should be refused:', reply)
  return reply.err.message
end

local function diagnostics_on(row)
  return vim.diagnostic.get(0, { lnum = row - 1 })
end

local on_finished_text

local function main()
  say('== set-up:', vim.trim(vim.split(vim.fn.execute('version'), '\n', { trimempty = true })[1]))
  -- Nothing but the transcript on the output.
  vim.o.showmode = false
  vim.opt.shortmess:append('cCFW')
  vim.opt.runtimepath:prepend(vim.env.PLUGIN)
  -- Started with --clean, Neovim has looked for plugins already.
  vim.cmd.runtime({ 'plugin/metascript.lua', bang = true })
  require('metascript').setup({ lsp = { cmd = { vim.env.MSC, 'lsp' } } })
  say('== compile the parser')
  vim.cmd.MetascriptBuildParser()
  say('')
  expect(require('metascript.parser').available())

  say('== open a file of the example')
  vim.cmd.edit(vim.env.SHOP .. '/src/main.ms')
  expect(vim.bo.filetype == 'metascript', 'the file type of a .ms file is', vim.bo.filetype)
  local client = await('the server to attach', function()
    local found = vim.lsp.get_clients({ bufnr = 0, name = 'msc' })[1]
    return found and found.initialized and found
  end)
  say('attached:', client.name, 'root', vim.fn.fnamemodify(client.root_dir or '', ':t'), client.offset_encoding)
  expect(vim.fs.basename(client.root_dir or '') == 'shop', 'the project root is', client.root_dir)

  say('== type an instance, then a dot, and ask for completion; nothing is saved')
  type_keys('Go<CR>const u = new User("a", 1);<CR>u.<Esc>')
  local last = vim.api.nvim_buf_line_count(0)
  vim.api.nvim_win_set_cursor(0, { last, 0 })
  expect(vim.bo.modified, 'the buffer is unsaved')
  -- The cursor of a request stands after the dot, as in insert mode.
  local after_dot = function(params)
    params.position = { line = last - 1, character = 2 }
    params.context = { triggerKind = 2, triggerCharacter = '.' }
    return params
  end
  local started = vim.uv.hrtime()
  local items
  await('a completion list with equals', function()
    local result = ask('textDocument/completion', after_dot)
    items = {}
    for _, item in ipairs(result and (result.items or result) or {}) do
      items[item.label] = item
    end
    return items.equals
  end)
  say(('the list came after %.0f ms:'):format((vim.uv.hrtime() - started) / 1e6))
  say('  ', table.concat(vim.fn.sort(vim.tbl_keys(items)), ' '))
  for _, wanted in ipairs({ 'equals', 'hashCode', 'clone', 'toString', 'name', 'age' }) do
    expect(items[wanted], 'the list has no', wanted)
  end
  local kinds = vim.lsp.protocol.CompletionItemKind
  expect(items.equals.kind == kinds.Method, 'equals is shown as', kinds[items.equals.kind])
  expect(
    items.name.kind == kinds.Field or items.name.kind == kinds.Property,
    'name is shown as',
    kinds[items.name.kind]
  )

  say('== complete through the editor itself: <C-x><C-o> after `u.eq`')
  vim.bo.omnifunc = 'v:lua.vim.lsp.omnifunc'
  local offered
  vim.api.nvim_create_autocmd('CompleteChanged', {
    callback = function()
      offered = vim.tbl_map(function(item)
        return item.word
      end, vim.fn.complete_info({ 'items' }).items)
    end,
  })
  vim.o.completeopt = 'menuone,noinsert'
  vim.api.nvim_win_set_cursor(0, { last, 1 })
  vim.api.nvim_feedkeys(vim.keycode('Aeq<C-x><C-o>'), 't', false)
  when('the completion menu', function()
    return offered
  end, function()
    say('   ' .. table.concat(offered, ' '))
    expect(vim.tbl_contains(offered, 'equals'), 'the menu does not offer equals')
    vim.api.nvim_feedkeys(vim.keycode('<Esc>'), 't', false)
    when('normal mode', function()
      return vim.api.nvim_get_mode().mode == 'n'
    end, function()
      on_finished_text(last)
    end)
  end)
end

function on_finished_text(last)
  say('== a call of a generated method: no error, and hover')
  vim.api.nvim_buf_set_lines(0, last - 1, last, true, { 'u.equals(new User("b", 2));' })
  cursor_on('equals(new User("b", 2))', 2)
  vim.lsp.buf.hover()
  local window = await('the hover window', function()
    for _, candidate in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(candidate).relative ~= '' then
        return candidate
      end
    end
  end)
  local hover = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, true), '\n')
  show(hover)
  expect(hover:find('derive(Eq', 1, true), 'the hover does not name derive(Eq)')
  expect(hover:find('equals(other', 1, true), 'the hover does not show the method')
  expect(hover:find('return', 1, true), 'the hover does not show the generated code')
  vim.api.nvim_win_close(window, true)

  say('== go to definition: the quote in eq.ms, and the use')
  cursor_on('equals(new User("b", 2))', 2)
  local places
  vim.lsp.buf.definition({
    on_list = function(found)
      places = found.items
    end,
  })
  await('the definition', function()
    return places
  end)
  local quote, use
  for _, place in ipairs(places) do
    say(('   %s:%d:%d: %s'):format(vim.fs.basename(place.filename), place.lnum, place.col, vim.trim(place.text or '')))
    if vim.fs.basename(place.filename) == 'eq.ms' then
      quote = place
    elseif (place.text or ''):find('@derive', 1, true) then
      use = place
    end
  end
  expect(quote, 'no place in eq.ms')
  expect(use, 'no place at the use of @derive')
  expect(vim.fn.filereadable(quote.filename) == 1, quote.filename, 'cannot be opened')
  expect(
    vim.fn.readfile(quote.filename)[quote.lnum]:find('equals', 1, true),
    'the place in eq.ms is not the method in the quote:',
    vim.fn.readfile(quote.filename)[quote.lnum]
  )

  say('== a wrong argument is underlined without saving')
  -- What the unfinished `u.` was told goes as the new text is analysed.
  await('the right call to have no diagnostics', function()
    return #diagnostics_on(last) == 0
  end)
  vim.api.nvim_win_set_cursor(0, { last, 0 })
  type_keys('ccu.equals("b");<Esc>')
  local wrong = await('a diagnostic on the typed line', function()
    return diagnostics_on(last)[1]
  end)
  say(('   %d:%d-%d %s %s'):format(wrong.lnum + 1, wrong.col, wrong.end_col, wrong.code or '', wrong.message))
  expect(tostring(wrong.code):find('2345'), 'its code is', wrong.code)
  expect(wrong.severity == vim.diagnostic.severity.ERROR, 'its severity is', wrong.severity)
  expect(wrong.col == 9 and wrong.end_col == 12, 'it does not underline the argument')
  expect(vim.bo.modified, 'nothing was saved')

  say('== and gone when it is mended')
  type_keys('ccu.equals(new User("b", 2));<Esc>')
  await('the diagnostic to go', function()
    return #diagnostics_on(last) == 0
  end)

  say('== inlay hints: the names of parameters, and types that nobody wrote')
  -- The server may say that hints changed while macros run: asked until both kinds are there.
  local labels
  await('hints of both kinds', function()
    local hints = ask('textDocument/inlayHint', function(params)
      return { textDocument = params.textDocument, range = { start = { line = 0, character = 0 }, ['end'] = { line = last, character = 0 } } }
    end)
    labels = {}
    for _, hint in ipairs(hints or {}) do
      local label = hint.label
      if type(label) == 'table' then
        label = table.concat(vim.tbl_map(function(part)
          return part.value
        end, label))
      end
      labels[vim.trim(label)] = hint.position
    end
    return labels['name:'] and labels['age:'] and labels
  end)
  say('   ' .. table.concat(vim.fn.sort(vim.tbl_keys(labels)), ' '))
  expect(labels['name:'].line == last - 1, 'the hint of the typed line stands in line', labels['name:'].line + 1)
  expect(labels[': Order'] or labels[': User'], 'no variable has the hint of its type')
  vim.lsp.inlay_hint.enable(true, { bufnr = 0 })
  await('Neovim to have them', function()
    return #vim.lsp.inlay_hint.get({ bufnr = 0 }) > 0
  end)

  say('== a code action imports what is missing')
  vim.api.nvim_buf_set_lines(0, last - 1, last, true, { 'const far: Money | undefined = undefined;' })
  local missing = await('the unknown name to be told', function()
    for _, found in ipairs(diagnostics_on(last)) do
      if tostring(found.code):find('2304') then
        return found
      end
    end
  end)
  vim.api.nvim_win_set_cursor(0, { last, missing.col })
  local function has_import()
    for _, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, true)) do
      if line:find('import', 1, true) and line:find('Money', 1, true) and line:find('./model/money', 1, true) then
        return line
      end
    end
  end
  expect(not has_import(), 'it is imported already')
  local offered = {}
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      table.insert(offered, action.title)
      return action.title:find('mport', 1, true) and action.title:find('model/money', 1, true)
    end,
  })
  local import = await('the import', has_import)
  say('   ' .. table.concat(offered, ' | '))
  say('   ' .. import)
  last = vim.api.nvim_buf_line_count(0)
  await('no finding about it any more', function()
    for _, found in ipairs(vim.diagnostic.get(0)) do
      if tostring(found.code):find('2304') then
        return false
      end
    end
    return true
  end)

  say('== rename a field: what a macro made of it follows, in all files, unsaved')
  vim.api.nvim_buf_set_lines(0, last - 1, last, true, { 'new User("c", 3).age;' })
  cursor_on('age;')
  vim.lsp.buf.rename('years')
  await('the renamed use', function()
    return vim.api.nvim_buf_get_lines(0, last - 1, last, true)[1] == 'new User("c", 3).years;'
  end)
  local model = vim.fn.bufnr(vim.env.SHOP .. '/src/model/user.ms')
  expect(model ~= -1, 'the file of the class was not changed')
  local class = table.concat(vim.api.nvim_buf_get_lines(model, 0, -1, true), '\n')
  show(class)
  expect(class:find('\n  years: number;', 1, true), 'the field has its old name')
  expect(class:find('this.years = age;', 1, true), 'the constructor assigns to the old name')
  expect(vim.bo[model].modified, 'the class was saved')
  await('nothing to be wrong but for names that are not used', function()
    for _, found in ipairs(vim.diagnostic.get(nil, { severity = vim.diagnostic.severity.ERROR })) do
      if tostring(found.code) ~= 'TS6133' then
        return false
      end
    end
    return true
  end)

  say('== a name that a macro writes is not renamed, and why is told')
  vim.api.nvim_buf_set_lines(0, last - 1, last, true, { 'new User("c", 3).hashCode();' })
  cursor_on('hashCode()')
  local refused = client_error('textDocument/prepareRename')
  say('   ' .. refused)
  expect(refused:find('derive(Eq', 1, true), 'the refusal does not name the macro')

  say('== highlighting by the grammar')
  local function captures(needle, offset)
    local row, column = cursor_on(needle, offset)
    local names = {}
    for _, capture in ipairs(vim.treesitter.get_captures_at_pos(0, row - 1, column)) do
      table.insert(names, capture.capture)
    end
    say(('   %s: %s'):format(needle, table.concat(names, ' ')))
    return names
  end
  local function highlighted(needle, offset, wanted)
    expect(vim.treesitter.highlighter.active[vim.api.nvim_get_current_buf()], 'tree-sitter highlighting is off')
    vim.treesitter.get_parser(0):parse(true)
    local found = captures(needle, offset)
    -- The last capture is the one that shows.
    for _, want in ipairs(wanted) do
      if vim.startswith(found[#found] or '', want) then
        return
      end
    end
    fail(needle, 'is captured as', found, 'and not as one of', wanted)
  end
  vim.cmd('silent edit! ' .. vim.env.DERIVED)
  highlighted('@derive', 1, { 'function.macro', 'attribute' })
  vim.cmd('silent edit! ' .. vim.env.MACRO)
  highlighted('macro ', 0, { 'keyword' })

  --- The captures at a place, each once: the outermost first.
  local function expect_captures(needle, offset, innermost, region)
    vim.treesitter.get_parser(0):parse(true)
    local found = captures(needle, offset)
    expect(found[#found] == innermost, needle, 'is captured as', found, 'and should be', innermost)
    local around
    for _, name in ipairs(found) do
      around = vim.startswith(name, 'macro.') and name or around
    end
    expect(around == region, needle, 'lies in', around or 'no region', 'and should in', region or 'none')
  end
  vim.cmd('silent edit! ' .. vim.env.SHOP .. '/src/macros/enum_names.ms')
  expect_captures('export macro enumNames', 7, 'keyword.function', nil)
  expect_captures('macro enumNames', 6, 'function.macro', nil)
  expect_captures('const target = ctx', 0, 'keyword', 'macro.body')
  expect_captures('addAfter(quote', 9, 'keyword.directive', 'macro.body')
  expect_captures('readonly ${type}[]', 0, 'keyword.modifier', 'macro.quote')
  expect_captures('readonly ${type}[]', 9, 'punctuation.special.splice', 'macro.splice')
  expect_captures('${type}.${member.name}', 2, 'variable', 'macro.splice')
  vim.cmd('silent edit! ' .. vim.env.SHOP .. '/src/data/catalogue.ms')
  expect_captures('@comptime {', 1, 'keyword.directive', nil)
  expect_captures('readJson(', 0, 'function.call', 'macro.body')
  vim.cmd('silent edit! ' .. vim.env.SHOP .. '/src/model/user.ms')
  expect_captures('@derive(Eq', 1, 'attribute', nil)

  say('== what the groups look like, in either light')
  for _, light in ipairs({ 'dark', 'light' }) do
    vim.o.background = light
    local seen = {}
    for _, part in ipairs({ 'body', 'quote', 'splice' }) do
      local group = vim.api.nvim_get_hl(0, { name = '@macro.' .. part .. '.metascript', link = false })
      expect(group.bg and not seen[group.bg], part, 'has no background of its own when it is', light, group)
      seen[group.bg] = true
    end
    for _, name in ipairs({ '@function.macro', '@attribute', '@keyword.directive', '@punctuation.special.splice' }) do
      local group = vim.api.nvim_get_hl(0, { name = name .. '.metascript', link = false })
      expect(group.bold and group.fg, name, 'does not stand out when it is', light, group)
    end
  end

  say('== the expansion in a window beside')
  vim.cmd('silent edit! ' .. vim.env.SHOP .. '/src/model/user.ms')
  cursor_on('@derive(Eq')
  vim.cmd.MetascriptExpand()
  local function expansion()
    for _, candidate in ipairs(vim.api.nvim_list_wins()) do
      local buffer = vim.api.nvim_win_get_buf(candidate)
      if vim.startswith(vim.api.nvim_buf_get_name(buffer), 'metascript-expansion://') then
        return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, true), '\n'), buffer
      end
    end
  end
  local text, buffer
  await('the expansion', function()
    text, buffer = expansion()
    return text and text:find('hashCode', 1, true)
  end)
  say(('   %d lines'):format(#vim.split(text, '\n')))
  expect(text:find('equals(other', 1, true), 'the expansion does not show equals')
  expect(not text:find('class User', 1, true), 'the expansion of a line shows the whole file')
  expect(not vim.bo[buffer].modifiable, 'the expansion can be edited')
  expect(vim.treesitter.highlighter.active[buffer], 'the expansion is not coloured')
  expect(#vim.lsp.get_clients({ bufnr = buffer }) == 0, 'a language server is attached to the expansion')
  expect(vim.fs.basename(vim.api.nvim_buf_get_name(0)) == 'user.ms', 'the cursor went away from the source')
  vim.cmd('MetascriptExpand!')
  await('the whole file expanded', function()
    return (expansion() or ''):find('class User', 1, true)
  end)

  say('== the same by the command of a code lens')
  vim.lsp.commands['metascript.expandMacro']({
    arguments = { vim.uri_from_fname(vim.env.SHOP .. '/src/model/user.ms'), { line = cursor_on('@derive(Eq') - 1, character = 0 } },
  }, {})
  await('the expansion of that line', function()
    local shown = expansion() or ''
    return shown:find('equals(other', 1, true) and not shown:find('class User', 1, true)
  end)

  say('== health')
  vim.cmd('silent checkhealth metascript')
  local health = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), '\n')
  show(health)
  expect(not health:find('ERROR', 1, true), 'something is wrong')
  expect(health:find('textobjects.scm fits', 1, true), 'the queries were not looked at')
  expect(health:find('msc %d+%.%d+'), 'the version of msc is not told')

  say('== all good')
  vim.cmd('qall!')
end

guarded(main)
