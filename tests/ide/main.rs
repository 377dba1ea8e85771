//! Editor features over fixtures: one file of tests a feature. How a fixture is written is said in
//! [`support`].

mod fixtures;
mod references;
mod rename;
mod signature;
mod support;
