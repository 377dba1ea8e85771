((comment) @injection.content
  (#match? @injection.content "^/[*][*][^*]")
  (#set! injection.language "jsdoc"))

((regex_pattern) @injection.content
  (#set! injection.language "regex"))

; Tagged templates. The fragments are one text: what stands between them is code again.

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
