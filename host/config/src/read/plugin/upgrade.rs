//! `canary`, `rollback-after`, `on-wider`, `on-incompatible`: how new versions are taken.

use noontide_domain::UpgradePolicy;
use noontide_domain::plugin::upgrade::Canary;

use crate::reader::Reader;
use crate::tree::Value;

pub(super) fn policy(reader: &Reader<'_>) -> UpgradePolicy {
    let usual = UpgradePolicy::default();
    let after = reader.count("rollback-after", 0).and_then(|after| u32::try_from(after).ok());
    UpgradePolicy {
        canary: canary(reader),
        rollback_after: after.unwrap_or(usual.rollback_after),
        take_wider: is_second(reader, "on-wider", ["hold", "take"]),
        take_incompatible: is_second(reader, "on-incompatible", ["keep", "replace"]),
    }
}

/// Which of two words stands there; the first if none does.
fn is_second(reader: &Reader<'_>, key: &'static str, [first, second]: [&str; 2]) -> bool {
    let Some((word, node)) = reader.text(key) else { return false };
    let read = match word.as_str() {
        word if word == first => Ok(false),
        word if word == second => Ok(true),
        _ => Err(format!("`{key}` is `{word}`; {first} or {second} is expected")),
    };
    reader.good(&node.place, read).unwrap_or(false)
}

/// A share of the runs, or how many of the next.
fn canary(reader: &Reader<'_>) -> Option<Canary> {
    let node = reader.get("canary")?;
    let read = match &node.value {
        Value::Integer(runs) => {
            u32::try_from(*runs).ok().filter(|runs| *runs > 0).map(|runs| Canary { share: 100, runs })
        }
        Value::Text(_) => {
            let text = reader.as_text("canary", node)?;
            let share = text.trim().strip_suffix('%').and_then(|share| share.trim().parse::<u8>().ok());
            share.filter(|share| (1..=99).contains(share)).map(|share| Canary { share, runs: Canary::RUNS })
        }
        _ => None,
    };
    let wanted = "`canary` is a share of the runs from \"1%\" to \"99%\", or how many runs a new version has to do well, as in 20";
    reader.good(&node.place, read.ok_or(wanted))
}
