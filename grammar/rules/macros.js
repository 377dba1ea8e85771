/**
 * Declarations and uses of macros, decorators on everything that can be declared, `defer`.
 */

const path = $ => choice(
  $.identifier,
  alias($.decorator_member_expression, $.member_expression),
);

const decorated = $ => choice(
  path($),
  alias($.decorator_call_expression, $.call_expression),
  alias($.decorator_parenthesized_expression, $.parenthesized_expression),
);

// The tokens are empty. The scanner looks ahead to tell `@a<T>(x)` from `@line < 5`, and says so in either
// case: what it has looked at belongs to the use then, so that an edit there has the use read again.
const typeArguments = $ => optional(choice(
  seq($._before_type_arguments, field('type_arguments', $.type_arguments)),
  $._no_type_arguments,
));

const head = $ => [
  '@',
  field('name', path($)),
  typeArguments($),
  field('arguments', optional($.arguments)),
];

const body = $ => field('body', alias($._macro_block, $.statement_block));

module.exports = {
  conflicts: $ => [
    // `(@a {x}) => ...` and `(@a {x})`
    [$.decorator, $.macro_invocation],
    [$.decorator, $.macro_invocation, $._macro_type],
    [$.macro_invocation, $._macro_type],
    [$.decorator_call_expression, $.macro_invocation, $._macro_type],
    [$.decorator_call_expression, $.macro_invocation],
  ],

  precedences: $ => [
    // What may still belong to the use does.
    ['member', 'heritage_macro', 'macro_statement', 'macro'],
  ],

  rules: {
    macro_declaration: $ => prec.right('declaration', seq(
      alias($._macro_keyword, 'macro'),
      optional('function'),
      field('name', choice($.identifier, $._splice_name)),
      $._call_signature,
      field('body', $.statement_block),
      optional($._automatic_semicolon),
    )),

    extern_macro_declaration: $ => seq(
      alias($._extern_keyword, 'extern'),
      'macro',
      '@',
      field('name', $.identifier),
      $._call_signature,
      $._semicolon,
    ),

    declaration: ($, previous) => choice(
      previous,
      $.macro_declaration,
      $.extern_macro_declaration,
      $.decorated_declaration,
    ),

    // Declarations that TypeScript knows with decorators, classes and exports, hold them themselves.
    decorated_declaration: $ => seq(
      repeat1(field('decorator', alias($._statement_decorator, $.decorator))),
      field('declaration', choice(
        $.function_declaration,
        $.generator_function_declaration,
        $.function_signature,
        $.lexical_declaration,
        $.variable_declaration,
        $.interface_declaration,
        $.enum_declaration,
        $.type_alias_declaration,
        $.ambient_declaration,
        $.internal_module,
        $.module,
        $.macro_declaration,
        $.extern_macro_declaration,
      )),
    ),

    // At the start of a statement a decorator reaches over line ends to every declaration, inside an
    // expression to a class only. Hence two rules: each has its own token, which the scanner produces where
    // it otherwise would put a semicolon after an `@derive(Eq)` on a line of its own.
    _statement_decorator: $ => prec(1, seq('@', decorated($), optional($._after_statement_decorator))),

    decorator: $ => seq('@', decorated($), optional($._after_decorator)),

    decorator_call_expression: $ => prec('call', seq(
      field('function', path($)),
      typeArguments($),
      field('arguments', $.arguments),
    )),

    macro_invocation: $ => prec.right('macro', choice(
      seq(...head($)),
      seq(...head($), body($)),
    )),

    // A block of its own, because `statement_block` takes the automatic semicolon after it.
    _macro_block: $ => seq('{', repeat($.statement), '}'),

    // A use with a block that begins a statement ends with the block, as `if` does.
    _macro_block_statement: $ => prec.right('macro_statement', seq(
      ...head($),
      body($),
      optional(field('alternative', $.else_clause)),
    )),

    // A class without a name: what decorates it was read as at the start of a statement.
    _anonymous_class: $ => seq(
      repeat1(field('decorator', alias($._statement_decorator, $.decorator))),
      'class',
      field('type_parameters', optional($.type_parameters)),
      optional($.class_heritage),
      field('body', $.class_body),
    ),

    _anonymous_abstract_class: $ => seq(
      repeat(field('decorator', alias($._statement_decorator, $.decorator))),
      'abstract',
      'class',
      field('type_parameters', optional($.type_parameters)),
      optional($.class_heritage),
      field('body', $.class_body),
    ),

    export_statement: ($, previous) => choice(
      previous,
      seq(
        'export',
        'default',
        field('value', alias($._anonymous_abstract_class, $.class)),
        $._semicolon,
      ),
      seq(
        repeat(field('decorator', alias($._statement_decorator, $.decorator))),
        'export',
        'default',
        field('value', alias($._anonymous_class, $.class)),
        $._semicolon,
      ),
    ),

    expression_statement: ($, previous) => choice(
      previous,
      seq(alias($._anonymous_class, $.class), $._semicolon),
      prec.right(1, seq(
        alias($._macro_block_statement, $.macro_invocation),
        optional($._semicolon),
      )),
    ),

    _macro_type: $ => prec.right(seq(...head($))),

    primary_type: ($, previous) => choice(
      previous,
      alias($._macro_type, $.macro_invocation),
    ),

    primary_expression: ($, previous) => choice(
      previous,
      $.macro_invocation,
      $.quote_expression,
    ),

    // After `extends` a block is the body of the class, not that of a macro or quote.
    _heritage_macro: $ => prec('heritage_macro', seq(...head($))),
    _heritage_quote: $ => prec(1, alias($._quote_keyword, $.identifier)),

    _extends_clause_single: ($, previous) => choice(
      previous,
      field('value', alias($._heritage_macro, $.macro_invocation)),
      field('value', $._heritage_quote),
    ),

    defer_statement: $ => seq(
      alias($._defer_keyword, 'defer'),
      field('expression', $.expression),
      $._semicolon,
    ),

    statement: ($, previous) => choice(
      previous,
      $.defer_statement,
    ),
  },
};
