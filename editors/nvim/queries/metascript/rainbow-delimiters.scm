; Generated from queries/brackets.scm: see queries/README.md.

; Pairs, and what lies between them.

(arguments "(" @delimiter ")" @delimiter) @container
(formal_parameters "(" @delimiter ")" @delimiter) @container
(parenthesized_expression "(" @delimiter ")" @delimiter) @container
(parenthesized_type "(" @delimiter ")" @delimiter) @container
(for_statement "(" @delimiter ")" @delimiter) @container
(for_in_statement "(" @delimiter ")" @delimiter) @container
(catch_clause "(" @delimiter ")" @delimiter) @container

(array "[" @delimiter "]" @delimiter) @container
(array_pattern "[" @delimiter "]" @delimiter) @container
(array_type "[" @delimiter "]" @delimiter) @container
(computed_property_name "[" @delimiter "]" @delimiter) @container
(index_signature "[" @delimiter "]" @delimiter) @container
(lookup_type "[" @delimiter "]" @delimiter) @container
(subscript_expression "[" @delimiter "]" @delimiter) @container
(tuple_type "[" @delimiter "]" @delimiter) @container

(class_body "{" @delimiter "}" @delimiter) @container
(enum_body "{" @delimiter "}" @delimiter) @container
(export_clause "{" @delimiter "}" @delimiter) @container
(interface_body "{" @delimiter "}" @delimiter) @container
(named_imports "{" @delimiter "}" @delimiter) @container
(object "{" @delimiter "}" @delimiter) @container
(object_pattern "{" @delimiter "}" @delimiter) @container
(object_type "{" @delimiter "}" @delimiter) @container
(quote_type "{" @delimiter "}" @delimiter) @container
(statement_block "{" @delimiter "}" @delimiter) @container
(switch_body "{" @delimiter "}" @delimiter) @container

(splice "${" @delimiter "}" @delimiter) @container
(template_substitution "${" @delimiter "}" @delimiter) @container
(template_type "${" @delimiter "}" @delimiter) @container

(type_arguments "<" @delimiter ">" @delimiter) @container
(type_parameters "<" @delimiter ">" @delimiter) @container
