const assert = require('node:assert');
const { test } = require('node:test');

test('the language can be loaded and parses', () => {
  const Parser = require('tree-sitter');
  const parser = new Parser();
  parser.setLanguage(require('.'));
  const tree = parser.parse('@derive(Eq)\nclass Point {}\n');
  assert.strictEqual(tree.rootNode.hasError, false);
});
