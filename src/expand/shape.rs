//! What a macro sees of the declaration it stands on: syntax in, [`shape::Target`] out.
//!
//! Invariant: every range is relative to the anchor; nothing is looked up.
//!
//! [`shape::Target`]: crate::macros::shape::Target

use crate::base::TextRange;
use crate::macros::shape::{
    Attribute, EnumMember, Field as FieldShape, Method, Modifiers, Owner, OwnerKind, Param, Syntax, Target, TargetKind,
    TypeKind, TypeParam, TypeRef, Visibility,
};
use crate::syntax::{Field, Kind, Node, ast};

use super::walk::AttributeTarget;

/// Reads declarations relative to an anchor.
pub(super) struct Shapes {
    pub anchor: u32,
}

impl Shapes {
    /// The declaration as written. `decorators` are all that stand on it.
    pub fn target(&self, of: &AttributeTarget<'_>, kind: TargetKind) -> Target {
        let node = of.declaration;
        let declarator = first_declarator(node);
        let named = declarator.unwrap_or(node);
        let name = named.field(Field::Name).or_else(|| node.field(Field::Pattern)).map(|name| self.syntax(name));
        let body = node.field(Field::Body);
        let mut members = Members::default();
        if let Some(body) = body.filter(|body| matches!(body.kind(), Kind::ClassBody | Kind::InterfaceBody)) {
            self.members(body, &mut members);
        }
        let (extends, implements) = self.heritage(node);
        let ty = match kind {
            TargetKind::TypeAlias => node.field(Field::Value).map(|ty| self.type_ref(ty)),
            _ => named.field(Field::Type).map(|annotation| self.annotation(annotation)),
        };
        let initializer = match kind {
            TargetKind::TypeAlias => None,
            _ => named.field(Field::Value).map(|value| self.syntax(value)),
        };
        Target {
            kind,
            name,
            type_parameters: self.type_parameters(node),
            extends,
            implements,
            fields: members.fields,
            methods: members.methods,
            constructor: members.constructor,
            params: node.field(Field::Parameters).map(|params| self.params(params)).unwrap_or_default(),
            return_type: node.field(Field::ReturnType).map(|annotation| self.annotation(annotation)),
            members: match (kind, body) {
                (TargetKind::Enum, Some(body)) => self.enum_members(body),
                _ => Vec::new(),
            },
            ty,
            initializer,
            is_abstract: node.is(Kind::AbstractClassDeclaration)
                || node.is(Kind::AbstractMethodSignature)
                || kind == TargetKind::Member && node.has_token("abstract"),
            modifiers: modifiers(node, kind),
            owner: self.owner(node, kind),
            is_exported: of.is_exported,
            is_declared: of.is_declared,
            attributes: attributes_of(of).into_iter().filter_map(|decorator| self.attribute(decorator)).collect(),
            doc: doc_before(node.file_text(), of.whole.start().min(of.anchor)).map(clean_doc),
            syntax: self.range_syntax(node, declaration_range(node)),
        }
    }

    pub fn syntax(&self, node: Node<'_>) -> Syntax {
        Syntax { text: node.text().to_owned(), range: self.range(node.range()) }
    }

    /// What stands between the braces of a block.
    pub fn block(&self, block: Node<'_>) -> Syntax {
        let range = block.range();
        let end = if block.last_child().is_some_and(|last| last.is_token("}")) { range.end - 1 } else { range.end };
        self.range_syntax(block, TextRange::new((range.start + 1).min(end), end))
    }

    fn range_syntax(&self, node: Node<'_>, range: TextRange) -> Syntax {
        Syntax { text: range.of(node.file_text()).to_owned(), range: self.range(range) }
    }

    fn range(&self, range: TextRange) -> TextRange {
        TextRange::new(range.start.saturating_sub(self.anchor), range.end.saturating_sub(self.anchor))
    }

    fn members(&self, body: Node<'_>, out: &mut Members) {
        let mut doc: Option<String> = None;
        let mut decorators: Vec<Node<'_>> = Vec::new();
        for child in body.children() {
            match child.kind() {
                Kind::Comment => {
                    if is_doc(child.text()) {
                        doc = Some(clean_doc(child.text()));
                    }
                    continue;
                }
                Kind::Decorator => {
                    decorators.push(child);
                    continue;
                }
                Kind::Token if child.is_token(";") || child.is_token(",") || child.is_token("{") => continue,
                Kind::PublicFieldDefinition | Kind::PropertySignature => {
                    out.fields.push(self.field(child, doc.take()));
                }
                Kind::MethodDefinition => {
                    let is_constructor = child.field(Field::Name).is_some_and(|name| name.text() == "constructor");
                    if is_constructor && !child.has_token("static") {
                        let params = child.field(Field::Parameters);
                        out.constructor = params.map(|params| self.params(params));
                        out.fields.extend(params.into_iter().flat_map(|params| self.parameter_fields(params)));
                    } else {
                        out.methods.push(self.method(child, &decorators, doc.take()));
                    }
                }
                Kind::AbstractMethodSignature => out.methods.push(self.method(child, &decorators, doc.take())),
                // In a class this is an overload: the definition follows.
                Kind::MethodSignature if body.is(Kind::InterfaceBody) => {
                    out.methods.push(self.method(child, &decorators, doc.take()));
                }
                _ => {}
            }
            doc = None;
            decorators.clear();
        }
    }

    fn field(&self, node: Node<'_>, doc: Option<String>) -> FieldShape {
        let ty = node.field(Field::Type).map(|annotation| self.annotation(annotation));
        FieldShape { ty, ..self.untyped_field(node, doc) }
    }

    fn untyped_field(&self, node: Node<'_>, doc: Option<String>) -> FieldShape {
        FieldShape {
            name: self.name(node),
            ty: None,
            initializer: node.field(Field::Value).map(|value| self.syntax(value)),
            is_static: node.has_token("static"),
            is_readonly: node.has_token("readonly"),
            is_optional: node.has_token("?"),
            is_private: visibility(node).is_some(),
            visibility: visibility(node),
            is_abstract: node.has_token("abstract"),
            is_override: node.child_of_kind(Kind::OverrideModifier).is_some(),
            is_parameter: false,
            is_accessor: node.has_token("accessor"),
            attributes: self.own_attributes(node),
            doc,
            range: self.range(declaration_range(node)),
        }
    }

    /// The parameters of a constructor that are fields.
    fn parameter_fields(&self, params: Node<'_>) -> Vec<FieldShape> {
        parameters(params)
            .filter(|param| declares_field(*param))
            .filter_map(|param| {
                Some(FieldShape {
                    name: self.syntax(param.field(Field::Pattern)?),
                    ty: param.field(Field::Type).map(|annotation| self.annotation(annotation)),
                    initializer: param.field(Field::Value).map(|value| self.syntax(value)),
                    is_static: false,
                    is_readonly: param.has_token("readonly"),
                    is_optional: param.is(Kind::OptionalParameter),
                    is_private: visibility(param).is_some(),
                    visibility: visibility(param),
                    is_abstract: false,
                    is_override: param.child_of_kind(Kind::OverrideModifier).is_some(),
                    is_parameter: true,
                    is_accessor: false,
                    attributes: self.own_attributes(param),
                    doc: None,
                    range: self.range(declaration_range(param)),
                })
            })
            .collect()
    }

    fn method(&self, node: Node<'_>, decorators: &[Node<'_>], doc: Option<String>) -> Method {
        let accessor = ["get", "set"].into_iter().find(|word| node.has_token(word));
        let mut attributes: Vec<Attribute> =
            decorators.iter().filter_map(|decorator| self.attribute(*decorator)).collect();
        attributes.extend(self.own_attributes(node));
        Method {
            name: self.name(node),
            type_parameters: self.type_parameters(node),
            params: node.field(Field::Parameters).map(|params| self.params(params)).unwrap_or_default(),
            return_type: node.field(Field::ReturnType).map(|annotation| self.annotation(annotation)),
            is_static: node.has_token("static"),
            is_async: node.has_token("async"),
            is_private: visibility(node).is_some(),
            visibility: visibility(node),
            is_abstract: node.is(Kind::AbstractMethodSignature),
            is_override: node.child_of_kind(Kind::OverrideModifier).is_some(),
            is_optional: node.has_token("?"),
            is_generator: node.has_token("*"),
            accessor: accessor.map(str::to_owned),
            attributes,
            doc,
            range: self.range(declaration_range(node)),
        }
    }

    fn name(&self, node: Node<'_>) -> Syntax {
        node.field(Field::Name)
            .map_or_else(|| self.range_syntax(node, TextRange::empty(node.start())), |name| self.syntax(name))
    }

    fn params(&self, params: Node<'_>) -> Vec<Param> {
        parameters(params)
            .filter_map(|param| {
                let pattern = param.field(Field::Pattern)?;
                // `this` declares no parameter, it types the receiver.
                if pattern.is(Kind::This) {
                    return None;
                }
                let is_rest = pattern.is(Kind::RestPattern);
                let name = if is_rest { pattern.first_named().unwrap_or(pattern) } else { pattern };
                Some(Param {
                    name: self.syntax(name),
                    ty: param.field(Field::Type).map(|annotation| self.annotation(annotation)),
                    initializer: param.field(Field::Value).map(|value| self.syntax(value)),
                    is_optional: param.is(Kind::OptionalParameter),
                    is_rest,
                    is_field: declares_field(param),
                    attributes: self.own_attributes(param),
                    range: self.range(declaration_range(param)),
                })
            })
            .collect()
    }

    fn type_parameters(&self, node: Node<'_>) -> Vec<TypeParam> {
        let Some(list) = node.field(Field::TypeParameters) else {
            return Vec::new();
        };
        list.named_children()
            .filter(|child| child.is(Kind::TypeParameter))
            .filter_map(|param| {
                let inner = |kind| param.child_of_kind(kind).and_then(Node::first_named).map(|ty| self.syntax(ty));
                Some(TypeParam {
                    name: self.syntax(param.field(Field::Name)?),
                    constraint: inner(Kind::Constraint),
                    default: inner(Kind::DefaultType),
                })
            })
            .collect()
    }

    fn heritage(&self, node: Node<'_>) -> (Vec<TypeRef>, Vec<TypeRef>) {
        let mut extends = Vec::new();
        let mut implements = Vec::new();
        for clause in node.named_children() {
            match clause.kind() {
                Kind::ExtendsTypeClause => extends.extend(clause.fields(Field::Type).map(|ty| self.type_ref(ty))),
                Kind::ClassHeritage => {
                    for part in clause.named_children() {
                        match part.kind() {
                            Kind::ExtendsClause => extends.extend(self.extends_clause(part)),
                            Kind::ImplementsClause => {
                                implements.extend(part.named_children().map(|ty| self.type_ref(ty)));
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        (extends, implements)
    }

    /// A class extends an expression, which mostly reads as a type.
    fn extends_clause(&self, clause: Node<'_>) -> Option<TypeRef> {
        let whole = clause.field(Field::Value)?;
        let instantiated = whole.is(Kind::InstantiationExpression).then(|| whole.first_named()).flatten();
        let value = instantiated.unwrap_or(whole);
        let arguments = whole.field(Field::TypeArguments).or_else(|| clause.field(Field::TypeArguments));
        let range = TextRange::new(value.start(), arguments.map_or(value.end(), Node::end));
        let name = ast::dotted_name(value);
        Some(TypeRef {
            kind: if name.is_some() { TypeKind::Named } else { TypeKind::Other },
            text: range.of(clause.file_text()).to_owned(),
            range: self.range(range),
            name,
            args: arguments.map(|arguments| self.types_in(arguments, MOST_NESTED_TYPES)).unwrap_or_default(),
            fields: Vec::new(),
        })
    }

    fn enum_members(&self, body: Node<'_>) -> Vec<EnumMember> {
        body.named_children()
            .filter(|child| !child.is(Kind::Decorator))
            .map(|child| match child.kind() {
                Kind::EnumAssignment => EnumMember {
                    name: self.name(child),
                    initializer: child.field(Field::Value).map(|value| self.syntax(value)),
                    doc: doc_before(child.file_text(), child.start()).map(clean_doc),
                },
                _ => EnumMember {
                    name: self.syntax(child),
                    initializer: None,
                    doc: doc_before(child.file_text(), child.start()).map(clean_doc),
                },
            })
            .collect()
    }

    /// The class of a member; the function of a parameter, and the class of that.
    fn owner(&self, node: Node<'_>, kind: TargetKind) -> Option<Owner> {
        let is_owner = |around: &Node<'_>| match kind {
            TargetKind::Member => type_kind(*around).is_some(),
            _ => owner_kind(*around).is_some(),
        };
        if !matches!(kind, TargetKind::Member | TargetKind::Parameter) {
            return None;
        }
        let around = node.ancestors().filter(|around| *around != node).find(is_owner)?;
        let kind = owner_kind(around)?;
        let named = |node: Node<'_>| node.field(Field::Name).map(|name| self.syntax(name));
        let is_method = matches!(kind, OwnerKind::Method | OwnerKind::Constructor);
        // The body of a class or an interface is what a method stands in.
        let outer = around.parent().filter(|_| is_method).and_then(Node::parent);
        let owner = outer.and_then(|outer| Some(Owner { kind: type_kind(outer)?, name: named(outer), owner: None }));
        Some(Owner { kind, name: named(around).filter(|_| kind != OwnerKind::Constructor), owner: owner.map(Box::new) })
    }

    fn own_attributes(&self, node: Node<'_>) -> Vec<Attribute> {
        node.children().filter(|child| child.is(Kind::Decorator)).filter_map(|child| self.attribute(child)).collect()
    }

    fn attribute(&self, decorator: Node<'_>) -> Option<Attribute> {
        let parts = ast::decorator_parts(decorator)?;
        Some(Attribute {
            name: ast::dotted_name(parts.name)?,
            args: parts
                .arguments
                .map(|list| list.named_children().map(|arg| self.syntax(arg)).collect())
                .unwrap_or_default(),
            range: self.range(decorator.range()),
        })
    }

    /// `: T`, without the colon; predicates and assertions as they are.
    fn annotation(&self, annotation: Node<'_>) -> TypeRef {
        self.type_ref(annotation.first_named().unwrap_or(annotation))
    }

    fn types_in(&self, node: Node<'_>, depth: u32) -> Vec<TypeRef> {
        node.named_children().map(|ty| self.type_at(ty, depth)).collect()
    }

    pub fn type_ref(&self, ty: Node<'_>) -> TypeRef {
        self.type_at(ty, MOST_NESTED_TYPES)
    }

    fn type_at(&self, ty: Node<'_>, depth: u32) -> TypeRef {
        let Some(depth) = depth.checked_sub(1) else {
            return self.other(ty);
        };
        let mut name = None;
        let mut args = Vec::new();
        let mut fields = Vec::new();
        let kind = match ty.kind() {
            Kind::ParenthesizedType => {
                return ty.first_named().map_or_else(|| self.other(ty), |inner| self.type_at(inner, depth));
            }
            Kind::PredefinedType => TypeKind::Keyword,
            Kind::TypeIdentifier if ty.text() == "bigint" => TypeKind::Keyword,
            Kind::TypeIdentifier | Kind::NestedTypeIdentifier => {
                name = Some(ty.text().to_owned());
                TypeKind::Named
            }
            Kind::GenericType => {
                name = ty.field(Field::Name).map(|name| name.text().to_owned());
                let list = ty.field(Field::TypeArguments).or_else(|| ty.child_of_kind(Kind::TypeArguments));
                args = list.map(|list| self.types_in(list, depth)).unwrap_or_default();
                TypeKind::Named
            }
            Kind::ArrayType => {
                args = self.types_in(ty, depth);
                TypeKind::Array
            }
            Kind::TupleType => {
                args = ty.named_children().map(|part| self.tuple_part(part, depth)).collect();
                TypeKind::Tuple
            }
            Kind::ReadonlyType => {
                // `readonly T[]` is an array as `T[]` is.
                let inner = ty.first_named().map(|inner| self.type_at(inner, depth));
                let Some(inner) = inner else {
                    return self.other(ty);
                };
                args = inner.args;
                inner.kind
            }
            Kind::OptionalType => {
                args = self.types_in(ty, depth);
                TypeKind::Optional
            }
            Kind::RestType => {
                args = self.types_in(ty, depth);
                TypeKind::Rest
            }
            Kind::UnionType | Kind::IntersectionType => {
                args = union_parts(ty).into_iter().map(|part| self.type_at(part, depth)).collect();
                if ty.is(Kind::UnionType) { TypeKind::Union } else { TypeKind::Intersection }
            }
            Kind::LiteralType => match ty.text() {
                "null" | "undefined" => TypeKind::Keyword,
                _ => TypeKind::Literal,
            },
            Kind::FunctionType | Kind::ConstructorType => TypeKind::Function,
            Kind::ObjectType => {
                (fields, args) = self.object_members(ty, depth);
                TypeKind::Object
            }
            _ => TypeKind::Other,
        };
        TypeRef { kind, text: ty.text().to_owned(), range: self.range(ty.range()), name, args, fields }
    }

    /// Properties and methods, and key and value of the first index signature.
    fn object_members(&self, ty: Node<'_>, depth: u32) -> (Vec<FieldShape>, Vec<TypeRef>) {
        let mut fields = Vec::new();
        let mut index = Vec::new();
        for member in ty.named_children() {
            let annotated = member.field(Field::Type).and_then(Node::first_named);
            match member.kind() {
                Kind::PropertySignature | Kind::MethodSignature => {
                    let ty = if member.is(Kind::PropertySignature) {
                        annotated.map(|ty| self.type_at(ty, depth))
                    } else {
                        Some(TypeRef { kind: TypeKind::Function, ..self.other(member) })
                    };
                    let doc = doc_before(member.file_text(), member.start()).map(clean_doc);
                    fields.push(FieldShape { ty, ..self.untyped_field(member, doc) });
                }
                Kind::IndexSignature if index.is_empty() => {
                    index.extend(member.field(Field::IndexType).map(|key| self.type_at(key, depth)));
                    index.extend(annotated.map(|ty| self.type_at(ty, depth)));
                }
                _ => {}
            }
        }
        (fields, index)
    }

    fn other(&self, ty: Node<'_>) -> TypeRef {
        TypeRef {
            kind: TypeKind::Other,
            text: ty.text().to_owned(),
            range: self.range(ty.range()),
            name: None,
            args: Vec::new(),
            fields: Vec::new(),
        }
    }

    fn tuple_part(&self, part: Node<'_>, depth: u32) -> TypeRef {
        match part.kind() {
            // A named part, `[x: number]`.
            Kind::RequiredParameter | Kind::OptionalParameter => {
                let Some(ty) = part.field(Field::Type).and_then(Node::first_named) else {
                    return self.other(part);
                };
                let inner = self.type_at(ty, depth);
                let is_rest = [Field::Name, Field::Pattern]
                    .into_iter()
                    .any(|name| part.field(name).is_some_and(|name| name.is(Kind::RestPattern)));
                let kind = match (part.kind(), is_rest) {
                    (Kind::OptionalParameter, _) => TypeKind::Optional,
                    (_, true) => TypeKind::Rest,
                    _ => return inner,
                };
                TypeRef { kind, args: vec![inner], ..self.other(part) }
            }
            _ => self.type_at(part, depth),
        }
    }
}

/// Types nested deeper than this are told as text only.
const MOST_NESTED_TYPES: u32 = 64;

/// The members of a union or intersection. The grammar reads `a | b | c` as pairs, the first of which
/// is a pair again.
fn union_parts<'t>(ty: Node<'t>) -> Vec<Node<'t>> {
    let mut out = Vec::new();
    let mut stack = vec![ty];
    while let Some(part) = stack.pop() {
        if part.is(ty.kind()) {
            let first = stack.len();
            stack.extend(part.named_children());
            stack[first..].reverse();
        } else {
            out.push(part);
        }
    }
    out
}

#[derive(Default)]
struct Members {
    fields: Vec<FieldShape>,
    methods: Vec<Method>,
    constructor: Option<Vec<Param>>,
}

fn parameters<'t>(params: Node<'t>) -> impl Iterator<Item = Node<'t>> {
    params.named_children().filter(|child| matches!(child.kind(), Kind::RequiredParameter | Kind::OptionalParameter))
}

pub(super) fn first_declarator(node: Node<'_>) -> Option<Node<'_>> {
    matches!(node.kind(), Kind::LexicalDeclaration | Kind::VariableDeclaration)
        .then(|| node.child_of_kind(Kind::VariableDeclarator))
        .flatten()
}

fn visibility(node: Node<'_>) -> Option<Visibility> {
    node.children().find_map(|part| match (part.kind(), part.text()) {
        (Kind::AccessibilityModifier, "protected") => Some(Visibility::Protected),
        (Kind::AccessibilityModifier, "private") | (Kind::PrivatePropertyIdentifier, _) => Some(Visibility::Private),
        _ => None,
    })
}

/// Whether a constructor's parameter is a field, too.
fn declares_field(param: Node<'_>) -> bool {
    param.has_token("readonly")
        || param.children().any(|part| matches!(part.kind(), Kind::AccessibilityModifier | Kind::OverrideModifier))
}

/// A class or an interface.
fn type_kind(node: Node<'_>) -> Option<OwnerKind> {
    match node.kind() {
        Kind::ClassDeclaration | Kind::AbstractClassDeclaration | Kind::Class => Some(OwnerKind::Class),
        Kind::InterfaceDeclaration => Some(OwnerKind::Interface),
        _ => None,
    }
}

fn owner_kind(node: Node<'_>) -> Option<OwnerKind> {
    if let Some(kind) = type_kind(node) {
        return Some(kind);
    }
    Some(match node.kind() {
        Kind::MethodDefinition | Kind::AbstractMethodSignature | Kind::MethodSignature => {
            let is_constructor = node.field(Field::Name).is_some_and(|name| name.text() == "constructor");
            if is_constructor && !node.has_token("static") { OwnerKind::Constructor } else { OwnerKind::Method }
        }
        Kind::FunctionDeclaration
        | Kind::FunctionSignature
        | Kind::GeneratorFunctionDeclaration
        | Kind::FunctionExpression
        | Kind::GeneratorFunction
        | Kind::ArrowFunction => OwnerKind::Function,
        _ => return None,
    })
}

fn modifiers(node: Node<'_>, kind: TargetKind) -> Modifiers {
    let word = |words: &[&'static str]| words.iter().find(|word| node.has_token(word)).map(|word| (*word).to_owned());
    let is_method =
        matches!(node.kind(), Kind::MethodDefinition | Kind::AbstractMethodSignature | Kind::MethodSignature);
    match kind {
        TargetKind::Class | TargetKind::Interface | TargetKind::TypeAlias => Modifiers::default(),
        TargetKind::Enum => Modifiers { is_const: node.has_token("const"), ..Modifiers::default() },
        TargetKind::Variable => Modifiers { keyword: word(&["const", "let", "var"]), ..Modifiers::default() },
        TargetKind::Function => {
            Modifiers { is_async: node.has_token("async"), is_generator: node.has_token("*"), ..Modifiers::default() }
        }
        TargetKind::Member => Modifiers {
            visibility: visibility(node),
            is_static: node.has_token("static"),
            is_async: node.has_token("async"),
            is_generator: node.has_token("*"),
            is_override: node.child_of_kind(Kind::OverrideModifier).is_some(),
            is_readonly: node.has_token("readonly"),
            is_optional: node.has_token("?"),
            is_accessor: node.has_token("accessor"),
            is_method,
            accessor: word(&["get", "set"]).filter(|_| is_method),
            ..Modifiers::default()
        },
        TargetKind::Parameter => Modifiers {
            visibility: visibility(node),
            is_readonly: node.has_token("readonly"),
            is_optional: node.is(Kind::OptionalParameter),
            is_rest: node.field(Field::Pattern).is_some_and(|pattern| pattern.is(Kind::RestPattern)),
            is_field: declares_field(node),
            ..Modifiers::default()
        },
    }
}

/// Without the decorators that a declaration holds itself.
pub(super) fn declaration_range(node: Node<'_>) -> TextRange {
    let start = node
        .children()
        .find(|child| !child.is(Kind::Decorator) && !child.is_extra())
        .map_or(node.start(), |first| first.start());
    TextRange::new(start, node.end())
}

/// All attributes of a declaration, in order.
pub(super) fn attributes_of<'t>(of: &AttributeTarget<'t>) -> Vec<Node<'t>> {
    let mut holders = vec![of.whole];
    if of.whole != of.declaration {
        holders.push(of.declaration);
        if let Some(between) = of.whole.field(Field::Declaration).filter(|between| *between != of.declaration) {
            holders.insert(1, between);
        }
    }
    let mut out: Vec<Node<'t>> = Vec::new();
    if let Some(body) = of.holder {
        // Those of a method stand before it.
        out.extend(
            body.children()
                .filter(|child| child.is(Kind::Decorator))
                .filter(|child| of.anchor <= child.start() && child.start() < of.declaration.start()),
        );
    }
    for holder in holders {
        out.extend(holder.children().filter(|child| child.is(Kind::Decorator)));
    }
    out
}

fn is_doc(comment: &str) -> bool {
    comment.starts_with("/**") && comment.len() > 4
}

/// The doc comment that ends right before `offset`.
pub(super) fn doc_before(text: &str, offset: u32) -> Option<&str> {
    let before = text[..offset as usize].trim_end();
    if !before.ends_with("*/") {
        return None;
    }
    let start = before.rfind("/*")?;
    let comment = &before[start..];
    is_doc(comment).then_some(comment)
}

/// The text of a doc comment, without its asterisks.
fn clean_doc(comment: &str) -> String {
    let body = comment.trim_start_matches("/**").trim_end_matches("*/");
    let lines: Vec<&str> = body
        .lines()
        .map(|line| {
            let line = line.trim();
            let line = line.strip_prefix('*').unwrap_or(line);
            line.strip_prefix(' ').unwrap_or(line).trim_end()
        })
        .collect();
    lines.join("\n").trim().to_owned()
}
