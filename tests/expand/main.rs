//! Syntax and expansion, from the outside.

mod support;

mod check;
mod faults;
mod keys;
mod lower;
mod nested;
mod robust;
mod syntax;
mod uses;
