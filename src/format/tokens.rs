//! Whether two texts say the same: their trees, apart from what formatting may change.
//!
//! It may change white space, semicolons, commas behind the last of a list, quotes of strings and of keys,
//! parentheses that change nothing, those of an arrow function's only parameter, the bar in front of a union. Comments keep
//! their text, but for the white space at the start and end of their lines.

use std::borrow::Cow;

use crate::base::TextRange;
use crate::syntax::ast::string_value;
use crate::syntax::{Field, Kind, Node};

/// A step of a walk over a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step<'t> {
    Enter(u16),
    Leave,
    Token(Cow<'t, str>),
    /// A string's value; as a key it is a token.
    Value(String),
}

/// A token and where it stands.
pub(super) struct Token {
    pub range: TextRange,
}

/// What a text says.
pub(super) struct Said<'t> {
    steps: Vec<Step<'t>>,
    pub tokens: Vec<Token>,
    comments: Vec<String>,
}

pub(super) fn said(root: Node<'_>) -> Said<'_> {
    let mut said = Said { steps: Vec::new(), tokens: Vec::new(), comments: Vec::new() };
    let mut open = Vec::new();
    root.traverse(
        &mut (&mut said, &mut open),
        |(said, open), node| said.enter(node, open),
        |(said, open), _| {
            if open.pop() == Some(true) {
                said.steps.push(Step::Leave);
            }
        },
    );
    said.comments.sort_unstable();
    said
}

impl<'t> Said<'t> {
    /// Whether both say the same; their tokens stand for each other one by one then.
    pub fn same(&self, other: &Said<'_>) -> bool {
        self.tokens.len() == other.tokens.len() && self.steps == other.steps && self.comments == other.comments
    }

    /// Where they part, for a log.
    pub fn difference(&self, other: &Said<'_>) -> String {
        let parted = self.steps.iter().zip(&other.steps).position(|(a, b)| a != b);
        match parted {
            Some(at) => format!("{:?} became {:?}", &self.steps[at], &other.steps[at]),
            None if self.comments != other.comments => {
                let changed = self.comments.iter().find(|comment| !other.comments.contains(comment));
                format!("comments differ: {changed:?}")
            }
            None => format!("{} steps became {}", self.steps.len(), other.steps.len()),
        }
    }

    /// `open` gets one entry for every node that is gone into: whether it was said.
    fn enter(&mut self, node: Node<'t>, open: &mut Vec<bool>) -> bool {
        if node.is_extra() && !node.is(Kind::HashBangLine) {
            let lines: Vec<&str> = node.text().lines().map(str::trim).collect();
            self.comments.push(lines.join("\n"));
            return false;
        }
        if node.is(Kind::EmptyStatement) || is_free(node) {
            return false;
        }
        if node.is(Kind::String) {
            let value = string_value(node);
            let step = if is_key(node) { Step::Token(value.into()) } else { Step::Value(value) };
            self.token(node, step);
            return false;
        }
        if node.child_count() == 0 {
            if !node.range().is_empty() {
                self.token(node, Step::Token(node.text().into()));
            }
            return false;
        }
        let is_said = !is_silent(node);
        if is_said {
            self.steps.push(Step::Enter(node.symbol()));
        }
        open.push(is_said);
        true
    }

    fn token(&mut self, node: Node<'t>, step: Step<'t>) {
        self.steps.push(step);
        self.tokens.push(Token { range: node.range() });
    }
}

/// Tokens that formatting may add or take away.
fn is_free(token: Node<'_>) -> bool {
    if token.is_named() {
        return false;
    }
    match token.name() {
        ";" => token.parent().is_none_or(|parent| parent.name() != "for_statement"),
        "," => token.parent().is_some_and(|list| match list.kind() {
            Kind::ObjectType | Kind::InterfaceBody => true,
            Kind::Array | Kind::ArrayPattern => is_last(token) && !follows_hole(token),
            _ => is_last(token),
        }),
        "(" | ")" => token.parent().is_some_and(|parent| match parent.kind() {
            Kind::ParenthesizedExpression => is_silent(parent),
            Kind::ParenthesizedType => true,
            Kind::FormalParameters => is_lone_name(parent),
            _ => false,
        }),
        "|" | "&" => token.parent().is_some_and(|parent| {
            matches!(parent.kind(), Kind::UnionType | Kind::IntersectionType) && parent.first_child() == Some(token)
        }),
        _ => false,
    }
}

/// Whether nothing but the closing bracket follows.
fn is_last(comma: Node<'_>) -> bool {
    let mut next = comma.next_sibling();
    while next.is_some_and(|node| node.is_extra()) {
        next = next.and_then(Node::next_sibling);
    }
    next.is_some_and(|next| [")", "]", "}", ">"].iter().any(|close| next.is_token(close)))
}

fn follows_hole(comma: Node<'_>) -> bool {
    let mut before = comma.prev_sibling();
    while before.is_some_and(|node| node.is_extra()) {
        before = before.and_then(Node::prev_sibling);
    }
    before.is_some_and(|before| before.is_token(",") || before.is_token("["))
}

/// Nodes that are there or not, and mean nothing: what is in them is said all the same.
fn is_silent(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::ParenthesizedExpression => !ends_chain(node),
        // What they hold together is in the tree.
        Kind::ParenthesizedType => true,
        Kind::UnionType | Kind::IntersectionType => node.named_children().nth(1).is_none(),
        Kind::FormalParameters => is_lone_name(node),
        Kind::RequiredParameter => node.parent().is_some_and(is_lone_name),
        _ => false,
    }
}

/// Whether parentheses end an optional chain: `(a?.b).c`.
fn ends_chain(parentheses: Node<'_>) -> bool {
    let goes_on = parentheses.parent().is_some_and(|parent| {
        matches!(
            parent.kind(),
            Kind::MemberExpression | Kind::CallExpression | Kind::SubscriptExpression | Kind::NonNullExpression
        )
    });
    goes_on && {
        let mut has_chain = false;
        parentheses.walk(|node| {
            has_chain |= node.is(Kind::OptionalChain);
            !has_chain
        });
        has_chain
    }
}

/// The parameters of an arrow function that are one name and nothing else.
fn is_lone_name(parameters: Node<'_>) -> bool {
    let is_arrow = parameters.parent().is_some_and(|parent| {
        parent.is(Kind::ArrowFunction)
            && parent.field(Field::ReturnType).is_none()
            && parent.field(Field::TypeParameters).is_none()
    });
    let mut inner = parameters.named_children();
    is_arrow
        && inner.next().is_some_and(|only| {
            only.is(Kind::RequiredParameter)
                && only.child_count() == 1
                && only.first_child().is_some_and(|name| {
                    matches!(name.kind(), Kind::Identifier | Kind::Splice | Kind::SplicedIdentifier)
                })
        })
        && inner.next().is_none()
}

/// Whether a string is the key of a property, which can be written without quotes.
fn is_key(string: Node<'_>) -> bool {
    string
        .parent()
        .is_some_and(|parent| [Field::Key, Field::Name].into_iter().any(|field| parent.field(field) == Some(string)))
}
