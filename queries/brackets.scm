; Pairs, and what lies between them.

(arguments "(" @bracket.open ")" @bracket.close) @bracket.scope
(formal_parameters "(" @bracket.open ")" @bracket.close) @bracket.scope
(parenthesized_expression "(" @bracket.open ")" @bracket.close) @bracket.scope
(parenthesized_type "(" @bracket.open ")" @bracket.close) @bracket.scope
(for_statement "(" @bracket.open ")" @bracket.close) @bracket.scope
(for_in_statement "(" @bracket.open ")" @bracket.close) @bracket.scope
(catch_clause "(" @bracket.open ")" @bracket.close) @bracket.scope

(array "[" @bracket.open "]" @bracket.close) @bracket.scope
(array_pattern "[" @bracket.open "]" @bracket.close) @bracket.scope
(array_type "[" @bracket.open "]" @bracket.close) @bracket.scope
(computed_property_name "[" @bracket.open "]" @bracket.close) @bracket.scope
(index_signature "[" @bracket.open "]" @bracket.close) @bracket.scope
(lookup_type "[" @bracket.open "]" @bracket.close) @bracket.scope
(subscript_expression "[" @bracket.open "]" @bracket.close) @bracket.scope
(tuple_type "[" @bracket.open "]" @bracket.close) @bracket.scope

(class_body "{" @bracket.open "}" @bracket.close) @bracket.scope
(enum_body "{" @bracket.open "}" @bracket.close) @bracket.scope
(export_clause "{" @bracket.open "}" @bracket.close) @bracket.scope
(interface_body "{" @bracket.open "}" @bracket.close) @bracket.scope
(named_imports "{" @bracket.open "}" @bracket.close) @bracket.scope
(object "{" @bracket.open "}" @bracket.close) @bracket.scope
(object_pattern "{" @bracket.open "}" @bracket.close) @bracket.scope
(object_type "{" @bracket.open "}" @bracket.close) @bracket.scope
(quote_type "{" @bracket.open "}" @bracket.close) @bracket.scope
(statement_block "{" @bracket.open "}" @bracket.close) @bracket.scope
(switch_body "{" @bracket.open "}" @bracket.close) @bracket.scope

(splice "${" @bracket.open "}" @bracket.close) @bracket.scope
(template_substitution "${" @bracket.open "}" @bracket.close) @bracket.scope
(template_type "${" @bracket.open "}" @bracket.close) @bracket.scope

(type_arguments "<" @bracket.open ">" @bracket.close) @bracket.scope
(type_parameters "<" @bracket.open ">" @bracket.close) @bracket.scope

;! zed
(string "\"" @bracket.open "\"" @bracket.close)
(string "'" @bracket.open "'" @bracket.close)
(template_string "`" @bracket.open "`" @bracket.close)
;! all
