//! The engine over `tsr`.
pub struct ParsedConfig;
