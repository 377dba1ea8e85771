; Generated from queries/folds.scm: see queries/README.md.

[
  (array)
  (arguments)
  (class_body)
  (comment)
  (enum_body)
  (export_clause)
  (formal_parameters)
  (import_statement)
  (interface_body)
  (named_imports)
  (object)
  (object_pattern)
  (object_type)
  (quote_type)
  (statement_block)
  (switch_body)
  (switch_case)
  (switch_default)
  (template_string)
] @fold
