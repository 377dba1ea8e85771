//! Compiles the generated parser and the scanner.

use std::path::Path;

fn main() {
    let source = Path::new("src");
    let files = [source.join("parser.c"), source.join("scanner.c")];
    cc::Build::new()
        .std("c11")
        .include(source)
        // Most of the parser is tables; what code there is runs at every keystroke, in debug builds too.
        .opt_level(2)
        .flag_if_supported("-Wno-unused-parameter")
        .flag_if_supported("-Wno-unused-but-set-variable")
        .flag_if_supported("-Wno-trigraphs")
        .flag_if_supported("-utf-8")
        .files(&files)
        .compile("tree-sitter-metascript");
    for file in &files {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    println!("cargo:rerun-if-changed=src/tree_sitter/parser.h");
}
