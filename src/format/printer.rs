//! dprint: TypeScript in, formatted TypeScript out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use dprint_plugin_typescript::configuration::{
    Configuration, ConfigurationBuilder, QuoteProps, SemiColons, SortOrder, TrailingCommas, UseBraces,
};
use dprint_plugin_typescript::{FormatTextOptions, format_text};

use super::lower::IGNORE;
use super::options::{Options, QuoteStyle};

/// A width at which nothing is broken for being long.
pub(super) const ENDLESS: u32 = 1 << 20;

/// dprint, set up as near to Prettier's defaults as it can be.
pub(super) struct Printer {
    config: Configuration,
}

impl Printer {
    pub(super) fn new(options: &Options) -> Printer {
        let mut builder = ConfigurationBuilder::new();
        builder
            // Deno's set is the one that follows Prettier.
            .deno()
            .line_width(options.line_width)
            .indent_width(options.indent_width)
            .use_tabs(options.use_tabs)
            .semi_colons(if options.semicolons { SemiColons::Always } else { SemiColons::Asi })
            .trailing_commas(if options.trailing_commas {
                TrailingCommas::OnlyMultiLine
            } else {
                TrailingCommas::Never
            })
            .quote_style(match options.quote_style {
                QuoteStyle::Double => dprint_plugin_typescript::configuration::QuoteStyle::PreferDouble,
                QuoteStyle::Single => dprint_plugin_typescript::configuration::QuoteStyle::PreferSingle,
            })
            .quote_props(QuoteProps::AsNeeded)
            // Nobody's imports change their order.
            .import_declaration_sort_named_imports(SortOrder::Maintain)
            .export_declaration_sort_named_exports(SortOrder::Maintain)
            .member_expression_line_per_expression(true)
            .use_braces(UseBraces::Maintain)
            .ignore_node_comment_text(IGNORE)
            .ignore_file_comment_text(IGNORE_FILE);
        Printer { config: builder.build() }
    }

    /// `text`, indented by `level` levels. `None` where dprint cannot read it. Without a panic: dprint's end here.
    pub(super) fn print(&self, text: String, width: Option<u32>, level: u32) -> Option<String> {
        let mut config;
        let config = match (width, level) {
            (None, 0) => &self.config,
            _ => {
                config = self.config.clone();
                config.line_width = width.unwrap_or(config.line_width);
                config.file_indent_level = level;
                &config
            }
        };
        let options = FormatTextOptions {
            path: Path::new("text.ts"),
            extension: None,
            text: text.clone(),
            config,
            external_formatter: None,
        };
        match catch_unwind(AssertUnwindSafe(|| format_text(options))) {
            Ok(Ok(Some(formatted))) => Some(formatted),
            Ok(Ok(None)) => Some(text),
            Ok(Err(error)) => {
                tracing::debug!("not formatted: {error}");
                None
            }
            Err(_) => {
                tracing::debug!("the formatter panicked");
                None
            }
        }
    }
}

/// Nobody writes this: whole files are ignored before they come here.
const IGNORE_FILE: &str = "\u{a4e0}ignore-file";
