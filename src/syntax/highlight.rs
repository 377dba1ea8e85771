//! What every stretch of a text is for a reader: keyword, string, name of a macro, quoted region.
//!
//! Owns the run of `highlights.scm`, `injections.scm` and `locals.scm` of `grammar/queries/` over a text. Invariant: no
//! colours; what a capture looks like is for whoever prints it. Regions nest: a stretch lies in all captures
//! that were started and not ended, the innermost of which says what its text is, and the outer ones in
//! what it stands (`macro.quote`, `macro.splice`, `macro.body`).
//!
//! Runs on any thread. Start reading at [`highlight`].

use std::sync::LazyLock;

use tree_sitter_highlight::{HighlightConfiguration, HighlightEvent, Highlighter};

use crate::base::TextRange;

/// One step through a text, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// From here on everything is (also) this, until the `End` that belongs to it.
    Start(Capture),
    End,
    /// Text; the ranges of all steps together are the whole text.
    Text(TextRange),
}

/// A name that the queries give, such as `keyword.function`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capture(usize);

impl Capture {
    /// Parts from the general to the particular, with dots between.
    pub fn name(self) -> &'static str {
        &QUERIES.names[self.0]
    }

    /// All that the queries give.
    pub fn all() -> impl Iterator<Item = Capture> {
        (0..QUERIES.names.len()).map(Capture)
    }
}

struct Queries {
    configuration: HighlightConfiguration,
    names: Vec<String>,
}

static QUERIES: LazyLock<Queries> = LazyLock::new(|| {
    let mut configuration = HighlightConfiguration::new(
        tree_sitter_metascript::LANGUAGE.into(),
        "metascript",
        include_str!("../../grammar/queries/highlights.scm"),
        include_str!("../../grammar/queries/injections.scm"),
        include_str!("../../grammar/queries/locals.scm"),
    )
    .expect("tests/queries compiles these queries against this grammar");
    let is_output =
        |name: &&&str| !name.starts_with('_') && !name.starts_with("local.") && !name.starts_with("injection.");
    let mut names: Vec<String> = configuration.names().iter().filter(is_output).map(ToString::to_string).collect();
    names.sort();
    names.dedup();
    configuration.configure(&names);
    Queries { configuration, names }
});

/// Never fails: what does not parse is coloured as far as it can be told.
pub fn highlight(text: &str) -> Vec<Step> {
    let mut highlighter = Highlighter::new();
    // The only languages inside whose grammars are linked are our own.
    let configuration = &QUERIES.configuration;
    let inner = |name: &str| matches!(name, "metascript" | "ms" | "typescript" | "ts").then_some(configuration);
    let events = highlighter
        .highlight(configuration, text.as_bytes(), None, None, inner)
        .expect("the grammar is generated for this version of the parser library");
    let mut steps = Vec::new();
    for event in events {
        // Errors are cancellation, which nobody asks for here.
        match event.expect("highlighting that nobody cancels comes to its end") {
            HighlightEvent::HighlightStart(capture) => steps.push(Step::Start(Capture(capture.0))),
            HighlightEvent::HighlightEnd => steps.push(Step::End),
            HighlightEvent::Source { start, end } => {
                steps.push(Step::Text(TextRange::new(start as u32, end as u32)));
            }
        }
    }
    steps
}
