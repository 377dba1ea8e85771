//! What programs and hosts answered, for as long as that counts: level L5.
//!
//! A response is kept in the project's cache with what lets it be asked for again cheaply. While it is fresh nobody
//! is asked; then it is asked for again on the condition that it changed, and counts on where nobody
//! answers. A program's output is kept in memory alone.
//!
//! Invariant: decides nothing about permissions (its callers asked before), but for the steps of a kept
//! redirect. Never answers one question in two ways at the same time: of several that ask at once, one goes
//! out and the others wait for it. Shared by threads.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::effect::{ExecOutput, InputError, Request, Response};
use super::net::{self, Fetched, Trouble, Validators};
use super::permit::{Host, Permissions};
use super::protocol::{CacheOptions, Effect};
use crate::base::{Digest, Recipe};
use crate::cache::{Level, Store};

/// How long the output of a program counts within one process. Another process runs it again: a
/// program's output depends on things that nobody can name.
const PROGRAM_FRESH: Duration = Duration::from_secs(60);
/// How long a response counts as fresh where nobody says.
const DEFAULT_TTL: Duration = Duration::from_secs(3_600);
/// How long nobody asks again after any answer, also one that is none, or fresh for no time at all: what
/// one pass asks is answered once.
const SETTLED: Duration = Duration::from_secs(10);
/// From here on a request counts as slow.
const SLOW: Duration = Duration::from_secs(2);

/// When a program was run, and what it gave.
type Ran = (Instant, Result<ExecOutput, InputError>);

/// A question with its last answer; locked while the question is out.
type Slot<T> = Arc<Mutex<Option<T>>>;

type OpenStore = Box<dyn FnOnce() -> Option<Arc<Store>> + Send>;

/// What a person should know about an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Nobody answered, so what was answered `age` ago is used.
    Expired { url: String, age: Duration, why: String },
    /// It took this long.
    Slow { url: String, took: Duration },
}

pub struct Outside {
    /// Opened on first use: most projects ask no host, and looking at one must not make a cache.
    store: LazyLock<Option<Arc<Store>>, OpenStore>,
    programs: Mutex<HashMap<Digest, Slot<Ran>>>,
    responses: Mutex<HashMap<Digest, Slot<Known>>>,
    remarks: Mutex<HashMap<Digest, Remark>>,
    has_remarks: AtomicBool,
    slow: Duration,
}

impl Default for Outside {
    /// Keeps everything in memory alone.
    fn default() -> Outside {
        Outside::new(|| None)
    }
}

/// A row, and what memory holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    /// Seconds since 1970 at which a host last said this.
    at: u64,
    response: Response,
    etag: Option<String>,
    last_modified: Option<String>,
    /// Where redirects led.
    hops: Vec<(String, u16)>,
}

#[derive(Clone, Debug)]
struct Known {
    answer: Result<Kept, InputError>,
    /// When this process asked; `None` where a row answered.
    asked: Option<Instant>,
    /// Whether a good answer is one of now, and counts for as long as it is fresh.
    is_current: bool,
    /// It has to be asked for again, which only a macro can.
    is_outdated: bool,
}

impl Kept {
    fn age(&self) -> Option<Duration> {
        // A clock that was set back says nothing.
        now().checked_sub(self.at).map(Duration::from_secs)
    }

    fn may_answer(&self, permissions: &Permissions) -> Result<(), InputError> {
        self.hops.iter().try_for_each(|(host, port)| match Host::parse(host) {
            Ok(host) => permissions.host(&host, *port),
            Err(why) => Err(InputError::invalid(why)),
        })
    }
}

impl Known {
    fn row(kept: Kept) -> Known {
        Known { answer: Ok(kept), asked: None, is_current: true, is_outdated: false }
    }

    fn asked(answer: Result<Kept, InputError>, is_current: bool) -> Known {
        Known { answer, asked: Some(Instant::now()), is_current, is_outdated: false }
    }

    fn is_fresh(&self, ttl: Duration) -> bool {
        let age = self.answer.as_ref().ok().filter(|_| self.is_current).and_then(Kept::age);
        !self.is_outdated
            && (self.asked.is_some_and(|asked| asked.elapsed() < SETTLED) || age.is_some_and(|age| age < ttl))
    }

    fn response(&self, permissions: &Permissions) -> Result<Response, InputError> {
        let kept = self.answer.clone()?;
        kept.may_answer(permissions)?;
        Ok(kept.response)
    }
}

/// Runs a program: [`super::process::run`], or a stand-in.
type RunProgram = fn(&Permissions, &str, &[String]) -> Result<ExecOutput, InputError>;

impl Outside {
    /// Responses are kept in the store that `open` gives.
    pub fn new(open: impl FnOnce() -> Option<Arc<Store>> + Send + 'static) -> Outside {
        Outside {
            store: LazyLock::new(Box::new(open)),
            programs: Mutex::default(),
            responses: Mutex::default(),
            remarks: Mutex::default(),
            has_remarks: AtomicBool::new(false),
            slow: SLOW,
        }
    }

    /// The same with another time from which on a request counts as slow.
    pub fn with_slow(self, slow: Duration) -> Outside {
        Outside { slow, ..self }
    }

    /// Whether there is anything that a person should know.
    pub fn has_remarks(&self) -> bool {
        self.has_remarks.load(Ordering::Acquire)
    }

    /// What a person should know about the answer that an effect records.
    pub fn remark(&self, effect: &Effect) -> Option<Remark> {
        let Effect::Fetch(fetched) = effect else { return None };
        lock(&self.remarks).get(&fetched.question).cloned()
    }

    fn set_remark(&self, question: Digest, remark: Option<Remark>) {
        let mut remarks = lock(&self.remarks);
        match remark {
            Some(remark) => remarks.insert(question, remark),
            None => remarks.remove(&question),
        };
        self.has_remarks.store(!remarks.is_empty(), Ordering::Release);
    }

    /// The response to a request that its caller may send: a fresh one that is known, else asked for.
    pub(super) fn fetch(
        &self,
        permissions: &Permissions,
        request: &Request,
        options: &CacheOptions,
    ) -> Result<Response, InputError> {
        let question = question(request, options);
        let ttl = options.ttl.unwrap_or(DEFAULT_TTL);
        let slot = self.response(question);
        let mut slot = lock(&slot);
        if slot.is_none() {
            *slot = self.row(question).map(Known::row);
        }
        if let Some(known) = slot.as_ref().filter(|known| known.is_fresh(ttl)) {
            return known.response(permissions);
        }
        let last = slot.as_ref().and_then(|known| known.answer.as_ref().ok()).cloned();
        let last = last.filter(|kept| kept.may_answer(permissions).is_ok());
        let known = self.ask(permissions, request, question, last);
        let response = known.response(permissions);
        *slot = Some(known);
        response
    }

    /// Asks, on the condition that `last` is not right any more.
    fn ask(&self, permissions: &Permissions, request: &Request, question: Digest, last: Option<Kept>) -> Known {
        let validators = last.as_ref().map_or_else(Validators::default, |kept| Validators {
            etag: kept.etag.clone(),
            last_modified: kept.last_modified.clone(),
        });
        let started = Instant::now();
        let answer = net::send(permissions, request, &validators);
        let took = started.elapsed();
        let slow = (took >= self.slow).then(|| Remark::Slow { url: request.url.clone(), took });
        let expired = |last: Kept, why: String| {
            let age = last.age().unwrap_or_default();
            self.set_remark(question, Some(Remark::Expired { url: request.url.clone(), age, why }));
            Known::asked(Ok(last), false)
        };
        match (answer, last) {
            (Ok(Fetched { response: None, .. }), Some(last)) => {
                self.set_remark(question, slow);
                self.keep(question, Kept { at: now(), ..last })
            }
            (Ok(Fetched { response: Some(response), .. }), Some(last)) if response.status >= 500 => {
                expired(last, format!("the answer is {}", response.status))
            }
            (Ok(Fetched { response: Some(response), validators, hops }), _) => {
                self.set_remark(question, slow);
                let Validators { etag, last_modified } = validators;
                let is_error = response.status >= 500;
                let kept = Kept { at: now(), response, etag, last_modified, hops };
                // A server that is in trouble now may not be the next time.
                if is_error { Known::asked(Ok(kept), false) } else { self.keep(question, kept) }
            }
            (Ok(Fetched { response: None, .. }), None) => {
                let why = format!("{} says that nothing changed, and nothing is known", request.url);
                Known::asked(Err(InputError::invalid(why)), false)
            }
            (Err(Trouble::Unreachable { why, .. }), Some(last)) => expired(last, why),
            (Err(Trouble::Unreachable { host, why }), None) => {
                let message = format!("{host} cannot be reached: {why}");
                Known::asked(Err(InputError::invalid(message)), false)
            }
            // What is refused now does not become an old answer.
            (Err(Trouble::Input(error)), _) => Known::asked(Err(error), false),
        }
    }

    fn keep(&self, question: Digest, kept: Kept) -> Known {
        if let Some(store) = &*self.store {
            match postcard::to_allocvec(&kept) {
                Ok(bytes) => store.put(Level::Response, question, None, bytes),
                Err(error) => crate::bug!("a response has no encoding: {error}"),
            }
        }
        Known::asked(Ok(kept), true)
    }

    fn row(&self, question: Digest) -> Option<Kept> {
        let bytes = self.store.as_ref()?.get(Level::Response, question)?;
        postcard::from_bytes(&bytes).ok()
    }

    /// The last answer to a question, however old; `None` where there is none yet, or it is asked for
    /// at this moment. Asks nobody.
    pub(super) fn known_response(
        &self,
        permissions: &Permissions,
        question: Digest,
    ) -> Option<Result<Response, InputError>> {
        let slot = self.response(question);
        let mut slot = slot.try_lock().ok()?;
        if slot.is_none() {
            *slot = self.row(question).map(Known::row);
        }
        slot.as_ref().map(|known| match known.is_outdated {
            true => Err(not_fresh()),
            false => known.response(permissions),
        })
    }

    /// The same, where it is fresh. Otherwise nothing is known any more until a macro asks.
    pub(super) fn fresh_response(
        &self,
        permissions: &Permissions,
        question: Digest,
        options: &CacheOptions,
    ) -> Result<Response, InputError> {
        let slot = self.response(question);
        let mut slot = lock(&slot);
        let known = slot.take().or_else(|| self.row(question).map(Known::row));
        let mut known = known.unwrap_or_else(|| Known { asked: None, ..Known::asked(Err(not_fresh()), false) });
        known.is_outdated = !known.is_fresh(options.ttl.unwrap_or(DEFAULT_TTL));
        let response = if known.is_outdated { Err(not_fresh()) } else { known.response(permissions) };
        *slot = Some(known);
        response
    }

    fn response(&self, question: Digest) -> Slot<Known> {
        lock(&self.responses).entry(question).or_default().clone()
    }

    /// The output of a program, run where the last one is too old.
    pub(super) fn exec(
        &self,
        permissions: &Permissions,
        program: &str,
        args: &[String],
        run: RunProgram,
    ) -> Result<ExecOutput, InputError> {
        let slot = self.program(permissions, program, args);
        let mut slot = lock(&slot);
        if let Some((at, answer)) = &*slot
            && at.elapsed() < PROGRAM_FRESH
        {
            return answer.clone();
        }
        let answer = run(permissions, program, args);
        *slot = Some((Instant::now(), answer.clone()));
        answer
    }

    /// The last output of a program, however old; `None` where there is none yet.
    pub(super) fn known_exec(
        &self,
        permissions: &Permissions,
        program: &str,
        args: &[String],
    ) -> Option<Result<ExecOutput, InputError>> {
        let slot = self.program(permissions, program, args);
        // One that is running now has no answer yet.
        let slot = slot.try_lock().ok()?;
        slot.as_ref().map(|(_, answer)| answer.clone())
    }

    fn program(&self, permissions: &Permissions, program: &str, args: &[String]) -> Slot<Ran> {
        let mut recipe = Recipe::new("exec");
        recipe.text("root", permissions.root.as_str()).text("program", program);
        for arg in args {
            recipe.text("arg", arg);
        }
        // What it sees of the environment is granted, too.
        recipe.digest("permissions", permissions.digest());
        lock(&self.programs).entry(recipe.finish()).or_default().clone()
    }
}

/// What identifies a question to a host: everything that is sent, and the version that the asker wants.
pub(super) fn question(request: &Request, options: &CacheOptions) -> Digest {
    let mut recipe = Recipe::new("response");
    recipe.text("method", &request.method).text("url", &request.url).text("body", &request.body);
    for (name, value) in &request.headers {
        recipe.text("header", &name.to_ascii_lowercase()).text("value", value);
    }
    recipe.text("version", options.key.as_deref().unwrap_or(""));
    recipe.finish()
}

fn not_fresh() -> InputError {
    InputError::invalid("the response is not fresh")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
