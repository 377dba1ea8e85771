; Generated from queries/textobjects.scm: see queries/README.md.

; Functions, macros included

(function_declaration body: (_) @function.inside) @function.around
(generator_function_declaration body: (_) @function.inside) @function.around
(function_expression body: (_) @function.inside) @function.around
(generator_function body: (_) @function.inside) @function.around
(arrow_function body: (_) @function.inside) @function.around
(method_definition body: (_) @function.inside) @function.around
(macro_declaration body: (_) @function.inside) @function.around
(extern_macro_declaration) @function.around
(class_static_block body: (_) @function.inside) @function.around

; Classes and other types

(class_declaration body: (_) @class.inside) @class.around
(abstract_class_declaration body: (_) @class.inside) @class.around
(class body: (_) @class.inside) @class.around
(interface_declaration body: (_) @class.inside) @class.around
(enum_declaration body: (_) @class.inside) @class.around
(type_alias_declaration value: (_) @class.inside) @class.around

; Uses of macros, and what they generate

; Items of lists

; Statements

; Comments

(comment) @comment.inside
(comment)+ @comment.around

; Tests
