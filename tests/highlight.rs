//! `msc highlight`: streams, themes, pages, and what is readable on what.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use msc::cli::theme::{self, Choice, Paint, Style, Theme};
use msc::syntax::highlight::{Capture, Step, highlight};
use tempfile::TempDir;

const MACRO: &str = "macro m(ctx: MacroContext) {\n  return quote { f(${ctx.x}); };\n}\n";

struct Output {
    code: i32,
    out: String,
    err: String,
}

fn msc(cwd: &Path, args: &[&str], input: &str, env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_msc"));
    command.arg("highlight").args(args).current_dir(cwd);
    for name in ["NO_COLOR", "COLORTERM", "COLORFGBG", "TERM", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    command.envs(env.iter().copied());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("msc starts");
    // Who fails early does not read.
    let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("msc ends");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    Output {
        code: output.status.code().expect("msc ends by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for (path, text) in files {
        fs::write(dir.path().join(path), text).expect("a temporary directory can be written");
    }
    dir
}

/// The text without escape sequences.
fn stripped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\x1b[") {
        out += &rest[..at];
        rest = &rest[at..];
        rest = &rest[rest.find('m').expect("a sequence ends") + 1..];
    }
    out + rest
}

/// The text without markup.
fn text_of_html(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out += &rest[..at];
        rest = &rest[at..];
        rest = &rest[rest.find('>').expect("a tag ends") + 1..];
    }
    out += rest;
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[test]
fn a_pipe_gets_the_text_and_a_terminal_the_same_text_in_colours() {
    let dir = folder(&[("a.ms", MACRO), ("b.ms", "let b = `<${1}>`;\n")]);
    let plain = msc(dir.path(), &["a.ms", "b.ms"], "", &[]);
    assert_eq!((plain.code, plain.err.as_str()), (0, ""));
    assert_eq!(plain.out, format!("{MACRO}let b = `<${{1}}>`;\n"));
    for theme in ["light", "dark", "ansi", "mono"] {
        let shown = msc(dir.path(), &["a.ms", "b.ms", "--theme", theme, "--color", "always"], "", &[]);
        assert_eq!(stripped(&shown.out), plain.out, "{theme}");
        assert!(shown.out.lines().all(|line| !line.contains("\x1b[") || line.matches("\x1b[0m").count() > 0));
    }
}

#[test]
fn the_regions_of_a_macro_have_backgrounds_and_splices_their_own() {
    let shown =
        msc(Path::new("."), &["-", "--theme", "dark", "--color", "always"], MACRO, &[("COLORTERM", "truecolor")]);
    let [body, quote, splice] = ["48;2;25;34;51", "48;2;43;36;22", "48;2;31;47;77"];
    let line = shown.out.lines().nth(1).expect("the second line");
    let sequence_before = |text: &str| {
        let before = &line[..line.find(text).unwrap_or_else(|| panic!("{text} in {line:?}"))];
        before[before.rfind("\x1b[").expect("it has a style")..].to_owned()
    };
    assert!(sequence_before("return").contains(body), "{line:?}");
    assert!(sequence_before("quote").contains(body), "{line:?}");
    assert!(sequence_before("f").contains(quote), "{line:?}");
    assert!(sequence_before("${").contains(splice), "{line:?}");
    assert!(sequence_before("ctx").contains(splice), "{line:?}");
}

#[test]
fn a_terminal_that_tells_its_background_gets_colours_for_it() {
    let colours = |told| msc(Path::new("."), &["-", "--color", "always"], "let a;", &[("COLORFGBG", told)]).out;
    let named = |name| msc(Path::new("."), &["-", "--color", "always", "--theme", name], "let a;", &[]).out;
    assert_eq!(colours("15;0"), named("dark"));
    assert_eq!(colours("0;15"), named("light"));
    assert_eq!(colours("strange"), named("ansi"));
}

#[test]
fn what_is_shown_does_not_steer_the_terminal() {
    let shown = msc(Path::new("."), &["-", "--color", "always"], "let a = \"\x1b[2J\u{9b}1m\";", &[]);
    assert!(!shown.out.contains("\x1b[2J") && !shown.out.contains('\u{9b}'), "{:?}", shown.out);
    assert!(shown.out.contains("\u{241b}[2J"), "{:?}", shown.out);
}

#[test]
fn a_page_holds_every_file_and_both_lights() {
    let dir = folder(&[("a.ms", MACRO), ("b<c>.ms", "let b = \"<&>\";\n")]);
    let page = msc(dir.path(), &["--html", "a.ms", "b<c>.ms"], "", &[]);
    assert_eq!((page.code, page.err.as_str()), (0, ""));
    assert!(page.out.starts_with("<!doctype html>") && page.out.ends_with("</html>\n"), "{}", page.out);
    assert!(page.out.contains("<h2>b&lt;c&gt;.ms</h2>"), "{}", page.out);
    assert!(page.out.contains("@media (prefers-color-scheme: dark)"), "{}", page.out);
    let bodies: Vec<String> = page
        .out
        .split("<pre class=\"metascript\"><code>")
        .skip(1)
        .map(|rest| text_of_html(&rest[..rest.find("</code></pre>").expect("a file ends")]))
        .collect();
    assert_eq!(bodies, [MACRO, "let b = \"<&>\";\n"]);
    assert_eq!(page.out.matches("<span").count(), page.out.matches("</span>").count());
    // Every class that is used has a rule in both parts of the stylesheet.
    for part in page.out.split("class=\"ms-").skip(1) {
        let class = &part[..part.find('"').expect("an attribute ends")];
        assert_eq!(page.out.matches(&format!(".ms-{class} {{")).count(), 2, "{class}");
    }
}

#[test]
fn one_file_that_cannot_be_read_does_not_hide_the_others() {
    let dir = folder(&[("a.ms", "let a;\n")]);
    let shown = msc(dir.path(), &["none.ms", "a.ms"], "", &[]);
    assert_eq!((shown.code, shown.out.as_str()), (2, "let a;\n"));
    assert_eq!(shown.err, "error: none.ms: there is no such file\n");
    let page = msc(dir.path(), &["--html", "none.ms"], "", &[]);
    assert_eq!((page.code, page.out.as_str()), (2, ""));
}

#[test]
fn theme_files() {
    let dir = folder(&[
        ("one.json", r##"{"keyword": {"color": "#010203", "bold": true}, "macro.body": {"background": 7}}"##),
        ("two.json", r##"{"light": {"keyword": "#111111"}, "dark": {"keyword": "#eeeeee"}}"##),
        ("bad.json", r#"{"keyword": {"colour": 1}}"#),
        ("worse.json", r#"{"light": {"keyword": "mauve"}, "dark": {}}"#),
        ("half.json", r#"{"light": {}}"#),
        ("broken.json", "{\n  keyword"),
    ]);
    let with = |theme: &str, more: &[&str]| {
        let mut args = vec!["-", "--theme", theme];
        args.extend(more);
        msc(dir.path(), &args, "let a;", &[("COLORTERM", "24bit")])
    };
    let shown = with("one.json", &["--color", "always"]);
    assert_eq!(shown.out, "\x1b[1;38;2;1;2;3mlet\x1b[0m a;");
    let page = with("two.json", &["--html"]).out;
    assert!(page.contains(".ms-keyword { color: #111111; }\n"), "{page}");
    assert!(page.contains("  .ms-keyword { color: #eeeeee; }\n"), "{page}");
    for (theme, expected) in [
        ("nice", "there is no theme `nice`: built in are light, dark, ansi, mono"),
        ("nice.json", "the theme nice.json: there is no such file"),
        ("bad.json", "`keyword.colour` is unknown"),
        ("worse.json", "`light.keyword` is no colour: write \"#rrggbb\""),
        ("half.json", "there is `light` and no `dark`"),
        ("broken.json", "no JSON: key must be a string at line 2 column 3"),
    ] {
        let shown = with(theme, &[]);
        assert_eq!((shown.code, shown.out.as_str()), (2, ""), "{theme}");
        assert!(shown.err.contains(expected), "{theme}: {}", shown.err);
    }
}

/// Relative luminance, as the Web Content Accessibility Guidelines define it.
fn luminance(paint: Paint) -> f64 {
    let (red, green, blue) = paint.rgb();
    let part = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)
}

fn contrast(a: Paint, b: Paint) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn everything_is_readable_on_every_background() {
    let Choice::Pair { light, dark } = theme::default_pair() else { panic!("there are a light and a dark theme") };
    let mut poor = Vec::new();
    for (name, theme) in [("light", light), ("dark", dark)] {
        let mut backgrounds = vec![theme.background().expect("it has a background")];
        let mut colours = vec![("foreground", theme.foreground().expect("it has a foreground"))];
        for capture in Capture::all() {
            let style = theme.style(capture.name());
            backgrounds.extend(style.background);
            colours.extend(style.color.map(|colour| (capture.name(), colour)));
        }
        assert_eq!(backgrounds.len(), 4, "the page, macros, quotes, splices");
        for background in backgrounds {
            for &(capture, colour) in &colours {
                let found = contrast(colour, background);
                if found < 4.5 {
                    poor.push(format!("{name}: {capture} on {background:?} has a contrast of {found:.2}"));
                }
                // And with what a terminal of 256 colours makes of both.
                let [colour, background] = [colour, background].map(|it| Paint::Terminal(it.nearest_of_256()));
                let found = contrast(colour, background);
                if found < 4.5 {
                    poor.push(format!("{name}, 256 colours: {capture}, {colour:?} on {background:?} has {found:.2}"));
                }
            }
        }
    }
    assert!(poor.is_empty(), "{}", poor.join("\n"));
}

#[test]
fn the_named_themes_are_there_and_style_what_the_queries_name() {
    for name in theme::NAMES {
        let theme: Theme = theme::built_in(name).expect("a name that is told is known");
        for capture in ["function.macro", "attribute", "keyword.directive", "macro.body", "macro.quote", "comment"] {
            assert_ne!(theme.style(capture), Style::default(), "{name}: {capture}");
        }
    }
    assert_eq!(theme::built_in("solarized"), None);
}

#[test]
fn the_steps_are_the_whole_text_and_nest() {
    for text in [MACRO, "", "\u{feff}let ä = `${", "macro m() {", "@a\r\nclass A {}\r\n", "/*"] {
        let mut depth = 0i32;
        let mut at = 0;
        for step in highlight(text) {
            match step {
                Step::Start(_) => depth += 1,
                Step::End => depth -= 1,
                Step::Text(range) => {
                    assert_eq!(range.start, at, "{text:?}");
                    at = range.end;
                }
            }
            assert!(depth >= 0, "{text:?}");
        }
        assert_eq!((depth, at as usize), (0, text.len()), "{text:?}");
    }
}
