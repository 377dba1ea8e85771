//! A program in a terminal that nobody sees: tmux holds it, and its screen is read as cells.
//!
//! Owns the session and the reading of escape sequences. Invariant: waits on what the screen shows, with a limit.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Longer than anything takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(90);

/// Between two looks at the screen.
const LOOK_AGAIN: Duration = Duration::from_millis(30);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    pub color: Option<(u8, u8, u8)>,
    pub background: Option<(u8, u8, u8)>,
    pub bold: bool,
}

/// What the screen shows, line by line.
pub struct Screen(Vec<Vec<(char, Style)>>);

impl Screen {
    pub fn text(&self) -> String {
        let lines = self.0.iter().map(|line| line.iter().map(|(ch, _)| *ch).collect::<String>());
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The style of the first cell of `part` within the first line that has `line`.
    #[track_caller]
    pub fn style(&self, line: &str, part: &str) -> Style {
        for cells in &self.0 {
            let text: String = cells.iter().map(|(ch, _)| *ch).collect();
            if let Some(start) = text.find(line) {
                let at = start + line.find(part).expect("the part is in the line");
                return cells[text[..at].chars().count()].1;
            }
        }
        panic!("{line:?} is not on the screen:\n{}", self.text());
    }
}

/// A session; it ends with the value.
pub struct Terminal {
    tmux: PathBuf,
    socket: String,
}

impl Terminal {
    /// Starts `command` (words for a shell) in a terminal of 120 by 40 with 16 million colours.
    pub fn start(tmux: PathBuf, name: &str, command: &str, env: &[(&str, &OsStr)]) -> Terminal {
        let terminal = Terminal { tmux, socket: format!("msc-{}-{name}", std::process::id()) };
        let mut start = terminal.command(&["-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", command]);
        let output = start.envs(env.iter().copied()).output().expect("tmux starts");
        assert!(output.status.success(), "tmux: {}", String::from_utf8_lossy(&output.stderr));
        terminal
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.tmux);
        // Its own server, so that no other session is in reach.
        command.args(["-L", &self.socket]).args(args).env_remove("TMUX");
        command.env("LC_ALL", "C.UTF-8").env("COLORTERM", "truecolor");
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("tmux starts")
    }

    /// Types keys, by tmux's names for them.
    pub fn keys(&self, keys: &[&str]) {
        let mut args = vec!["send-keys"];
        args.extend(keys);
        let output = self.run(&args);
        assert!(output.status.success(), "tmux: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn screen(&self) -> Screen {
        // -N keeps the spaces at the ends of lines, which have colours, too.
        let output = self.run(&["capture-pane", "-e", "-N", "-p"]);
        Screen(parse(&String::from_utf8_lossy(&output.stdout)))
    }

    /// The screen, once `shows` holds of it.
    #[track_caller]
    pub fn wait(&self, what: &str, shows: impl Fn(&Screen) -> bool) -> Screen {
        let started = Instant::now();
        loop {
            let screen = self.screen();
            if shows(&screen) {
                return screen;
            }
            assert!(started.elapsed() < PATIENCE, "waited in vain for {what}; the screen:\n{}", screen.text());
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

/// Text with escape sequences, as cells. Colours that are the terminal's own choice count as none.
fn parse(text: &str) -> Vec<Vec<(char, Style)>> {
    let mut lines = Vec::new();
    let mut style = Style::default();
    for line in text.lines() {
        let mut cells = Vec::new();
        let mut chars = line.chars();
        while let Some(ch) = chars.next() {
            if ch != '\x1b' {
                cells.push((ch, style));
                continue;
            }
            let mut sequence = String::new();
            let mut last = chars.next();
            if last == Some('[') {
                last = chars.find(|ch| {
                    sequence.push(*ch);
                    ch.is_ascii_alphabetic()
                });
            }
            if last == Some('m') {
                sequence.pop();
                apply(&mut style, &sequence);
            }
        }
        lines.push(cells);
    }
    lines
}

fn apply(style: &mut Style, sequence: &str) {
    let mut codes = sequence.split(';').map(|code| code.parse::<u8>().unwrap_or(0));
    while let Some(code) = codes.next() {
        match code {
            0 => *style = Style::default(),
            1 => style.bold = true,
            22 => style.bold = false,
            38 | 48 | 58 => {
                let color = match codes.next() {
                    Some(2) => match (codes.next(), codes.next(), codes.next()) {
                        (Some(red), Some(green), Some(blue)) => Some((red, green, blue)),
                        _ => None,
                    },
                    _ => {
                        codes.next();
                        None
                    }
                };
                match code {
                    38 => style.color = color,
                    48 => style.background = color,
                    _ => {}
                }
            }
            30..=37 | 39 | 90..=97 => style.color = None,
            40..=47 | 49 | 100..=107 => style.background = None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_become_styles() {
        let lines = parse("a\x1b[1;38;2;1;2;3mb\x1b[48;2;4;5;6mc\n\x1b[22md\x1b[39me\x1b[0mf");
        let plain = Style::default();
        let b = Style { color: Some((1, 2, 3)), bold: true, ..plain };
        let c = Style { background: Some((4, 5, 6)), ..b };
        let d = Style { bold: false, ..c };
        let e = Style { color: None, ..d };
        assert_eq!(lines, [vec![('a', plain), ('b', b), ('c', c)], vec![('d', d), ('e', e), ('f', plain)]]);
    }
}
