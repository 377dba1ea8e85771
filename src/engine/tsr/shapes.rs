//! Shapes of types: what a type is made of, as plain data.
//!
//! Invariant: a shape is finite. A type that stands around itself, that lies deeper than
//! [`MOST_DEPTH`] or that comes after [`MOST_SHAPES`] others is a reference: it has its name and text
//! and nothing inside.

use tsr_ast::{AstView, NodeId, modifier_flags, symbol_flags};
use tsr_astnav::Navigator;
use tsr_checker::{Operation, SignatureKind, SymbolRef, TypeRef, object_flags, type_flags};
use tsr_parser::ParserJsDocProvider;

use super::place;
use super::program::TsrProgram;
use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::{
    EngineError, IndexShape, LiteralShape, ParameterShape, PropertyShape, ShapeKind, SignatureShape, TypeShape,
};

const MOST_DEPTH: usize = 12;
/// Of one asked type.
const MOST_SHAPES: usize = 4_000;

impl TsrProgram {
    pub(super) fn shapes(
        &self,
        file: &FilePath,
        ranges: &[TextRange],
        cancel: &Cancel,
    ) -> Result<Vec<Option<TypeShape>>, EngineError> {
        let source = place::file_of(&self.program, file)?;
        let bound = source.bound().view();
        let view = bound.ast();
        let mut nodes = Vec::new();
        for range in ranges {
            nodes.push(type_node(view, source.source(), *range)?);
        }
        let (_token, _listening) = super::fault::token(cancel);
        self.queries.with(&self.program, &self.counters, &format!("reading shapes of types in {file}"), |checker| {
            let mut out = Vec::new();
            for node in nodes {
                cancel.check()?;
                out.push(match node {
                    Some(node) => {
                        let ty = checker.get_type_from_type_node(node)?;
                        let mut walk = Walk { checker, around: Vec::new(), left: MOST_SHAPES };
                        Some(walk.shape(ty)?)
                    }
                    None => None,
                });
            }
            Ok(out)
        })
    }
}

/// The outermost node that begins and ends where `range` does.
fn type_node(view: AstView<'_>, source: NodeId, range: TextRange) -> Result<Option<NodeId>, EngineError> {
    let mut docs = ParserJsDocProvider::default();
    let mut navigator = Navigator::new(view, source, &mut docs);
    let mut at = Some(navigator.get_token_at_position(i64::from(range.start))?);
    let mut found = None;
    while let Some(node) = at.filter(|node| *node != source) {
        let start = navigator.get_start_of_node(node, false)?;
        let read = view.node(node)?;
        let end = i64::from(read.end());
        if start < i64::from(range.start) || end > i64::from(range.end) {
            break;
        }
        if start == i64::from(range.start) && end == i64::from(range.end) {
            found = Some(node);
        }
        at = read.parent();
    }
    Ok(found)
}

struct Walk<'a, 'o> {
    checker: &'a mut Operation<'o>,
    around: Vec<TypeRef>,
    left: usize,
}

impl Walk<'_, '_> {
    fn shape(&mut self, ty: TypeRef) -> Result<TypeShape, EngineError> {
        use type_flags as f;
        let flags = self.checker.type_flags(ty)?;
        let text = self.checker.type_to_string_default(ty)?;
        let mut shape =
            TypeShape::new(ShapeKind::Other, String::from_utf8_lossy(text.as_bytes()).into(), self.name(ty)?);
        let simple = f::ANY | f::UNKNOWN | f::UNDEFINED | f::NULL | f::VOID | f::STRING | f::NUMBER | f::BIG_INT;
        if flags & (simple | f::BOOLEAN | f::ES_SYMBOL | f::NEVER | f::NON_PRIMITIVE) != 0 {
            shape.kind = ShapeKind::Primitive;
            return Ok(shape);
        }
        if self.around.contains(&ty) || self.around.len() >= MOST_DEPTH || self.left == 0 {
            shape.kind = ShapeKind::Reference;
            return Ok(shape);
        }
        self.left -= 1;
        self.around.push(ty);
        let filled = self.fill(ty, flags, &mut shape);
        self.around.pop();
        filled?;
        Ok(shape)
    }

    fn fill(&mut self, ty: TypeRef, flags: u32, shape: &mut TypeShape) -> Result<(), EngineError> {
        use type_flags as f;
        if flags & f::UNION != 0 {
            shape.kind = ShapeKind::Union;
            for part in self.checker.constituents(ty)? {
                shape.args.push(self.shape(part)?);
            }
        } else if flags & f::INTERSECTION != 0 {
            shape.kind = ShapeKind::Intersection;
            for part in self.checker.constituents(ty)? {
                shape.args.push(self.shape(part)?);
            }
            self.members(ty, shape)?;
        } else if flags & f::STRING_LITERAL != 0 {
            let value = self.checker.string_literal_value(ty)?;
            shape.kind = ShapeKind::Literal;
            shape.value = Some(LiteralShape::Text(String::from_utf8_lossy(value.as_bytes()).into()));
        } else if flags & (f::NUMBER_LITERAL | f::BOOLEAN_LITERAL | f::BIG_INT_LITERAL) != 0 {
            shape.kind = ShapeKind::Literal;
            let value = self.checker.literal_value_text(ty)?;
            shape.value = Some(LiteralShape::Code(String::from_utf8_lossy(value.as_bytes()).into()));
        } else if flags & f::OBJECT != 0 {
            self.object(ty, shape)?;
        }
        Ok(())
    }

    fn object(&mut self, ty: TypeRef, shape: &mut TypeShape) -> Result<(), EngineError> {
        let is_array = self.checker.is_array_type(ty)?;
        if is_array || self.checker.is_tuple_type(ty)? {
            shape.kind = if is_array { ShapeKind::Array } else { ShapeKind::Tuple };
            for part in self.checker.get_type_arguments(ty)? {
                shape.args.push(self.shape(part)?);
            }
            return Ok(());
        }
        shape.kind = ShapeKind::Object;
        if self.checker.type_object_flags(ty)? & object_flags::REFERENCE != 0 {
            for part in self.checker.get_type_arguments(ty)? {
                if self.checker.type_flags(part)? & type_flags::TYPE_PARAMETER == 0 {
                    shape.args.push(self.shape(part)?);
                }
            }
        }
        // What is inside of a `Date` or a `Map` is the library's affair.
        if let Some(symbol) = self.symbol(ty)? {
            let flags = self.checker.get_symbol_flags(symbol)?;
            let is_named = flags & (symbol_flags::CLASS | symbol_flags::INTERFACE) != 0;
            if is_named && self.checker.is_lib_symbol_for_hover_verbosity(Some(symbol))? {
                return Ok(());
            }
        }
        self.members(ty, shape)?;
        if !shape.signatures.is_empty() && shape.properties.is_empty() {
            shape.kind = ShapeKind::Function;
        }
        Ok(())
    }

    fn members(&mut self, ty: TypeRef, shape: &mut TypeShape) -> Result<(), EngineError> {
        for property in self.checker.get_properties_of_type(ty)? {
            let hidden = modifier_flags::PRIVATE | modifier_flags::PROTECTED;
            let name = self.symbol_name(property)?;
            let modifiers = self.checker.get_declaration_modifier_flags_from_symbol(property)?;
            let (Some(name), 0) = (name, modifiers & hidden) else { continue };
            let is_optional = self.checker.get_symbol_flags(property)? & symbol_flags::OPTIONAL != 0;
            let mut of = self.checker.get_type_of_symbol(property)?;
            if is_optional {
                of = self.checker.remove_missing_or_undefined_type(of)?;
            }
            let is_readonly = self.checker.is_readonly_symbol(property)?;
            shape.properties.push(PropertyShape { name, of: self.shape(of)?, is_optional, is_readonly });
        }
        for info in self.checker.get_index_infos_of_type(ty)? {
            let parts = self.checker.index_info_parts(info)?;
            let (key, of) = (self.shape(parts.key_type)?, self.shape(parts.value_type)?);
            shape.indexes.push(IndexShape { key, of, is_readonly: parts.is_readonly });
        }
        for signature in self.checker.get_signatures_of_type(ty, SignatureKind::Call)? {
            let params = self.checker.signature_parameters(signature)?;
            let least = usize::try_from(self.checker.signature_min_argument_count(signature)?).unwrap_or(0);
            let has_rest = self.checker.has_effective_rest_parameter(signature)?;
            let count = params.len();
            let mut parameters = Vec::new();
            for (index, param) in params.into_iter().enumerate() {
                let is_rest = has_rest && index + 1 == count;
                let is_optional = index >= least && !is_rest;
                let mut of = self.checker.get_type_of_symbol(param)?;
                if is_optional {
                    of = self.checker.remove_missing_or_undefined_type(of)?;
                }
                let name = self.symbol_name(param)?.unwrap_or_default();
                parameters.push(ParameterShape { name, of: self.shape(of)?, is_optional, is_rest });
            }
            let returns = self.checker.get_return_type_of_signature(signature)?;
            let returns = self.shape(returns)?;
            shape.signatures.push(SignatureShape { parameters, returns });
        }
        Ok(())
    }

    /// The alias, class, interface or enum that a type is known by.
    fn name(&mut self, ty: TypeRef) -> Result<Option<String>, EngineError> {
        if let Some((alias, _)) = self.checker.type_alias(ty)? {
            let alias = self.checker.symbol_ref(alias)?;
            return self.symbol_name(alias);
        }
        match self.symbol(ty)? {
            Some(symbol) => {
                let flags = self.checker.get_symbol_flags(symbol)?;
                let named = symbol_flags::CLASS
                    | symbol_flags::INTERFACE
                    | symbol_flags::ENUM
                    | symbol_flags::ENUM_MEMBER
                    | symbol_flags::TYPE_PARAMETER;
                if flags & named == 0 { Ok(None) } else { self.symbol_name(symbol) }
            }
            None => Ok(None),
        }
    }

    fn symbol(&mut self, ty: TypeRef) -> Result<Option<SymbolRef>, EngineError> {
        Ok(match self.checker.type_symbol(ty)? {
            Some(symbol) => Some(self.checker.symbol_ref(symbol)?),
            None => None,
        })
    }

    /// `None` for what has no name that can be written down: symbols, private names.
    fn symbol_name(&mut self, symbol: SymbolRef) -> Result<Option<String>, EngineError> {
        let symbol = self.checker.symbol(symbol)?;
        let name = symbol.name_bytes();
        Ok((!name.starts_with(b"\xfe")).then(|| String::from_utf8_lossy(name).into_owned()))
    }
}
