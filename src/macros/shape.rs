//! What a macro sees of a program: the data behind `std/meta`'s target types.
//!
//! Every range is relative to [`Input::anchor`], an offset in the use's file that is not part of
//! the data: that is what keeps positions out of cache keys.

use serde::{Deserialize, Serialize};

use crate::base::TextRange;

/// Code as written: its text and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Syntax {
    pub text: String,
    pub range: TextRange,
}

/// Everything an expansion depends on besides the macro's module. Serialised as JSON it is both
/// the message to the worker and, with ranges left out, part of the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// The declaration an attribute stands on; `None` for expression uses.
    pub target: Option<Target>,
    pub args: Vec<Arg>,
    /// The trailing block of an expression use.
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
    pub name: Option<String>,
    /// Type arguments, members of a union, intersection or tuple, the element of an array.
    pub args: Vec<TypeRef>,
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
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    pub name: Syntax,
    /// `None` where it is inferred from the initialiser.
    #[serde(rename = "type")]
    pub ty: Option<TypeRef>,
    pub initializer: Option<Syntax>,
    pub is_static: bool,
    pub is_readonly: bool,
    pub is_optional: bool,
    /// `#name`, `private` or `protected`.
    pub is_private: bool,
    /// Declared as a constructor's parameter property.
    pub is_parameter: bool,
    pub attributes: Vec<Attribute>,
    pub doc: Option<String>,
    pub range: TextRange,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Param {
    pub name: Syntax,
    #[serde(rename = "type")]
    pub ty: Option<TypeRef>,
    pub initializer: Option<Syntax>,
    pub is_optional: bool,
    pub is_rest: bool,
    pub attributes: Vec<Attribute>,
    pub range: TextRange,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Method {
    pub name: Syntax,
    pub params: Vec<Param>,
    pub return_type: Option<TypeRef>,
    pub is_static: bool,
    pub is_async: bool,
    pub is_private: bool,
    /// `get`, `set` or an ordinary method.
    pub accessor: Option<String>,
    pub attributes: Vec<Attribute>,
    pub doc: Option<String>,
    pub range: TextRange,
}

/// `@name(args)` as written beside the one being expanded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    pub name: String,
    pub args: Vec<Syntax>,
    pub range: TextRange,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeParam {
    pub name: Syntax,
    pub constraint: Option<Syntax>,
    pub default: Option<Syntax>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnumMember {
    pub name: Syntax,
    pub initializer: Option<Syntax>,
}

/// The declaration an attribute stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    pub kind: TargetKind,
    /// Empty for an anonymous class or default export.
    pub name: Option<Syntax>,
    pub type_parameters: Vec<TypeParam>,
    /// `extends` clause of a class (one) or an interface.
    pub extends: Vec<TypeRef>,
    pub implements: Vec<TypeRef>,
    pub fields: Vec<Field>,
    pub methods: Vec<Method>,
    /// Parameters of the class's constructor with a body, or of the function.
    pub constructor: Option<Vec<Param>>,
    pub params: Vec<Param>,
    pub return_type: Option<TypeRef>,
    /// Enum members.
    pub members: Vec<EnumMember>,
    /// Of a type alias or a variable.
    #[serde(rename = "type")]
    pub ty: Option<TypeRef>,
    pub initializer: Option<Syntax>,
    pub is_abstract: bool,
    pub is_exported: bool,
    pub attributes: Vec<Attribute>,
    pub doc: Option<String>,
    /// The whole declaration without its attributes.
    pub syntax: Syntax,
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
