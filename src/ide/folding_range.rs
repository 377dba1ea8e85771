//! Folds: what lies between brackets over several lines, comments, imports, regions, quotes.
//!
//! Perf: a node on one line holds no fold, so the walk does not enter it.

use crate::base::TextRange;
use crate::syntax::{Kind, Node, SyntaxFile};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldKind {
    Code,
    Comment,
    Imports,
    Region,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// What disappears. Of brackets, what is between them.
    pub range: TextRange,
    pub kind: FoldKind,
    /// A bracket follows, which should stay in sight.
    pub is_closed: bool,
    /// What a `//#region` is called.
    pub name: Option<String>,
}

/// Every fold over more than one line, outer ones before what is in them.
pub fn folds(syntax: &SyntaxFile) -> Vec<Fold> {
    let mut folds = Folds { text: syntax.text().as_str(), out: Vec::new(), regions: Vec::new(), comments: None };
    folds.imports(syntax.root());
    syntax.root().walk(|node| {
        if node.kind() == Kind::Comment {
            folds.comment(node);
            return false;
        }
        if node.is_on_one_line() {
            return false;
        }
        folds.node(node);
        true
    });
    folds.end_comments();
    let mut out = folds.out;
    out.sort_by_key(|fold| (fold.range.start, std::cmp::Reverse(fold.range.end)));
    out.dedup_by_key(|fold| fold.range);
    out
}

struct Folds<'t> {
    text: &'t str,
    out: Vec<Fold>,
    /// Regions that are open: where each begins, and its name.
    regions: Vec<(u32, String)>,
    /// Line comments on lines that follow each other.
    comments: Option<TextRange>,
}

impl<'t> Folds<'t> {
    fn push(&mut self, range: TextRange, kind: FoldKind, is_closed: bool) {
        if range.of(self.text).contains('\n') {
            self.out.push(Fold { range, kind, is_closed, name: None });
        }
    }

    /// Statements that import, one after the other; comments and blank lines may stand between.
    fn imports(&mut self, root: Node<'t>) {
        let mut run: Option<TextRange> = None;
        for statement in root.children().filter(|child| !child.is_extra()) {
            if matches!(statement.kind(), Kind::ImportStatement | Kind::ImportAlias) {
                let start = run.map_or(statement.start(), |run| run.start);
                run = Some(TextRange::new(start, statement.end()));
            } else if let Some(run) = run.take() {
                self.push(run, FoldKind::Imports, false);
            }
        }
        if let Some(run) = run {
            self.push(run, FoldKind::Imports, false);
        }
    }

    fn node(&mut self, node: Node<'t>) {
        match node.kind() {
            Kind::StatementBlock
            | Kind::ClassBody
            | Kind::InterfaceBody
            | Kind::EnumBody
            | Kind::SwitchBody
            | Kind::Object
            | Kind::ObjectType
            | Kind::ObjectPattern
            | Kind::Array
            | Kind::ArrayPattern
            | Kind::TupleType
            | Kind::Arguments
            | Kind::FormalParameters
            | Kind::TypeArguments
            | Kind::TypeParameters
            | Kind::ParenthesizedExpression
            | Kind::ParenthesizedType
            | Kind::NamedImports
            | Kind::ExportClause
            | Kind::TemplateString
            | Kind::TemplateLiteralType
            | Kind::TemplateSubstitution
            | Kind::Splice => self.between_brackets(node),
            // `quote type { … }`: the brace stands after a word.
            Kind::QuoteType => {
                if let Some(open) = node.children().find(|child| child.is_token("{")) {
                    self.between(open, node);
                }
            }
            Kind::SwitchCase | Kind::SwitchDefault => {
                if let Some(colon) = node.children().find(|child| child.is_token(":")) {
                    self.push(TextRange::new(colon.end(), node.end()), FoldKind::Code, false);
                }
            }
            _ => {}
        }
    }

    fn between_brackets(&mut self, node: Node<'t>) {
        if let Some(open) = node.first_child() {
            self.between(open, node);
        }
    }

    fn between(&mut self, open: Node<'t>, node: Node<'t>) {
        let Some(close) = node.last_child() else { return };
        // What is not closed yet reaches to wherever the parser gave up.
        if close.is_named() || close.is_missing() || open.end() > close.start() {
            return;
        }
        self.push(TextRange::new(open.end(), close.start()), FoldKind::Code, true);
    }

    fn comment(&mut self, node: Node<'t>) {
        let text = node.text();
        if text.starts_with("/*") {
            self.end_comments();
            return self.push(node.range(), FoldKind::Comment, false);
        }
        match marker(text) {
            Some(Marker::Begin(name)) => {
                self.end_comments();
                self.regions.push((node.start(), name.to_owned()));
            }
            Some(Marker::End) => {
                self.end_comments();
                if let Some((start, name)) = self.regions.pop() {
                    let name = (!name.is_empty()).then_some(name);
                    let range = TextRange::new(start, node.end());
                    self.out.push(Fold { range, kind: FoldKind::Region, is_closed: false, name });
                }
            }
            None => self.line_comment(node),
        }
    }

    fn line_comment(&mut self, node: Node<'t>) {
        let line_start = self.text[..node.start() as usize].rfind('\n').map_or(0, |at| at + 1);
        let is_alone = self.text[line_start..node.start() as usize].trim().is_empty();
        if let Some(run) = self.comments
            && is_alone
            && self.text[run.end as usize..line_start].trim_end_matches('\r') == "\n"
        {
            self.comments = Some(TextRange::new(run.start, node.end()));
            return;
        }
        self.end_comments();
        self.comments = is_alone.then_some(node.range());
    }

    fn end_comments(&mut self) {
        if let Some(run) = self.comments.take() {
            self.push(run, FoldKind::Comment, false);
        }
    }
}

enum Marker<'t> {
    Begin(&'t str),
    End,
}

/// `//#region Name` and `//#endregion`, as TypeScript reads them.
fn marker(comment: &str) -> Option<Marker<'_>> {
    let rest = comment.strip_prefix("//")?.trim_start().strip_prefix('#')?;
    if let Some(name) = rest.strip_prefix("region") {
        let is_word = name.is_empty() || name.starts_with(char::is_whitespace);
        return is_word.then(|| Marker::Begin(name.trim()));
    }
    let after = rest.strip_prefix("endregion")?;
    (after.is_empty() || after.starts_with(char::is_whitespace)).then_some(Marker::End)
}
