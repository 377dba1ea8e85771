//! Where a person's own files live, as opposed to a project's.

use std::path::PathBuf;

/// The directory of this user's settings and secrets for `msc`; `None` where the system names no
/// home. Nothing is created.
pub fn config_dir() -> Option<PathBuf> {
    let from = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = if cfg!(windows) {
        from("APPDATA")?
    } else if let Some(dir) = from("XDG_CONFIG_HOME") {
        dir
    } else if cfg!(target_os = "macos") {
        from("HOME")?.join("Library/Application Support")
    } else {
        from("HOME")?.join(".config")
    };
    Some(base.join("metascript"))
}

/// The directory below which programs keep what can be made again, for this user. Nothing is created.
pub fn cache_dir() -> Option<PathBuf> {
    let from = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if cfg!(windows) {
        from("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        from("HOME").map(|home| home.join("Library/Caches"))
    } else {
        from("XDG_CACHE_HOME").or_else(|| from("HOME").map(|home| home.join(".cache")))
    }
}

/// Memory of this process that the system holds for it at this moment, in bytes; `None` where it does
/// not tell.
pub fn resident_bytes() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let text = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes << 10)
    }
    #[cfg(not(target_os = "linux"))]
    None
}
