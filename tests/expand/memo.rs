//! L2: what is kept, for how long, and what comes back.

use std::sync::Arc;

use msc::base::{Digest, FilePath};
use msc::cache::Store;
use msc::expand::{Call, Expansion, Flavour, Memo};
use msc::macros::{Effect, Failure, FailureKind, JobOutput, Outcome};

use crate::support::World;

fn call() -> Call {
    let world = World::new(&[("/a.ms", "macro m(ctx: MacroContext) {}\n@m class A { x = 1; }\n")]);
    world.known("/a.ms", Flavour::Check).pending.remove(0)
}

fn expansion(call: &Call, result: Result<JobOutput, Failure>, effects: Vec<Effect>) -> Arc<Expansion> {
    Arc::new(Expansion::new(call, Outcome { result, effects, micros: 1, memory_bytes: 0 }))
}

#[test]
fn rows_serve_the_next_process() {
    let (store, call, file) = (Store::in_memory(), call(), FilePath::new("/a.ms"));
    let key = call.key(Digest::of(b"graph"));
    let first = Memo::new(store.clone());
    assert!(first.get(key, &|_| true).is_none());
    let made = expansion(&call, Ok(JobOutput::default()), Vec::new());
    first.put(key, &file, made.clone());
    store.flush();
    let second = Memo::new(store);
    assert!(second.peek(key).is_none(), "nothing is in memory yet");
    assert_eq!(second.get(key, &|_| true).expect("stored").outcome(), made.outcome());
    assert!(second.peek(key).is_some());
}

#[test]
fn a_row_holds_while_its_inputs_hold() {
    let (store, call, file) = (Store::in_memory(), call(), FilePath::new("/a.ms"));
    let key = call.key(Digest::default());
    let memo = Memo::new(store);
    let input = Effect::File { path: FilePath::new("/data.json"), digest: None };
    memo.put(key, &file, expansion(&call, Ok(JobOutput::default()), vec![input.clone()]));
    assert!(memo.get(key, &|effect| *effect == input).is_some());
    assert!(memo.get(key, &|_| false).is_none());
    assert!(memo.peek(key).is_some(), "what is stale may still be shown");
}

#[test]
fn only_what_is_sure_to_happen_again_is_kept() {
    let (call, file) = (call(), FilePath::new("/a.ms"));
    let kept = |kind| {
        let memo = Memo::new(Store::in_memory());
        let key = call.key(Digest::default());
        memo.put(key, &file, expansion(&call, Err(Failure::new(kind, "why")), Vec::new()));
        memo.get(key, &|_| true).is_some()
    };
    for kind in [FailureKind::Threw, FailureKind::BadSplice, FailureKind::NoLiteral, FailureKind::Input] {
        assert!(kept(kind), "{kind:?}");
    }
    for kind in [
        FailureKind::TimedOut,
        FailureKind::OutOfMemory,
        FailureKind::Crashed,
        FailureKind::Banned,
        FailureKind::Refused(msc::macros::Refusal::NotGranted),
        FailureKind::Module,
    ] {
        assert!(!kept(kind), "{kind:?}");
    }
}
