; Generated from queries/runnables.scm: see queries/README.md.

; The names are Zed's, which alone reads this file; editors/zed/languages/metascript/tasks.json says what is run.

; Show what a use of a macro generates.

((macro_invocation name: (_) @run)
  (#set! tag metascript-expand))

((decorator [
  (identifier) @run
  (call_expression function: (_) @run)
])
  (#set! tag metascript-expand))

; Run the file, at its first line.

((program . (_) @run)
  (#set! tag metascript-run))
