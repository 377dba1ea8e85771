; Generated from queries/highlights.scm: see queries/README.md.

; What a pattern colours, a later one may colour again: from the general to the particular. queries/README.md
; has the rules.

; Regions. What stands in them is coloured as anywhere else; they say when it runs: the body of a macro and a
; block of @comptime at compile time, what a quote holds where it is generated, what is spliced into that
; at compile time again.

(macro_declaration body: (statement_block) @macro.body)
(quote_expression body: (_) @macro.quote)
(splice) @macro.splice

; Names

(identifier) @variable
(identifier_fragment) @variable
(property_identifier) @variable.other.member
(private_property_identifier) @variable.other.member
(shorthand_property_identifier) @variable.other.member
(shorthand_property_identifier_pattern) @variable
(statement_identifier) @label
(type_identifier) @type
(predefined_type) @type.builtin

((identifier) @constant
  (#match? @constant "^[A-Z][A-Z0-9_]+$"))

((identifier) @constructor
  (#match? @constructor "^[A-Z][A-Za-z0-9_]*[a-z]"))

((identifier) @variable.builtin
  (#any-of? @variable.builtin "arguments" "console" "globalThis"))

((identifier) @constant.builtin
  (#any-of? @constant.builtin "NaN" "Infinity"))

[
  (this)
  (super)
] @variable.builtin

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
] @constant.builtin.boolean

[
  (null)
  (undefined)
] @constant.builtin

(number) @constant.numeric

(string) @string
(template_string ["`" (string_fragment)] @string)
(template_literal_type ["`" (string_fragment)] @string)
(escape_sequence) @constant.character.escape
(regex) @string.regexp
(regex_flags) @string.special

[
  (comment)
  (html_comment)
  (hash_bang_line)
] @comment

((comment) @comment.block.documentation
  (#match? @comment.block.documentation "^/[*][*][^*]"))

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

(call_expression function: (identifier) @function)
(call_expression function: (instantiation_expression (identifier) @function))
(call_expression
  function: (member_expression
    property: [(property_identifier) (private_property_identifier)] @function.method))

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
] @keyword.storage.type

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
] @keyword.storage.modifier

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

(type_parameter ["const" "in" "out"] @keyword.storage.modifier)
(predefined_type) @type.builtin
(as_expression "const" @keyword.storage.modifier)

[
  "case"
  "else"
  "if"
  "switch"
] @keyword.control.conditional

(switch_default "default" @keyword.control.conditional)

[
  "break"
  "continue"
  "do"
  "for"
  "while"
] @keyword.control.repeat

(for_in_statement "of" @keyword.control.repeat)

[
  "catch"
  "finally"
  "throw"
  "try"
] @keyword.control.exception

[
  "async"
  "await"
  "yield"
] @keyword.control

"return" @keyword.control.return

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
] @keyword.control.import

(import) @keyword.control.import
(export_statement "default" @keyword.control.import)
(import_specifier "as" @keyword.control.import)
(export_specifier "as" @keyword.control.import)
(namespace_import "as" @keyword.control.import)
(namespace_export "as" @keyword.control.import)
(import_statement "type" @keyword.control.import)
(import_statement "defer" @keyword.control.import)
(export_statement "type" @keyword.control.import)
(import_specifier "type" @keyword.control.import)
(export_specifier "type" @keyword.control.import)

(meta_property) @variable.builtin

; Decorators and uses of macros. A decorator may turn out to be a macro, which only the compiler knows.

(decorator "@" @attribute)
(decorator (identifier) @attribute)
(decorator (member_expression property: (property_identifier) @attribute))
(decorator (call_expression function: (identifier) @attribute))
(decorator (call_expression function: (member_expression property: (property_identifier) @attribute)))

(macro_invocation "@" @function.macro)
(macro_invocation name: (identifier) @function.macro)
(macro_invocation name: (member_expression property: (property_identifier) @function.macro))

((decorator (identifier) @keyword.directive)
  (#eq? @keyword.directive "comptime"))

((decorator (call_expression function: (identifier) @keyword.directive))
  (#eq? @keyword.directive "comptime"))

((macro_invocation name: (identifier) @keyword.directive)
  (#any-of? @keyword.directive "comptime" "target"))

; Macros, quotes and splices

(macro_declaration ["macro" "function"] @keyword.function)
(macro_declaration name: (identifier) @function.macro)

(extern_macro_declaration "extern" @keyword.storage.modifier)
(extern_macro_declaration "macro" @keyword.function)
(extern_macro_declaration "@" @function.macro)
(extern_macro_declaration name: (identifier) @function.macro)

(quote_expression "quote" @keyword.directive)
(quote_type "type" @keyword.storage.type)
(defer_statement "defer" @keyword)

(splice ["${" "}"] @special)

(spliced_identifier (identifier_fragment) @variable)
(method_definition name: (spliced_identifier (identifier_fragment) @function.method))
(method_signature name: (spliced_identifier (identifier_fragment) @function.method))
(function_declaration name: (spliced_identifier (identifier_fragment) @function))
(class_declaration name: (spliced_identifier (identifier_fragment) @type))
(interface_declaration name: (spliced_identifier (identifier_fragment) @type))
(type_annotation (spliced_identifier (identifier_fragment) @type))
(public_field_definition name: (spliced_identifier (identifier_fragment) @variable.other.member))
(property_signature name: (spliced_identifier (identifier_fragment) @variable.other.member))
(member_expression property: (spliced_identifier (identifier_fragment) @variable.other.member))
(call_expression function: (spliced_identifier (identifier_fragment) @function))

; Regions that a name makes. They colour that name, too, and stand last, as the name decides.

((macro_invocation
  name: (identifier) @keyword.directive
  body: (statement_block) @macro.body)
  (#eq? @keyword.directive "comptime"))

((decorated_declaration
  decorator: (decorator [
    (identifier) @keyword.directive
    (call_expression function: (identifier) @keyword.directive)
  ])
  declaration: (function_declaration body: (statement_block) @macro.body))
  (#eq? @keyword.directive "comptime"))

((call_expression
  function: (identifier) @keyword.directive
  arguments: (arguments) @macro.quote)
  (#eq? @keyword.directive "quote"))
