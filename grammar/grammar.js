/**
 * Metascript: TypeScript with compile-time macros.
 *
 * The TypeScript part is not repeated here. It is taken from tree-sitter-typescript when the parser is
 * generated, widened so that a splice may stand wherever a name may (rules/widen.js), corrected where it
 * does not take valid TypeScript (rules/typescript.js), and extended (rules/macros.js, rules/quotes.js).
 */

/// <reference types="tree-sitter-cli/dsl" />

const typescript = require('tree-sitter-typescript/common/define-grammar')('typescript');

const macros = require('./rules/macros');
const quotes = require('./rules/quotes');
const corrections = require('./rules/typescript');
const { adaptBase } = require('./rules/widen');

module.exports = grammar(adaptBase(typescript), {
  name: 'metascript',

  // The order is that of `enum TokenType` in src/scanner.c.
  externals: ($, previous) => previous.concat([
    $._macro_keyword,
    $._extern_keyword,
    $._quote_keyword,
    $._defer_keyword,
    $._out_keyword,
    $.identifier_fragment,
    $._fragment_tail,
    $._splice_open,
    $._joined_splice_open,
    $._after_statement_decorator,
    $._after_decorator,
    // Never produced: that it is valid tells the scanner where it is.
    $._after_object_type_member,
  ]),

  precedences: ($, previous) => previous.concat(macros.precedences($)),

  conflicts: ($, previous) => previous.concat([
    ...macros.conflicts($),
    ...quotes.conflicts($),
    ...corrections.conflicts($),
  ]),

  rules: {
    ...corrections.rules,
    ...macros.rules,
    ...quotes.rules,
  },
});
