/**
 * Metascript: TypeScript with compile-time macros.
 *
 * The TypeScript part is not repeated here. It is taken from tree-sitter-typescript when the parser is
 * generated, widened so that a splice may stand wherever a name may (rules/widen.js), corrected where it
 * does not take valid TypeScript (rules/typescript.js), and extended (rules/macros.js, rules/quotes.js).
 */

/// <reference types="tree-sitter-cli/dsl" />

const typescript = require('tree-sitter-typescript/common/define-grammar')('typescript');

const lenient = require('./rules/lenient');
const macros = require('./rules/macros');
const quotes = require('./rules/quotes');
const corrections = require('./rules/typescript');
const { adaptBase } = require('./rules/widen');

/** Several of the files may change one inherited rule: each gets what the one before it made. */
function combine(...files) {
  const rules = {};
  for (const [name, rule] of files.flatMap(Object.entries)) {
    const before = rules[name];
    rules[name] = before ? ($, previous) => rule($, before($, previous)) : rule;
  }
  return rules;
}

module.exports = grammar(adaptBase(typescript), {
  name: 'metascript',

  // The order is that of `enum TokenType` in src/scanner.c.
  externals: ($, previous) => previous.concat([
    $._macro_keyword,
    $._extern_keyword,
    $._quote_keyword,
    $._defer_keyword,
    $._out_keyword,
    $._using_keyword,
    $._global_keyword,
    $.identifier_fragment,
    $._fragment_tail,
    $._splice_open,
    $._joined_splice_open,
    $._after_statement_decorator,
    $._after_decorator,
    $._before_type_arguments,
    $._no_type_arguments,
    $._type_arguments_open,
    // Never produced: that one of these is valid tells the scanner where it is.
    $._after_object_type_member,
    $._after_member_name,
    $._after_await,
    $._after_uncallable,
  ]),

  inline: ($, previous) => previous.concat(lenient.inline($)),

  precedences: ($, previous) => previous.concat(corrections.precedences($), lenient.precedences($), macros.precedences($)),

  conflicts: ($, previous) => previous.concat([
    ...lenient.conflicts($),
    ...macros.conflicts($),
    ...quotes.conflicts($),
    ...corrections.conflicts($),
  ]),

  rules: combine(lenient.rules, corrections.rules, macros.rules, quotes.rules),
});
