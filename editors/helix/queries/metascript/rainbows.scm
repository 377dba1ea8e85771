; Generated from queries/brackets.scm: see queries/README.md.

; Pairs, and what lies between them.

(arguments "(" @rainbow.bracket ")" @rainbow.bracket) @rainbow.scope
(formal_parameters "(" @rainbow.bracket ")" @rainbow.bracket) @rainbow.scope
(parenthesized_expression "(" @rainbow.bracket ")" @rainbow.bracket) @rainbow.scope
(parenthesized_type "(" @rainbow.bracket ")" @rainbow.bracket) @rainbow.scope
(for_statement "(" @rainbow.bracket ")" @rainbow.bracket) @rainbow.scope
(for_in_statement "(" @rainbow.bracket ")" @rainbow.bracket) @rainbow.scope
(catch_clause "(" @rainbow.bracket ")" @rainbow.bracket) @rainbow.scope

(array "[" @rainbow.bracket "]" @rainbow.bracket) @rainbow.scope
(array_pattern "[" @rainbow.bracket "]" @rainbow.bracket) @rainbow.scope
(array_type "[" @rainbow.bracket "]" @rainbow.bracket) @rainbow.scope
(computed_property_name "[" @rainbow.bracket "]" @rainbow.bracket) @rainbow.scope
(index_signature "[" @rainbow.bracket "]" @rainbow.bracket) @rainbow.scope
(lookup_type "[" @rainbow.bracket "]" @rainbow.bracket) @rainbow.scope
(subscript_expression "[" @rainbow.bracket "]" @rainbow.bracket) @rainbow.scope
(tuple_type "[" @rainbow.bracket "]" @rainbow.bracket) @rainbow.scope

(class_body "{" @rainbow.bracket "}" @rainbow.bracket) @rainbow.scope
(enum_body "{" @rainbow.bracket "}" @rainbow.bracket) @rainbow.scope
(export_clause "{" @rainbow.bracket "}" @rainbow.bracket) @rainbow.scope
(interface_body "{" @rainbow.bracket "}" @rainbow.bracket) @rainbow.scope
(named_imports "{" @rainbow.bracket "}" @rainbow.bracket) @rainbow.scope
(object "{" @rainbow.bracket "}" @rainbow.bracket) @rainbow.scope
(object_pattern "{" @rainbow.bracket "}" @rainbow.bracket) @rainbow.scope
(object_type "{" @rainbow.bracket "}" @rainbow.bracket) @rainbow.scope
(quote_type "{" @rainbow.bracket "}" @rainbow.bracket) @rainbow.scope
(statement_block "{" @rainbow.bracket "}" @rainbow.bracket) @rainbow.scope
(switch_body "{" @rainbow.bracket "}" @rainbow.bracket) @rainbow.scope

(splice "${" @rainbow.bracket "}" @rainbow.bracket) @rainbow.scope
(template_substitution "${" @rainbow.bracket "}" @rainbow.bracket) @rainbow.scope
(template_type "${" @rainbow.bracket "}" @rainbow.bracket) @rainbow.scope

(type_arguments "<" @rainbow.bracket ">" @rainbow.bracket) @rainbow.scope
(type_parameters "<" @rainbow.bracket ">" @rainbow.bracket) @rainbow.scope
