//! The other places of what stands at the cursor: of a name, by the file's own scopes; of a member,
//! as far as its object is known here; of a keyword, those that belong to it.
//!
//! Invariant: never text in a string or a comment, and nothing that only has the same name.
//!
//! Perf: candidates are found by text, and each is looked up through the scopes around it.

use rustc_hash::FxHashMap;

use crate::base::TextRange;
use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};

use super::locals::{Binding, BindingKind, Space, bindings, has_body, opens_scope};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HighlightKind {
    Read,
    /// Declared or assigned to.
    Write,
    /// A keyword.
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Highlight {
    pub range: TextRange,
    pub kind: HighlightKind,
}

/// In text order; empty where nothing is known of what stands at `offset`.
pub fn highlights(syntax: &SyntaxFile, offset: u32) -> Vec<Highlight> {
    let mut names = Names::new(syntax);
    let Some(path) = names.path_of_word(offset) else { return Vec::new() };
    let Some(&node) = path.last() else { return Vec::new() };
    let mut out = match names.meaning(&path) {
        Some(meaning) => names.same(node.text(), &meaning),
        None if !node.is_named() => keywords(&path),
        None => Vec::new(),
    };
    out.sort_by_key(|highlight| highlight.range);
    out.dedup_by_key(|highlight| highlight.range);
    out
}

/// A label and the jumps to it, which are edited together; empty for everything else.
pub fn label_ranges(syntax: &SyntaxFile, offset: u32) -> Vec<TextRange> {
    let names = Names::new(syntax);
    let path = names.path_of_word(offset).unwrap_or_default();
    let is_label = path.last().is_some_and(|node| node.is(Kind::StatementIdentifier));
    if is_label { highlights(syntax, offset).iter().map(|one| one.range).collect() } else { Vec::new() }
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Meaning {
    /// Bound in the scope that is this node. A parameter and a type parameter may share their name,
    /// all else of one name in one scope is one thing.
    Bound {
        scope: usize,
        is_type_parameter: bool,
    },
    /// Bound by no scope of the file.
    Global,
    /// A member of what this declaration declares.
    Member {
        of: usize,
        is_static: bool,
    },
    /// `a.b.c`, where `a` is bound in the scope that is this node, or nowhere.
    Path(Option<usize>, String),
    Label(usize),
}

struct Names<'t> {
    root: Node<'t>,
    text: &'t str,
    scopes: FxHashMap<usize, Vec<Binding<'t>>>,
}

/// From the root to a node.
type Path<'t> = Vec<Node<'t>>;

impl<'t> Names<'t> {
    fn new(syntax: &'t SyntaxFile) -> Names<'t> {
        Names { root: syntax.root(), text: syntax.text().as_str(), scopes: FxHashMap::default() }
    }

    fn path(&self, offset: u32) -> Path<'t> {
        let mut path = vec![self.root];
        let mut cursor = self.root.cursor();
        while cursor.goto_first_child_behind(offset) {
            if cursor.node().start() > offset {
                break;
            }
            path.push(cursor.node());
        }
        path
    }

    /// To the word at a cursor or right before it.
    fn path_of_word(&self, offset: u32) -> Option<Path<'t>> {
        let is_word = |path: &Path<'t>| {
            path.last().is_some_and(|node| {
                node.child_count() == 0 && node.text().starts_with(is_word_char) && !is_text(node.kind())
            })
        };
        let here = self.path(offset);
        if is_word(&here) {
            return Some(here);
        }
        let before = self.path(offset.checked_sub(1)?);
        (is_word(&before) && before.last().is_some_and(|node| node.end() == offset)).then_some(before)
    }

    fn scope(&mut self, node: Node<'t>) -> &[Binding<'t>] {
        self.scopes.entry(node.id()).or_insert_with(|| {
            let mut out = Vec::new();
            bindings(node, &mut out);
            out
        })
    }

    /// The innermost scope around the end of `path` that binds a name, with what binds it.
    fn bound(&mut self, path: &[Node<'t>], name: &str, space: Space) -> Option<(Node<'t>, Binding<'t>)> {
        // How many quotes the place is in, seen from the scope that is looked at.
        let mut stage = 0i32;
        for (index, &node) in path.iter().enumerate().rev() {
            let kind = node.kind();
            match kind {
                Kind::Splice => stage -= 1,
                Kind::QuoteExpression => stage += 1,
                Kind::Arguments if index > 0 && is_quote_call(path[index - 1]) => stage += 1,
                _ => {}
            }
            if !opens_scope(kind) {
                continue;
            }
            let is_module = kind == Kind::Program
                || (index > 0 && matches!(path[index - 1].kind(), Kind::InternalModule | Kind::Module));
            if stage != 0 && !is_module {
                continue;
            }
            let found = self.scope(node).iter().find(|binding| binding.name == name && binding.kind.is_in(space));
            if let Some(&binding) = found {
                return Some((node, binding));
            }
        }
        None
    }

    /// What the word at the end of a path means; `None` for words that are no names.
    fn meaning(&mut self, path: &[Node<'t>]) -> Option<Meaning> {
        let (&node, around) = path.split_last()?;
        let parent = *around.last()?;
        match node.kind() {
            Kind::StatementIdentifier => {
                let label = around.iter().rev().find(|statement| {
                    statement.is(Kind::LabeledStatement)
                        && statement.field(Field::Label).is_some_and(|label| label.text() == node.text())
                })?;
                Some(Meaning::Label(label.id()))
            }
            Kind::PropertyIdentifier | Kind::PrivatePropertyIdentifier => self.member(around, node),
            Kind::Identifier
            | Kind::TypeIdentifier
            | Kind::ShorthandPropertyIdentifier
            | Kind::ShorthandPropertyIdentifierPattern => {
                if is_foreign(node, parent, around) {
                    return Some(Meaning::Path(Some(parent.id()), node.text().to_owned()));
                }
                let space = match (node.kind(), parent.kind()) {
                    (
                        _,
                        Kind::ImportSpecifier
                        | Kind::ExportSpecifier
                        | Kind::ImportClause
                        | Kind::NamespaceImport
                        | Kind::NestedIdentifier
                        | Kind::NestedTypeIdentifier,
                    ) => Space::Any,
                    (Kind::TypeIdentifier, _) => Space::Type,
                    _ => Space::Value,
                };
                Some(match self.bound(around, node.text(), space) {
                    Some((scope, binding)) => {
                        let is_type_parameter = binding.kind == BindingKind::TypeParameter;
                        Meaning::Bound { scope: scope.id(), is_type_parameter }
                    }
                    None => Meaning::Global,
                })
            }
            _ => None,
        }
    }

    fn member(&mut self, around: &[Node<'t>], name: Node<'t>) -> Option<Meaning> {
        let (&parent, outer) = around.split_last()?;
        if name.is(Kind::PrivatePropertyIdentifier) {
            let class = outer.iter().rev().find(|node| is_class(node.kind()))?;
            return Some(Meaning::Member { of: class.id(), is_static: false });
        }
        match parent.kind() {
            Kind::MemberExpression => {
                let object = ast::bare(parent.field(Field::Object)?);
                self.member_of(around, object, name.text())
            }
            Kind::MethodDefinition
            | Kind::PublicFieldDefinition
            | Kind::MethodSignature
            | Kind::AbstractMethodSignature
            | Kind::PropertySignature
            | Kind::Pair => {
                let (&body, outer) = outer.split_last()?;
                let owner = *outer.last()?;
                match body.kind() {
                    Kind::ClassBody | Kind::InterfaceBody => {
                        let is_static = body.is(Kind::ClassBody) && parent.has_token("static");
                        Some(Meaning::Member { of: owner.id(), is_static })
                    }
                    Kind::Object | Kind::ObjectType => self.key_of(outer, owner, name.text()),
                    _ => None,
                }
            }
            Kind::EnumBody | Kind::EnumAssignment => {
                let declaration = outer.iter().rev().find(|node| node.is(Kind::EnumDeclaration))?;
                Some(Meaning::Member { of: declaration.id(), is_static: true })
            }
            _ => None,
        }
    }

    /// The key of an object that a variable or an alias is declared as.
    fn key_of(&mut self, around: &[Node<'t>], owner: Node<'t>, key: &str) -> Option<Meaning> {
        match owner.kind() {
            Kind::TypeAliasDeclaration => Some(Meaning::Member { of: owner.id(), is_static: false }),
            Kind::VariableDeclarator => {
                let name = owner.field(Field::Name).filter(|name| name.is(Kind::Identifier))?;
                let scope = self.bound(around, name.text(), Space::Value).map(|(scope, _)| scope.id());
                Some(Meaning::Path(scope, format!("{}.{key}", name.text())))
            }
            _ => None,
        }
    }

    fn member_of(&mut self, around: &[Node<'t>], object: Node<'t>, name: &str) -> Option<Meaning> {
        match object.kind() {
            Kind::This => {
                let (class, is_static) = class_of_this(around)?;
                Some(Meaning::Member { of: class.id(), is_static })
            }
            Kind::Identifier => match self.bound(around, object.text(), Space::Value) {
                Some((scope, binding)) => {
                    if let Some(declaration) = binding
                        .node
                        .parent()
                        .filter(|declaration| is_class(declaration.kind()) || declaration.is(Kind::EnumDeclaration))
                    {
                        return Some(Meaning::Member { of: declaration.id(), is_static: true });
                    }
                    let class = binding.class.and_then(|class| self.bound(around, class, Space::Type));
                    let declaration = class.and_then(|(_, class)| class.node.parent());
                    match declaration.filter(|declaration| {
                        is_class(declaration.kind())
                            || matches!(declaration.kind(), Kind::InterfaceDeclaration | Kind::TypeAliasDeclaration)
                    }) {
                        Some(declaration) => Some(Meaning::Member { of: declaration.id(), is_static: false }),
                        None => Some(Meaning::Path(Some(scope.id()), format!("{}.{name}", object.text()))),
                    }
                }
                None => Some(Meaning::Path(None, format!("{}.{name}", object.text()))),
            },
            Kind::NewExpression => {
                let class = object.field(Field::Constructor).filter(|class| class.is(Kind::Identifier))?;
                let (_, binding) = self.bound(around, class.text(), Space::Value)?;
                let declaration = binding.node.parent().filter(|declaration| is_class(declaration.kind()))?;
                Some(Meaning::Member { of: declaration.id(), is_static: false })
            }
            Kind::MemberExpression => {
                let inner = object.field(Field::Property)?;
                let root = ast::bare(object.field(Field::Object)?);
                match self.member_of(around, root, inner.text())? {
                    Meaning::Path(scope, path) => Some(Meaning::Path(scope, format!("{path}.{name}"))),
                    Meaning::Member { of, .. } => Some(Meaning::Path(Some(of), format!(".{}.{name}", inner.text()))),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Every place of a name with this meaning.
    fn same(&mut self, name: &str, meaning: &Meaning) -> Vec<Highlight> {
        let mut out = Vec::new();
        let text = self.text;
        for (at, _) in text.match_indices(name) {
            let after = &text[at + name.len()..];
            if text[..at].ends_with(is_word_char) || after.starts_with(is_word_char) {
                continue;
            }
            let path = self.path(at as u32);
            let Some(&node) = path.last().filter(|node| node.text() == name && node.start() == at as u32) else {
                continue;
            };
            if is_text(node.kind()) || self.meaning(&path).as_ref() != Some(meaning) {
                continue;
            }
            let kind = if self.is_written(&path) { HighlightKind::Write } else { HighlightKind::Read };
            out.push(Highlight { range: node.range(), kind });
        }
        out
    }

    /// Whether the name at the end of a path is declared or assigned to there.
    fn is_written(&mut self, path: &[Node<'t>]) -> bool {
        let [around @ .., parent, node] = path else { return false };
        let is_left = |of: &Node<'t>, what: &Node<'t>| of.field(Field::Left).is_some_and(|left| left == *what);
        match parent.kind() {
            Kind::MethodDefinition
            | Kind::PublicFieldDefinition
            | Kind::MethodSignature
            | Kind::AbstractMethodSignature
            | Kind::PropertySignature
            | Kind::Pair
            | Kind::EnumBody
            | Kind::EnumAssignment
                if node.is(Kind::PropertyIdentifier) || node.is(Kind::PrivatePropertyIdentifier) =>
            {
                return true;
            }
            Kind::MemberExpression => {
                return around.last().is_some_and(|outer| match outer.kind() {
                    Kind::AssignmentExpression | Kind::AugmentedAssignmentExpression => {
                        parent.field(Field::Property).is_some_and(|property| property == *node)
                            && is_left(outer, parent)
                    }
                    Kind::UpdateExpression => parent.field(Field::Property).is_some_and(|property| property == *node),
                    _ => false,
                });
            }
            Kind::AssignmentExpression | Kind::AugmentedAssignmentExpression | Kind::ForInStatement
                if is_left(parent, node) =>
            {
                return true;
            }
            Kind::UpdateExpression => return true,
            Kind::LabeledStatement => return true,
            // `[a, b] = c` and `({ a } = c)` assign.
            Kind::ArrayPattern | Kind::ObjectPattern | Kind::PairPattern | Kind::RestPattern => {
                let of = around.iter().rev().find(|outer| !is_pattern(outer.kind()));
                if of.is_some_and(|of| matches!(of.kind(), Kind::AssignmentExpression | Kind::ForInStatement)) {
                    return true;
                }
            }
            _ => {}
        }
        let name = node.text();
        let found = self.bound(&path[..path.len() - 1], name, Space::Any).map(|(scope, _)| scope);
        found.is_some_and(|scope| {
            self.scope(scope).iter().any(|binding| binding.name == name && binding.node.start() == node.start())
        })
    }
}

fn is_word_char(ch: char) -> bool {
    ch.is_alphanumeric() || matches!(ch, '_' | '$' | '#')
}

fn is_text(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Comment
            | Kind::HtmlComment
            | Kind::HashBangLine
            | Kind::StringFragment
            | Kind::EscapeSequence
            | Kind::RegexPattern
            | Kind::RegexFlags
            | Kind::Number
    )
}

fn is_pattern(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ArrayPattern | Kind::ObjectPattern | Kind::PairPattern | Kind::RestPattern | Kind::AssignmentPattern
    )
}

fn is_class(kind: Kind) -> bool {
    matches!(kind, Kind::ClassDeclaration | Kind::AbstractClassDeclaration | Kind::Class)
}

fn is_quote_call(call: Node<'_>) -> bool {
    call.is(Kind::CallExpression) && call.field(Field::Function).is_some_and(|name| name.text() == "quote")
}

/// A name that is another file's: `a` of `import { a as b }`, of `export { b as a }`, of `export { a } from`.
fn is_foreign(node: Node<'_>, parent: Node<'_>, around: &[Node<'_>]) -> bool {
    let is_field = |field| parent.field(field).is_some_and(|child| child == node);
    match parent.kind() {
        Kind::ImportSpecifier => is_field(Field::Name) && parent.field(Field::Alias).is_some(),
        Kind::ExportSpecifier => {
            let export = around.iter().rev().find(|outer| outer.is(Kind::ExportStatement));
            is_field(Field::Alias) || export.is_some_and(|export| export.field(Field::Source).is_some())
        }
        Kind::NamespaceExport => true,
        Kind::NestedTypeIdentifier => is_field(Field::Name),
        _ => false,
    }
}

/// The class whose instance, or whose self, `this` is.
fn class_of_this<'t>(around: &[Node<'t>]) -> Option<(Node<'t>, bool)> {
    for (index, node) in around.iter().enumerate().rev() {
        let kind = node.kind();
        match kind {
            Kind::MethodDefinition | Kind::PublicFieldDefinition | Kind::ClassStaticBlock => {
                let body = around.get(index.checked_sub(1)?)?;
                if !body.is(Kind::ClassBody) {
                    return None;
                }
                let class = *around.get(index.checked_sub(2)?)?;
                let is_static = kind == Kind::ClassStaticBlock || node.has_token("static");
                return is_class(class.kind()).then_some((class, is_static));
            }
            Kind::ArrowFunction => {}
            _ if has_body(kind) => return None,
            _ => {}
        }
    }
    None
}

/// The keywords that belong to the one at the end of a path.
fn keywords(path: &[Node<'_>]) -> Vec<Highlight> {
    let Some((&word, around)) = path.split_last() else { return Vec::new() };
    let nearest = |wanted: &dyn Fn(Kind) -> bool| around.iter().rev().find(|node| wanted(node.kind())).copied();
    let mut out = Vec::new();
    match word.name() {
        "return" | "throw" | "await" | "async" | "yield" | "function" => {
            if let Some(function) = nearest(&|kind| has_body(kind)) {
                let is_wait = matches!(word.name(), "await" | "async");
                let wanted: &[&str] =
                    if is_wait { &["await", "async"] } else { &["return", "throw", "yield", "function"] };
                words_within(function, wanted, &|kind| has_body(kind), &mut out);
            }
        }
        "for" | "while" | "do" | "break" | "continue" | "switch" | "case" | "default" => {
            if let Some(target) = jump_target(word, around) {
                breaks(target, &mut out);
            }
        }
        "if" | "else" => {
            let mut statement = nearest(&|kind| kind == Kind::IfStatement);
            // Up to the first of a chain, then down.
            while let Some(outer) = statement
                .and_then(|inner| inner.parent())
                .filter(|outer| outer.is(Kind::ElseClause))
                .and_then(|clause| clause.parent())
                .filter(|outer| outer.is(Kind::IfStatement))
            {
                statement = Some(outer);
            }
            while let Some(current) = statement {
                own_words(current, &["if"], &mut out);
                let clause = current.child_of_kind(Kind::ElseClause);
                if let Some(clause) = clause {
                    own_words(clause, &["else"], &mut out);
                }
                statement = clause.and_then(|clause| clause.child_of_kind(Kind::IfStatement));
            }
        }
        "try" | "catch" | "finally" => {
            if let Some(statement) = nearest(&|kind| kind == Kind::TryStatement) {
                own_words(statement, &["try"], &mut out);
                for clause in statement.named_children() {
                    if matches!(clause.kind(), Kind::CatchClause | Kind::FinallyClause) {
                        own_words(clause, &["catch", "finally"], &mut out);
                    }
                }
            }
        }
        _ => {}
    }
    out
}

fn is_loop(kind: Kind) -> bool {
    matches!(kind, Kind::ForStatement | Kind::ForInStatement | Kind::WhileStatement | Kind::DoStatement)
}

/// The loop or the switch that a word belongs to.
fn jump_target<'t>(word: Node<'t>, around: &[Node<'t>]) -> Option<Node<'t>> {
    let parent = *around.last()?;
    let label = parent.field(Field::Label).filter(|_| !parent.is(Kind::LabeledStatement));
    for (index, &node) in around.iter().enumerate().rev() {
        let kind = node.kind();
        if has_body(kind) {
            return None;
        }
        let is_target = match (word.name(), label) {
            (_, Some(label)) => {
                let labeled = index.checked_sub(1).map(|before| around[before]);
                labeled.is_some_and(|labeled| {
                    labeled.is(Kind::LabeledStatement)
                        && labeled.field(Field::Label).is_some_and(|name| name.text() == label.text())
                })
            }
            ("continue", None) => is_loop(kind),
            ("case" | "default" | "switch", None) => kind == Kind::SwitchStatement,
            ("break", None) => is_loop(kind) || kind == Kind::SwitchStatement,
            _ => is_loop(kind),
        };
        if is_target {
            return Some(node);
        }
    }
    None
}

/// The keywords of a loop or a switch, and every jump out of it or to its next round.
fn breaks(target: Node<'_>, out: &mut Vec<Highlight>) {
    own_words(target, &["for", "while", "do", "switch"], out);
    let label = target.parent().filter(|parent| parent.is(Kind::LabeledStatement));
    let label = label.and_then(|labeled| labeled.field(Field::Label)).map(|label| label.text());
    let is_switch = target.is(Kind::SwitchStatement);
    // How many loops and switches are between here and the target.
    let mut nested = (0u32, 0u32);
    target.traverse(
        &mut nested,
        |(loops, switches), node| {
            let kind = node.kind();
            if has_body(kind) {
                return false;
            }
            match kind {
                Kind::SwitchCase | Kind::SwitchDefault if is_switch && *switches == 1 && *loops == 0 => {
                    own_words(node, &["case", "default"], out);
                }
                Kind::BreakStatement | Kind::ContinueStatement => {
                    let own = match node.field(Field::Label) {
                        Some(wanted) => label == Some(wanted.text()),
                        None if node.is(Kind::BreakStatement) => *loops + *switches == 1,
                        None => *loops == 1 && !is_switch,
                    };
                    if own {
                        own_words(node, &["break", "continue"], out);
                    }
                }
                _ => {}
            }
            *loops += u32::from(is_loop(kind));
            *switches += u32::from(kind == Kind::SwitchStatement);
            true
        },
        |(loops, switches), node| {
            *loops -= u32::from(is_loop(node.kind()));
            *switches -= u32::from(node.is(Kind::SwitchStatement));
        },
    );
}

fn own_words(node: Node<'_>, words: &[&str], out: &mut Vec<Highlight>) {
    for child in node.children().filter(|child| !child.is_named() && words.contains(&child.name())) {
        out.push(Highlight { range: child.range(), kind: HighlightKind::Text });
    }
}

fn words_within(within: Node<'_>, words: &[&str], ends_at: &dyn Fn(Kind) -> bool, out: &mut Vec<Highlight>) {
    within.walk(|node| {
        if node.is_named() {
            return node == within || !ends_at(node.kind());
        }
        if words.contains(&node.name()) {
            out.push(Highlight { range: node.range(), kind: HighlightKind::Text });
        }
        false
    });
}
