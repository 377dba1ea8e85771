//! Names of files: our [`FilePath`]s, `tsr`'s byte strings, and the URIs its language service speaks.

use tsr_jsstring::JsString;
use tsr_lsproto::DocumentUri;

use crate::base::FilePath;
use crate::engine::LIBRARIES;

/// `tsr`'s name of a file. Libraries have a scheme of their own there.
pub(super) fn to_tsr(path: &FilePath) -> JsString {
    match library(path) {
        Some(name) => JsString::from_bytes([tsr_bundled::LIB_PATH, b"/", name.as_bytes()].concat()),
        None => JsString::from_bytes(path.as_str().as_bytes()),
    }
}

/// Our name of a file of `tsr`'s. Bytes that are not UTF-8 are replaced; no file of ours has them.
pub(super) fn from_tsr(name: &[u8]) -> FilePath {
    let library = name.strip_prefix(tsr_bundled::LIB_PATH).and_then(|rest| rest.strip_prefix(b"/"));
    match library {
        Some(name) => FilePath::new(&format!("{LIBRARIES}/{}", String::from_utf8_lossy(name))),
        None => FilePath::new(&String::from_utf8_lossy(name)),
    }
}

pub(super) fn to_uri(path: &FilePath) -> DocumentUri {
    DocumentUri::from_file_name(to_tsr(path).as_bytes())
}

pub(super) fn from_uri(uri: &DocumentUri) -> FilePath {
    from_tsr(uri.file_name().as_bytes())
}

/// The name below [`LIBRARIES`].
pub(super) fn library(path: &FilePath) -> Option<&str> {
    path.as_str().strip_prefix(LIBRARIES)?.strip_prefix('/')
}
