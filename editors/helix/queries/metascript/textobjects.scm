(function_declaration body: (_) @function.inside) @function.around
(generator_function_declaration body: (_) @function.inside) @function.around
(function_expression body: (_) @function.inside) @function.around
(arrow_function body: (_) @function.inside) @function.around
(method_definition body: (_) @function.inside) @function.around
(macro_declaration body: (_) @function.inside) @function.around
(quote_expression body: (_) @function.inside) @function.around

(class_declaration body: (_) @class.inside) @class.around
(abstract_class_declaration body: (_) @class.inside) @class.around
(class body: (_) @class.inside) @class.around
(interface_declaration body: (_) @class.inside) @class.around
(enum_declaration body: (_) @class.inside) @class.around
(type_alias_declaration value: (_) @class.inside) @class.around

(formal_parameters ((_) @parameter.inside . ","? @parameter.around) @parameter.around)
(arguments ((_) @parameter.inside . ","? @parameter.around) @parameter.around)

(array (_) @entry.around)
(pair (_) @entry.inside) @entry.around

(comment) @comment.inside
(comment)+ @comment.around
