; Generated from queries/injections.scm: see queries/README.md.

; Other languages inside. Nothing is shown of a language that the editor has no grammar for.

((comment) @injection.content
  (#match? @injection.content "^/[*][*][^*]")
  (#set! injection.language "jsdoc"))

((regex_pattern) @injection.content
  (#set! injection.language "regex"))

; `new RegExp("...")`
((new_expression
  constructor: (identifier) @_name
  arguments: (arguments . (string (string_fragment) @injection.content)))
  (#eq? @_name "RegExp")
  (#set! injection.language "regex"))

; Templates with the language as their tag: sql`...`, also with type arguments. The fragments are one text: what
; stands between them is code again.

((call_expression
  function: (identifier) @injection.language
  arguments: (template_string (string_fragment) @injection.content))
  (#any-of? @injection.language "css" "graphql" "html" "json" "sql" "yaml")
  (#set! injection.combined))

((call_expression
  function: (instantiation_expression (identifier) @injection.language)
  arguments: (template_string (string_fragment) @injection.content))
  (#any-of? @injection.language "css" "graphql" "html" "json" "sql" "yaml")
  (#set! injection.combined))

((call_expression
  function: (identifier) @_tag
  arguments: (template_string (string_fragment) @injection.content))
  (#eq? @_tag "gql")
  (#set! injection.language "graphql")
  (#set! injection.combined))

; Macros and functions with the language as their name, and code as their first argument: @sql("..."), sql(`...`).

((macro_invocation
  name: (identifier) @injection.language
  arguments: (arguments . [
    (string (string_fragment) @injection.content)
    (template_string (string_fragment) @injection.content)
  ]))
  (#any-of? @injection.language "css" "graphql" "html" "json" "sql" "yaml")
  (#set! injection.combined))

((call_expression
  function: (identifier) @injection.language
  arguments: (arguments . [
    (string (string_fragment) @injection.content)
    (template_string (string_fragment) @injection.content)
  ]))
  (#any-of? @injection.language "css" "graphql" "html" "json" "sql" "yaml")
  (#set! injection.combined))

; `JSON.parse(`...`)`
((call_expression
  function: (member_expression
    object: (identifier) @_object
    property: (property_identifier) @_property)
  arguments: (arguments . (template_string (string_fragment) @injection.content)))
  (#eq? @_object "JSON")
  (#eq? @_property "parse")
  (#set! injection.language "json")
  (#set! injection.combined))

; Templates with the language in a comment before them: /* sql */ `...`

((comment) @_comment
  .
  (template_string (string_fragment) @injection.content)
  (#match? @_comment "^/[*] ?(css|CSS) ?[*]/$")
  (#set! injection.language "css")
  (#set! injection.combined))

((comment) @_comment
  .
  (template_string (string_fragment) @injection.content)
  (#match? @_comment "^/[*] ?(graphql|GraphQL) ?[*]/$")
  (#set! injection.language "graphql")
  (#set! injection.combined))

((comment) @_comment
  .
  (template_string (string_fragment) @injection.content)
  (#match? @_comment "^/[*] ?(html|HTML) ?[*]/$")
  (#set! injection.language "html")
  (#set! injection.combined))

((comment) @_comment
  .
  (template_string (string_fragment) @injection.content)
  (#match? @_comment "^/[*] ?(json|JSON) ?[*]/$")
  (#set! injection.language "json")
  (#set! injection.combined))

((comment) @_comment
  .
  (template_string (string_fragment) @injection.content)
  (#match? @_comment "^/[*] ?(sql|SQL) ?[*]/$")
  (#set! injection.language "sql")
  (#set! injection.combined))
