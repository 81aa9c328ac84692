//! The engine in a world that breaks: real loops, a manual clock, a ledger in memory, handlers that take their time, and a storm
//! of everything that goes wrong between them. A seed decides all of it, so what a seed has found can be looked at again.
//!
//! ```text
//! dice       chance, from a seed                                      dice.rs
//! clock      a host's own clock, which may be wrong                   clock.rs
//! road       the way to the ledger: requests are refused, slow, and their answers get lost      road.rs
//! hands      the handlers                                             hands.rs
//! host       a process that can be frozen, and killed between any two steps of its tasks        host.rs
//! storm      what breaks, and when                                    storm.rs
//! world      all of them, step by step, until everything is calm again    world.rs
//! judge      what must be true then                                   judge.rs
//! journal    what handlers saw, and what happened                     journal.rs
//! ```
//!
//! `NOONTIDE_SEEDS=100000` tells as many stories (`make simulate`), `NOONTIDE_SEED=77` tells one, aloud.

mod clock;
mod dice;
mod hands;
mod host;
mod journal;
mod judge;
mod road;
mod storm;
mod world;

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};

use world::World;

/// Stories that `make test` tells.
const SEEDS: u64 = 1_000;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is `{text}`; a number is expected")))
}

#[test]
fn whatever_breaks_nothing_due_is_lost_and_nothing_done_is_done_again() {
    if let Some(seed) = number("NOONTIDE_SEED") {
        let story = World::of(seed).tell();
        println!("{}", story.journal.told(usize::MAX));
        story.verdict.unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        return;
    }
    let (seeds, next, runs) = (number("NOONTIDE_SEEDS").unwrap_or(SEEDS), AtomicU64::new(0), AtomicU64::new(0));
    let tellers = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..tellers {
            scope.spawn(|| {
                while let seed @ 0.. = next.fetch_add(1, Ordering::Relaxed)
                    && seed < seeds
                {
                    let story = World::of(seed).tell();
                    runs.fetch_add(story.runs, Ordering::Relaxed);
                    if let Err(broken) = story.verdict {
                        panic!(
                            "seed {seed}: {broken}\n\n{}\n\nNOONTIDE_SEED={seed} tells all of it",
                            story.journal.told(60)
                        );
                    }
                }
            });
        }
    });
    let runs = runs.into_inner();
    println!("{seeds} stories, {runs} runs: nothing lost, nothing done twice");
    assert!(runs > seeds, "too little happens: {runs} runs in {seeds} stories");
}

#[test]
fn a_seed_tells_the_same_story_twice() {
    for seed in 0..20 {
        let [first, second] = [(); 2].map(|()| World::of(seed).tell().journal.told(usize::MAX));
        assert_eq!(first, second, "seed {seed}");
    }
}
