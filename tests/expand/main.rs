//! Syntax and expansion, from the outside.

mod support;

mod check;
mod syntax;
