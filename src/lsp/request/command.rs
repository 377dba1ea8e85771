//! `workspace/executeCommand`.
//!
//! A command answers with JSON, for clients that run commands from code; what a person should see
//! besides is an [`Effect`], which the loop carries out.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::ls_types::*;

use crate::base::{Cancel, FilePath, TextRange};
use crate::cache::LEVELS;
use crate::ide::expansion::{Depth, expand_use};
use crate::ide::{IdeError, IdeResult};
use crate::lsp::from_proto;
use crate::lsp::to_proto::{Edge, uri};
use crate::macros::Permissions;
use crate::project::Snapshot;
use crate::text::SourceText;

use super::content;

/// Opens what the macro at a place generates: arguments are a URI, a position or a range, and how many steps are
/// taken (one, unless said: the macro itself; then the macros that its output uses, and so on).
pub const EXPAND: &str = "metascript.expandMacro";
/// The same with the macros expanded that the output uses.
pub const EXPAND_RECURSIVELY: &str = "metascript.expandRecursively";
/// Opens how a document is parsed: its argument is a URI.
pub const SYNTAX_TREE: &str = "metascript.showSyntaxTree";
/// Looks at every file and permission anew.
pub const RELOAD: &str = "metascript.reloadWorkspace";

/// Asks what macros may do: of the project of a document, if its argument is a URI, else of every
/// project that waits for an answer.
pub const TRUST: &str = "metascript.trust";

/// Opens how many rows the caches of the session's projects hold.
pub const CACHE_STATS: &str = "metascript.showCacheStats";
/// Deletes those rows. What the session already knows stays known.
pub const CLEAR_CACHE: &str = "metascript.clearCache";

/// Commands that are answered.
pub const COMMANDS: &[&str] = &[EXPAND, EXPAND_RECURSIVELY, SYNTAX_TREE, RELOAD, TRUST, CACHE_STATS, CLEAR_CACHE];

/// What the loop does for a command.
pub enum Effect {
    /// Shows a document to the person.
    Show(Uri),
    Reload,
    /// Asks the person what these may do; not again what was asked before, unless it is `wanted`.
    Ask {
        open: Vec<Permissions>,
        wanted: bool,
    },
    /// A person granted something.
    Permitted,
    /// Says something to the person.
    Say(MessageType, String),
}

/// Runs on the read pool; `tell` reaches the loop.
pub fn run(
    snap: &Snapshot,
    edge: &Edge,
    params: &ExecuteCommandParams,
    cancel: &Cancel,
    tell: &dyn Fn(Effect),
) -> IdeResult<Option<Value>> {
    let arguments = &params.arguments;
    match params.command.as_str() {
        EXPAND => expand(snap, edge, arguments, Depth::Steps(steps(arguments)), cancel, tell).map(Some),
        EXPAND_RECURSIVELY => expand(snap, edge, arguments, Depth::Full, cancel, tell).map(Some),
        SYNTAX_TREE => syntax_tree(snap, edge, arguments, tell).map(Some),
        RELOAD => {
            tell(Effect::Reload);
            Ok(None)
        }
        TRUST => trust(snap, edge, arguments, tell).map(|()| None),
        CACHE_STATS => Ok(Some(cache_stats(snap, edge, tell))),
        CLEAR_CACHE => clear_cache(snap, tell).map(Some),
        other => Err(IdeError::Refused(format!("there is no command {other}"))),
    }
}

fn expand(
    snap: &Snapshot,
    edge: &Edge,
    arguments: &[Value],
    depth: Depth,
    cancel: &Cancel,
    tell: &dyn Fn(Effect),
) -> IdeResult<Value> {
    let (file, text) = document(snap, edge, arguments)?;
    let position = arguments.get(1).and_then(position).ok_or_else(|| {
        IdeError::Refused("the second argument must be the position of the use: { line, character }".to_owned())
    })?;
    let offset = from_proto::offset(&text, position, edge.encoding());
    let found = expand_use(snap, &file, offset, depth, cancel)?;
    let line = text.lines().line_of(found.offset) + 1;
    let uri = match edge.abilities.content {
        true => {
            let uri = content::uri(&file, edge.range(&text, TextRange::empty(found.offset)).start, line, depth);
            let uri = uri.filter(|_| edge.abilities.show_document);
            uri.inspect(|uri| tell(Effect::Show(uri.clone())))
        }
        false => {
            let name = format!("{}.line-{line}.ts", file.name().trim_end_matches(".ms"));
            show(edge, &name, &content::written(&found, &file, line), tell)
        }
    };
    Ok(json!({ "name": found.name, "text": found.text, "uri": uri, "hasMore": found.has_more }))
}

/// The third argument: a number of steps.
fn steps(arguments: &[Value]) -> u32 {
    arguments.get(2).and_then(Value::as_u64).and_then(|steps| u32::try_from(steps).ok()).unwrap_or(1).max(1)
}

fn trust(snap: &Snapshot, edge: &Edge, arguments: &[Value], tell: &dyn Fn(Effect)) -> IdeResult<()> {
    if snap.is_restricted() {
        let why = "The editor does not trust this folder: macros have no permissions until it does.".to_owned();
        tell(Effect::Say(MessageType::WARNING, why));
        return Ok(());
    }
    let open = match arguments.is_empty() {
        true => snap.open_requests(),
        false => {
            let (file, _) = document(snap, edge, arguments)?;
            Some(snap.permissions_of(&file)).filter(Permissions::is_open).into_iter().collect()
        }
    };
    tell(match open.is_empty() {
        true => Effect::Say(MessageType::INFO, "Macros ask for nothing that you have not granted.".to_owned()),
        false => Effect::Ask { open, wanted: true },
    });
    Ok(())
}

fn syntax_tree(snap: &Snapshot, edge: &Edge, arguments: &[Value], tell: &dyn Fn(Effect)) -> IdeResult<Value> {
    let (file, _) = document(snap, edge, arguments)?;
    let tree = snap.syntax(&file).map(|syntax| syntax.sexp()).unwrap_or_default();
    let uri = show(edge, &format!("{}.syntax.scm", file.name()), &tree, tell);
    Ok(json!({ "name": file.name(), "text": tree, "uri": uri }))
}

fn cache_stats(snap: &Snapshot, edge: &Edge, tell: &dyn Fn(Effect)) -> Value {
    let mut text = String::new();
    let mut projects = Vec::new();
    for (root, store) in snap.shared().stores() {
        // Rows on their way are counted, too.
        store.flush();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{root}");
        let mut levels = Vec::new();
        for spec in &LEVELS {
            let contents = store.contents(spec.level);
            let _ = writeln!(text, "  {:<12}{:>10} rows{:>14} bytes", spec.name, contents.rows, contents.bytes);
            levels
                .push(json!({ "name": spec.name, "rows": contents.rows, "bytes": contents.bytes, "limit": spec.cap }));
        }
        let health = store.health();
        for line in &health {
            let _ = writeln!(text, "  {line}");
        }
        projects.push(json!({ "root": root, "levels": levels, "health": health }));
    }
    let uri = show(edge, "cache.txt", &text, tell);
    json!({ "name": "cache", "text": text, "uri": uri, "projects": projects })
}

fn clear_cache(snap: &Snapshot, tell: &dyn Fn(Effect)) -> IdeResult<Value> {
    let mut rows = 0;
    for (root, store) in snap.shared().stores() {
        let cleared = store.clear();
        rows += cleared.ok_or_else(|| IdeError::Refused(format!("the cache of {root} cannot be cleared")))?;
    }
    tell(Effect::Say(MessageType::INFO, format!("{rows} rows of the cache are deleted.")));
    Ok(json!({ "rows": rows }))
}

/// Writes a text and has the client show it; `None` where the client shows no documents.
fn show(edge: &Edge, name: &str, text: &str, tell: &dyn Fn(Effect)) -> Option<Uri> {
    let uri =
        edge.abilities.show_document.then(|| edge.shown.write(name, text)).flatten().and_then(|file| uri(&file))?;
    tell(Effect::Show(uri.clone()));
    Some(uri)
}

/// The document that the first argument names.
fn document(snap: &Snapshot, edge: &Edge, arguments: &[Value]) -> IdeResult<(FilePath, SourceText)> {
    let uri = arguments.first().and_then(|first| Uri::deserialize(first).ok());
    let uri = uri.ok_or_else(|| IdeError::Refused("the first argument must be the URI of a document".to_owned()))?;
    let file = edge.file(&uri);
    let found = file.and_then(|file| snap.text(&file).map(|text| (file, text)));
    found.ok_or_else(|| IdeError::Refused(format!("{} cannot be read", uri.as_str())))
}

/// A position, or where a range begins.
fn position(argument: &Value) -> Option<Position> {
    let range = || Range::deserialize(argument).ok().map(|range| range.start);
    Position::deserialize(argument).ok().or_else(range)
}
