// The TextMate grammar, as VS Code runs it: with its engine, on top of the TypeScript grammar it brings.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import oniguruma from 'vscode-oniguruma';
import textmate from 'vscode-textmate';

const require = createRequire(import.meta.url);
const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');

await oniguruma.loadWASM(readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm')).buffer);
const sources = {
  'source.metascript': () => JSON.parse(read('../syntaxes/metascript.tmLanguage.json')),
  'source.ts': () => JSON.parse(readFileSync(require.resolve('tm-grammars/grammars/typescript.json'), 'utf8')),
};
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async (name) => sources[name]?.(),
});
const grammar = await registry.loadGrammar('source.metascript');

/** The scopes of the first `word` in `text`. */
function scopes(text, word) {
  let state = textmate.INITIAL;
  for (const line of text.split('\n')) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    const at = line.indexOf(word);
    if (at >= 0) {
      return tokens.find((token) => token.startIndex <= at && at < token.endIndex).scopes;
    }
    state = ruleStack;
  }
  throw new Error(`${word} is not in the text`);
}

function expect(text, word, scope) {
  const found = scopes(text, word);
  assert.ok(found.some((it) => it.startsWith(scope)), `${word} has ${found.join(' ')}, and not ${scope}`);
}

test('macros and what they generate', () => {
  const text = [
    'export macro derive(ctx: MacroContext) {',
    '  const name = ctx.target.name;',
    '  quote {',
    '    get${Name}(): string { return this.${name}; }',
    '  }',
    '  return quote(1 + ${count});',
    '}',
  ].join('\n');
  expect(text, 'macro', 'storage.type.function.macro');
  expect(text, 'derive', 'entity.name.function.macro');
  expect(text, 'quote', 'keyword.control.directive.quote');
  expect(text, '${', 'punctuation.section.embedded.begin');
  expect(text, 'Name}', 'meta.splice');
  expect(text, 'return', 'keyword.control.flow');
  expect('extern macro @target(): void;', 'extern', 'storage.modifier');
  expect('extern macro @target(): void;', 'target', 'entity.name.function.macro');
});

test('uses', () => {
  expect('@derive(Eq)\nclass A {}', 'derive', 'entity.name.function.decorator');
  expect('@derive(Eq)\nclass A {}', 'class', 'storage.type.class');
  expect('class A {\n  @range(1) x = 1;\n}', 'range', 'entity.name.function.decorator');
  expect('const a = @comptime { return 1; };', 'comptime', 'keyword.control.directive');
  expect('const a = @comptime { return 1; };', 'return', 'keyword.control.flow');
  expect('f(@embedJson("x"));', 'embedJson', 'entity.name.function.decorator');
  expect('  defer file.close();', 'defer', 'keyword.control.defer');
});

test('TypeScript stays TypeScript', () => {
  expect('const macro = 1, quote = 2; use(macro, quote);', 'macro', 'variable.other.constant');
  expect('const a = `x${b}y`;', '${', 'punctuation.definition.template-expression.begin');
  expect('// @derive(Eq)', 'derive', 'comment.line');
  expect('const s = "@derive";', 'derive', 'string.quoted');
  expect('interface A { b: string }', 'string', 'support.type.primitive');
});
