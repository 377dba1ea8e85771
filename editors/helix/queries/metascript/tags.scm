; Generated from queries/tags.scm: see queries/README.md.

(macro_declaration name: (identifier) @name) @definition.macro
(extern_macro_declaration name: (identifier) @name) @definition.macro

(function_declaration name: (identifier) @name) @definition.function
(function_signature name: (identifier) @name) @definition.function
(generator_function_declaration name: (identifier) @name) @definition.function

(lexical_declaration
  (variable_declarator
    name: (identifier) @name
    value: [(arrow_function) (function_expression) (generator_function)]) @definition.function)

(program
  (lexical_declaration
    (variable_declarator
      name: (identifier) @name
      value: (_) @_value) @definition.constant)
  (#not-match? @_value "^(async|function|[(])"))

(class_declaration name: (type_identifier) @name) @definition.class
(abstract_class_declaration name: (type_identifier) @name) @definition.class
(interface_declaration name: (type_identifier) @name) @definition.interface
(type_alias_declaration name: (type_identifier) @name) @definition.type
(enum_declaration name: (identifier) @name) @definition.enum
(internal_module name: (identifier) @name) @definition.module
(module name: (_) @name) @definition.module

(method_definition name: (property_identifier) @name) @definition.method
(method_signature name: (property_identifier) @name) @definition.method
(abstract_method_signature name: (property_identifier) @name) @definition.method
(public_field_definition name: (property_identifier) @name) @definition.field
(property_signature name: (property_identifier) @name) @definition.field

(call_expression function: (identifier) @name) @reference.call
(call_expression function: (member_expression property: (property_identifier) @name)) @reference.call
(new_expression constructor: (identifier) @name) @reference.class
(extends_clause value: (identifier) @name) @reference.class
(extends_clause value: (instantiation_expression . (identifier) @name)) @reference.class
(type_annotation (type_identifier) @name) @reference.type

(macro_invocation name: (identifier) @name) @reference.macro
(decorator (identifier) @name) @reference.macro
(decorator (call_expression function: (identifier) @name)) @reference.macro
