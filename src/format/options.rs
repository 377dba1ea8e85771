//! What can be chosen. The defaults are Prettier's.

/// How to write code. Widths count columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Lines are broken where they would be longer, if they can be.
    pub line_width: u32,
    pub indent_width: u8,
    pub use_tabs: bool,
    pub quote_style: QuoteStyle,
    /// Whether statements end with a semicolon; without, only where the next line would go on with the statement.
    pub semicolons: bool,
    /// Whether lists that are broken over lines end with a comma.
    pub trailing_commas: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QuoteStyle {
    /// `"a"`, unless that needs more escapes.
    #[default]
    Double,
    Single,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            line_width: 80,
            indent_width: 2,
            use_tabs: false,
            quote_style: QuoteStyle::Double,
            semicolons: true,
            trailing_commas: true,
        }
    }
}
