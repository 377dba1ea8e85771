//! Syntax and expansion, from the outside.

mod syntax;
