//! The command line: arguments, subcommands, rendering.
