//! What the grammar takes although the language does not: reserved words as names, operands that need
//! parentheses, commas without anything between them.
//!
//! Invariant: only what TypeScript's own parser refuses. What its checker refuses (a modifier in a wrong
//! place, `await` outside of an asynchronous function) is the type engine's to say, by its name.
//!
//! Runs on any thread. Start reading at [`checks`].

use crate::base::TextRange;

use super::errors::SyntaxError;
use super::{Field, Kind, Node};

/// Everything below `root`, in text order, at most `most`. Looks at every node.
pub fn checks(root: Node<'_>, most: usize) -> Vec<SyntaxError> {
    let mut found = Found { path: Vec::new(), out: Vec::new() };
    root.traverse(
        &mut found,
        |found, node| {
            if found.out.len() >= most {
                return false;
            }
            found.check(node);
            found.path.push(node);
            true
        },
        |found, _| {
            found.path.pop();
        },
    );
    let mut out = found.out;
    out.truncate(most);
    out.sort_by_key(|error| error.range.start);
    out
}

struct Found<'t> {
    /// From the root to the node before the one that is looked at.
    path: Vec<Node<'t>>,
    out: Vec<SyntaxError>,
}

impl<'t> Found<'t> {
    fn parent(&self) -> Option<Node<'t>> {
        self.path.last().copied()
    }

    fn report(&mut self, at: Node<'_>, message: impl Into<String>) {
        self.report_range(at.range(), message);
    }

    fn report_range(&mut self, range: TextRange, message: impl Into<String>) {
        self.out.push(SyntaxError { range, message: message.into() });
    }

    fn check(&mut self, node: Node<'t>) {
        match node.kind() {
            Kind::Identifier
            | Kind::TypeIdentifier
            | Kind::ShorthandPropertyIdentifier
            | Kind::ShorthandPropertyIdentifierPattern => self.name(node),
            Kind::PropertyIdentifier | Kind::PrivatePropertyIdentifier => self.letters(node),
            Kind::Number => self.number(node),
            Kind::EscapeSequence => self.escape(node),
            Kind::Super => self.super_word(node),
            Kind::BinaryExpression => self.binary(node),
            Kind::UnaryExpression | Kind::AwaitExpression | Kind::TypeAssertion | Kind::SpreadElement => {
                if !node.is(Kind::SpreadElement)
                    && let Some(operand) = node.named_children().last().filter(|child| is_assignment_like(*child))
                {
                    self.report(operand, "This operand needs parentheses");
                }
            }
            Kind::UpdateExpression => self.update(node),
            Kind::CallExpression => self.call(node),
            Kind::MemberExpression | Kind::SubscriptExpression => self.member(node),
            Kind::NewExpression => self.new_expression(node),
            Kind::Arguments => self.commas(node, "An argument is missing"),
            Kind::Object | Kind::ObjectPattern => self.commas(node, "A property is missing"),
            Kind::ClassBody => {
                if let Some(comma) = node.children().find(|child| child.is_token(",")) {
                    self.report(comma, "Members of a class end with `;`, not with `,`");
                }
            }
            Kind::InterfaceBody | Kind::ObjectType => self.type_body(node),
            Kind::ForInStatement => self.for_in(node),
            Kind::UnionType | Kind::IntersectionType => {
                for operand in node.named_children() {
                    if matches!(operand.kind(), Kind::FunctionType | Kind::ConstructorType) {
                        self.report(operand, "A function type needs parentheses here");
                    }
                }
            }
            Kind::ParenthesizedExpression => {
                if let Some(annotation) = node.field(Field::Type) {
                    self.report(annotation, "`)` expected: a type cannot stand here");
                }
            }
            Kind::LexicalDeclaration => self.using(node),
            Kind::PublicFieldDefinition | Kind::MethodDefinition | Kind::MethodSignature => {
                if let Some(second) = node.children().filter(|child| child.is_token("static")).nth(1) {
                    self.report(second, "`static` stands here twice");
                }
            }
            Kind::RequiredParameter => {
                if let (Some(decorator), Some(pattern)) = (node.field(Field::Decorator), node.field(Field::Pattern))
                    && pattern.is(Kind::This)
                {
                    self.report(decorator, "`this` cannot be decorated");
                }
            }
            Kind::ImportStatement | Kind::ImportSpecifier | Kind::ExportSpecifier => {
                if let Some(word) = node.children().find(|child| child.is_token("typeof")) {
                    self.report(word, "`typeof` does not belong here");
                }
            }
            Kind::Constraint => {
                if let Some(colon) = node.first_child().filter(|child| child.is_token(":")) {
                    self.report(colon, "`extends` expected");
                }
            }
            Kind::Splice if !self.path.iter().any(|above| above.is(Kind::QuoteExpression)) => {
                self.report(node, "Code is spliced in quotes only");
            }
            _ => {}
        }
    }

    fn name(&mut self, node: Node<'t>) {
        let text = node.text();
        let is_free = match self.parent() {
            // `export { default }` and `import { default as x }` name what another module exports.
            Some(parent) if parent.is(Kind::ExportSpecifier) || parent.is(Kind::NamespaceExport) => true,
            Some(parent) if parent.is(Kind::ImportSpecifier) => {
                parent.field(Field::Alias).is_some() && parent.field(Field::Name) == Some(node)
            }
            _ => false,
        };
        if is_free {
            return;
        }
        if RESERVED.contains(&text) {
            // Where a type is named any word can stand.
            let parent = self.parent().filter(|parent| {
                !node.is(Kind::TypeIdentifier)
                    || parent.field(Field::Name) == Some(node)
                        && !matches!(parent.kind(), Kind::GenericType | Kind::NestedTypeIdentifier)
            });
            if parent.is_none() {
                return;
            }
            self.report(node, format!("`{text}` is reserved and cannot be a name"));
        } else if !node.is(Kind::TypeIdentifier)
            && (text == "await" && self.is_inside(node, "async") || text == "yield" && self.is_inside(node, "*"))
        {
            self.report(node, format!("`{text}` cannot be a name here"));
        } else {
            self.letters(node);
        }
    }

    /// Whether `node` stands in a function that is marked so and is no name of its parameters.
    fn is_inside(&self, node: Node<'t>, mark: &str) -> bool {
        let mut inner = node;
        for &above in self.path.iter().rev() {
            match above.kind() {
                Kind::FunctionDeclaration
                | Kind::FunctionExpression
                | Kind::GeneratorFunction
                | Kind::GeneratorFunctionDeclaration
                | Kind::ArrowFunction
                | Kind::MethodDefinition => {
                    let is_own = above.field(Field::Body) == Some(inner)
                        || above.field(Field::Parameters) == Some(inner)
                            && self.parent().is_some_and(|parent| parent.field(Field::Pattern) != Some(node));
                    return is_own && above.has_token(mark);
                }
                Kind::ClassBody | Kind::MacroDeclaration | Kind::TypeQuery => return false,
                _ => inner = above,
            }
        }
        false
    }

    fn letters(&mut self, node: Node<'t>) {
        let text = node.text();
        let text = text.strip_prefix('#').unwrap_or(text);
        if text.starts_with(|ch: char| ch.is_ascii_alphabetic() || ch == '_' || ch == '$') {
            return;
        }
        let first = match text.strip_prefix("\\u") {
            Some(digits) => {
                let digits = digits
                    .strip_prefix('{')
                    .map_or(&digits[..digits.len().min(4)], |rest| rest.split('}').next().unwrap_or_default());
                u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
            }
            None => text.chars().next(),
        };
        if !first.is_some_and(|ch| ch.is_alphabetic() || ch.is_control() || ch == '_' || ch == '$') {
            let end = node.start() + text.chars().next().map_or(0, char::len_utf8) as u32;
            self.report_range(TextRange::new(node.start(), end), "This character cannot begin a name");
        }
    }

    fn number(&mut self, node: Node<'t>) {
        let text = node.text();
        if text.len() > 1 && text.starts_with('0') && text[1..].starts_with(|ch: char| ch.is_ascii_digit()) {
            self.report(node, "A number cannot begin with `0`: octal numbers begin with `0o`");
        }
    }

    fn escape(&mut self, node: Node<'t>) {
        let text = node.text();
        let digits = &text[1..];
        let next = node.file_text()[node.end() as usize..].bytes().next();
        let is_octal = digits.starts_with(|ch: char| ch.is_ascii_digit())
            && (digits != "0" || next.is_some_and(|byte| byte.is_ascii_digit()));
        if is_octal && !self.is_tagged() {
            self.report(node, "Octal escape sequences are not allowed: write `\\x` and two digits");
        }
        let code_point = digits.strip_prefix("u{").and_then(|rest| rest.strip_suffix('}'));
        if code_point.is_some_and(|digits| !u32::from_str_radix(digits, 16).is_ok_and(|code| code <= 0x0010_FFFF))
            && !self.is_tagged()
        {
            self.report(node, "The largest code point is `\\u{10FFFF}`");
        }
    }

    /// Whether a function gets the text as it is written.
    fn is_tagged(&self) -> bool {
        let Some(at) = self.path.iter().rposition(|above| above.is(Kind::TemplateString)) else { return false };
        let parent = at.checked_sub(1).map(|above| self.path[above]);
        parent.is_some_and(|call| call.is(Kind::CallExpression) && call.field(Field::Arguments) == Some(self.path[at]))
    }

    fn super_word(&mut self, node: Node<'t>) {
        let Some(parent) = self.parent() else { return };
        match parent.kind() {
            Kind::MemberExpression | Kind::SubscriptExpression if parent.field(Field::Object) == Some(node) => {}
            Kind::CallExpression if parent.field(Field::Function) == Some(node) => {
                if let Some(types) = parent.field(Field::TypeArguments) {
                    self.report(types, "`super` takes no type arguments");
                }
            }
            Kind::NewExpression => {}
            _ => self.report(node, "`super` must be called, or a member of it named"),
        }
    }

    fn binary(&mut self, node: Node<'t>) {
        let (left, right) = (node.field(Field::Left), node.field(Field::Right));
        let is_power = node.field(Field::Operator).is_some_and(|operator| operator.is_token("**"));
        if let Some(left) = left
            && is_power
            && matches!(left.kind(), Kind::UnaryExpression | Kind::AwaitExpression | Kind::TypeAssertion)
        {
            self.report(left, "The left operand of `**` needs parentheses");
        }
        for operand in [left, right].into_iter().flatten() {
            if is_assignment_like(operand) {
                self.report(operand, "This operand needs parentheses");
            }
        }
    }

    fn update(&mut self, node: Node<'t>) {
        let Some(operand) = node.field(Field::Argument) else { return };
        if matches!(
            operand.kind(),
            Kind::AwaitExpression | Kind::UnaryExpression | Kind::BinaryExpression | Kind::UpdateExpression
        ) || is_assignment_like(operand)
        {
            self.report(operand, "A variable or a member expected");
        }
    }

    fn call(&mut self, node: Node<'t>) {
        let Some(callee) = node.field(Field::Function) else { return };
        self.postfix(callee);
        if callee.is(Kind::Import)
            && let Some(options) = node.field(Field::Arguments).and_then(|list| list.named_children().nth(1))
            && self.path.iter().rev().take_while(|above| !above.is(Kind::CallExpression)).any(|above| {
                matches!(above.kind(), Kind::TypeAnnotation | Kind::TypeAliasDeclaration | Kind::TypeArguments)
            })
            && !options
                .named_children()
                .next()
                .and_then(|pair| pair.field(Field::Key))
                .is_some_and(|key| matches!(key.text(), "with" | "assert"))
        {
            self.report(options, "`{ with: { ... } }` expected");
        }
    }

    fn member(&mut self, node: Node<'t>) {
        let Some(object) = node.field(Field::Object) else { return };
        self.postfix(object);
        if object.is(Kind::InstantiationExpression) && node.is(Kind::MemberExpression) {
            self.report(object, "Type arguments cannot be followed by a member");
        }
        if let Some(property) = node.field(Field::Property)
            && property.is(Kind::PrivatePropertyIdentifier)
            && node.field(Field::OptionalChain).is_some()
        {
            self.report(property, "A private member cannot be reached by `?.`");
        }
    }

    /// What a call, an index or a member is taken of.
    fn postfix(&mut self, operand: Node<'t>) {
        if matches!(
            operand.kind(),
            Kind::UpdateExpression | Kind::ArrowFunction | Kind::UnaryExpression | Kind::AwaitExpression
        ) {
            self.report(operand, "This needs parentheses");
        }
    }

    fn new_expression(&mut self, node: Node<'t>) {
        let mut callee = node.field(Field::Constructor);
        while let Some(part) = callee {
            if let Some(chain) = part.field(Field::OptionalChain) {
                self.report(chain, "An optional chain cannot follow `new`");
                return;
            }
            callee = match part.kind() {
                Kind::MemberExpression | Kind::SubscriptExpression => part.field(Field::Object),
                _ => None,
            };
        }
    }

    /// Two commas, or one before the first item.
    fn commas(&mut self, node: Node<'t>, message: &str) {
        let mut is_expected = true;
        for child in node.children().skip(1).filter(|child| !child.is_extra()) {
            let is_comma = child.is_token(",");
            if is_comma && is_expected {
                self.report(child, message);
            }
            is_expected = is_comma;
        }
    }

    fn type_body(&mut self, node: Node<'t>) {
        let mut children = node.children().filter(|child| !child.is_extra());
        if let Some(open) = children.next().filter(|open| open.text() == "{|") {
            self.report(open, "`{` expected");
        }
        if let Some(separator) = children.next().filter(|child| matches!(child.text(), "," | ";")) {
            self.report(separator, "A member expected");
        }
    }

    fn for_in(&mut self, node: Node<'t>) {
        let Some(operator) = node.field(Field::Operator) else { return };
        if operator.is_token("in") && node.children().nth(1).is_some_and(|word| word.is_token("await")) {
            self.report(operator, "`of` expected");
        }
        if operator.is_token("of")
            && let Some(left) = node.field(Field::Left)
            && left.text() == "let"
            && node.field(Field::Kind).is_none()
        {
            self.report(left, "`let` cannot be the variable of a loop");
        }
    }

    fn using(&mut self, node: Node<'t>) {
        if node.field(Field::Kind).is_some_and(|word| word.text() == "using" || word.text() == "await") {
            let name = node.first_named().and_then(|declarator| declarator.field(Field::Name));
            if let Some(name) = name.filter(|name| name.is(Kind::ArrayPattern)) {
                self.report(name, "A name expected");
            }
        }
    }
}

/// What binds weaker than every operator.
fn is_assignment_like(node: Node<'_>) -> bool {
    matches!(node.kind(), Kind::YieldExpression | Kind::ArrowFunction)
}

const RESERVED: &[&str] = &[
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "new",
    "null",
    "return",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
];
