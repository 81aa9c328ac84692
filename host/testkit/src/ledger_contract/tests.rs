//! The list of checks, checked.

/// A check that is in no list would never be held against anybody.
#[test]
fn every_check_is_on_the_list() {
    let list = include_str!("list.rs");
    let topics = [
        include_str!("artifacts.rs"),
        include_str!("chains.rs"),
        include_str!("changes.rs"),
        include_str!("claim.rs"),
        include_str!("backfill.rs"),
        include_str!("follow.rs"),
        include_str!("groups.rs"),
        include_str!("expiry.rs"),
        include_str!("overlap.rs"),
        include_str!("put.rs"),
        include_str!("history.rs"),
        include_str!("items.rs"),
        include_str!("lease.rs"),
        include_str!("limits.rs"),
        include_str!("memories.rs"),
        include_str!("outbox.rs"),
        include_str!("schedules.rs"),
        include_str!("settle.rs"),
        include_str!("versions.rs"),
    ];
    for line in topics.iter().flat_map(|topic| topic.lines()) {
        let Some(check) = line.strip_prefix("pub async fn ").and_then(|rest| rest.split('(').next()) else {
            continue;
        };
        assert!(list.lines().any(|line| line.trim() == check), "{check} is not on the list");
    }
}
