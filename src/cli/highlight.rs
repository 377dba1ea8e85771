//! `msc highlight`: source text in colours, for a terminal or as a page.
//!
//! Start reading at [`run`].

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use crate::cli::args::HighlightArgs;
use crate::cli::console::Console;
use crate::cli::theme::{self, Choice, Paint, Style, Theme};
use crate::cli::{CLEAN, CommandError, CommandResult, FAILURE};
use crate::syntax::highlight::{Capture, Step, highlight};
use crate::vfs::Disk;

pub(super) fn run(args: &HighlightArgs, console: &Console) -> CommandResult {
    let chosen = args.theme.as_deref().map(|name| find_theme(name, console)).transpose()?;
    let disk = Disk::new();
    let mut code = CLEAN;
    let mut pages = Vec::new();
    for path in &args.files {
        let name = path.display().to_string();
        match console.read(&disk, path) {
            Ok(text) if args.html => pages.push((name, text)),
            Ok(text) if console.colors() => {
                let theme = for_terminal(chosen.as_ref());
                console.print(&ansi(text.as_str(), &theme, has_true_color()))?;
            }
            Ok(text) => console.print(text.as_str())?,
            Err(reason) => {
                console.note(&format!("error: {name}: {reason}"));
                code = FAILURE;
            }
        }
    }
    if args.html && !pages.is_empty() {
        let choice = chosen.unwrap_or_else(theme::default_pair);
        console.print(&page(pages.iter().map(|(name, text)| (name.as_str(), text.as_str())), &choice))?;
    }
    Ok(ExitCode::from(code))
}

/// A built-in theme, or a file: whatever has a dot or a separator in its name.
fn find_theme(name: &str, console: &Console) -> Result<Choice, CommandError> {
    if let Some(theme) = theme::built_in(name) {
        return Ok(Choice::One(theme));
    }
    if !name.contains(['.', '/', '\\']) {
        let known = theme::NAMES.join(", ");
        return Err(format!("there is no theme `{name}`: built in are {known}; a theme file is named with its path, such as ./{name}.json").into());
    }
    let text = Disk::new()
        .read(&console.resolve(Path::new(name)))
        .map_err(|error| CommandError::Message(format!("the theme {name}: {error}")))?;
    theme::parse(text.as_str()).map_err(|error| CommandError::Message(format!("the theme {name}: {error}")))
}

/// Of a pair, the one for the terminal's background where that is known; without a choice and without
/// knowing, the terminal's own colours, which its owner made readable.
fn for_terminal(choice: Option<&Choice>) -> Theme {
    let built_in = |name| theme::built_in(name).expect("the theme is built in");
    match (choice, is_dark(std::env::var("COLORFGBG").ok().as_deref())) {
        (Some(Choice::One(theme)), _) => theme.clone(),
        (Some(Choice::Pair { light, .. }), Some(false)) => light.clone(),
        (Some(Choice::Pair { dark, .. }), _) => dark.clone(),
        (None, Some(true)) => built_in("dark"),
        (None, Some(false)) => built_in("light"),
        (None, None) => built_in("ansi"),
    }
}

/// `COLORFGBG` is what some terminals tell of their colours: `15;0`, or `15;default;0`.
fn is_dark(told: Option<&str>) -> Option<bool> {
    let background: u8 = told?.rsplit(';').next()?.parse().ok()?;
    Some(matches!(background, 0..=6 | 8))
}

fn has_true_color() -> bool {
    std::env::var("COLORTERM").is_ok_and(|it| it == "truecolor" || it == "24bit")
}

/// The text with escape sequences. Every line stands for itself, so that a pager may cut anywhere between lines.
fn ansi(text: &str, theme: &Theme, true_color: bool) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    let mut stack = vec![Style::default()];
    for step in highlight(text) {
        let style = *stack.last().expect("every end has its start");
        match step {
            Step::Start(capture) => stack.push(theme.style(capture.name()).within(style)),
            Step::End => {
                stack.pop();
            }
            Step::Text(range) => {
                let start = start_sequence(style, true_color);
                for line in text[range.start as usize..range.end as usize].split_inclusive('\n') {
                    let (shown, end) = match line.strip_suffix('\n') {
                        Some(shown) => (shown, "\n"),
                        None => (line, ""),
                    };
                    if start.is_empty() || shown.is_empty() {
                        show_controls(shown, &mut out);
                    } else {
                        out += &start;
                        show_controls(shown, &mut out);
                        out += "\x1b[0m";
                    }
                    out += end;
                }
            }
        }
    }
    out
}

/// Control characters as pictures: a text that is shown must not steer the terminal.
fn show_controls(text: &str, out: &mut String) {
    for ch in text.chars() {
        match ch {
            '\t' | '\r' | '\n' => out.push(ch),
            '\0'..='\x1f' => out.push(char::from_u32(0x2400 + ch as u32).expect("the pictures of control characters")),
            '\x7f' => out.push('\u{2421}'),
            '\u{80}'..='\u{9f}' => out.push('\u{fffd}'),
            _ => out.push(ch),
        }
    }
}

/// Empty for text without a style.
fn start_sequence(style: Style, true_color: bool) -> String {
    let mut codes = Vec::new();
    for (set, code) in [(style.bold, 1), (style.italic, 3), (style.underline, 4)] {
        if set == Some(true) {
            codes.push(code.to_string());
        }
    }
    for (paint, first) in [(style.color, 30u8), (style.background, 40)] {
        match paint {
            Some(Paint::Rgb(red, green, blue) | Paint::Either((red, green, blue), _)) if true_color => {
                codes.push(format!("{};2;{red};{green};{blue}", first + 8));
            }
            Some(Paint::Terminal(index @ 0..8)) => codes.push((first + index).to_string()),
            Some(Paint::Terminal(index @ 8..16)) => codes.push((first + 60 + index - 8).to_string()),
            Some(paint) => codes.push(format!("{};5;{}", first + 8, paint.nearest_of_256())),
            None => {}
        }
    }
    if codes.is_empty() { String::new() } else { format!("\x1b[{}m", codes.join(";")) }
}

/// One page for all files.
fn page<'t>(files: impl Iterator<Item = (&'t str, &'t str)>, choice: &Choice) -> String {
    let mut bodies = Vec::new();
    for (name, text) in files {
        bodies.push((name, html(text, choice)));
    }
    let title = match bodies.as_slice() {
        [("-", _)] => "standard input".to_owned(),
        [(name, _)] => escape(name),
        several => format!("{} files", several.len()),
    };
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{}</style>\n</head>\n<body>\n",
        stylesheet(choice)
    );
    let several = bodies.len() > 1;
    for (name, body) in bodies {
        if several {
            let _ = writeln!(out, "<h2>{}</h2>", escape(name));
        }
        let _ = writeln!(out, "<pre class=\"metascript\"><code>{body}</code></pre>");
    }
    out + "</body>\n</html>\n"
}

fn themes(choice: &Choice) -> Vec<&Theme> {
    match choice {
        Choice::One(theme) => vec![theme],
        Choice::Pair { light, dark } => vec![light, dark],
    }
}

/// The text with a `span` for each capture that any of the themes treats.
fn html(text: &str, choice: &Choice) -> String {
    let themes = themes(choice);
    let mut out = String::with_capacity(text.len() * 4);
    let mut open = Vec::new();
    for step in highlight(text) {
        match step {
            Step::Start(capture) => {
                let styled = themes.iter().any(|theme| theme.style(capture.name()) != Style::default());
                if styled {
                    let _ = write!(out, "<span class=\"{}\">", class(capture.name()));
                }
                open.push(styled);
            }
            Step::End => {
                if open.pop() == Some(true) {
                    out += "</span>";
                }
            }
            Step::Text(range) => out += &escape(&text[range.start as usize..range.end as usize]),
        }
    }
    out
}

fn class(capture: &str) -> String {
    format!("ms-{}", capture.replace(['.', '_'], "-"))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn stylesheet(choice: &Choice) -> String {
    let mut out = String::from(
        "body { margin: 0; font-family: system-ui, sans-serif; }\n\
         h2 { margin: 1.5rem 1rem 0; font-size: 1rem; }\n\
         pre.metascript { margin: 0; padding: 1rem; overflow-x: auto; line-height: 1.5; \
         font-family: ui-monospace, \"SF Mono\", Menlo, Consolas, \"DejaVu Sans Mono\", monospace; font-size: 0.875rem; \
         tab-size: 2; }\n\
         /* Backgrounds of one region meet between its lines. */\n\
         [class^=ms-macro-] { padding: 0.22em 0; }\n",
    );
    match choice {
        Choice::One(theme) => out += &rules(theme, ""),
        Choice::Pair { light, dark } => {
            out += ":root { color-scheme: light dark; }\n";
            out += &rules(light, "");
            out += "@media (prefers-color-scheme: dark) {\n";
            out += &rules(dark, "  ");
            out += "}\n";
        }
    }
    out
}

fn rules(theme: &Theme, indent: &str) -> String {
    let mut out = String::new();
    let page = Style { color: theme.foreground(), background: theme.background(), ..Style::default() };
    if page != Style::default() {
        let _ = writeln!(out, "{indent}body {{ {} }}", declarations(page));
    }
    for capture in Capture::all() {
        let style = theme.style(capture.name());
        if style != Style::default() {
            let _ = writeln!(out, "{indent}.{} {{ {} }}", class(capture.name()), declarations(style));
        }
    }
    out
}

fn declarations(style: Style) -> String {
    let css = |paint: Paint| {
        let (red, green, blue) = paint.rgb();
        format!("#{red:02x}{green:02x}{blue:02x}")
    };
    let mut out = Vec::new();
    if let Some(color) = style.color {
        out.push(format!("color: {};", css(color)));
    }
    if let Some(background) = style.background {
        out.push(format!("background: {};", css(background)));
    }
    let mut flag = |value: Option<bool>, property: &str, on: &str, off: &str| {
        if let Some(value) = value {
            out.push(format!("{property}: {};", if value { on } else { off }));
        }
    };
    flag(style.bold, "font-weight", "600", "400");
    flag(style.italic, "font-style", "italic", "normal");
    flag(style.underline, "text-decoration", "underline", "none");
    out.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_tells_of_its_background() {
        assert_eq!(is_dark(Some("15;0")), Some(true));
        assert_eq!(is_dark(Some("0;default;15")), Some(false));
        assert_eq!(is_dark(Some("0;7")), Some(false));
        assert_eq!(is_dark(Some("15;default")), None);
        assert_eq!(is_dark(None), None);
    }

    #[test]
    fn sequences_of_styles() {
        let style = Style {
            color: Some(Paint::Rgb(255, 0, 0)),
            background: Some(Paint::Terminal(9)),
            bold: Some(true),
            ..Style::default()
        };
        assert_eq!(start_sequence(style, true), "\x1b[1;38;2;255;0;0;101m");
        assert_eq!(start_sequence(style, false), "\x1b[1;38;5;196;101m");
        assert_eq!(start_sequence(Style::default(), true), "");
    }
}
