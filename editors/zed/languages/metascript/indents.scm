; Generated from queries/indents.scm: see queries/README.md.

(_ "(" ")" @end) @indent
(_ "[" "]" @end) @indent
(_ "{" "}" @end) @indent
(_ "<" ">" @end) @indent
(_ "${" "}" @end) @indent
(switch_case) @indent
(switch_default) @indent
