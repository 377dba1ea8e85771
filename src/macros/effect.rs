//! What macros read: the questions ([`Inputs`]), and the record ([`Effect`]) that says when an
//! answer still holds. Who answers is another module's: [`super::inputs`].
//!
//! Invariant: a macro reaches nothing but through these functions, which run in the parent. A refusal
//! is an answer like any other: it is recorded, and holds until the permissions change.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::net;
use super::outside;
use super::permit::Refusal;
use super::protocol::{CacheOptions, Effect, FetchEffect};
use crate::base::{Digest, FilePath, Recipe};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum InputErrorKind {
    Missing,
    /// Not text, too large, a malformed pattern, no file, no answer.
    Invalid,
    Refused(Refusal),
}

impl InputErrorKind {
    /// What a macro reads as `error.kind`.
    pub fn name(self) -> &'static str {
        match self {
            InputErrorKind::Missing => "Missing",
            InputErrorKind::Invalid => "Invalid",
            InputErrorKind::Refused(_) => "NotPermitted",
        }
    }
}

/// Why an input was not read, in the words of a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputError {
    pub kind: InputErrorKind,
    pub message: String,
    pub help: Option<String>,
}

impl InputError {
    pub fn missing(path: &FilePath) -> InputError {
        InputError { kind: InputErrorKind::Missing, message: format!("there is no file {path}"), help: None }
    }

    pub fn invalid(message: impl Into<String>) -> InputError {
        InputError { kind: InputErrorKind::Invalid, message: message.into(), help: None }
    }

    pub fn with_help(mut self, help: impl Into<String>) -> InputError {
        self.help = Some(help.into());
        self
    }

    /// Errors are equal as answers where they say the same.
    fn digest(&self) -> Digest {
        let mut recipe = Recipe::new("no input");
        recipe.text("kind", self.kind.name()).text("why", &self.message);
        recipe.text("help", self.help.as_deref().unwrap_or(""));
        recipe.finish()
    }
}

/// A request over the network.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Request {
    pub url: String,
    pub method: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecOutput {
    /// The exit code; negative where a signal ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// What a macro can ask its host for. Paths are absolute: the caller has resolved them.
pub trait Inputs: Sync {
    fn read_file(&self, path: &FilePath) -> Result<Arc<str>, InputError>;
    /// Sorted paths of files; `pattern` is relative to `base`.
    fn glob(&self, base: &FilePath, pattern: &str) -> Result<Vec<FilePath>, InputError>;
    fn env(&self, name: &str) -> Result<Option<String>, InputError>;
    fn exec(&self, program: &str, args: &[String]) -> Result<ExecOutput, InputError>;
    fn fetch(&self, request: &Request, options: &CacheOptions) -> Result<Response, InputError>;
    /// What a host answered before to a request that is not known in full any more; an error where that
    /// is not fresh, since only the macro can ask again.
    fn fetched(&self, _: &FetchEffect) -> Result<Response, InputError> {
        Err(InputError::invalid("nothing was fetched"))
    }
}

impl Effect {
    /// The effect of a read that gave `answer`.
    pub fn of_file(path: &FilePath, answer: &Result<Arc<str>, InputError>) -> Effect {
        let digest = match answer {
            Ok(text) => Some(Digest::of(text.as_bytes())),
            Err(error) if error.kind == InputErrorKind::Missing => None,
            Err(error) => Some(error.digest()),
        };
        Effect::File { path: path.clone(), digest }
    }

    pub fn of_glob(base: &FilePath, pattern: &str, answer: &Result<Vec<FilePath>, InputError>) -> Effect {
        let digest = match answer {
            Ok(paths) => {
                let mut recipe = Recipe::new("glob");
                for path in paths {
                    recipe.text("path", path.as_str());
                }
                recipe.finish()
            }
            Err(error) => error.digest(),
        };
        Effect::Glob { base: base.clone(), pattern: pattern.to_owned(), digest }
    }

    pub fn of_env(name: &str, answer: &Result<Option<String>, InputError>) -> Effect {
        let digest = match answer {
            Ok(value) => value.as_ref().map(|value| Digest::of(value.as_bytes())),
            Err(error) => Some(error.digest()),
        };
        Effect::Env { name: name.to_owned(), digest }
    }

    pub fn of_exec(program: &str, args: &[String], answer: &Result<ExecOutput, InputError>) -> Effect {
        let digest = match answer {
            Ok(ExecOutput { code, stdout, stderr }) => {
                let mut recipe = Recipe::new("program");
                recipe.text("code", &code.to_string()).text("stdout", stdout).text("stderr", stderr).finish()
            }
            Err(error) => error.digest(),
        };
        Effect::Exec { program: program.to_owned(), args: args.to_vec(), digest }
    }

    pub fn of_fetch(request: &Request, options: &CacheOptions, answer: &Result<Response, InputError>) -> Effect {
        let mut plain = request.clone();
        for (_, value) in plain.headers.iter_mut().filter(|(name, _)| net::is_secret(name)) {
            value.clear();
        }
        let question = outside::question(request, options);
        let digest = response_digest(answer);
        Effect::Fetch(FetchEffect { request: plain, options: options.clone(), question, digest })
    }

    /// Whether reading the same again would give the same.
    pub fn still_holds(&self, inputs: &dyn Inputs) -> bool {
        self.again(inputs) == *self
    }

    /// The effect of reading the same again.
    pub fn again(&self, inputs: &dyn Inputs) -> Effect {
        match self {
            Effect::File { path, .. } => Effect::of_file(path, &inputs.read_file(path)),
            Effect::Glob { base, pattern, .. } => Effect::of_glob(base, pattern, &inputs.glob(base, pattern)),
            Effect::Env { name, .. } => Effect::of_env(name, &inputs.env(name)),
            Effect::Exec { program, args, .. } => Effect::of_exec(program, args, &inputs.exec(program, args)),
            Effect::Fetch(fetched) if fetched.is_whole() => {
                fetched.again(&inputs.fetch(&fetched.request, &fetched.options))
            }
            Effect::Fetch(fetched) => fetched.again(&inputs.fetched(fetched)),
            Effect::Clock { .. } | Effect::Chance { .. } => self.clone(),
        }
    }
}

impl FetchEffect {
    /// Whether nothing of the request was left out.
    fn is_whole(&self) -> bool {
        outside::question(&self.request, &self.options) == self.question
    }

    /// The effect of the same request with another answer.
    pub(super) fn again(&self, answer: &Result<Response, InputError>) -> Effect {
        Effect::Fetch(FetchEffect { digest: response_digest(answer), ..self.clone() })
    }
}

fn response_digest(answer: &Result<Response, InputError>) -> Digest {
    let response = match answer {
        Ok(response) => response,
        Err(error) => return error.digest(),
    };
    let mut recipe = Recipe::new("response");
    recipe.text("status", &response.status.to_string());
    for (name, value) in &response.headers {
        recipe.text("header", name).text("value", value);
    }
    recipe.text("body", &response.body).finish()
}
