//! Formatting: pages of texts before and after, and what holds for every text there is.

mod pages;
mod properties;
mod ranges;
