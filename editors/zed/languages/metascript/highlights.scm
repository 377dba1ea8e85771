; Generated from queries/highlights.scm: see queries/README.md.

; What a pattern colours, a later one may colour again: from the general to the particular. queries/README.md
; has the rules.

; Regions. What stands in them is coloured as anywhere else; they say when it runs: the body of a macro and a
; block of @comptime at compile time, what a quote holds where it is generated, what is spliced into that
; at compile time again.

; Names

(identifier) @variable
(identifier_fragment) @variable
(property_identifier) @property
(private_property_identifier) @property
(shorthand_property_identifier) @property
(shorthand_property_identifier_pattern) @variable
(statement_identifier) @label
(type_identifier) @type
(predefined_type) @type.builtin

((identifier) @constant
  (#match? @constant "^[A-Z][A-Z0-9_]+$"))

((identifier) @constructor
  (#match? @constructor "^[A-Z][A-Za-z0-9_]*[a-z]"))

((identifier) @variable.special
  (#any-of? @variable.special "arguments" "console" "globalThis"))

((identifier) @constant
  (#any-of? @constant "NaN" "Infinity"))

[
  (this)
  (super)
] @variable.special

(this_type) @type.builtin

(nested_identifier object: (identifier) @namespace)
(nested_type_identifier module: (identifier) @namespace)
(internal_module name: (identifier) @namespace)
(module name: (identifier) @namespace)
(namespace_import (identifier) @namespace)
(namespace_export (identifier) @namespace)

; Literals

[
  (true)
  (false)
] @boolean

[
  (null)
  (undefined)
] @constant

(number) @number

(string) @string
(template_string ["`" (string_fragment)] @string)
(template_literal_type ["`" (string_fragment)] @string)
(escape_sequence) @string.escape
(regex) @string.regex
(regex_flags) @string.special

[
  (comment)
  (html_comment)
  (hash_bang_line)
] @comment

((comment) @comment.doc
  (#match? @comment.doc "^/[*][*][^*]"))

; Parameters and variables

(required_parameter pattern: (identifier) @variable.parameter)
(optional_parameter pattern: (identifier) @variable.parameter)
(required_parameter name: (identifier) @variable.parameter)
(optional_parameter name: (identifier) @variable.parameter)
(required_parameter pattern: (rest_pattern (identifier) @variable.parameter))
(arrow_function parameter: (identifier) @variable.parameter)
(index_signature name: (identifier) @variable.parameter)

(required_parameter
  pattern: (object_pattern
    [
      (shorthand_property_identifier_pattern) @variable.parameter
      (object_assignment_pattern left: (shorthand_property_identifier_pattern) @variable.parameter)
      (pair_pattern value: (identifier) @variable.parameter)
      (rest_pattern (identifier) @variable.parameter)
    ]))

(required_parameter
  pattern: (array_pattern [
    (identifier) @variable.parameter
    (rest_pattern (identifier) @variable.parameter)
  ]))

(enum_declaration name: (identifier) @type)
(enum_body name: (property_identifier) @constant)
(enum_assignment name: (property_identifier) @constant)

; Functions

(function_declaration name: (identifier) @function)
(function_signature name: (identifier) @function)
(function_expression name: (identifier) @function)
(generator_function name: (identifier) @function)
(generator_function_declaration name: (identifier) @function)

(variable_declarator
  name: (identifier) @function
  value: [
    (arrow_function)
    (function_expression)
    (generator_function)
  ])

(assignment_expression
  left: [
    (identifier) @function
    (member_expression property: (property_identifier) @function.method)
  ]
  right: [
    (arrow_function)
    (function_expression)
    (generator_function)
  ])

(pair
  key: (property_identifier) @function.method
  value: [
    (arrow_function)
    (function_expression)
    (generator_function)
  ])

(public_field_definition
  name: (property_identifier) @function.method
  value: [
    (arrow_function)
    (function_expression)
    (generator_function)
  ])

(method_definition name: [(property_identifier) (private_property_identifier)] @function.method)
(method_signature name: [(property_identifier) (private_property_identifier)] @function.method)
(abstract_method_signature name: (property_identifier) @function.method)

((method_definition name: (property_identifier) @constructor)
  (#eq? @constructor "constructor"))

(call_expression function: (identifier) @function.call)
(call_expression function: (instantiation_expression (identifier) @function.call))
(call_expression
  function: (member_expression
    property: [(property_identifier) (private_property_identifier)] @function.method.call))

(new_expression constructor: (identifier) @constructor)
(new_expression constructor: (member_expression property: (property_identifier) @constructor))

(extends_clause value: (identifier) @type)
(extends_clause value: (instantiation_expression . (identifier) @type))

; Punctuation

[
  ";"
  ","
  "."
  ":"
  "?."
] @punctuation.delimiter

[
  "("
  ")"
  "["
  "]"
  "{"
  "}"
] @punctuation.bracket

(type_arguments ["<" ">"] @punctuation.bracket)
(type_parameters ["<" ">"] @punctuation.bracket)

[
  "!"
  "!="
  "!=="
  "%"
  "%="
  "&"
  "&&"
  "&&="
  "&="
  "*"
  "**"
  "**="
  "*="
  "+"
  "++"
  "+="
  "-"
  "--"
  "-="
  "..."
  "/="
  "<<"
  "<<="
  "<="
  "="
  "=="
  "==="
  "=>"
  ">="
  ">>"
  ">>="
  ">>>"
  ">>>="
  "+?:"
  "-?:"
  "?"
  "?:"
  "??"
  "??="
  "^"
  "^="
  "|"
  "|="
  "||"
  "||="
  "~"
] @operator

(binary_expression ["/" "<" ">"] @operator)
(ternary_expression ["?" ":"] @operator)
(optional_chain) @punctuation.delimiter

(template_substitution ["${" "}"] @punctuation.special)
(template_type ["${" "}"] @punctuation.special)

; Keywords

[
  "assert"
  "const"
  "let"
  "using"
  "var"
  "with"
  "debugger"
] @keyword

[
  "class"
  "enum"
  "interface"
  "module"
  "namespace"
  "type"
] @keyword.type

[
  "abstract"
  "accessor"
  "declare"
  "extends"
  "global"
  "implements"
  "override"
  "private"
  "protected"
  "public"
  "readonly"
  "static"
] @keyword.modifier

[
  "as"
  "asserts"
  "delete"
  "in"
  "infer"
  "instanceof"
  "is"
  "keyof"
  "new"
  "of"
  "satisfies"
  "typeof"
  "void"
  "unique symbol"
] @keyword.operator

(type_parameter ["const" "in" "out"] @keyword.modifier)
(predefined_type) @type.builtin
(as_expression "const" @keyword.modifier)

[
  "case"
  "else"
  "if"
  "switch"
] @keyword.conditional

(switch_default "default" @keyword.conditional)

[
  "break"
  "continue"
  "do"
  "for"
  "while"
] @keyword.repeat

(for_in_statement "of" @keyword.repeat)

[
  "catch"
  "finally"
  "throw"
  "try"
] @keyword.exception

[
  "async"
  "await"
  "yield"
] @keyword.coroutine

"return" @keyword.return

[
  "function"
  "get"
  "set"
] @keyword.function

[
  "export"
  "from"
  "import"
  "require"
] @keyword.import

(import) @keyword.import
(export_statement "default" @keyword.import)
(import_specifier "as" @keyword.import)
(export_specifier "as" @keyword.import)
(namespace_import "as" @keyword.import)
(namespace_export "as" @keyword.import)
(import_statement "type" @keyword.import)
(import_statement "defer" @keyword.import)
(export_statement "type" @keyword.import)
(import_specifier "type" @keyword.import)
(export_specifier "type" @keyword.import)

(meta_property) @variable.special

; Decorators and uses of macros. A decorator may turn out to be a macro, which only the compiler knows.

(decorator "@" @attribute)
(decorator (identifier) @attribute)
(decorator (member_expression property: (property_identifier) @attribute))
(decorator (call_expression function: (identifier) @attribute))
(decorator (call_expression function: (member_expression property: (property_identifier) @attribute)))

(macro_invocation "@" @function.special)
(macro_invocation name: (identifier) @function.special)
(macro_invocation name: (member_expression property: (property_identifier) @function.special))

((decorator (identifier) @preproc)
  (#eq? @preproc "comptime"))

((decorator (call_expression function: (identifier) @preproc))
  (#eq? @preproc "comptime"))

((macro_invocation name: (identifier) @preproc)
  (#any-of? @preproc "comptime" "target"))

; Macros, quotes and splices

(macro_declaration ["macro" "function"] @keyword.function)
(macro_declaration name: (identifier) @function.special)

(extern_macro_declaration "extern" @keyword.modifier)
(extern_macro_declaration "macro" @keyword.function)
(extern_macro_declaration "@" @function.special)
(extern_macro_declaration name: (identifier) @function.special)

(quote_expression "quote" @preproc)
(quote_type "type" @keyword.type)
(defer_statement "defer" @keyword)

(splice ["${" "}"] @punctuation.special.splice)

(spliced_identifier (identifier_fragment) @variable)
(method_definition name: (spliced_identifier (identifier_fragment) @function.method))
(method_signature name: (spliced_identifier (identifier_fragment) @function.method))
(function_declaration name: (spliced_identifier (identifier_fragment) @function))
(class_declaration name: (spliced_identifier (identifier_fragment) @type))
(interface_declaration name: (spliced_identifier (identifier_fragment) @type))
(type_annotation (spliced_identifier (identifier_fragment) @type))
(public_field_definition name: (spliced_identifier (identifier_fragment) @property))
(property_signature name: (spliced_identifier (identifier_fragment) @property))
(member_expression property: (spliced_identifier (identifier_fragment) @property))
(call_expression function: (spliced_identifier (identifier_fragment) @function.call))

; Regions that a name makes. They colour that name, too, and stand last, as the name decides.

((macro_invocation
  name: (identifier) @preproc
  body: (statement_block))
  (#eq? @preproc "comptime"))

((decorated_declaration
  decorator: (decorator [
    (identifier) @preproc
    (call_expression function: (identifier) @preproc)
  ])
  declaration: (function_declaration body: (statement_block)))
  (#eq? @preproc "comptime"))

((call_expression
  function: (identifier) @preproc
  arguments: (arguments))
  (#eq? @preproc "quote"))
