//! The macro forms, put back into formatted TypeScript.
//!
//! Invariant: a placeholder that is missing, or stands in something else than what it was put in, gives `None`,
//! and the text stays as it was.

use crate::base::TextRange;
use crate::syntax::{Field, Kind, Node, SyntaxFile};
use crate::text::SourceText;

use super::lower::{Form, Inside, MARK};
use super::pieces::Context;

/// `formatted` is what the printer made of [`super::lower::Lowered`] with these forms.
pub(super) fn restore(formatted: String, forms: Vec<Form>, throws: &[bool], context: &Context<'_>) -> Option<String> {
    if forms.is_empty() && !throws.contains(&true) {
        return Some(formatted);
    }
    let file = SyntaxFile::parse(SourceText::new(formatted));
    let mut restoring = Restoring { text: file.text().as_str(), context, edits: Vec::new() };
    let mut forms = forms.into_iter();
    let mut throws = throws.iter();
    let mut is_whole = true;
    file.root().walk(|node| {
        if node.is(Kind::ThrowStatement) {
            match throws.next() {
                Some(true) => restoring.edit(node.start(), node.start() + "throw".len() as u32, "defer"),
                Some(false) => {}
                None => is_whole = false,
            }
        }
        let is_placeholder = match node.kind() {
            Kind::Comment => node.text().contains(MARK),
            _ => node.child_count() == 0 && node.text().starts_with(MARK),
        };
        if is_placeholder {
            is_whole &= forms.next().is_some_and(|form| restoring.put_back(node, form).is_some());
        }
        is_whole
    });
    if !is_whole || forms.next().is_some() || throws.next().is_some() {
        return None;
    }
    restoring.apply()
}

struct Restoring<'a> {
    text: &'a str,
    context: &'a Context<'a>,
    edits: Vec<(TextRange, String)>,
}

impl<'a> Restoring<'a> {
    fn edit(&mut self, start: u32, end: u32, text: impl Into<String>) {
        self.edits.push((TextRange { start, end: end.max(start) }, text.into()));
    }

    fn put_back(&mut self, node: Node<'a>, form: Form) -> Option<()> {
        match form {
            Form::Text(text) | Form::Comment(text) => self.edit(node.start(), node.end(), text),
            Form::Statement(text) => self.edit(node.start(), self.past_semicolon(node.end()), text),
            Form::Splice => {
                let call = node.parent().filter(|call| call.is(Kind::CallExpression))?;
                self.edit(node.start(), node.end(), "$");
                self.brackets(call.field(Field::Arguments)?, "{", "}");
            }
            Form::QuoteType => {
                let arguments = node.parent()?.child_of_kind(Kind::TypeArguments)?;
                let is_broken = arguments.text().as_bytes().get(1) == Some(&b'\n');
                let (open, close) = if is_broken { (" {", "}") } else { (" { ", " }") };
                self.edit(node.start(), node.end(), "quote type");
                self.brackets(arguments, open, close);
            }
            Form::Branch { name, semicolon } => {
                let branch = node.ancestors().find(|node| node.is(Kind::IfStatement))?;
                let condition = branch.field(Field::Condition)?;
                let body = branch.field(Field::Consequence)?;
                self.edit(branch.start(), node.start(), "");
                self.edit(node.start(), node.end(), name);
                self.edit(condition.end() - 1, body.start(), " ");
                if semicolon {
                    self.edit(branch.end(), branch.end(), ";");
                }
            }
            Form::Block { head, semicolon } => {
                let block = node.parent()?;
                let body = block.field(Field::Body)?;
                self.edit(block.start(), body.start(), head + " ");
                if semicolon {
                    self.edit(body.end(), body.end(), ";");
                }
            }
            Form::Body(head) => {
                let block = node.ancestors().find(|node| node.is(Kind::StatementBlock))?;
                self.edit(block.start(), block.start(), head + " ");
                let end = self.past_semicolon(node.end()) as usize;
                let rest = &self.text[end..];
                let blank = rest.len() - rest.trim_start().len();
                self.edit(node.start(), (end + blank) as u32, "");
            }
            Form::Inside(inside) => {
                let line = self.text[..node.start() as usize].rfind('\n').map_or(0, |at| at + 1);
                let blank = &self.text[line..node.start() as usize];
                let level = match self.context.options.use_tabs {
                    true => blank.len(),
                    false => blank.len() / usize::from(self.context.options.indent_width.max(1)),
                };
                let text = self.inside(&inside, u32::try_from(level).ok()?)?;
                self.edit(node.start(), self.past_semicolon(node.end()), text);
            }
            Form::Function(head) => {
                let function = node.parent()?;
                self.edit(function.start(), node.end(), head);
            }
            Form::Ambient(head) => {
                let ambient = node.ancestors().find(|node| node.is(Kind::AmbientDeclaration))?;
                self.edit(ambient.start(), node.end(), head);
            }
            Form::Decorator { name, same_line } => {
                let statement = node.ancestors().find(|node| node.is(Kind::ExpressionStatement))?;
                self.edit(node.start(), node.end(), name);
                let end = statement.end();
                if statement.text().ends_with(';') {
                    self.edit(end - 1, end, "");
                }
                if same_line {
                    let next = statement.next_sibling()?;
                    self.edit(end, next.start(), " ");
                }
            }
        }
        Some(())
    }

    /// Other brackets around a list of one, and no comma behind it.
    fn brackets(&mut self, list: Node<'_>, open: &str, close: &str) {
        self.edit(list.start(), list.start() + 1, open);
        let comma = list.children().filter(|child| child.is_token(",")).last();
        if let Some(comma) = comma
            && !list.children().any(|child| child.is_named() && !child.is_extra() && child.start() > comma.start())
        {
            self.edit(comma.start(), comma.end(), "");
        }
        self.edit(list.end() - 1, list.end(), close);
    }

    fn past_semicolon(&self, at: u32) -> u32 {
        at + u32::from(self.text[at as usize..].starts_with(';'))
    }

    fn inside(&self, inside: &Inside, level: u32) -> Option<String> {
        let text = match inside {
            Inside::Members(quote) => {
                let text = self.context.open_block(quote, None, level.checked_sub(1)?)?;
                let (_, rest) = text.trim_end().split_once('\n')?;
                rest.rsplit_once('\n')?.0.to_owned()
            }
            Inside::Module(statements) => self.context.print(statements, None, level)?,
        };
        Some(text.trim().to_owned())
    }

    fn apply(mut self) -> Option<String> {
        self.edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut out = String::with_capacity(self.text.len() + self.text.len() / 16);
        let mut at = 0;
        for (range, text) in self.edits {
            out.push_str(self.text.get(at..range.start as usize)?);
            out.push_str(&text);
            at = range.end as usize;
        }
        out.push_str(&self.text[at..]);
        Some(out)
    }
}
