; Generated from queries/indents.scm: see queries/README.md.

[
  (arguments)
  (array)
  (array_pattern)
  (class_body)
  (enum_body)
  (export_clause)
  (formal_parameters)
  (interface_body)
  (named_imports)
  (object)
  (object_pattern)
  (object_type)
  (parenthesized_expression)
  (quote_type)
  (splice)
  (statement_block)
  (switch_body)
  (switch_case)
  (switch_default)
  (template_substitution)
  (tuple_type)
  (type_arguments)
  (type_parameters)
] @indent

[
  ")"
  "]"
  "}"
] @outdent
