//! The language server's edge. Only user of `tower_lsp`, `tokio` and the protocol's types.
