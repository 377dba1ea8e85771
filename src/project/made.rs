//! [`Made`]: the names that macros are known to have generated, for colours and outlines.
//!
//! Read off a file's last expansion when a whole pass has ended, on that pass's thread, so that the
//! questions of a live tree find it in memory: they run no macro, ask no engine and read no disk.
//!
//! Invariant: names and no positions, so that what is typed meanwhile leaves them as true as they were.
//!
//! Start reading at [`learn`].

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use crate::base::FilePath;
use crate::expand::names::{Export, Import, resolve};
use crate::expand::{CallKind, CallSite, Expanded, FileFacts, MacroScope};
use crate::std_lib;
use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};
use crate::text::SourceText;

use super::scope::{Scope, facts_of};
use super::shared::lock;
use super::{Snapshot, expansion};

/// What is known of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// By the name that a class has in the file, imported ones included.
    classes: BTreeMap<String, Arc<Members>>,
    /// Generated declarations, and imports of such.
    declarations: BTreeSet<String>,
    /// Names that the file has for macros of other files.
    macros: BTreeSet<String>,
}

/// What macros added to one class.
#[derive(Debug, Default, PartialEq, Eq)]
struct Members {
    /// In the order of the generated text.
    list: Vec<MadeMember>,
    /// Every name, with whether it is one of instances and one of the class itself.
    names: HashMap<String, [bool; 2]>,
}

/// A member that a macro added to a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeMember {
    pub name: String,
    pub kind: MadeKind,
    pub is_static: bool,
    /// The use in the class's source.
    pub by: MadeBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeKind {
    Constructor,
    Method,
    Accessor,
    Property,
}

/// A use of a macro, told by what an edit elsewhere leaves alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeBy {
    /// `derive(Eq, Hash)`: as written, on one line.
    pub shown: String,
    /// `derive`.
    pub name: String,
    /// What an attribute stands on: the class, or a member of it.
    pub target: Option<String>,
    pub is_attribute: bool,
}

impl Made {
    /// What macros added to the class that has this name in the file.
    pub fn members(&self, class: &str) -> &[MadeMember] {
        self.classes.get(class).map_or(&[], |members| members.list.as_slice())
    }

    /// Whether macros added a member by this name to the class.
    pub fn is_member(&self, class: &str, name: &str, is_static: bool) -> bool {
        let names = self.classes.get(class).and_then(|members| members.names.get(name));
        names.is_some_and(|kinds| kinds[usize::from(is_static)])
    }

    /// Whether macros added members to any class that the file knows.
    pub fn has_members(&self) -> bool {
        !self.classes.is_empty()
    }

    pub fn is_declaration(&self, name: &str) -> bool {
        self.declarations.contains(name)
    }

    pub fn is_macro(&self, name: &str) -> bool {
        self.macros.contains(name)
    }
}

/// What a file's own uses made.
#[derive(Default)]
struct Own {
    classes: BTreeMap<String, Arc<Members>>,
    declarations: BTreeSet<String>,
}

/// What the last whole pass left behind.
#[derive(Default)]
pub(super) struct MadeMemo {
    /// Of open files.
    made: Mutex<HashMap<FilePath, Arc<Made>>>,
    own: Mutex<HashMap<FilePath, ReadOff>>,
}

/// What a file's own uses made, and the expansion that it was read off.
struct ReadOff {
    from: Arc<Expanded>,
    own: Arc<Own>,
}

impl MadeMemo {
    pub fn get(&self, file: &FilePath) -> Arc<Made> {
        lock(&self.made).get(file).cloned().unwrap_or_default()
    }
}

/// Takes over what memory holds of the expansions of open files and of what they import; whether
/// that changed for any of them. Parses expansions that are new.
pub(super) fn learn(snap: &Snapshot) -> bool {
    let memo = &snap.shared.made;
    let open = snap.open_files();
    let mut read = HashSet::new();
    let learnt: Vec<_> = open.into_iter().map(|(file, _)| (of_file(snap, &file, &mut read), file)).collect();
    lock(&memo.own).retain(|file, _| read.contains(file));
    let mut known = lock(&memo.made);
    let mut is_news = false;
    let mut next = HashMap::new();
    for (made, file) in learnt {
        let before = known.get(&file).filter(|before| ***before == made).cloned();
        is_news |= before.is_none() && (known.contains_key(&file) || made != Made::default());
        next.insert(file, before.unwrap_or_else(|| Arc::new(made)));
    }
    *known = next;
    is_news
}

/// `read` gets the files whose expansions were looked at.
fn of_file(snap: &Snapshot, file: &FilePath, read: &mut HashSet<FilePath>) -> Made {
    let own = own(snap, file, read);
    let mut made = Made { classes: own.classes.clone(), declarations: own.declarations.clone(), ..Made::default() };
    let Some(syntax) = snap.syntax(file) else { return made };
    let facts = facts_of(snap, file, syntax.text(), Some(&syntax));
    if let Some((text, expanded)) = expansion::last(snap, file) {
        for site in expanded.calls.iter().filter(|site| is_of_source(site) && site.kind == CallKind::Attribute) {
            let name = used_name(site, &text);
            // Of `@lib.name` the last part is what the colour of an attribute goes by.
            let last = name.rsplit('.').next().unwrap_or(&name);
            if last != name && !imports(&facts, last) {
                made.macros.insert(last.to_owned());
            }
            made.macros.insert(name);
        }
    }
    let scope = Scope::new(snap);
    for import in facts.imports.iter().filter(|import| !import.is_type_only) {
        of_import(snap, file, &facts, import, &scope, &mut made, read);
    }
    made
}

fn of_import(
    snap: &Snapshot,
    file: &FilePath,
    facts: &FileFacts,
    import: &Import,
    scope: &Scope<'_>,
    made: &mut Made,
    read: &mut HashSet<FilePath>,
) {
    // Packages say what they export in declaration files, which know of no macro.
    let Some(module) = scope.module(file, &import.specifier) else { return };
    if !module.is_metascript() && !import.specifier.starts_with('.') {
        return;
    }
    let names = import.names.iter().map(|name| (name.name.as_str(), name.local.as_str()));
    for (name, local) in names.chain(import.default.iter().map(|local| ("default", local.as_str()))) {
        if resolve(scope, file, facts, local).is_some() {
            made.macros.insert(local.to_owned());
            continue;
        }
        let Some((origin, name)) = origin(snap, scope, &module, name, MOST_HOPS, read) else { continue };
        let own = own(snap, &origin, read);
        if let Some(members) = own.classes.get(&name) {
            made.classes.insert(local.to_owned(), members.clone());
        }
        if own.declarations.contains(&name) {
            made.declarations.insert(local.to_owned());
        }
    }
}

fn imports(facts: &FileFacts, local: &str) -> bool {
    facts.import_of(local).is_some()
}

/// How many re-exports are followed.
const MOST_HOPS: u32 = 8;

/// The file that declares what `module` exports as `name`, and its name there.
fn origin(
    snap: &Snapshot,
    scope: &Scope<'_>,
    module: &FilePath,
    name: &str,
    hops: u32,
    read: &mut HashSet<FilePath>,
) -> Option<(FilePath, String)> {
    let hops = hops.checked_sub(1)?;
    if std_lib::contains(module) {
        return None;
    }
    let facts = scope.facts(module)?;
    for export in &facts.exports {
        match export {
            Export::Local { name: exported, local } if exported == name => {
                return Some((module.clone(), local.clone()));
            }
            Export::From { specifier, name: inner, exported } if exported == name => {
                return origin(snap, scope, &scope.module(module, specifier)?, inner, hops, read);
            }
            _ => {}
        }
    }
    // What a macro generated and exports is no export of the source.
    if own(snap, module, read).declarations.contains(name) {
        return Some((module.clone(), name.to_owned()));
    }
    facts.exports.iter().find_map(|export| match export {
        Export::All { specifier } => origin(snap, scope, &scope.module(module, specifier)?, name, hops, read),
        _ => None,
    })
}

fn own(snap: &Snapshot, file: &FilePath, read: &mut HashSet<FilePath>) -> Arc<Own> {
    let Some((text, expanded)) = expansion::last(snap, file) else { return Arc::default() };
    read.insert(file.clone());
    let memo = &snap.shared.made.own;
    if let Some(known) = lock(memo).get(file)
        && Arc::ptr_eq(&known.from, &expanded)
    {
        return known.own.clone();
    }
    let own = Arc::new(read_off(&text, &expanded));
    lock(memo).insert(file.clone(), ReadOff { from: expanded, own: own.clone() });
    own
}

/// A use that the source holds, rather than another macro's output.
fn is_of_source(site: &CallSite) -> bool {
    site.parent.is_none()
}

fn used_name(site: &CallSite, text: &SourceText) -> String {
    site.name.of(text.as_str()).to_owned()
}

/// What generated text holds that the source does not.
fn read_off(text: &SourceText, expanded: &Expanded) -> Own {
    let mut own = Own::default();
    let mut generated: Vec<_> = expanded
        .calls
        .iter()
        .filter(|site| is_of_source(site))
        .flat_map(|site| site.generated.iter().filter(|range| !range.is_empty()).map(move |range| (*range, site)))
        .collect();
    if generated.is_empty() {
        return own;
    }
    generated.sort_by_key(|(range, _)| *range);
    let made_by = |node: Node<'_>| {
        let range = node.range();
        generated.iter().find(|(within, _)| within.contains_range(range)).map(|(_, site)| *site)
    };
    // A macro may say again what the source says, where it replaces a class.
    let source = SyntaxFile::parse(text.clone());
    let mut written = HashSet::new();
    for_each_member(source.root(), &mut |class, member, name| {
        written.insert((class.text().to_owned(), member_name(name), member.has_token("static")));
    });
    let mut declared = Vec::new();
    for statement in source.root().named_children() {
        ast::declared_names(statement, &mut declared);
    }
    let declared: HashSet<&str> = declared.into_iter().map(Node::text).collect();

    let syntax = SyntaxFile::parse(expanded.text.clone());
    for statement in syntax.root().named_children().filter(|statement| made_by(*statement).is_some()) {
        let mut names = Vec::new();
        ast::declared_names(statement, &mut names);
        let names = names.into_iter().map(Node::text).filter(|name| !declared.contains(name));
        own.declarations.extend(names.map(str::to_owned));
    }
    let mut classes: BTreeMap<String, Members> = BTreeMap::new();
    for_each_member(syntax.root(), &mut |class, member, name| {
        let Some(site) = made_by(member) else { return };
        let is_static = member.has_token("static");
        let key = (class.text().to_owned(), member_name(name), is_static);
        if written.contains(&key) {
            return;
        }
        let (class, name, _) = key;
        let by = MadeBy {
            shown: site.shown.clone(),
            name: used_name(site, text),
            target: site.target.map(|target| target.of(text.as_str()).to_owned()),
            is_attribute: site.kind == CallKind::Attribute,
        };
        let made = MadeMember { kind: kind_of(member, &name), name, is_static, by };
        let members = classes.entry(class).or_default();
        let is_known =
            std::mem::replace(&mut members.names.entry(made.name.clone()).or_default()[usize::from(is_static)], true);
        // Overloads, and the two halves of an accessor, are one member.
        if !is_known {
            members.list.push(made);
        }
    });
    own.classes = classes.into_iter().map(|(class, members)| (class, Arc::new(members))).collect();
    own
}

/// Calls with the name of the class, the member and its name.
fn for_each_member<'t>(root: Node<'t>, each: &mut impl FnMut(Node<'t>, Node<'t>, Node<'t>)) {
    root.walk(|node| {
        let is_class = matches!(node.kind(), Kind::ClassDeclaration | Kind::AbstractClassDeclaration | Kind::Class);
        if is_class && let (Some(class), Some(body)) = (node.field(Field::Name), node.field(Field::Body)) {
            for member in body.named_children() {
                let is_member = !matches!(member.kind(), Kind::IndexSignature | Kind::ClassStaticBlock);
                if let Some(name) = member.field(Field::Name).filter(|_| is_member) {
                    each(class, member, name);
                }
            }
        }
        // A quote's code is of wherever it ends up.
        !node.is(Kind::QuoteExpression)
    });
}

fn member_name(name: Node<'_>) -> String {
    if name.is(Kind::String) { ast::string_value(name) } else { name.text().to_owned() }
}

fn kind_of(member: Node<'_>, name: &str) -> MadeKind {
    let is_accessor = member.has_token("get") || member.has_token("set");
    match member.kind() {
        Kind::PublicFieldDefinition => MadeKind::Property,
        _ if is_accessor => MadeKind::Accessor,
        _ if name == "constructor" => MadeKind::Constructor,
        _ => MadeKind::Method,
    }
}
