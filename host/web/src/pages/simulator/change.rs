//! What another trigger would change, before it is written anywhere.

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::forecast::{Changed, Span, diff};
use noontide_domain::{Lang, Schedule};
use serde_json::{Map, Value, json};

use super::{DAYS, Filter};
use crate::WebParts;
use crate::pages::moment::Moment;
use crate::pages::visit::Visit;
use crate::problem::Problem;

/// The keys of triggers, of which a schedule has one.
pub(super) const KEYS: [&str; 4] = ["cron", "every", "at", "solar"];

/// Examples of each kind.
const EXAMPLES: usize = 5;

/// A change, as it is shown.
pub(super) struct Shown {
    /// In words, before and after.
    pub(super) words: [String; 2],
    /// Why it cannot be.
    pub(super) refused: Vec<String>,
    pub(super) fires: [usize; 2],
    pub(super) added: usize,
    pub(super) dropped: usize,
    pub(super) moved: usize,
    pub(super) added_at: Vec<Moment>,
    pub(super) dropped_at: Vec<Moment>,
    pub(super) moved_at: Vec<(Moment, Moment)>,
}

pub(super) async fn shown(visit: &Visit, parts: &WebParts, filter: &Filter) -> Result<Shown, Problem> {
    let old = parts.engine.standing(&filter.schedule)?.schedule;
    let before = old.trigger.words(Lang::En);
    let read = parts.host.read_schedule(old.name.as_str(), &asked(&old, filter), None).await;
    Ok(match read {
        Err(refused) => Shown { refused, ..Shown::nothing([before, String::new()]) },
        Ok(read) => {
            let new = Schedule { trigger: read.trigger, timezone: read.timezone, ..old.clone() };
            let span = Span { from: visit.now, to: visit.now + TimeDelta::days(DAYS) };
            let words = [before, new.trigger.words(Lang::En)];
            let zone = new.timezone;
            let changed = diff(&[old], &[new], span).pop();
            changed.map_or_else(
                || Shown::nothing(words.clone()),
                |changed| Shown::of(visit, words.clone(), &changed, zone),
            )
        }
    })
}

/// What a client would put: only what decides when.
fn asked(schedule: &Schedule, filter: &Filter) -> Value {
    let value = serde_json::from_str(&filter.value).ok().filter(|value: &Value| value.is_object() || value.is_array());
    let mut asked = Map::new();
    asked.insert("handler".to_owned(), schedule.handler.to_string().into());
    asked.insert("timezone".to_owned(), schedule.timezone.name().into());
    let key = KEYS.into_iter().find(|key| *key == filter.key).unwrap_or(KEYS[0]);
    asked.insert(key.to_owned(), value.unwrap_or_else(|| json!(filter.value)));
    asked.into()
}

impl Shown {
    /// No fire differs.
    fn nothing(words: [String; 2]) -> Self {
        let (refused, added_at, dropped_at, moved_at) = Default::default();
        Self { words, refused, fires: [0; 2], added: 0, dropped: 0, moved: 0, added_at, dropped_at, moved_at }
    }

    fn of(visit: &Visit, words: [String; 2], changed: &Changed, zone: chrono_tz::Tz) -> Self {
        let moment = |at: &DateTime<Utc>| visit.moment(*at, zone);
        let some = |instants: &[DateTime<Utc>]| instants.iter().take(EXAMPLES).map(moment).collect();
        Self {
            fires: [changed.before, changed.after],
            added: changed.added.len(),
            dropped: changed.dropped.len(),
            moved: changed.moved.len(),
            added_at: some(&changed.added),
            dropped_at: some(&changed.dropped),
            moved_at: changed.moved.iter().take(EXAMPLES).map(|(from, to)| (moment(from), moment(to))).collect(),
            ..Self::nothing(words)
        }
    }
}
