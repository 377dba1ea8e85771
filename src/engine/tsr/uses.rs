//! Which declarations the names in a file lead to, one walk a file.
//!
//! A name that may mean a member of a type is put to the checker as the language service's own search
//! for references puts it: what it means itself, the same member of base types, the properties that
//! an object literal's context expects, the property that a pattern takes apart. Two names are of one
//! search where they share one of these. Other names (variables, imports) are not recorded: the
//! language service looks for those in few files.
//!
//! Invariant: what this walk leaves out is unsure by its text, or it has no meaning in a search that
//! starts at a sure name.

use std::collections::{HashMap, HashSet};

use tsr_ast::{
    AstView, NodeId, NodeRead, SyntaxKind as K, check_flags, modifier_flags, symbol_flags as sf, utilities as ast,
    utilities_class, utilities_positions,
};
use tsr_astnav::Navigator;
use tsr_checker::{Operation, SymbolRef};
use tsr_compiler::{Program, ProgramFile};
use tsr_parser::ParserJsDocProvider;

use super::checker::Checker;
use super::place;
use super::program::TsrProgram;
use super::surface::children;
use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::EngineError;
use crate::engine::uses::{FileUses, Recorder, SymbolKey};

impl TsrProgram {
    /// With the checker of questions for a file or two, with one of its own for many.
    pub(super) fn uses_of(
        &self,
        files: &[FilePath],
        cancel: &Cancel,
        done: &mut dyn FnMut(&FilePath, FileUses),
    ) -> Result<(), EngineError> {
        let own = Checker::default();
        let checker = if files.len() <= 2 { &self.queries } else { &own };
        for file in files {
            cancel.check()?;
            let source = place::file_of(&self.program, file)?;
            let uses =
                checker.with(&self.program, &self.counters, &format!("reading the names in {file}"), |checker| {
                    Walk::new(self, checker, source).file(cancel)
                })?;
            done(file, uses);
        }
        Ok(())
    }
}

struct Walk<'a, 'o> {
    engine: &'a TsrProgram,
    program: &'a Program,
    checker: &'a mut Operation<'o>,
    file: &'a ProgramFile,
    keys: HashMap<SymbolRef, Option<SymbolKey>>,
    bases: HashMap<SymbolRef, Vec<SymbolRef>>,
    recorder: Recorder,
    /// Names of parameters that declare properties: inside the constructor, they mean both.
    parameters: HashSet<Vec<u8>>,
}

/// A declaration that a search compares, and the one it counts the name to.
struct Related {
    tested: SymbolRef,
    found: SymbolRef,
}

/// What a node has to do with members.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    None,
    /// May mean a member; a search may start here.
    Member,
    /// May mean a member, and is written in a way that a search treats on its own.
    Odd,
    /// May mean a member beside what else it means.
    Beside,
}

impl<'a, 'o> Walk<'a, 'o> {
    fn new(engine: &'a TsrProgram, checker: &'a mut Operation<'o>, file: &'a ProgramFile) -> Walk<'a, 'o> {
        let (keys, bases, parameters) = Default::default();
        let program = &*engine.program;
        Walk { engine, program, checker, file, keys, bases, recorder: Recorder::default(), parameters }
    }

    fn file(mut self, cancel: &Cancel) -> Result<FileUses, EngineError> {
        let view = self.file.bound().view().ast();
        let root = self.file.source();
        let source = view.source_file(root)?;
        let text = source.text();
        let text = text.as_str().unwrap_or_default();
        words_of_docs(text, |word| self.recorder.unsure(word));
        let mut nodes = Vec::new();
        let mut stack = vec![root];
        while let Some(node) = stack.pop() {
            let read = view.node(node)?;
            match read.kind().known() {
                Some(
                    K::Identifier
                    | K::PrivateIdentifier
                    | K::StringLiteral
                    | K::NoSubstitutionTemplateLiteral
                    | K::NumericLiteral,
                ) => nodes.push(node),
                Some(K::Parameter) => self.parameter(view, node, &read)?,
                _ => {}
            }
            stack.extend(children(view, node)?.into_iter().rev());
        }
        let is_typescript = !ast::is_in_js_file(Some(&view.node(root)?));
        let mut docs = ParserJsDocProvider::default();
        for node in nodes {
            cancel.check()?;
            let role = self.role(view, node)?;
            if role == Role::None {
                continue;
            }
            let start = Navigator::new(view, root, &mut docs).get_start_of_node(node, false)?;
            let end = i64::from(view.node(node)?.end());
            let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end)) else { continue };
            let range = TextRange::new(start, end.max(start));
            let name = view.node_text(node)?;
            let name = String::from_utf8_lossy(name.as_bytes());
            if name.is_empty() {
                continue;
            }
            let is_plain = text.get(range.start as usize..range.end as usize) == Some(&*name);
            if !is_typescript || name.starts_with("__") || (!is_plain && role != Role::Odd) {
                self.recorder.unsure(&name);
                continue;
            }
            self.name(view, node, role, range, &name)?;
        }
        Ok(self.recorder.finish())
    }

    fn parameter(&mut self, view: AstView<'_>, node: NodeId, read: &NodeRead<'_>) -> Result<(), EngineError> {
        let (Some(parent), Some(name)) = (read.parent(), read.name()) else { return Ok(()) };
        if ast::is_parameter_property_declaration(view, node, parent)? && view.node(name)?.kind() == K::Identifier {
            self.parameters.insert(view.node_text(name)?.as_bytes().to_vec());
        }
        Ok(())
    }

    fn role(&self, view: AstView<'_>, node: NodeId) -> Result<Role, EngineError> {
        let read = view.node(node)?;
        let Some(parent) = read.parent() else { return Ok(Role::None) };
        let above = view.node(parent)?;
        let is_name = above.name() == Some(node);
        let is_identifier = matches!(read.kind().known(), Some(K::Identifier | K::PrivateIdentifier));
        Ok(match above.kind().known() {
            Some(
                K::PropertyDeclaration
                | K::PropertySignature
                | K::MethodDeclaration
                | K::MethodSignature
                | K::GetAccessor
                | K::SetAccessor
                | K::PropertyAssignment,
            ) if is_name => {
                if is_identifier {
                    Role::Member
                } else {
                    Role::Odd
                }
            }
            Some(K::EnumMember | K::ShorthandPropertyAssignment | K::JsxAttribute) if is_name => Role::Odd,
            Some(K::PropertyAccessExpression) if is_name => {
                let is_heritage = match above.parent() {
                    Some(around) => view.node(around)?.kind() == K::ExpressionWithTypeArguments,
                    None => false,
                };
                if is_heritage { Role::Odd } else { Role::Member }
            }
            Some(K::QualifiedName) if is_identifier => Role::Odd,
            Some(K::BindingElement) if is_identifier && above.property_name() == Some(node) => Role::Member,
            Some(K::BindingElement) if is_identifier && is_name && above.property_name().is_none() => Role::Beside,
            Some(K::Parameter) if is_identifier && is_name => self.beside(view, node)?,
            Some(K::ElementAccessExpression | K::ComputedPropertyName) if !is_identifier => Role::Odd,
            Some(K::LiteralType) => {
                let around = above.parent().map(|around| view.node(around)).transpose()?;
                if around.is_some_and(|around| around.kind() == K::IndexedAccessType) { Role::Odd } else { Role::None }
            }
            // `Object.defineProperty(target, "name", …)` declares.
            Some(K::CallExpression) if !is_identifier => Role::Odd,
            _ if is_identifier => self.beside(view, node)?,
            _ => Role::None,
        })
    }

    fn beside(&self, view: AstView<'_>, node: NodeId) -> Result<Role, EngineError> {
        let is_parameter = !self.parameters.is_empty() && self.parameters.contains(view.node_text(node)?.as_bytes());
        Ok(if is_parameter { Role::Beside } else { Role::None })
    }

    fn name(
        &mut self,
        view: AstView<'_>,
        node: NodeId,
        role: Role,
        range: TextRange,
        name: &str,
    ) -> Result<(), EngineError> {
        let Some(symbol) = self.checker.get_symbol_at_location(node)? else { return Ok(()) };
        let related = self.related(view, node, symbol)?;
        let bound = self.file.bound().view();
        let declaration = utilities_positions::get_declaration_from_name(view, Some(bound), Some(node))?;
        let mut touches = Vec::new();
        let mut all_known = true;
        for one in &related {
            let Some(key) = self.key(one.tested)? else {
                all_known = false;
                continue;
            };
            let is_declaration = match declaration {
                Some(declaration) => self.declarations(one.found)?.contains(&declaration),
                None => false,
            };
            touches.push((key, is_declaration));
        }
        let is_sure = role == Role::Member && all_known && self.is_sure(symbol, name)?;
        self.recorder.name(range, name, touches, is_sure, role == Role::Odd);
        Ok(())
    }

    /// Whether a search for a symbol goes through all files and by this name.
    fn is_sure(&mut self, symbol: SymbolRef, name: &str) -> Result<bool, EngineError> {
        let flags = self.checker.symbol(symbol)?.flags();
        if flags & (sf::PROPERTY | sf::METHOD | sf::ACCESSOR) == 0
            || flags & (sf::FUNCTION_SCOPED_VARIABLE | sf::ALIAS) != 0
            || self.checker.symbol_display_name(symbol)?.as_bytes() != name.as_bytes()
        {
            return Ok(false);
        }
        for (index, declaration) in self.declarations(symbol)?.into_iter().enumerate() {
            let view = self.view(declaration)?;
            let read = view.node(declaration)?;
            let is_private = match read.name() {
                Some(name) => view.node(name)?.kind() == K::PrivateIdentifier,
                None => true,
            };
            if is_private
                || ast::has_syntactic_modifier(view, declaration, modifier_flags::PRIVATE)?
                || read.kind() == K::Parameter
                || is_of_union(view, &read)?
            {
                return Ok(false);
            }
            if index == 0 && flags & sf::TRANSIENT != 0 {
                let Some(bound) = self.checker.bound_symbol_of_node(declaration)? else { return Ok(false) };
                if self.checker.symbol_display_name(bound)?.as_bytes() != name.as_bytes() {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// What a search compares a name by, in its order.
    fn related(&mut self, view: AstView<'_>, node: NodeId, symbol: SymbolRef) -> Result<Vec<Related>, EngineError> {
        let mut out = Vec::new();
        if let Some((element, literal)) = literal_element(view, node)? {
            if let Some(context) = self.checker.get_contextual_type(literal, 0)? {
                for property in self.checker.get_property_symbols_from_contextual_type(element, context, true)? {
                    self.roots(property, &mut out)?;
                }
            }
            if let Some(property) = self.checker.get_property_symbol_of_destructuring_assignment(node)? {
                out.push(Related { tested: property, found: property });
            }
            if let Some(value) = self.checker.get_shorthand_assignment_value_symbol(view.node(node)?.parent())? {
                out.push(Related { tested: value, found: value });
            }
        }
        self.roots(symbol, &mut out)?;
        if let Some(declaration) = self.checker.symbol(symbol)?.value_declaration() {
            let view = self.view(declaration)?;
            if let Some(parent) = view.node(declaration)?.parent()
                && ast::is_parameter_property_declaration(view, declaration, parent)?
            {
                let read = self.checker.symbol(symbol)?;
                let (name, flags) = (read.name_bytes().to_vec(), read.flags());
                let (parameter, member) =
                    self.checker.get_symbols_of_parameter_property_declaration(declaration, &name)?;
                let other = if flags & sf::FUNCTION_SCOPED_VARIABLE != 0 { member } else { parameter };
                self.roots(other, &mut out)?;
                return Ok(out);
            }
        }
        if let Some(property) = self.taken_apart(view, node)? {
            self.roots(property, &mut out)?;
        }
        Ok(out)
    }

    /// The property that `{ name }` in a pattern takes.
    fn taken_apart(&mut self, view: AstView<'_>, node: NodeId) -> Result<Option<SymbolRef>, EngineError> {
        let Some(element) = view.node(node)?.parent() else { return Ok(None) };
        let read = view.node(element)?;
        let Some(pattern) = read.parent() else { return Ok(None) };
        let is_short = read.kind() == K::BindingElement
            && read.property_name().is_none()
            && read.name() == Some(node)
            && view.node(pattern)?.kind() == K::ObjectBindingPattern;
        if !is_short {
            return Ok(None);
        }
        let ty = self.checker.get_type_at_location(pattern)?;
        Ok(self.checker.get_property_of_type(ty, view.node_text(node)?.as_bytes())?)
    }

    /// A symbol's roots, each with the same member of the types above its own.
    fn roots(&mut self, symbol: SymbolRef, out: &mut Vec<Related>) -> Result<(), EngineError> {
        let is_synthetic = self.checker.symbol(symbol)?.check_flags() & check_flags::SYNTHETIC != 0;
        for root in self.checker.get_root_symbols(symbol)? {
            let found = if is_synthetic { symbol } else { root };
            out.push(Related { tested: root, found });
            for base in self.of_bases(root)? {
                if self.is_static(symbol)? == self.is_static(base)? {
                    out.push(Related { tested: base, found });
                }
            }
        }
        Ok(())
    }

    /// The members of the same name in the types that a member's own extends or implements, at any
    /// remove.
    fn of_bases(&mut self, member: SymbolRef) -> Result<Vec<SymbolRef>, EngineError> {
        if let Some(known) = self.bases.get(&member) {
            return Ok(known.clone());
        }
        let mut found = Vec::new();
        let read = self.checker.symbol(member)?;
        let (name, parent) = (read.name_bytes().to_vec(), read.parent());
        if let Some(parent) = parent {
            let mut seen = HashSet::new();
            let mut stack = vec![self.checker.symbol_ref(parent)?];
            while let Some(around) = stack.pop() {
                if self.checker.symbol(around)?.flags() & (sf::CLASS | sf::INTERFACE) == 0 || !seen.insert(around) {
                    continue;
                }
                for declaration in self.declarations(around)? {
                    for above in bases_of(self.view(declaration)?, declaration)? {
                        let ty = self.checker.get_type_at_location(above)?;
                        let Some(above) = self.checker.type_symbol(ty)? else { continue };
                        if let Some(property) = self.checker.get_property_of_type(ty, &name)? {
                            found.extend(self.checker.get_root_symbols(property)?);
                        }
                        stack.push(self.checker.symbol_ref(above)?);
                    }
                }
            }
        }
        self.bases.insert(member, found.clone());
        Ok(found)
    }

    fn is_static(&self, symbol: SymbolRef) -> Result<bool, EngineError> {
        match self.checker.symbol(symbol)?.value_declaration() {
            Some(declaration) => {
                Ok(ast::has_syntactic_modifier(self.view(declaration)?, declaration, modifier_flags::STATIC)?)
            }
            None => Ok(false),
        }
    }

    /// `None` for a symbol that is not the one of its first declaration, or of several files: it
    /// equals none that has a key.
    fn key(&mut self, symbol: SymbolRef) -> Result<Option<SymbolKey>, EngineError> {
        if let Some(known) = self.keys.get(&symbol) {
            return Ok(*known);
        }
        let key = self.make_key(symbol)?;
        self.keys.insert(symbol, key);
        Ok(key)
    }

    fn make_key(&mut self, symbol: SymbolRef) -> Result<Option<SymbolKey>, EngineError> {
        let declarations = self.declarations(symbol)?;
        let Some(&first) = declarations.first() else { return Ok(None) };
        let Some(file) = self.program.file_of_node(first) else { return Ok(None) };
        for other in &declarations[1..] {
            if self.program.file_of_node(*other).is_none_or(|other| other.source() != file.source()) {
                return Ok(None);
            }
        }
        let Some(bound) = self.checker.bound_symbol_of_node(first)? else { return Ok(None) };
        if bound != symbol && self.checker.get_merged_symbol(bound)? != symbol {
            return Ok(None);
        }
        self.engine.surveyed(file)?.key(file.bound().view().ast(), first)
    }

    fn declarations(&self, symbol: SymbolRef) -> Result<Vec<NodeId>, EngineError> {
        Ok(self.checker.symbol_declarations(symbol)?.iter().flatten().collect())
    }

    fn view(&self, node: NodeId) -> Result<AstView<'a>, EngineError> {
        let file = self.program.file_of_node(node).ok_or(tsr_arena::Error::WrongOwner)?;
        Ok(file.bound().view().ast())
    }
}

/// The element of an object literal, or JSX attribute, that a node names, and what it stands in.
fn literal_element(view: AstView<'_>, node: NodeId) -> Result<Option<(NodeId, NodeId)>, EngineError> {
    let Some(mut element) = view.node(node)?.parent() else { return Ok(None) };
    if view.node(element)?.kind() == K::ComputedPropertyName {
        if view.node(node)?.kind() == K::Identifier {
            return Ok(None);
        }
        let Some(around) = view.node(element)?.parent() else { return Ok(None) };
        element = around;
    } else if view.node(element)?.name() != Some(node) {
        return Ok(None);
    }
    let read = view.node(element)?;
    let Some(literal) = read.parent() else { return Ok(None) };
    let is_element =
        ast::is_object_literal_element(&read) || read.kind() == K::JsxAttribute || read.kind() == K::JsxSpreadAttribute;
    let is_inside = matches!(view.node(literal)?.kind().known(), Some(K::ObjectLiteralExpression | K::JsxAttributes));
    Ok((is_element && is_inside).then_some((element, literal)))
}

/// Whether a member stands in a type literal that is a part of a union as written: a search from it is for
/// the union's.
fn is_of_union(view: AstView<'_>, member: &NodeRead<'_>) -> Result<bool, EngineError> {
    let Some(literal) = member.parent() else { return Ok(false) };
    let read = view.node(literal)?;
    if read.kind() != K::TypeLiteral {
        return Ok(false);
    }
    match read.parent() {
        Some(around) => Ok(view.node(around)?.kind() == K::UnionType),
        None => Ok(false),
    }
}

/// The types that a class or interface names as its bases.
fn bases_of(view: AstView<'_>, declaration: NodeId) -> Result<Vec<NodeId>, EngineError> {
    let read = view.node(declaration)?;
    if read.kind() == K::InterfaceDeclaration {
        return Ok(utilities_class::get_heritage_elements(view, declaration, K::ExtendsKeyword)?);
    }
    if !ast::is_class_like(&read) {
        return Ok(Vec::new());
    }
    let mut bases: Vec<NodeId> =
        utilities_class::get_class_extends_heritage_element(view, declaration)?.into_iter().collect();
    bases.extend(utilities_class::get_implements_heritage_clause_elements(view, declaration)?);
    Ok(bases)
}

/// The words that doc comments may use as names: those in a line with a tag, and in links.
fn words_of_docs(text: &str, mut tell: impl FnMut(&str)) {
    for (start, _) in text.match_indices("/**") {
        let comment = &text[start..];
        let comment = &comment[..comment.find("*/").unwrap_or(comment.len())];
        for line in comment.lines().filter(|line| line.contains('@')) {
            let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
            words.filter(|word| !word.is_empty()).for_each(&mut tell);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doc_comments_name_things_where_they_have_tags() {
        let mut words = Vec::new();
        words_of_docs("/** Plain. */ a /**\n * See {@link b.c}\n * and d\n * @param e f\n */", |word| {
            words.push(word.to_owned());
        });
        assert_eq!(words, ["See", "link", "b", "c", "param", "e", "f"]);
    }
}
