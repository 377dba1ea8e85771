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

(required_parameter pattern: (identifier) @local.definition.variable.parameter)
(optional_parameter pattern: (identifier) @local.definition.variable.parameter)
(required_parameter pattern: (rest_pattern (identifier) @local.definition.variable.parameter))
(arrow_function parameter: (identifier) @local.definition.variable.parameter)

(variable_declarator name: (identifier) @local.definition.variable)
(for_in_statement left: (identifier) @local.definition.variable)
(catch_clause parameter: (identifier) @local.definition.variable)
(object_pattern (shorthand_property_identifier_pattern) @local.definition.variable)
(object_assignment_pattern left: (shorthand_property_identifier_pattern) @local.definition.variable)
(pair_pattern value: (identifier) @local.definition.variable)
(array_pattern (identifier) @local.definition.variable)
(rest_pattern (identifier) @local.definition.variable)

(function_declaration name: (identifier) @local.definition.function)
(generator_function_declaration name: (identifier) @local.definition.function)
(macro_declaration name: (identifier) @local.definition.function.macro)

(identifier) @local.reference
(shorthand_property_identifier) @local.reference
