/**
 * Code as a value, and what is spliced into it.
 */

const splice = ($, open) => seq(
  alias(open, '${'),
  field('expression', $.expression),
  '}',
);

module.exports = {
  conflicts: $ => [
    // The parser reads the block of a quote both ways until one of them fails.
    [$._quote_members, $._quote_statements],
  ],

  rules: {
    quote_expression: $ => choice(
      seq($._quote_members, field('body', $.class_body)),
      prec.dynamic(1, seq(
        $._quote_statements,
        field('body', alias($._macro_block, $.statement_block)),
      )),
      seq(alias($._quote_keyword, 'quote'), field('body', $.quote_type)),
    ),

    _quote_members: $ => alias($._quote_keyword, 'quote'),
    _quote_statements: $ => alias($._quote_keyword, 'quote'),

    quote_type: $ => seq('type', '{', $.type, '}'),

    splice: $ => splice($, $._splice_open),
    _joined_splice: $ => splice($, $._joined_splice_open),

    spliced_identifier: $ => seq(
      choice($.identifier_fragment, $.splice),
      repeat1(choice(
        alias($._joined_splice, $.splice),
        alias($._fragment_tail, $.identifier_fragment),
      )),
    ),

    _splice_name: $ => choice($.splice, $.spliced_identifier),

    // `x: number;` is a label before an expression and also a field. The field is what is meant in a quote.
    labeled_statement: ($, previous) => prec.dynamic(-10, previous),
  },
};
