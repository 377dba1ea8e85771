//! What a macro sees of a program: the data behind `std/meta`'s target types.
//!
//! Every range is relative to an anchor, an offset in the use's file that is not part of
//! the data: that is what keeps positions out of cache keys.
//!
//! Written as JSON, what is absent, empty or false is left out: most of a shape is, and a worker
//! reads every letter.

use serde::{Deserialize, Serialize};

use crate::base::TextRange;

fn is_false(value: &bool) -> bool {
    !value
}

/// Code as written: its text and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Syntax {
    pub text: String,
    pub range: TextRange,
}

/// Who may use a member, where not everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Visibility {
    Protected,
    /// `private` or `#name`.
    Private,
}

/// What a member or a parameter stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    pub kind: OwnerKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Syntax>,
    /// The class around a method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Box<Owner>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OwnerKind {
    Class,
    Interface,
    Constructor,
    Method,
    Function,
}

/// Everything an expansion depends on besides the macro's module. Serialised as JSON it is both
/// the message to the worker and, with ranges left out, part of the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// The declaration an attribute stands on; `None` for expression uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<Arg>,
    /// `@name<A, B>`, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub type_args: Vec<TypeRef>,
    /// The trailing block of an expression use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<Syntax>,
}

impl Input {
    /// The message to a worker.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain data without maps has a JSON form")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Arg {
    /// For parameters of type `Name`, `Expr`, `TypeNode`.
    Syntax { form: SyntaxForm, syntax: Syntax },
    /// A constant, as JSON.
    Value { json: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SyntaxForm {
    Name,
    Expr,
    TypeNode,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeRef {
    pub kind: TypeKind,
    pub text: String,
    pub range: TextRange,
    /// Of a named type, without its arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Type arguments, members of a union, intersection or tuple, the element of an array, key and
    /// value of an object type's index signature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<TypeRef>,
    /// Properties and methods of an object type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TypeKind {
    /// `string`, `number`, `boolean`, `bigint`, `symbol`, `any`, `unknown`, `never`, `void`,
    /// `object`, `null`, `undefined`.
    Keyword,
    Named,
    Array,
    Tuple,
    Union,
    Intersection,
    Literal,
    Function,
    Object,
    /// `T?` in a tuple.
    Optional,
    /// `...T` in a tuple.
    Rest,
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    pub name: Syntax,
    /// `None` where it is inferred from the initialiser.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub ty: Option<TypeRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initializer: Option<Syntax>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_static: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_readonly: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_optional: bool,
    /// `#name`, `private` or `protected`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_private: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_abstract: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_override: bool,
    /// Declared as a constructor's parameter property.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_parameter: bool,
    /// Declared with `accessor`: a getter and a setter over storage of its own.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_accessor: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    pub range: TextRange,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Param {
    pub name: Syntax,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub ty: Option<TypeRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initializer: Option<Syntax>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_optional: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_rest: bool,
    /// A constructor's parameter that declares a field.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_field: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
    pub range: TextRange,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Method {
    pub name: Syntax,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub type_parameters: Vec<TypeParam>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Param>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_type: Option<TypeRef>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_static: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_async: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_private: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_abstract: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_override: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_optional: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_generator: bool,
    /// `get`, `set` or an ordinary method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accessor: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    pub range: TextRange,
}

/// `@name(args)` as written beside the one being expanded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    pub name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<Syntax>,
    pub range: TextRange,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeParam {
    pub name: Syntax,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<Syntax>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Syntax>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnumMember {
    pub name: Syntax,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initializer: Option<Syntax>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

/// The declaration an attribute stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    pub kind: TargetKind,
    /// Empty for an anonymous class or default export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Syntax>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub type_parameters: Vec<TypeParam>,
    /// `extends` clause of a class (one) or an interface.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extends: Vec<TypeRef>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub implements: Vec<TypeRef>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Method>,
    /// Parameters of the class's constructor with a body, or of the function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constructor: Option<Vec<Param>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Param>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_type: Option<TypeRef>,
    /// Enum members.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<EnumMember>,
    /// Of a type alias or a variable.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub ty: Option<TypeRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initializer: Option<Syntax>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_abstract: bool,
    #[serde(default, skip_serializing_if = "Modifiers::is_none")]
    pub modifiers: Modifiers,
    /// Of a member or a parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_exported: bool,
    /// Ambient: of something that exists elsewhere.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_declared: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// The whole declaration without its attributes.
    pub syntax: Syntax,
}

/// The words before a function, variable, enum, member or parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Modifiers {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_static: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_async: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_generator: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_override: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_readonly: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_optional: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_rest: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_accessor: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_method: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_field: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_const: bool,
    /// `get` or `set`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accessor: Option<String>,
    /// Of a variable: `const`, `let` or `var`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
}

impl Modifiers {
    fn is_none(&self) -> bool {
        *self == Modifiers::default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TargetKind {
    Class,
    Interface,
    Enum,
    TypeAlias,
    Function,
    Variable,
    Member,
    Parameter,
}

impl TargetKind {
    /// With its article, for messages.
    pub fn words(self) -> &'static str {
        match self {
            TargetKind::Class => "a class",
            TargetKind::Interface => "an interface",
            TargetKind::Enum => "an enum",
            TargetKind::TypeAlias => "a type alias",
            TargetKind::Function => "a function",
            TargetKind::Variable => "a variable",
            TargetKind::Member => "a class member",
            TargetKind::Parameter => "a parameter",
        }
    }
}
