//! What a user of the real binary waits for: runs that are due, the first fire after a start, a plugin that was swapped; and what
//! an idle host takes. `cargo bench -p noontide-tests --bench host [-- ROUNDS]`. Figures stand beside those of the last time.

mod figures;
#[path = "../late.rs"]
mod late;
mod lateness;
mod start;
#[path = "../../system/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests' own, of which this needs a part")]
mod support;
mod swap;

use figures::Figures;

/// How often each is measured.
const ROUNDS: usize = 3;

fn main() {
    // `cargo test --all-targets` starts this too, without the flag that `cargo bench` gives.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let rounds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(ROUNDS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut figures = Figures::default();
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        runtime.block_on(async {
            lateness::measure(&mut figures).await;
            start::measure(&mut figures).await;
            swap::measure(&mut figures).await;
        });
    }
    figures.tell();
}
