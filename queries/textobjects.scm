; Functions, macros included

(function_declaration body: (_) @function.inner) @function.outer
(generator_function_declaration body: (_) @function.inner) @function.outer
(function_expression body: (_) @function.inner) @function.outer
(generator_function body: (_) @function.inner) @function.outer
(arrow_function body: (_) @function.inner) @function.outer
(method_definition body: (_) @function.inner) @function.outer
(macro_declaration body: (_) @function.inner) @function.outer
(extern_macro_declaration) @function.outer
(class_static_block body: (_) @function.inner) @function.outer

; Classes and other types

(class_declaration body: (_) @class.inner) @class.outer
(abstract_class_declaration body: (_) @class.inner) @class.outer
(class body: (_) @class.inner) @class.outer
(interface_declaration body: (_) @class.inner) @class.outer
(enum_declaration body: (_) @class.inner) @class.outer
(type_alias_declaration value: (_) @class.inner) @class.outer

; Uses of macros, and what they generate

(macro_invocation body: (_) @macro.inner) @macro.outer
(macro_invocation !body) @macro.outer
(decorator) @attribute.outer
(quote_expression body: (_) @quote.inner) @quote.outer
(splice expression: (_) @quote.inner) @quote.outer

; Items of lists

(formal_parameters ((_) @parameter.inner . ","? @parameter.outer) @parameter.outer)
(arguments ((_) @parameter.inner . ","? @parameter.outer) @parameter.outer)
(type_parameters ((_) @parameter.inner . ","? @parameter.outer) @parameter.outer)
(type_arguments ((_) @parameter.inner . ","? @parameter.outer) @parameter.outer)

(array (_) @entry.outer)
(pair value: (_) @entry.inner) @entry.outer
(enum_assignment value: (_) @entry.inner) @entry.outer

; Statements

(call_expression arguments: (_) @call.inner) @call.outer
(new_expression arguments: (_) @call.inner) @call.outer
(if_statement consequence: (_) @conditional.inner) @conditional.outer
(switch_statement body: (_) @conditional.inner) @conditional.outer
(for_statement body: (_) @loop.inner) @loop.outer
(for_in_statement body: (_) @loop.inner) @loop.outer
(while_statement body: (_) @loop.inner) @loop.outer
(do_statement body: (_) @loop.inner) @loop.outer
(statement_block) @block.outer
(return_statement (_) @return.inner) @return.outer

; Comments

(comment) @comment.inner
(comment)+ @comment.outer

; Tests

(expression_statement
  (call_expression
    function: (identifier) @_name
    arguments: (arguments
      (string)
      .
      [
        (arrow_function body: (_) @test.inner)
        (function_expression body: (_) @test.inner)
      ]))
  (#any-of? @_name "describe" "it" "test")) @test.outer
