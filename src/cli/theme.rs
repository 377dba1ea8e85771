//! Themes: what each capture of the highlighting queries looks like.
//!
//! Owns the built-in themes and theme files. A theme names captures (`keyword`, `function.macro`); a capture
//! that has no entry looks like the longest leading part of its name that has one. Invariant: no text and
//! no output here; `cli/highlight` applies what is found.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// A colour: its own, or one of the terminal's 256, the first 16 of which are the terminal's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    Rgb(u8, u8, u8),
    Terminal(u8),
    /// Exact, and what a terminal of 256 colours shows for it, where the nearest one is grey.
    Either((u8, u8, u8), u8),
}

/// What an entry changes; `None` leaves it as it is around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    pub color: Option<Paint>,
    pub background: Option<Paint>,
    pub bold: Option<bool>,
    pub italic: Option<bool>,
    pub underline: Option<bool>,
}

impl Style {
    /// This style inside `outer`.
    pub fn within(self, outer: Style) -> Style {
        Style {
            color: self.color.or(outer.color),
            background: self.background.or(outer.background),
            bold: self.bold.or(outer.bold),
            italic: self.italic.or(outer.italic),
            underline: self.underline.or(outer.underline),
        }
    }
}

/// Styles by capture, and those of the page itself (`foreground`, `background`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    entries: BTreeMap<String, Style>,
}

/// Names of the entries that are for the page and no capture.
const FOREGROUND: &str = "foreground";
const BACKGROUND: &str = "background";

impl Theme {
    pub fn style(&self, capture: &str) -> Style {
        let mut name = capture;
        loop {
            if let Some(style) = self.entries.get(name) {
                return *style;
            }
            match name.rsplit_once('.') {
                Some((general, _)) => name = general,
                None => return Style::default(),
            }
        }
    }

    pub fn foreground(&self) -> Option<Paint> {
        self.entries.get(FOREGROUND).and_then(|style| style.color)
    }

    pub fn background(&self) -> Option<Paint> {
        self.entries.get(BACKGROUND).and_then(|style| style.color)
    }
}

/// One theme, or one for light and one for dark surroundings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    One(Theme),
    Pair { light: Theme, dark: Theme },
}

/// Why a theme file cannot be used: a sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadTheme(String);

impl fmt::Display for BadTheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The names that `--theme` knows, in the order to tell them in.
pub const NAMES: &[&str] = &["light", "dark", "ansi", "mono"];

/// `None` for an unknown name.
pub fn built_in(name: &str) -> Option<Theme> {
    let column = match name {
        "light" => |row: &Row| row.light,
        "dark" => |row: &Row| row.dark,
        "ansi" => |row: &Row| row.ansi,
        "mono" => |row: &Row| row.mono,
        _ => return None,
    };
    let mut entries = BTreeMap::new();
    for row in TABLE {
        let text = column(row);
        if !text.is_empty() {
            entries.insert(row.name.to_owned(), style_of_words(text));
        }
    }
    Some(Theme { entries })
}

/// What to show where nobody chose: a pair where both can be given, else the terminal's own colours.
pub fn default_pair() -> Choice {
    let theme = |name| built_in(name).expect("the default themes are built in");
    Choice::Pair { light: theme("light"), dark: theme("dark") }
}

/// One capture in all built-in themes: `#rrggbb`, `#rrggbb/number` or a number for the colour, `on` before
/// one for the background, and words. Empty: as around it.
struct Row {
    name: &'static str,
    light: &'static str,
    dark: &'static str,
    ansi: &'static str,
    mono: &'static str,
}

const fn row(
    name: &'static str,
    light: &'static str,
    dark: &'static str,
    ansi: &'static str,
    mono: &'static str,
) -> Row {
    Row { name, light, dark, ansi, mono }
}

/// Blue behind it: runs at compile time. Amber behind it: code that is generated. `ansi` cannot know what is
/// readable behind text: there compile time is italic.
const TABLE: &[Row] = &[
    row(FOREGROUND, "#1f2328", "#d7dae0", "", ""),
    row(BACKGROUND, "#ffffff", "#16181d", "", ""),
    row("macro.body", "on #ecf3ff/195", "on #192233/17", "italic", "italic"),
    row("macro.quote", "on #fff3d6/230", "on #2b2416/236", "upright", "upright"),
    row("macro.splice", "on #d9e7ff/189", "on #1f2f4d/18", "italic", "italic"),
    row("attribute", "#b00058 bold", "#ff8cc2 bold", "13 bold", "bold underline"),
    row("function.macro", "#b00058 bold", "#ff8cc2 bold", "13 bold", "bold underline"),
    row("keyword.directive", "#b00058 bold", "#ff8cc2 bold", "13 bold", "bold underline"),
    row("punctuation.special.splice", "#b00058 bold", "#ff8cc2 bold", "13 bold", "bold"),
    row("comment", "#545c66/239 italic", "#a2abb8 italic", "8", "italic"),
    row("comment.documentation", "#3d5c1f italic", "#a9c78e italic", "8", "italic"),
    row("constant", "#7a3600/88", "#f4b48c", "3", ""),
    row("constant.builtin", "#7a3600/88", "#f4b48c", "3", ""),
    row("boolean", "#7a3600/88", "#f4b48c", "3", ""),
    row("number", "#7a3600/88", "#f4b48c", "3", ""),
    row("string", "#0a5130", "#a8d8aa", "2", ""),
    row("string.escape", "#7a3600/88", "#ffc285", "3", ""),
    row("string.regexp", "#7a3600/88", "#ffc285", "3", ""),
    row("string.special", "#7a3600/88", "#ffc285", "3", ""),
    row("keyword", "#6d24a8", "#cfa8f5", "5", "bold"),
    row("function", "#084696", "#93c2ff", "4", ""),
    row("constructor", "#0b5a55", "#6fd6cb", "6", ""),
    row("type", "#0b5a55", "#6fd6cb", "6", ""),
    row("module", "#0b5a55", "#6fd6cb", "6", ""),
    row("label", "#6d24a8", "#cfa8f5", "5", ""),
    row("variable.builtin", "#6d24a8", "#cfa8f5", "5", ""),
    row("variable.parameter", "#5e4200", "#e8cb96", "", ""),
    row("variable.member", "#33415c", "#bcd1f4", "", ""),
    row("operator", "#48525f", "#b0bac9", "", ""),
    row("punctuation", "#48525f", "#b0bac9", "", ""),
    row("punctuation.special", "#7a3600/88", "#ffc285", "3", ""),
];

fn style_of_words(text: &str) -> Style {
    let mut style = Style::default();
    let mut behind = false;
    for word in text.split(' ') {
        match word {
            "on" => behind = true,
            "bold" => style.bold = Some(true),
            "italic" => style.italic = Some(true),
            "upright" => style.italic = Some(false),
            "underline" => style.underline = Some(true),
            paint => {
                let paint = match paint.split_once('/') {
                    Some((exact, index)) => exact_or_index(exact, index),
                    None => paint_of_text(paint),
                };
                debug_assert!(paint.is_some(), "the table holds colours and known words: {text}");
                if behind {
                    style.background = paint;
                } else {
                    style.color = paint;
                }
            }
        }
    }
    style
}

fn exact_or_index(exact: &str, index: &str) -> Option<Paint> {
    Some(Paint::Either(paint_of_text(exact)?.rgb(), index.parse().ok()?))
}

/// The eight names that terminals have for their first colours.
const COLOR_NAMES: [&str; 8] = ["black", "red", "green", "yellow", "blue", "purple", "cyan", "white"];

fn paint_of_text(text: &str) -> Option<Paint> {
    if let Some(digits) = text.strip_prefix('#') {
        let number = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = number.to_be_bytes();
        return (digits.len() == 6).then_some(Paint::Rgb(red, green, blue));
    }
    if let Some(at) = COLOR_NAMES.iter().position(|name| *name == text) {
        return Some(Paint::Terminal(at as u8));
    }
    text.parse().ok().map(Paint::Terminal)
}

/// Reads a theme file: JSON, an object of captures as in tree-sitter's own configuration, or two of them under
/// `light` and `dark`.
pub fn parse(text: &str) -> Result<Choice, BadTheme> {
    let value: Value = serde_json::from_str(text).map_err(|error| BadTheme(format!("no JSON: {error}")))?;
    let Value::Object(mut map) = value else {
        return Err(BadTheme("a theme is a JSON object from captures to colours".to_owned()));
    };
    match (map.remove("light"), map.remove("dark")) {
        (None, None) => Ok(Choice::One(theme_of(&Value::Object(map), "")?)),
        (Some(light), Some(dark)) => match map.keys().next() {
            None => Ok(Choice::Pair { light: theme_of(&light, "light.")?, dark: theme_of(&dark, "dark.")? }),
            Some(other) => Err(BadTheme(format!("beside `light` and `dark` there is `{other}`: move it into both"))),
        },
        (Some(_), None) => Err(BadTheme("there is `light` and no `dark`".to_owned())),
        (None, Some(_)) => Err(BadTheme("there is `dark` and no `light`".to_owned())),
    }
}

fn theme_of(value: &Value, path: &str) -> Result<Theme, BadTheme> {
    let Value::Object(map) = value else {
        return Err(BadTheme(format!("`{}` must be an object from captures to colours", path.trim_end_matches('.'))));
    };
    let mut entries = BTreeMap::new();
    for (name, value) in map {
        entries.insert(name.clone(), style_of(value, &format!("{path}{name}"))?);
    }
    Ok(Theme { entries })
}

fn style_of(value: &Value, path: &str) -> Result<Style, BadTheme> {
    let Value::Object(map) = value else {
        return Ok(Style { color: paint_of(value, path)?, ..Style::default() });
    };
    let mut style = Style::default();
    for (key, value) in map {
        let path = format!("{path}.{key}");
        let flag = || match value {
            Value::Bool(flag) => Ok(Some(*flag)),
            _ => Err(BadTheme(format!("`{path}` must be true or false"))),
        };
        match key.as_str() {
            "color" => style.color = paint_of(value, &path)?,
            "background" => style.background = paint_of(value, &path)?,
            "bold" => style.bold = flag()?,
            "italic" => style.italic = flag()?,
            "underline" => style.underline = flag()?,
            _ => {
                return Err(BadTheme(format!(
                    "`{path}` is unknown: there are `color`, `background`, `bold`, `italic` and `underline`"
                )));
            }
        }
    }
    Ok(style)
}

/// `null` is no colour.
fn paint_of(value: &Value, path: &str) -> Result<Option<Paint>, BadTheme> {
    let paint = match value {
        Value::Null => return Ok(None),
        Value::String(text) => paint_of_text(text),
        Value::Number(number) => number.as_u64().and_then(|it| u8::try_from(it).ok()).map(Paint::Terminal),
        _ => None,
    };
    match paint {
        Some(paint) => Ok(Some(paint)),
        None => Err(BadTheme(format!(
            "`{path}` is no colour: write \"#rrggbb\", a number up to 255 or one of {}",
            COLOR_NAMES.join(", ")
        ))),
    }
}

impl Paint {
    /// Red, green and blue; of a terminal's own colour, what xterm shows.
    pub fn rgb(self) -> (u8, u8, u8) {
        const FIRST: [(u8, u8, u8); 16] = [
            (0, 0, 0),
            (205, 0, 0),
            (0, 205, 0),
            (205, 205, 0),
            (0, 0, 238),
            (205, 0, 205),
            (0, 205, 205),
            (229, 229, 229),
            (127, 127, 127),
            (255, 0, 0),
            (0, 255, 0),
            (255, 255, 0),
            (92, 92, 255),
            (255, 0, 255),
            (0, 255, 255),
            (255, 255, 255),
        ];
        match self {
            Paint::Rgb(red, green, blue) | Paint::Either((red, green, blue), _) => (red, green, blue),
            Paint::Terminal(index @ 0..16) => FIRST[usize::from(index)],
            Paint::Terminal(index @ 16..232) => {
                let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
                let index = index - 16;
                (level(index / 36), level(index / 6 % 6), level(index % 6))
            }
            Paint::Terminal(index) => {
                let grey = 8 + 10 * (index - 232);
                (grey, grey, grey)
            }
        }
    }

    /// The one of a terminal's 256 fixed colours that is nearest.
    pub fn nearest_of_256(self) -> u8 {
        let own = match self {
            Paint::Terminal(index) | Paint::Either(_, index) => return index,
            Paint::Rgb(red, green, blue) => (red, green, blue),
        };
        let distance = |index: &u8| {
            let other = Paint::Terminal(*index).rgb();
            let part = |a: u8, b: u8| (i32::from(a) - i32::from(b)).pow(2);
            part(own.0, other.0) + part(own.1, other.1) + part(own.2, other.2)
        };
        (16..=255).min_by_key(distance).expect("there are 240 of them")
    }
}
