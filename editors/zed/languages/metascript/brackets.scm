; Generated from queries/brackets.scm: see queries/README.md.

; Pairs, and what lies between them.

(arguments "(" @open ")" @close)
(formal_parameters "(" @open ")" @close)
(parenthesized_expression "(" @open ")" @close)
(parenthesized_type "(" @open ")" @close)
(for_statement "(" @open ")" @close)
(for_in_statement "(" @open ")" @close)
(catch_clause "(" @open ")" @close)

(array "[" @open "]" @close)
(array_pattern "[" @open "]" @close)
(array_type "[" @open "]" @close)
(computed_property_name "[" @open "]" @close)
(index_signature "[" @open "]" @close)
(lookup_type "[" @open "]" @close)
(subscript_expression "[" @open "]" @close)
(tuple_type "[" @open "]" @close)

(class_body "{" @open "}" @close)
(enum_body "{" @open "}" @close)
(export_clause "{" @open "}" @close)
(interface_body "{" @open "}" @close)
(named_imports "{" @open "}" @close)
(object "{" @open "}" @close)
(object_pattern "{" @open "}" @close)
(object_type "{" @open "}" @close)
(quote_type "{" @open "}" @close)
(statement_block "{" @open "}" @close)
(switch_body "{" @open "}" @close)

(splice "${" @open "}" @close)
(template_substitution "${" @open "}" @close)
(template_type "${" @open "}" @close)

(type_arguments "<" @open ">" @close)
(type_parameters "<" @open ">" @close)

(string "\"" @open "\"" @close)
(string "'" @open "'" @close)
(template_string "`" @open "`" @close)
