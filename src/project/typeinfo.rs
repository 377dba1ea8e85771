//! The extra round of a program with `@typeinfo` in it: loaded with holes, asked for shapes, loaded
//! with them.
//!
//! Invariant: two loads at most. A shape is a value and adds no type, so nothing that was asked in
//! the first round can differ in the second.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::{Cancel, FilePath};
use crate::engine::{EngineError, Files, LiteralShape, Program, ShapeKind, TypeShape};
use crate::expand::{ShapeTexts, holes, write_json_string};
use crate::text::SourceText;

use super::Snapshot;
use super::files::source_path;

/// The shapes of the uses in each file, as code.
pub(super) type Shapes = HashMap<FilePath, ShapeTexts>;

/// The snapshot with the shapes that a program to be run needs; `None` where it needs none.
pub(super) fn shaped(
    snap: &Snapshot,
    program: &Arc<dyn Program>,
    files: &dyn Files,
    cancel: &Cancel,
) -> Result<Option<Snapshot>, EngineError> {
    let mut shapes = Shapes::new();
    for path in program.files() {
        let file = source_path(snap, &path);
        if !file.is_metascript() {
            continue;
        }
        let Some(text) = files.read(&path).filter(|text| text.contains("typeinfo")) else { continue };
        let holes = holes(&snap.parse(SourceText::new(text.as_ref())));
        if holes.is_empty() {
            continue;
        }
        let ranges: Vec<_> = holes.iter().map(|hole| hole.of).collect();
        let found = program.type_shapes(&path, &ranges, cancel)?;
        let texts = shapes.entry(file).or_default();
        for (hole, shape) in holes.iter().zip(found) {
            let shape = shape.unwrap_or_else(|| TypeShape::new(ShapeKind::Other, String::new(), None));
            let mut text = String::new();
            write(&shape, &mut text);
            texts.insert(hole.number, text);
        }
    }
    Ok((!shapes.is_empty()).then(|| snap.with_shapes(Arc::new(shapes))))
}

/// A shape as `TypeInfo` of `std/meta` has it.
fn write(shape: &TypeShape, out: &mut String) {
    let kind = match shape.kind {
        ShapeKind::Primitive => "primitive",
        ShapeKind::Literal => "literal",
        ShapeKind::Object => "object",
        ShapeKind::Array => "array",
        ShapeKind::Tuple => "tuple",
        ShapeKind::Union => "union",
        ShapeKind::Intersection => "intersection",
        ShapeKind::Function => "function",
        ShapeKind::Reference => "reference",
        ShapeKind::Other => "other",
    };
    *out += &format!("{{ kind: {}, text: {}, name: ", quoted(kind), quoted(&shape.text));
    *out += &shape.name.as_ref().map_or("undefined".to_owned(), |name| quoted(name));
    *out += ", value: ";
    *out += &match &shape.value {
        Some(LiteralShape::Text(text)) => quoted(text),
        Some(LiteralShape::Code(code)) => code.clone(),
        None => "undefined".to_owned(),
    };
    *out += ", args: ";
    list(&shape.args, out, write);
    *out += ", properties: ";
    list(&shape.properties, out, |one, out| {
        *out += &format!("{{ name: {}, type: ", quoted(&one.name));
        write(&one.of, out);
        *out += &format!(", isOptional: {}, isReadonly: {} }}", one.is_optional, one.is_readonly);
    });
    *out += ", indexes: ";
    list(&shape.indexes, out, |one, out| {
        *out += "{ key: ";
        write(&one.key, out);
        *out += ", type: ";
        write(&one.of, out);
        *out += &format!(", isReadonly: {} }}", one.is_readonly);
    });
    *out += ", signatures: ";
    list(&shape.signatures, out, |one, out| {
        *out += "{ params: ";
        list(&one.parameters, out, |param, out| {
            *out += &format!("{{ name: {}, type: ", quoted(&param.name));
            write(&param.of, out);
            *out += &format!(", isOptional: {}, isRest: {} }}", param.is_optional, param.is_rest);
        });
        *out += ", returns: ";
        write(&one.returns, out);
        *out += " }";
    });
    *out += " }";
}

fn list<T>(items: &[T], out: &mut String, one: impl Fn(&T, &mut String)) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            *out += ", ";
        }
        one(item, out);
    }
    out.push(']');
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_json_string(text, &mut out);
    out
}
