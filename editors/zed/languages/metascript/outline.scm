; Generated from queries/outline.scm: see queries/README.md.

; The names are Zed's, which alone reads this file.

(macro_declaration
  "macro" @context
  name: (_) @name) @item

(extern_macro_declaration
  "extern" @context
  "macro" @context
  name: (_) @name) @item

(function_declaration
  "async"? @context
  "function" @context
  name: (_) @name) @item

(generator_function_declaration
  "function" @context
  "*" @context
  name: (_) @name) @item

(function_signature
  "function" @context
  name: (_) @name) @item

(class_declaration
  "class" @context
  name: (_) @name) @item

(abstract_class_declaration
  "abstract" @context
  "class" @context
  name: (_) @name) @item

(interface_declaration
  "interface" @context
  name: (_) @name) @item

(type_alias_declaration
  "type" @context
  name: (_) @name) @item

(enum_declaration
  "enum" @context
  name: (_) @name) @item

(internal_module
  "namespace" @context
  name: (_) @name) @item

(module
  "module" @context
  name: (_) @name) @item

(program
  [
    (lexical_declaration
      ["const" "let"] @context
      (variable_declarator name: (identifier) @name) @item)
    (export_statement
      (lexical_declaration
        ["const" "let"] @context
        (variable_declarator name: (identifier) @name) @item))
  ])

(method_definition name: (_) @name) @item
(method_signature name: (_) @name) @item
(abstract_method_signature name: (_) @name) @item
(public_field_definition name: (_) @name) @item
(property_signature name: (_) @name) @item
(enum_body name: (property_identifier) @name @item)
(enum_assignment name: (_) @name) @item

(comment) @annotation
(decorator) @annotation
