//! Editor features over fixtures: one file of tests a feature. How a fixture is written is said in
//! [`support`].

mod answers;
mod code_action;
mod completion;
mod document_highlight;
mod document_link;
mod document_symbol;
mod file_rename;
mod fixtures;
mod folding_range;
mod hierarchy;
mod hints;
mod macro_files;
mod members;
mod on_type_formatting;
mod ranking;
mod references;
mod rename;
mod signature;
mod workspace_symbol;

mod selection_range;
mod semantic_tokens;
mod support;
