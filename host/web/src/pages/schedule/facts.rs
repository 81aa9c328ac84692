//! What a schedule says of its runs, in words.

use noontide_domain::{CatchUpMode, Overlap, Schedule, WindowLength, duration};

/// Name and value of each that is said.
pub(super) fn policies(schedule: &Schedule) -> Vec<(&'static str, String)> {
    let length = |length: Option<std::time::Duration>| length.map(duration::words);
    let retry = &schedule.retry;
    let facts = [
        ("When a run is in the way", Some(overlap(schedule.overlap).to_owned())),
        ("What was missed", Some(catch_up(schedule))),
        (
            "After a failure",
            Some(match retry.attempts {
                0 | 1 => "it is not tried again".to_owned(),
                attempts => format!(
                    "tried up to {attempts} times, {} after the first, twice as long after each, {} at most",
                    duration::words(retry.backoff),
                    duration::words(retry.cap)
                ),
            }),
        ),
        ("One attempt takes at most", length(schedule.timeout)),
        ("Begins within", length(schedule.start_deadline)),
        ("Over after", length(schedule.expires)),
        ("Runs at most", schedule.max_runs.map(|most| format!("{most} times in all"))),
        ("Side by side at most", schedule.concurrency.map(|most| format!("{most} on all hosts together"))),
        ("Late by chance, up to", length(schedule.jitter)),
        ("Spread over", length(schedule.spread)),
        ("A success is expected within", length(schedule.expect_within)),
        ("Data window", schedule.window.map(WindowLength::text)),
        ("Supersedes", listed(&schedule.supersedes)),
        ("Includes", listed(&schedule.includes)),
        ("Priority and queue", Some(format!("{}, {}", schedule.priority.0, schedule.queue))),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn listed(names: &[noontide_domain::ScheduleName]) -> Option<String> {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn overlap(overlap: Overlap) -> &'static str {
    match overlap {
        Overlap::Skip => "the next one is skipped, and a row says so",
        Overlap::Queue => "one waits; what comes due meanwhile is skipped",
        Overlap::QueueAll => "all wait and run one after the other",
        Overlap::CancelRunning => "the one that runs is cancelled",
        Overlap::Allow => "both run",
    }
}

fn catch_up(schedule: &Schedule) -> String {
    let policy = &schedule.catch_up;
    let within = duration::words(policy.within);
    match policy.mode {
        CatchUpMode::None => "stays missed; a row says so".to_owned(),
        CatchUpMode::Latest => format!("the newest runs late, if it was due within {within}"),
        CatchUpMode::All => format!("all within {within} run late, {} at most", policy.limit),
    }
}
