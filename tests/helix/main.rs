//! A real Helix in a terminal, the files in `editors/helix` and the built `msc`, on the bundled example: colours,
//! diagnostics, hover, completion.
//!
//! `MSC_HX` names a `hx` to use; otherwise `tests/editors/helix/install.sh` unpacks one below the target directory.
//! Where that cannot be done the test is skipped with a line that says so, unless `CI` or
//! `MSC_REQUIRE_HELIX` is set.

#![cfg(target_os = "linux")]

mod screen;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use screen::{Style, Terminal};
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a command to its end, or says why not.
fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{command:?} ended with {}:\n{text}", output.status))
}

/// Helix and tmux: named, installed before, or unpacked now.
struct Programs {
    hx: PathBuf,
    tmux: PathBuf,
}

fn programs() -> Result<Programs, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the directory lies in the target directory");
    let folder = target.join("helix");
    let own_tmux = || {
        let found = folder.join("tmux");
        if found.exists() { found } else { PathBuf::from("tmux") }
    };
    let usable = |hx: PathBuf| {
        run(Command::new(&hx).arg("--version"))?;
        let tmux = own_tmux();
        run(Command::new(&tmux).arg("-V"))?;
        Ok(Programs { hx, tmux })
    };
    if let Some(named) = std::env::var_os("MSC_HX") {
        return usable(named.into());
    }
    usable(folder.join("hx")).or_else(|_: String| {
        eprintln!("unpacking Helix into {}", folder.display());
        run(Command::new("sh").arg(root().join("tests/editors/helix/install.sh")).arg(&folder))?;
        usable(folder.join("hx"))
    })
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a temporary directory can be written");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("a directory can be listed to its end");
        if entry.file_name() == ".metascript-cache" {
            continue;
        }
        if entry.file_type().expect("an entry has a kind").is_dir() {
            copy_tree(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("the file can be copied");
        }
    }
}

/// A user whose Helix is set up as `editors/helix/README.md` says, and a copy of the example.
struct User {
    folder: TempDir,
    programs: Programs,
}

impl User {
    fn new(programs: Programs) -> User {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        let config = folder.path().join("config/helix");
        let shipped = root().join("editors/helix");
        copy_tree(&shipped.join("queries"), &config.join("runtime/queries"));
        copy_tree(&shipped.join("themes"), &config.join("themes"));
        let languages = fs::read_to_string(shipped.join("languages.toml")).expect("it is shipped");
        let own = languages.replace("command = \"msc\"", &format!("command = {:?}", env!("CARGO_BIN_EXE_msc")));
        assert_ne!(own, languages, "the server's command is in languages.toml");
        fs::write(config.join("languages.toml"), own).expect("it can be written");
        let settings = "theme = \"metascript\"\n[editor]\nend-of-line-diagnostics = \"hint\"\n";
        fs::write(config.join("config.toml"), settings).expect("it can be written");
        let grammars = config.join("runtime/grammars");
        fs::create_dir_all(&grammars).expect("it can be made");
        let source = root().join("grammar/src");
        run(Command::new("cc")
            .args(["-O1", "-shared", "-fPIC", "-I"])
            .args([&source, &source.join("parser.c"), &source.join("scanner.c")])
            .arg("-o")
            .arg(grammars.join("metascript.so")))
        .expect("the grammar compiles with the command of the README");
        copy_tree(&root().join("examples/shop"), &folder.path().join("shop"));
        User { folder, programs }
    }

    fn env(&self) -> [(&'static str, PathBuf); 3] {
        let path = |name: &str| self.folder.path().join(name);
        [("HOME", path("home")), ("XDG_CONFIG_HOME", path("config")), ("XDG_CACHE_HOME", path("cache"))]
    }

    /// Opens a file of the example, given as Helix takes it: `PATH:LINE:COLUMN`.
    fn open(&self, name: &str, place: &str) -> Terminal {
        let command = format!("'{}' '{}/shop/{place}'", self.programs.hx.display(), self.folder.path().display());
        let env = self.env();
        let env: Vec<(&str, &OsStr)> = env.iter().map(|(name, value)| (*name, value.as_os_str())).collect();
        Terminal::start(self.programs.tmux.clone(), name, &command, &env)
    }
}

const BODY: Option<(u8, u8, u8)> = Some((0x19, 0x22, 0x33));
const QUOTE: Option<(u8, u8, u8)> = Some((0x2b, 0x24, 0x16));
const SPLICE: Option<(u8, u8, u8)> = Some((0x1f, 0x2f, 0x4d));
const PAGE: Option<(u8, u8, u8)> = Some((0x16, 0x18, 0x1d));
/// What names macros.
const MACRO: Option<(u8, u8, u8)> = Some((0xff, 0x8c, 0xc2));

fn what_is_compile_time_has_its_own_colours(user: &User) {
    let terminal = user.open("colours", "src/macros/enum_names.ms");
    let screen = terminal.wait("the macro in colours", |screen| {
        screen.text().contains("export macro enumNames") && screen.style("export macro", "export").background == PAGE
    });
    let named = |background| Style { color: MACRO, background, bold: true };
    assert_eq!(screen.style("export macro enumNames", "enumNames"), named(PAGE));
    assert_eq!(screen.style("const target = ctx.target", "target").background, BODY);
    assert_eq!(screen.style("addAfter(quote {", "quote"), named(BODY));
    assert_eq!(screen.style("export const allOf${type}", "export").background, QUOTE);
    assert_eq!(screen.style("export const allOf${type}", "${"), named(SPLICE));
    assert_eq!(screen.style("export const allOf${type}", "type").background, SPLICE);
    assert_eq!(screen.style("quote(${type}.${member.name})", "quote"), named(BODY));
    assert_eq!(screen.style("quote(${type}.${member.name})", ".${").background, QUOTE);
    // A template's substitution is no splice.
    assert_eq!(screen.style("`\\`${member.name}", "${").background, BODY);

    let terminal = user.open("uses", "src/data/catalogue.ms");
    let screen = terminal.wait("the block in colours", |screen| screen.text().contains("@comptime {"));
    assert_eq!(screen.style("export const catalogue = @comptime {", "comptime"), named(PAGE));
    assert_eq!(screen.style("for (const row of rows)", "row").background, BODY);
    assert_eq!(screen.style("export type Sku", "export").background, PAGE);

    let terminal = user.open("attributes", "src/model/user.ms");
    let screen = terminal.wait("the class", |screen| screen.text().contains("@derive(Eq"));
    assert_eq!(screen.style("@derive(Eq", "derive"), named(PAGE));
    assert_ne!(screen.style("export class User", "User").color, MACRO);
}

fn a_mistake_shows_and_generated_code_hovers(user: &User) {
    let terminal = user.open("mistake", "src/mistake.ms:4:41");
    let screen = terminal.wait("the diagnostic", |screen| screen.text().contains("● 1"));
    assert!(screen.text().contains("Argument of "), "{}", screen.text());
    terminal.keys(&["Space", "k"]);
    terminal.wait("the hover of a generated method", |screen| {
        let text = screen.text();
        text.contains("equals(other") && text.contains("derive(Eq")
    });
    // Nothing is saved.
    terminal.keys(&["Escape", "Escape", "o", "new User(\"a\", 1).eq"]);
    terminal.wait("the completion of a generated method", |screen| {
        // A row of the menu: the label, and its kind.
        screen.text().lines().any(|line| {
            let rest = line.split_once("equals").map(|(_, rest)| rest.trim_start());
            rest.is_some_and(|rest| rest.starts_with("method"))
        })
    });
}

#[test]
fn a_real_helix_colours_macros_shows_errors_hovers_and_completes() {
    let programs = match programs() {
        Ok(programs) => programs,
        Err(why) => {
            let required = ["CI", "MSC_REQUIRE_HELIX"].iter().any(|name| std::env::var_os(name).is_some());
            assert!(!required, "Helix cannot be had: {why}");
            eprintln!("SKIPPED: NOT TESTED WITH HELIX, which cannot be had here: {why}");
            return;
        }
    };
    let user = User::new(programs);
    let mut health = Command::new(&user.programs.hx);
    let output = health.args(["--health", "metascript"]).envs(user.env()).output().expect("hx starts");
    let health = String::from_utf8_lossy(&output.stdout);
    for part in ["Tree-sitter parser", "Highlight queries", "Textobject queries", "Indent queries"] {
        let line = health.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part} in:\n{health}"));
        assert!(line.contains('✓'), "{line}");
    }
    what_is_compile_time_has_its_own_colours(&user);
    a_mistake_shows_and_generated_code_hovers(&user);
}
