/**
 * Members, type parameters and exports, with the valid TypeScript that the inherited grammar does not
 * take, and with splices and decorators among the members.
 */

const sepBy1 = (separator, rule) => seq(rule, repeat(seq(separator, rule)));

const decorators = $ => repeat(field('decorator', $.decorator));

const isImportedType = rule => JSON.stringify(rule).includes('_in_type_annotation');

/** The rule without an optional word in it. */
function without(rule, word) {
  const isWord = part => part.type === 'STRING' && part.value === word;
  if (rule.members?.some(isWord)) return { type: 'BLANK' };
  const copy = { ...rule };
  if (rule.content) copy.content = without(rule.content, word);
  if (rule.members) copy.members = rule.members.map(member => without(member, word));
  return copy;
}

/** The rule with operands in place of whole expressions, in its first alternative. */
function narrowed($, rule) {
  const copy = { ...rule };
  if (rule.type === 'SYMBOL' && rule.name === 'expression') return choice($.primary_expression, $.new_expression);
  if (rule.content) copy.content = narrowed($, rule.content);
  if (rule.members) copy.members = [narrowed($, rule.members[0]), ...rule.members.slice(1)];
  return copy;
}

module.exports = {
  precedences: $ => [
    ['new', 'generic_call', 'instantiation'],
    // A function type returns all that follows its arrow.
    [$.intersection_type, $.union_type, $.conditional_type, $.constructor_type],
  ],

  conflicts: $ => [
    // `a < b` and `a<b>(c)`
    [$.call_expression, $.instantiation_expression, $.expression],
    // `(import("x").y ...` and `(string ...`: a type or a parameter
    [$.member_expression, $._type_query_member_expression_in_type_annotation],
    [$.call_expression, $._type_query_call_expression_in_type_annotation],
    [$.predefined_type, $.pattern],
    [$.predefined_type, $.pattern, $.primary_expression],
    // `{ ${x}, ...`: a value, a pattern or a type
    [$.object, $.object_pattern, $._property_name, $._member_splice],
  ],

  rules: {
    // A splice alone stands for members: it wins over a field that is nothing but a name.
    _member_splice: $ => prec(1, $._splice_name),

    class_body: ($, previous) => {
      const [open, members, close] = previous.members;
      return seq(
        open,
        repeat(choice(
          members.content,
          prec.right(seq($._member_splice, optional($._semicolon))),
        )),
        close,
      );
    },

    object_type: $ => seq(
      choice('{', '{|'),
      optional(seq(
        optional(choice(',', ';')),
        sepBy1(
          choice(',', $._semicolon),
          choice(
            $.property_signature,
            $.call_signature,
            $.construct_signature,
            $.index_signature,
            $.method_signature,
            $._member_splice,
          ),
        ),
        optional(choice(',', $._semicolon, $._after_object_type_member)),
      )),
      choice('}', '|}'),
    ),

    property_signature: ($, previous) => seq(decorators($), previous),
    method_signature: ($, previous) => seq(decorators($), previous),
    abstract_method_signature: ($, previous) => seq(decorators($), previous),

    enum_body: $ => seq(
      '{',
      optional(seq(
        sepBy1(',', seq(
          decorators($),
          choice(field('name', $._property_name), $.enum_assignment),
        )),
        optional(','),
      )),
      '}',
    ),

    // Inside `declare module` the word `declare` is not needed.
    _global_declaration: $ => seq(alias($._global_keyword, 'global'), $.statement_block),

    ambient_declaration: ($, previous) => choice(
      previous,
      seq('declare', alias($._global_keyword, 'global'), $.statement_block),
    ),

    statement: ($, previous) => choice(
      previous,
      alias($._global_declaration, $.ambient_declaration),
    ),

    lexical_declaration: $ => seq(
      field('kind', choice(
        'let',
        'const',
        alias($._using_keyword, 'using'),
        seq('await', alias($._using_keyword, 'using')),
      )),
      sepBy1(',', $.variable_declarator),
      $._semicolon,
    ),

    index_type_query: $ => seq('keyof', choice($.primary_type, $.readonly_type, $.infer_type)),

    generic_type: ($, previous) => choice(
      previous,
      prec('call', seq(
        field('name', choice(
          alias($._type_query_member_expression_in_type_annotation, $.member_expression),
          alias($._type_query_call_expression_in_type_annotation, $.call_expression),
        )),
        field('type_arguments', $.type_arguments),
      )),
    ),

    // A type imported in place can be the operand of all that other types can.
    type: ($, previous) => choice(...previous.members.filter(member => !isImportedType(member))),

    primary_type: ($, previous) => choice(
      previous,
      prec(-1, alias($._type_query_member_expression_in_type_annotation, $.member_expression)),
      prec(-1, alias($._type_query_call_expression_in_type_annotation, $.call_expression)),
    ),

    // After `let`, which can be a name itself, these would be operators.
    variable_declarator: ($, previous) => choice(
      previous,
      seq(
        field('name', alias(choice('as', 'satisfies'), $.identifier)),
        field('type', optional($.type_annotation)),
        optional($._initializer),
      ),
    ),

    update_expression: ($, previous) => {
      const [postfix, prefix] = previous.content.members;
      return prec.left(choice(seq(...postfix.members, optional($._after_uncallable)), prefix));
    },

    arrow_function: ($, previous) => {
      const parts = [...previous.members];
      const body = parts.length - 1;
      parts[body] = choice(
        field('body', $.expression),
        prec.right(seq(field('body', $.statement_block), optional($._after_uncallable))),
      );
      return seq(...parts);
    },

    template_literal_type: $ => seq(
      '`',
      repeat(choice(
        alias($._template_chars, $.string_fragment),
        $.escape_sequence,
        $.template_type,
      )),
      '`',
    ),

    assignment_expression: ($, previous) => without(previous, 'using'),

    // What is called, or given type arguments, is no operation: `!f<T>(x)` negates a call.
    call_expression: ($, previous) => choice(
      prec('call', seq(
        field('function', choice($.primary_expression, $.new_expression, $.import)),
        field('arguments', $.arguments),
      )),
      prec('generic_call', seq(
        field('function', choice($.primary_expression, $.new_expression, $.import)),
        field('type_arguments', $.type_arguments),
        field('arguments', $.arguments),
      )),
      ...previous.members.slice(1),
      prec.dynamic(1, prec('template_call', seq(
        field('function', $.instantiation_expression),
        field('arguments', $.template_string),
      ))),
      prec('member', seq(
        field('function', $.instantiation_expression),
        '?.',
        field('type_arguments', optional($.type_arguments)),
        field('arguments', $.arguments),
      )),
    ),

    // What follows `extends` is a constraint, unless that is the condition of a conditional type.
    instantiation_expression: ($, previous) => narrowed($, previous),

    infer_type: $ => choice(
      seq('infer', choice($._type_identifier, $._splice_name)),
      prec.right(seq('infer', choice($._type_identifier, $._splice_name), 'extends', $.type)),
    ),

    export_specifier: ($, previous) => choice(
      previous,
      field('name', alias('type', $.identifier)),
      seq(field('name', alias('type', $.identifier)), 'as', field('alias', $._module_export_name)),
    ),

    _anonymous_function_signature: $ => seq(
      optional('async'),
      'function',
      $._call_signature,
      choice($._semicolon, $._function_signature_automatic_semicolon),
    ),

    _from_clause: ($, previous) => prec.right(seq(previous, optional($.import_attribute))),

    type_parameter: ($, previous) => {
      const [, ...rest] = previous.members;
      return seq(
        repeat(choice('const', 'in', alias($._out_keyword, 'out'))),
        ...rest,
      );
    },

    import_statement: ($, previous) => choice(
      previous,
      seq('import', 'defer', $.import_clause, $._from_clause, $._semicolon),
    ),

    _import_identifier: ($, previous) => choice(previous, alias('defer', $.identifier)),

    // `as` is the name in `type as` and `type as as x`, and what the name becomes in `type as as`.
    import_specifier: ($, previous) => choice(
      previous,
      seq('type', field('name', alias('as', $.identifier))),
      seq(field('name', alias('type', $.identifier)), 'as', field('alias', alias('as', $.identifier))),
      seq(
        'type',
        field('name', alias('as', $.identifier)),
        'as',
        field('alias', choice($._import_identifier, alias('as', $.identifier))),
      ),
    ),

    import_require_clause: ($, previous) => choice(
      previous,
      seq(alias('type', $.identifier), '=', 'require', '(', field('source', $.string), ')'),
    ),

    decorator_parenthesized_expression: $ => seq('(', $.expression, ')'),

    export_statement: ($, previous) => choice(
      previous,
      seq('export', 'type', choice('*', $.namespace_export), $._from_clause, $._semicolon),
      seq(
        'export',
        'default',
        field('declaration', alias($._anonymous_function_signature, $.function_signature)),
      ),
    ),
  },
};
