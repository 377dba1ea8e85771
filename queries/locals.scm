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

(required_parameter pattern: (identifier) @local.definition.parameter)
(optional_parameter pattern: (identifier) @local.definition.parameter)
(required_parameter pattern: (rest_pattern (identifier) @local.definition.parameter))
(arrow_function parameter: (identifier) @local.definition.parameter)

(variable_declarator name: (identifier) @local.definition.var)
(for_in_statement left: (identifier) @local.definition.var)
(catch_clause parameter: (identifier) @local.definition.var)
(object_pattern (shorthand_property_identifier_pattern) @local.definition.var)
(object_assignment_pattern left: (shorthand_property_identifier_pattern) @local.definition.var)
(pair_pattern value: (identifier) @local.definition.var)
(array_pattern (identifier) @local.definition.var)
(rest_pattern (identifier) @local.definition.var)

(function_declaration name: (identifier) @local.definition.function)
(generator_function_declaration name: (identifier) @local.definition.function)
(macro_declaration name: (identifier) @local.definition.macro)

;! treesitter neovim
(import_specifier name: (identifier) @local.definition.import !alias)
(import_specifier alias: (identifier) @local.definition.import)
(import_clause (identifier) @local.definition.import)
(namespace_import (identifier) @local.definition.import)
;! all

;! neovim
(class_declaration name: (type_identifier) @local.definition.type)
(abstract_class_declaration name: (type_identifier) @local.definition.type)
(interface_declaration name: (type_identifier) @local.definition.type)
(type_alias_declaration name: (type_identifier) @local.definition.type)
(enum_declaration name: (identifier) @local.definition.type)
(type_parameter name: (type_identifier) @local.definition.type)
(type_identifier) @local.reference
;! all

(identifier) @local.reference
(shorthand_property_identifier) @local.reference
