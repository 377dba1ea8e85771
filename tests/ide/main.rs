//! Editor features over fixtures: one file of tests a feature. How a fixture is written is said in
//! [`support`].

mod document_symbol;
mod fixtures;
mod folding_range;
mod references;
mod rename;
mod signature;

mod selection_range;
mod support;
