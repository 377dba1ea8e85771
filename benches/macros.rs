//! What an expansion costs in a worker: one after the other, and a thousand over two workers.
//!
//! The macro's module has some 500 lines, its target ten fields, its output ten members, as a
//! derive would. Run with `cargo bench --bench macros`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use msc::base::FilePath;
use msc::macros::ProjectInputs;
use workload::{expand, graph, host, timed};

mod workload;

fn main() {
    let graph = graph();
    println!("module: {} lines, {} bytes", graph.modules[0].js.lines().count(), graph.modules[0].js.len());
    let inputs = ProjectInputs::new(FilePath::new("/p"));

    let one = host(1);
    let first = timed(|| expand(&one, &graph, &inputs, 0));
    println!("first expansion, process and compilation included: {first:?}");
    let mut times: Vec<Duration> = (1..=1000).map(|number| timed(|| expand(&one, &graph, &inputs, number))).collect();
    times.sort();
    println!("one expansion, warm: min {:?}, median {:?}, p99 {:?}", times[0], times[500], times[990]);

    let two = host(2);
    two.warm();
    let next = AtomicUsize::new(0);
    let all = timed(|| {
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= 1000 {
                            return;
                        }
                        expand(&two, &graph, &inputs, number);
                    }
                });
            }
        });
    });
    println!("1,000 expansions over two workers: {all:?}");
}
