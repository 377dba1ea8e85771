; Generated from queries/locals.scm: see queries/README.md.

; Scopes, and what is defined in them by a name that others use. One capture a pattern, as in highlights.

[
  (program)
  (statement_block)
  (class_body)
  (function_declaration)
  (function_expression)
  (generator_function)
  (generator_function_declaration)
  (arrow_function)
  (method_definition)
  (macro_declaration)
  (class_static_block)
  (for_statement)
  (for_in_statement)
  (catch_clause)
  (type_alias_declaration)
  (interface_declaration)
  (class_declaration)
] @local.scope

(required_parameter pattern: (identifier) @local.definition)
(optional_parameter pattern: (identifier) @local.definition)
(required_parameter pattern: (rest_pattern (identifier) @local.definition))
(arrow_function parameter: (identifier) @local.definition)

(variable_declarator name: (identifier) @local.definition)
(for_in_statement left: (identifier) @local.definition)
(catch_clause parameter: (identifier) @local.definition)
(object_pattern (shorthand_property_identifier_pattern) @local.definition)
(object_assignment_pattern left: (shorthand_property_identifier_pattern) @local.definition)
(pair_pattern value: (identifier) @local.definition)
(array_pattern (identifier) @local.definition)
(rest_pattern (identifier) @local.definition)

(function_declaration name: (identifier) @local.definition)
(generator_function_declaration name: (identifier) @local.definition)
(macro_declaration name: (identifier) @local.definition)

(import_specifier name: (identifier) @local.definition !alias)
(import_specifier alias: (identifier) @local.definition)
(import_clause (identifier) @local.definition)
(namespace_import (identifier) @local.definition)

(identifier) @local.reference
(shorthand_property_identifier) @local.reference
