//! Syntax and expansion, from the outside.

mod support;

mod check;
mod faults;
mod keys;
mod lower;
mod memo;
mod nested;
mod robust;
mod shape;
mod syntax;
mod uses;
