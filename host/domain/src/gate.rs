//! The gate of a run: what a host has to be before it may lease it, and whether its schedule bounds how many go on.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::excerpt::excerpt;
use crate::{Labels, ScheduleName};

/// Bytes that the labels of a run take at most as JSON: they stand in an index of the ledger.
const LONGEST: usize = 256;

/// What stands between a ready run and a lease, besides its place in the line. Runs of one gate pass it alike, so the ledger
/// looks at gates and not at runs. Most have none.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gate {
    /// The schedule that bounds how many of its runs go on at the same time.
    pub schedule: Option<ScheduleName>,
    /// What is asked of the host.
    pub runs_on: Labels,
}

/// As the ledger keeps it: `nightly/{"gpu":"true"}`, `nightly/`, `{"gpu":"true"}`, or nothing.
impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schedule) = &self.schedule {
            write!(f, "{schedule}/")?;
        }
        f.write_str(&json(&self.runs_on))
    }
}

impl FromStr for Gate {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (schedule, labels) = match text.split_once('/') {
            // A value of a label may hold one, too; no name of a schedule begins with a brace.
            Some((name, labels)) if !text.starts_with('{') => {
                (Some(name.parse().map_err(|problem| format!("{problem}"))?), labels)
            }
            _ => (None, text),
        };
        let runs_on = match labels {
            "" => Labels::default(),
            labels => serde_json::from_str(labels).map_err(|problem| problem.to_string())?,
        };
        Ok(Self { schedule, runs_on })
    }
}

/// Nothing where nothing is asked. A map of texts has one order and always a text.
fn json(labels: &Labels) -> String {
    if labels.is_empty() { String::new() } else { serde_json::to_string(labels).unwrap_or_default() }
}

/// What a run asks of its host.
///
/// # Errors
/// A name that is empty, or more than an index holds.
pub fn runs_on(labels: BTreeMap<String, String>) -> Result<Labels, String> {
    if let Some((name, value)) = labels.iter().find(|(name, _)| name.trim().is_empty()) {
        let name = excerpt(name);
        return Err(format!("`{name}` cannot name a label (its value is `{}`)", excerpt(value)));
    }
    let labels = Labels(labels);
    match json(&labels).len() {
        length if length > LONGEST => {
            Err(format!("the labels take {length} bytes as JSON; at most {LONGEST} are possible"))
        }
        _ => Ok(labels),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_reads_as_it_was_written() {
        let gpu = Labels::from_iter([("gpu".to_owned(), "a/b".to_owned()), ("zone".to_owned(), "ä \"x\"".to_owned())]);
        for schedule in [None, Some("nightly.1".parse().expect("a name"))] {
            for runs_on in [Labels::default(), gpu.clone()] {
                let gate = Gate { schedule: schedule.clone(), runs_on };
                assert_eq!(gate.to_string().parse(), Ok(gate));
            }
        }
        assert_eq!(Gate::default().to_string(), "");
        assert!("a b/".parse::<Gate>().is_err() && "nightly/[]".parse::<Gate>().is_err());
    }

    #[test]
    fn labels_that_no_index_holds_are_refused() {
        let of = |name: &str, length: usize| runs_on(BTreeMap::from([(name.to_owned(), "x".repeat(length))]));
        assert!(of("gpu", 240).is_ok());
        assert!(of("gpu", 260).unwrap_err().contains("at most 256"));
        assert!(of(" ", 1).unwrap_err().contains("cannot name a label"));
    }
}
