# Short names for what a contributor does. `just --list` shows them; nothing here is needed to
# build or test: `cargo msc` and `cargo verify` are.

# What continuous integration runs.
ready:
    ./.ci/run

# Everything that `ready` checks and a tool can mend by itself.
tidy:
    cargo fmt --all
    cargo clippy --workspace --all-targets --ignore-rust-version --fix --allow-dirty --allow-staged -- -D warnings

# The tests whose name contains NAME.
test NAME:
    cargo verify {{NAME}}

# Take what the snapshot tests print now as right; read the diff before you commit it.
accept:
    UPDATE_EXPECT=1 INSTA_UPDATE=always cargo verify

# Start a diagnostic: `just new-diagnostic 2018 UNUSED_MACRO "A macro is never used"`.
new-diagnostic NUMBER NAME TITLE:
    @test ! -e docs/diagnostics/MS{{NUMBER}}.md || (echo "MS{{NUMBER}} exists" >&2; exit 1)
    printf '# MS%s: %s\n' '{{NUMBER}}' '{{TITLE}}' > docs/diagnostics/MS{{NUMBER}}.md
    @echo 'Now add this row to the registry in src/diagnostic/code.rs, in order:'
    @echo '    {{NAME}} = {{NUMBER}}, Error, "{{TITLE}}";'
    @echo 'and write docs/diagnostics/MS{{NUMBER}}.md: when it appears, an example, the way out.'

# What the macros in FILE generate.
expand FILE:
    cargo msc expand {{FILE}}

# The bundled example.
example:
    cargo msc check examples/shop

# Make the parser anew from grammar.js (needs Node), then run the corpus.
grammar:
    cd grammar && npm ci --ignore-scripts && cargo run --manifest-path generate/Cargo.toml
    cargo test --ignore-rust-version -p tree-sitter-metascript
