/**
 * What TypeScript's parser takes although its checker refuses it: modifiers that are repeated, out of order or
 * in a wrong place, lists that must not be empty, initializers where there may be none. A tree that holds such
 * a thing as what it is serves better than one with an error in it, and the type engine reports it by name.
 */

const sepBy1 = (separator, rule) => seq(rule, repeat(seq(separator, rule)));

/** A rule with an optional part in front. */
const after = (prefix, rule) => seq(optional(prefix), rule);

/** Replaces the parts of a sequence that come before its field `name` (decorators apart) by `prefix`. */
function withModifiers(rule, prefix) {
  switch (rule.type) {
    case 'PREC':
    case 'PREC_LEFT':
    case 'PREC_RIGHT':
      return { ...rule, content: withModifiers(rule.content, prefix) };
    case 'SEQ': {
      const isStart = part => {
        const text = JSON.stringify(part);
        return text.includes('"get"') || text.includes('_property_name');
      };
      const start = rule.members.findIndex(isStart);
      const decorators = rule.members.slice(0, start).filter(part => JSON.stringify(part).includes('"decorator"'));
      return { ...rule, members: [...decorators, prefix, ...rule.members.slice(start)] };
    }
    default:
      throw new Error(`no sequence: ${rule.type}`);
  }
}

/** A choice without one of the words in it. */
function without(rule, word) {
  const members = rule.members
    .filter(member => member.type !== 'STRING' || member.value !== word)
    .map(member => member.members ? without(member, word) : member);
  return { ...rule, members };
}

/** The rule with another one in place of a symbol. */
function replace(rule, name, by) {
  if (rule.type === 'SYMBOL' && rule.name === name) return by;
  const copy = { ...rule };
  if (rule.content) copy.content = replace(rule.content, name, by);
  if (rule.members) copy.members = rule.members.map(member => replace(member, name, by));
  return copy;
}

/** The rule with `insert` behind the first of its parts that mentions `mark`. */
function behind(rule, mark, insert) {
  const at = rule.members.findIndex(part => JSON.stringify(part).includes(mark));
  if (at < 0) throw new Error(`nothing mentions ${mark}`);
  return { ...rule, members: [...rule.members.slice(0, at + 1), insert, ...rule.members.slice(at + 1)] };
}

const members = $ => optional(choice($._class_modifiers, $._abstract_modifiers));

const indexName = $ => choice(
  $.identifier,
  $._splice_name,
  alias($._reserved_identifier, $.identifier),
);

/** The parameters of an index signature are to be one, with a type, and the signature is to have one too. */
const index = ($, modifiers, ...others) => {
  const rest = seq(repeat(seq(',', $._index_parameter)), optional(','));
  return seq(
    modifiers,
    '[',
    choice(
      seq(field('name', indexName($)), ':', field('index_type', $.type), rest),
      seq($.accessibility_modifier, indexName($), optional($.type_annotation), rest),
      seq(indexName($), '?', optional($.type_annotation), rest),
      $.mapped_type_clause,
      ...others,
    ),
    ']',
    optional(choice(
      field('type', choice(
        $.type_annotation,
        $.omitting_type_annotation,
        $.adding_type_annotation,
        $.opting_type_annotation,
      )),
      '?',
    )),
  );
};

const parameterModifier = $ => choice($.accessibility_modifier, $.override_modifier, $._parameter_modifier);

/** What the loop then assigns to, which most of these are not fit for. */
const forLeft = $ => [$.this, $.update_expression, $.assignment_expression];

/** A type may be `this is T` where no other predicate may be one. */
const withThisPredicate = (rule, $) => replace(rule, 'type_annotation', choice(
  $.type_annotation,
  $.type_predicate_annotation,
));

const misplaced = ($, previous) => after($._misplaced_modifiers, previous);

module.exports = {
  // A list that is reduced to a symbol of its own would have to know whether the next word is a name.
  inline: $ => [
    $._modifiers,
    $._class_modifiers,
    $._abstract_modifiers,
    $._misplaced_modifiers,
  ],

  conflicts: $ => [
    // `async type => type` and `async type T = ...`
    [$._misplaced_modifier, $.arrow_function],
    [$.primary_expression, $._modifier],
    [$.primary_expression, $.pair_pattern],
    [$.primary_expression, $.array_pattern],
    [$.infer_type],
    [$.expression, $._for_header],
    [$.type_arguments, $.type_parameters],
    [$.primary_expression, $._object_method],
    [$._modifier, $.arrow_function],
    [$._misplaced_modifier, $._modifier],
    [$._misplaced_modifier, $._modifier, $.arrow_function],
  ],

  precedences: $ => [
    [$.abstract_class_declaration, $._misplaced_modifier],
    [$.await_expression, $._await_name],
    [$.yield_expression, $._yield_name],
    [$.new_expression, $._property_name],
    [$.primary_expression, $._parameter_modifier],
    [$.export_statement, $._property_name],
    [$.lexical_declaration, $._property_name],
    [$.abstract_class_declaration, $._property_name],
  ],

  rules: {
    // Those that cannot be the first word of a statement, because `{` can begin a block, an object or a type.
    _modifier: $ => choice(
      $.accessibility_modifier,
      $.override_modifier,
      'static',
      'readonly',
      'async',
      'accessor',
    ),

    _class_modifier: $ => choice($._modifier, 'declare', 'export', 'const'),

    // These are names of members only.
    _reserved_identifier: (_, previous) => without(without(previous, 'export'), 'new'),

    _property_name: ($, previous) => choice(
      previous,
      alias(choice('export', 'new', 'const', 'abstract', 'accessor'), $.property_identifier),
    ),

    _modifiers: $ => repeat1($._modifier),

    _class_modifiers: $ => repeat1($._class_modifier),

    _abstract_modifiers: $ => seq(
      optional($._class_modifiers),
      'abstract',
      repeat(choice($._class_modifier, 'abstract')),
    ),

    // Words that begin no declaration of their own.
    _misplaced_modifiers: $ => repeat1($._misplaced_modifier),

    _misplaced_modifier: $ => choice(
      $.accessibility_modifier,
      $.override_modifier,
      'static',
      'readonly',
      'async',
      'abstract',
      'accessor',
    ),

    method_definition: ($, previous) => withModifiers(previous, members($)),

    _object_method: $ => prec.left(seq(
      optional($._modifiers),
      optional(choice('get', 'set', '*')),
      field('name', $._property_name),
      optional(choice('?', '!')),
      optional($._after_member_name),
      $._call_signature,
      field('body', $.statement_block),
    )),

    _class_method_signature: $ => seq(
      repeat(field('decorator', $.decorator)),
      optional($._class_modifiers),
      optional(choice('get', 'set', '*')),
      field('name', $._property_name),
      optional(choice('?', '!')),
      optional($._after_member_name),
      $._call_signature,
    ),

    class_body: ($, previous) => replace(
      replace(previous, 'method_signature', alias($._class_method_signature, $.method_signature)),
      'index_signature',
      alias($._class_index_signature, $.index_signature),
    ),

    method_signature: ($, previous) => withModifiers(previous, optional($._modifiers)),
    abstract_method_signature: ($, previous) => withModifiers(previous, $._abstract_modifiers),

    index_signature: $ => index($, optional(choice(
      seq(field('sign', choice('-', '+')), 'readonly'),
      $._modifiers,
    ))),

    // Here no bracket can be that of a pattern.
    _class_index_signature: $ => index(
      $,
      members($),
      seq('...', $._index_parameter, repeat(seq(',', $._index_parameter)), optional(',')),
      seq(indexName($), repeat1(seq(',', $._index_parameter)), optional(',')),
    ),

    _index_parameter: $ => seq(
      optional($.accessibility_modifier),
      optional('...'),
      indexName($),
      optional('?'),
      optional($.type_annotation),
    ),

    opting_type_annotation: $ => seq(choice('?:', seq('?', ':')), $.type),

    // Parameters
    _parameter_name: $ => seq(
      repeat(field('decorator', $.decorator)),
      repeat(parameterModifier($)),
      optional(seq('readonly', optional('readonly'), repeat(parameterModifier($)))),
      field('pattern', choice($.pattern, $.this)),
    ),

    _parameter_modifier: _ => choice('static', 'export', 'declare'),

    // Heritage
    class_heritage: $ => choice(
      seq(repeat1($.extends_clause), repeat($.implements_clause)),
      repeat1($.implements_clause),
    ),

    interface_declaration: ($, previous) => replace(
      misplaced($, previous),
      'extends_type_clause',
      choice(seq(repeat1($.extends_type_clause), repeat($.implements_clause)), repeat1($.implements_clause)),
    ),

    extends_type_clause: $ => seq(
      'extends',
      optional(seq(
        sepBy1(',', field('type', choice(
          $._type_identifier,
          $.nested_type_identifier,
          $.generic_type,
          $._splice_name,
          alias($._heritage_call, $.call_expression),
          alias($._heritage_chain, $.member_expression),
        ))),
        optional(','),
      )),
    ),

    _heritage_call: $ => seq(
      field('function', choice($.identifier, alias($.nested_identifier, $.member_expression))),
      field('arguments', $.arguments),
    ),

    _heritage_chain: $ => seq(
      field('object', choice($.identifier, alias($.nested_identifier, $.member_expression))),
      '?.',
      field('property', alias($.identifier, $.property_identifier)),
    ),

    // Lists
    type_arguments: ($, previous) => choice(
      previous,
      seq('<', '>'),
      seq(alias($._type_arguments_open, '<'), ...previous.members.slice(1)),
    ),
    type_parameters: ($, previous) => choice(previous, seq('<', '>')),

    catch_clause: $ => seq(
      'catch',
      optional(seq(
        '(',
        field('parameter', choice($.identifier, $._splice_name, $._destructuring_pattern)),
        field('type', optional($.type_annotation)),
        optional($._initializer),
        ')',
      )),
      field('body', $.statement_block),
    ),

    // Statements
    export_statement: ($, previous) => choice(
      previous,
      seq('export', field('declaration', choice($.export_statement, $.import_statement))),
    ),

    ambient_declaration: ($, previous) => choice(
      previous,
      seq('declare', choice($.export_statement, $.import_statement)),
    ),

    function_signature: ($, previous) => behind(previous, '"function"', optional('*')),

    _for_header: $ => seq(
      '(',
      choice(
        field('left', choice($._lhs_expression, $.parenthesized_expression, ...forLeft($))),
        seq(
          field('kind', choice(
            'var',
            'let',
            'const',
            alias($._using_keyword, 'using'),
            seq('await', alias($._using_keyword, 'using')),
          )),
          field('left', choice($.identifier, $._splice_name, $._destructuring_pattern)),
          field('type', optional($.type_annotation)),
          optional($._initializer),
          repeat(seq(',', $.variable_declarator)),
          optional($._automatic_semicolon),
        ),
      ),
      field('operator', choice('in', 'of')),
      field('right', $._expressions),
      ')',
    ),

    // Outside of asynchronous functions and generators these are names.
    _await_name: _ => 'await',
    _yield_name: _ => 'yield',

    await_expression: $ => prec('unary_void', seq('await', optional($._after_await), $.expression)),

    primary_expression: ($, previous) => choice(previous, alias($._await_name, $.identifier)),

    _lhs_expression: ($, previous) => choice(
      previous,
      alias($._await_name, $.identifier),
      alias($._yield_name, $.identifier),
    ),

    meta_property: ($, previous) => choice(
      previous,
      seq('import', '.', alias($.identifier, $.property_identifier)),
    ),

    object: ($, previous) => replace(
      replace(previous, 'method_definition', alias($._object_method, $.method_definition)),
      'spread_element',
      choice($.spread_element, $.object_assignment_pattern, alias($._modified_pair, $.pair)),
    ),

    _modified_pair: $ => choice(
      seq($._modifiers, field('key', $._property_name), ':', field('value', $.expression)),
      seq(optional($._modifiers), field('key', $._property_name), choice('?', '!'), ':', field('value', $.expression)),
    ),

    property_signature: ($, previous) => withThisPredicate(withModifiers(previous, optional($._modifiers)), $),

    public_field_definition: ($, previous) => withThisPredicate(withModifiers(previous, members($)), $),

    required_parameter: ($, previous) => choice(
      previous,
      seq('...', field('pattern', choice($.identifier, $._splice_name)), '=', field('value', $.expression)),
    ),

    array_pattern: ($, previous) => replace(previous, 'pattern', choice($.pattern, $.parenthesized_expression)),
    pair_pattern: ($, previous) => replace(previous, 'pattern', choice($.pattern, $.parenthesized_expression)),

    rest_type: $ => seq('...', choice($.type, $.optional_type)),

    class_declaration: misplaced,
    abstract_class_declaration: misplaced,
    enum_declaration: misplaced,
    type_alias_declaration: misplaced,
    lexical_declaration: misplaced,
    // Only before a `;` that is written: a line end after a comma ends nothing.
    variable_declaration: ($, previous) => choice(
      misplaced($, previous),
      seq(optional($._misplaced_modifiers), 'var', optional(seq(sepBy1(',', $.variable_declarator), ',')), ';'),
    ),
    module: misplaced,
    import_alias: misplaced,
  },
};
