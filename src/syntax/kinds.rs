//! The grammar's words as values: kinds of nodes and names of fields.
//!
//! Invariant: every row names something that the grammar has; a test compares the two.

use std::sync::LazyLock;

use tree_sitter::Language;

fn language() -> Language {
    tree_sitter_metascript::LANGUAGE.into()
}

macro_rules! kinds {
    ($($kind:ident = $name:literal,)*) => {
        /// A kind of node.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Kind {
            /// Punctuation and keywords.
            Token,
            Error,
            /// A named node that is not in this list.
            Other,
            $($kind,)*
        }

        /// Every kind with the grammar's name of it.
        pub const KINDS: &[(Kind, &str)] = &[$((Kind::$kind, $name),)*];
    };
}

kinds! {
    AbstractClassDeclaration = "abstract_class_declaration",
    AbstractMethodSignature = "abstract_method_signature",
    AccessibilityModifier = "accessibility_modifier",
    AddingTypeAnnotation = "adding_type_annotation",
    AmbientDeclaration = "ambient_declaration",
    Arguments = "arguments",
    Array = "array",
    ArrayPattern = "array_pattern",
    ArrayType = "array_type",
    ArrowFunction = "arrow_function",
    AsExpression = "as_expression",
    Asserts = "asserts",
    AssertsAnnotation = "asserts_annotation",
    AssignmentExpression = "assignment_expression",
    AssignmentPattern = "assignment_pattern",
    AugmentedAssignmentExpression = "augmented_assignment_expression",
    AwaitExpression = "await_expression",
    BinaryExpression = "binary_expression",
    BreakStatement = "break_statement",
    CallExpression = "call_expression",
    CallSignature = "call_signature",
    CatchClause = "catch_clause",
    Class = "class",
    ClassBody = "class_body",
    ClassDeclaration = "class_declaration",
    ClassHeritage = "class_heritage",
    ClassStaticBlock = "class_static_block",
    ComputedPropertyName = "computed_property_name",
    ConditionalType = "conditional_type",
    Constraint = "constraint",
    ConstructSignature = "construct_signature",
    ConstructorType = "constructor_type",
    ContinueStatement = "continue_statement",
    DebuggerStatement = "debugger_statement",
    DecoratedDeclaration = "decorated_declaration",
    Decorator = "decorator",
    DefaultType = "default_type",
    DeferStatement = "defer_statement",
    DoStatement = "do_statement",
    ElseClause = "else_clause",
    EmptyStatement = "empty_statement",
    EnumAssignment = "enum_assignment",
    EnumBody = "enum_body",
    EnumDeclaration = "enum_declaration",
    ExistentialType = "existential_type",
    ExportClause = "export_clause",
    ExportSpecifier = "export_specifier",
    ExportStatement = "export_statement",
    ExpressionStatement = "expression_statement",
    ExtendsClause = "extends_clause",
    ExtendsTypeClause = "extends_type_clause",
    ExternMacroDeclaration = "extern_macro_declaration",
    FinallyClause = "finally_clause",
    FlowMaybeType = "flow_maybe_type",
    ForInStatement = "for_in_statement",
    ForStatement = "for_statement",
    FormalParameters = "formal_parameters",
    FunctionDeclaration = "function_declaration",
    FunctionExpression = "function_expression",
    FunctionSignature = "function_signature",
    FunctionType = "function_type",
    GeneratorFunction = "generator_function",
    GeneratorFunctionDeclaration = "generator_function_declaration",
    GenericType = "generic_type",
    Identifier = "identifier",
    IfStatement = "if_statement",
    ImplementsClause = "implements_clause",
    Import = "import",
    ImportAlias = "import_alias",
    ImportAttribute = "import_attribute",
    ImportClause = "import_clause",
    ImportRequireClause = "import_require_clause",
    ImportSpecifier = "import_specifier",
    ImportStatement = "import_statement",
    IndexSignature = "index_signature",
    IndexTypeQuery = "index_type_query",
    InferType = "infer_type",
    InstantiationExpression = "instantiation_expression",
    InterfaceBody = "interface_body",
    InterfaceDeclaration = "interface_declaration",
    InternalModule = "internal_module",
    IntersectionType = "intersection_type",
    LabeledStatement = "labeled_statement",
    LexicalDeclaration = "lexical_declaration",
    LiteralType = "literal_type",
    LookupType = "lookup_type",
    MacroDeclaration = "macro_declaration",
    MacroInvocation = "macro_invocation",
    MappedTypeClause = "mapped_type_clause",
    MemberExpression = "member_expression",
    MetaProperty = "meta_property",
    MethodDefinition = "method_definition",
    MethodSignature = "method_signature",
    Module = "module",
    NamedImports = "named_imports",
    NamespaceExport = "namespace_export",
    NamespaceImport = "namespace_import",
    NestedIdentifier = "nested_identifier",
    NestedTypeIdentifier = "nested_type_identifier",
    NewExpression = "new_expression",
    NonNullExpression = "non_null_expression",
    Object = "object",
    ObjectAssignmentPattern = "object_assignment_pattern",
    ObjectPattern = "object_pattern",
    ObjectType = "object_type",
    OmittingTypeAnnotation = "omitting_type_annotation",
    OptingTypeAnnotation = "opting_type_annotation",
    OptionalChain = "optional_chain",
    OptionalParameter = "optional_parameter",
    OptionalType = "optional_type",
    OverrideModifier = "override_modifier",
    Pair = "pair",
    PairPattern = "pair_pattern",
    ParenthesizedExpression = "parenthesized_expression",
    ParenthesizedType = "parenthesized_type",
    PredefinedType = "predefined_type",
    Program = "program",
    PropertySignature = "property_signature",
    PublicFieldDefinition = "public_field_definition",
    QuoteExpression = "quote_expression",
    QuoteType = "quote_type",
    ReadonlyType = "readonly_type",
    Regex = "regex",
    RequiredParameter = "required_parameter",
    RestPattern = "rest_pattern",
    RestType = "rest_type",
    ReturnStatement = "return_statement",
    SatisfiesExpression = "satisfies_expression",
    SequenceExpression = "sequence_expression",
    Splice = "splice",
    SplicedIdentifier = "spliced_identifier",
    SpreadElement = "spread_element",
    StatementBlock = "statement_block",
    String = "string",
    SubscriptExpression = "subscript_expression",
    SwitchBody = "switch_body",
    SwitchCase = "switch_case",
    SwitchDefault = "switch_default",
    SwitchStatement = "switch_statement",
    TemplateLiteralType = "template_literal_type",
    TemplateString = "template_string",
    TemplateSubstitution = "template_substitution",
    TemplateType = "template_type",
    TernaryExpression = "ternary_expression",
    ThrowStatement = "throw_statement",
    TryStatement = "try_statement",
    TupleType = "tuple_type",
    TypeAliasDeclaration = "type_alias_declaration",
    TypeAnnotation = "type_annotation",
    TypeArguments = "type_arguments",
    TypeAssertion = "type_assertion",
    TypeParameter = "type_parameter",
    TypeParameters = "type_parameters",
    TypePredicate = "type_predicate",
    TypePredicateAnnotation = "type_predicate_annotation",
    TypeQuery = "type_query",
    UnaryExpression = "unary_expression",
    UnionType = "union_type",
    UpdateExpression = "update_expression",
    VariableDeclaration = "variable_declaration",
    VariableDeclarator = "variable_declarator",
    WhileStatement = "while_statement",
    WithStatement = "with_statement",
    YieldExpression = "yield_expression",
    Comment = "comment",
    EscapeSequence = "escape_sequence",
    False = "false",
    HashBangLine = "hash_bang_line",
    HtmlComment = "html_comment",
    IdentifierFragment = "identifier_fragment",
    Null = "null",
    Number = "number",
    PrivatePropertyIdentifier = "private_property_identifier",
    PropertyIdentifier = "property_identifier",
    RegexFlags = "regex_flags",
    RegexPattern = "regex_pattern",
    ShorthandPropertyIdentifier = "shorthand_property_identifier",
    ShorthandPropertyIdentifierPattern = "shorthand_property_identifier_pattern",
    StatementIdentifier = "statement_identifier",
    StringFragment = "string_fragment",
    Super = "super",
    This = "this",
    ThisType = "this_type",
    True = "true",
    TypeIdentifier = "type_identifier",
    Undefined = "undefined",
}

macro_rules! fields {
    ($($field:ident = $name:literal,)*) => {
        /// The name of a child.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Field {
            $($field,)*
        }

        /// Every field with the grammar's name of it, in the order of the enumeration.
        pub const FIELDS: &[(Field, &str)] = &[$((Field::$field, $name),)*];
    };
}

fields! {
    Alias = "alias",
    Alternative = "alternative",
    Argument = "argument",
    Arguments = "arguments",
    Body = "body",
    Condition = "condition",
    Consequence = "consequence",
    Constraint = "constraint",
    Constructor = "constructor",
    Declaration = "declaration",
    Decorator = "decorator",
    Expression = "expression",
    Finalizer = "finalizer",
    Flags = "flags",
    Function = "function",
    Handler = "handler",
    Increment = "increment",
    Index = "index",
    IndexType = "index_type",
    Initializer = "initializer",
    Key = "key",
    Kind = "kind",
    Label = "label",
    Left = "left",
    Module = "module",
    Name = "name",
    Object = "object",
    Operator = "operator",
    OptionalChain = "optional_chain",
    Parameter = "parameter",
    Parameters = "parameters",
    Pattern = "pattern",
    Property = "property",
    ReturnType = "return_type",
    Right = "right",
    Sign = "sign",
    Source = "source",
    Type = "type",
    TypeArguments = "type_arguments",
    TypeParameters = "type_parameters",
    Value = "value",
}

impl Field {
    pub fn name(self) -> &'static str {
        FIELDS[self as usize].1
    }
}

/// By the grammar's number of a kind.
static BY_ID: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let language = language();
    (0..language.node_kind_count() as u16)
        .map(|id| match language.node_kind_for_id(id) {
            Some(name) if language.node_kind_is_named(id) => {
                KINDS.iter().find(|(_, other)| *other == name).map_or(Kind::Other, |(kind, _)| *kind)
            }
            _ => Kind::Token,
        })
        .collect()
});

/// By field, the grammar's number of it.
static FIELD_IDS: LazyLock<Vec<Option<u16>>> = LazyLock::new(|| {
    let language = language();
    FIELDS.iter().map(|(_, name)| language.field_id_for_name(name).map(u16::from)).collect()
});

pub(super) fn kind(node: tree_sitter::Node<'_>) -> Kind {
    if node.is_error() {
        return Kind::Error;
    }
    BY_ID.get(node.kind_id() as usize).copied().unwrap_or(Kind::Other)
}

/// By the grammar's number of a field, ours.
static FIELDS_BY_ID: LazyLock<Vec<Option<Field>>> = LazyLock::new(|| {
    let count = language().field_count() as u16 + 1;
    let ours = |id| FIELD_IDS.iter().position(|&known| known == Some(id)).map(|at| FIELDS[at].0);
    (0..count).map(ours).collect()
});

/// The field that has the grammar's number `id`.
pub(super) fn field(id: u16) -> Option<Field> {
    FIELDS_BY_ID.get(id as usize).copied().flatten()
}

/// Every kind of node that the grammar has, tokens included: its number, and its name or text.
pub fn symbols() -> impl Iterator<Item = (u16, &'static str)> {
    static LANGUAGE: LazyLock<Language> = LazyLock::new(language);
    (0..LANGUAGE.node_kind_count() as u16).filter_map(|id| Some((id, LANGUAGE.node_kind_for_id(id)?)))
}

pub(super) fn field_id(field: Field) -> Option<u16> {
    FIELD_IDS[field as usize]
}

/// Rows of the two tables that the grammar does not have; empty when all is well.
pub fn unknown_rows() -> Vec<&'static str> {
    let language = language();
    let kinds = KINDS.iter().map(|(_, name)| *name).filter(|name| language.id_for_node_kind(name, true) == 0);
    let fields = FIELDS.iter().map(|(_, name)| *name).filter(|name| language.field_id_for_name(name).is_none());
    kinds.chain(fields).collect()
}
