//! Schedules put into a running host, as `noontide put` does.

use serde_json::{Map, Value};

use super::Imported;
use crate::args::{Global, Why};
use crate::exit::{Exit, Stop};
use crate::output::complain;
use crate::progress::Progress;
use crate::reach::{Reach, segment};

/// Puts all entries, each by itself; whether the host took them all. What the API owns under a name is replaced.
///
/// # Errors
/// The host does not answer.
pub async fn run(global: &Global, why: &Why, imported: &Imported) -> Result<bool, Stop> {
    let host = Reach::to(global)?.because(why);
    let (mut new, mut in_place, mut refused) = (0, 0, 0);
    let progress = Progress::of(global, "putting schedules", imported.entries.len());
    for entry in &imported.entries {
        let keys: Map<_, _> = entry.keys.iter().map(|(key, value)| ((*key).to_owned(), value.json())).collect();
        match host.put(&format!("/schedules/{}", segment(&entry.name)), &Value::Object(keys)).await {
            Ok((true, _)) => new += 1,
            Ok((false, _)) => in_place += 1,
            Err(stop) if stop.exit == Exit::Unreachable => return Err(stop),
            Err(stop) => {
                complain(&format!("refused: {}: `{}`: {}", entry.place, entry.name, stop.message));
                refused += 1;
            }
        }
        progress.add(1);
    }
    drop(progress);
    let told = format!("{new} schedules created, {in_place} in place, {refused} refused; `noontide ls` shows them");
    global.output().hint(&told);
    Ok(refused == 0)
}
