/**
 * Members, type parameters and exports, with the valid TypeScript that the inherited grammar does not
 * take, and with splices and decorators among the members.
 */

const sepBy1 = (separator, rule) => seq(rule, repeat(seq(separator, rule)));

const decorators = $ => repeat(field('decorator', $.decorator));

module.exports = {
  conflicts: $ => [
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
            $.export_statement,
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

    public_field_definition: ($, previous) => {
      const parts = [...previous.members];
      const modifiers = parts.findIndex(part => JSON.stringify(part).includes('"accessor"'));
      parts[modifiers] = choice(
        parts[modifiers],
        seq(
          choice(
            seq('static', optional($.override_modifier)),
            seq(optional('abstract'), $.override_modifier),
            'abstract',
          ),
          'accessor',
        ),
      );
      return seq(...parts);
    },

    type_parameter: ($, previous) => {
      const [, ...rest] = previous.members;
      return seq(repeat(choice('const', 'in', alias($._out_keyword, 'out'))), ...rest);
    },

    export_statement: ($, previous) => choice(
      previous,
      seq('export', 'type', choice('*', $.namespace_export), $._from_clause, $._semicolon),
    ),
  },
};
