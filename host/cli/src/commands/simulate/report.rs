//! What a simulation came to: as JSON, and as the page a person reads.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::duration;
use noontide_domain::forecast::{Busy, CROWD, Load, Overlaps, Span, Told, who};
use serde_json::{Value, json};

use crate::changes::{self, Effect};
use crate::output::Rows;
use crate::zone;

/// Names of one minute or second in the page; JSON has all.
const NAMES: usize = 4;

/// The longest bar of the histogram, in characters.
const BAR: u64 = 50;

/// Everything that is told.
pub struct Report {
    /// What was looked at.
    pub span: Span,
    /// Each schedule.
    pub told: Vec<Told>,
    /// All of them together.
    pub load: Load,
    /// Where hours and instants are shown; `None` for UTC, and each schedule's own.
    pub zone: Option<Tz>,
    /// How long it took.
    pub took: std::time::Duration,
}

impl Report {
    /// For programs.
    pub fn json(&self) -> Value {
        let load = &self.load;
        let busiest =
            |busy: &[Busy], width| -> Value { busy.iter().map(|busy| self.busy_json(*busy, width)).collect() };
        json!({
            "from": zone::rfc3339(self.span.from),
            "to": zone::rfc3339(self.span.to),
            "fires": self.fires(),
            "schedules": self.told.iter().map(told_json).collect::<Vec<_>>(),
            "busiest_minutes": busiest(&load.minutes, TimeDelta::minutes(1)),
            "collisions": {
                "threshold": CROWD,
                "seconds": load.crowded,
                "busiest_seconds": busiest(&load.seconds, TimeDelta::seconds(1)),
            },
            "hours": { "timezone": self.zone.unwrap_or(Tz::UTC).name(), "fires": load.hours },
            "clock_changes": self.effects().iter().map(|(told, effect)| effect_json(told, effect)).collect::<Vec<_>>(),
            "peak": { "running": load.peak.running, "at": (load.peak.running > 0).then(|| zone::rfc3339(load.peak.at)) },
            "took_ms": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        })
    }

    fn fires(&self) -> u64 {
        self.told.iter().map(|told| told.fires).sum()
    }

    fn busy_json(&self, busy: Busy, width: TimeDelta) -> Value {
        let who = who(&self.told, self.span, busy.begin, width);
        let who: Vec<_> = who.iter().map(|(name, fires)| json!({"schedule": name, "fires": fires})).collect();
        json!({"begin": zone::rfc3339(busy.begin), "fires": busy.fires, "schedules": who})
    }

    /// What clock changes do to schedules that fire at all.
    fn effects(&self) -> Vec<(&Told, Effect)> {
        let mut of_zone: BTreeMap<&str, Vec<changes::Change>> = BTreeMap::new();
        let mut found = Vec::new();
        for told in self.told.iter().filter(|told| told.fires > 0) {
            let zone = told.schedule.timezone;
            let all = of_zone.entry(zone.name()).or_insert_with(|| changes::all(zone, self.span.from, self.span.to));
            let touched = all.iter().flat_map(|change| changes::effects(&told.schedule.trigger, *change));
            found.extend(touched.map(|effect| (told, effect)));
        }
        found
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut parts = vec![self.headline(), self.schedules()];
        let load = &self.load;
        parts.push(format!("busiest minutes\n{}", self.busiest(&load.minutes, TimeDelta::minutes(1))));
        let crowds = match load.crowded {
            0 => format!("no second has {CROWD} fires or more; the fullest"),
            1 => format!("1 second has {CROWD} fires or more"),
            count => format!("{count} seconds have {CROWD} fires or more"),
        };
        let fullest = if load.crowded == 0 { 1 } else { load.seconds.len() };
        let fullest = load.seconds.get(..fullest).unwrap_or_default();
        parts.push(format!("{crowds}\n{}", self.busiest(fullest, TimeDelta::seconds(1))));
        parts.push(self.histogram());
        if let Some(changes) = self.changes() {
            parts.push(format!("clock changes\n{changes}"));
        }
        if load.peak.running > 0 {
            let at = zone::wall(load.peak.at, self.zone.unwrap_or(Tz::UTC));
            parts.push(format!("most runs at once, as slow as one in twenty: {} at {at}", load.peak.running));
        }
        parts.join("\n\n")
    }

    fn headline(&self) -> String {
        let Span { from, to } = self.span;
        let zone = self.zone.unwrap_or(Tz::UTC);
        let (schedules, took) = (self.told.len(), self.took.as_secs_f64());
        format!(
            "{} fires of {schedules} schedules from {} to {}, in {took:.2} s",
            self.fires(),
            zone::wall(from, zone),
            zone::wall(to, zone)
        )
    }

    fn schedules(&self) -> String {
        let mut rows = Rows::of(["schedule", "fires", "first", "last", "takes", "overlap"]);
        for told in &self.told {
            let zone = self.zone.unwrap_or(told.schedule.timezone);
            let wall = |at: Option<DateTime<Utc>>| at.map_or("-".to_owned(), |at| zone::wall(at, zone));
            rows.push([
                told.schedule.name.to_string(),
                if told.schedule.enabled { told.fires.to_string() } else { "disabled".to_owned() },
                wall(told.first),
                wall(told.last),
                takes(told),
                overlaps(told),
            ]);
        }
        rows.drawn()
    }

    fn busiest(&self, busiest: &[Busy], width: TimeDelta) -> String {
        let mut rows = Rows::of(["begin", "fires", "schedules"]);
        for busy in busiest {
            let who = who(&self.told, self.span, busy.begin, width);
            let names: Vec<_> = who.iter().map(|(name, count)| named(name, *count)).collect();
            let begin = zone::wall(busy.begin, self.zone.unwrap_or(Tz::UTC));
            rows.push([begin, busy.fires.to_string(), some(&names)]);
        }
        rows.drawn()
    }

    /// What clock changes do, a row for each change and fate.
    fn changes(&self) -> Option<String> {
        let mut of_change: BTreeMap<_, Vec<(&Told, Effect)>> = BTreeMap::new();
        for (told, effect) in self.effects() {
            let key = (effect.change.at, effect.change.zone.name(), effect.fate.as_str());
            of_change.entry(key).or_default().push((told, effect));
        }
        let mut rows = Rows::of(["at", "zone", "clocks", "what", "times", "schedules"]);
        for ((at, name, what), touched) in &of_change {
            let effect = &touched[0].1;
            let by = effect.change.by;
            let direction = if by > TimeDelta::zero() { "forward" } else { "back" };
            let names: Vec<_> = touched.iter().map(|(told, _)| told.schedule.name.to_string()).collect();
            rows.push([
                zone::wall(*at, effect.change.zone),
                (*name).to_owned(),
                format!("{direction} {}", duration::words(by.abs().to_std().unwrap_or_default())),
                (*what).to_owned(),
                touched.iter().map(|(_, effect)| effect.times).sum::<usize>().to_string(),
                some(&names),
            ]);
        }
        (!of_change.is_empty()).then(|| rows.drawn())
    }

    fn histogram(&self) -> String {
        let hours = &self.load.hours;
        let most = hours.iter().copied().max().unwrap_or_default().max(1);
        let zone = self.zone.unwrap_or(Tz::UTC);
        let mut lines = vec![format!("fires by the hour, {zone}")];
        for (hour, fires) in hours.iter().enumerate() {
            let bar = "#".repeat(usize::try_from((fires * BAR).div_ceil(most)).unwrap_or_default());
            lines.push(format!("{hour:02}  {bar} {fires}"));
        }
        lines.join("\n")
    }
}

/// The first few, and how many more.
fn some(names: &[String]) -> String {
    match names.len().checked_sub(NAMES) {
        Some(more) if more > 0 => format!("{} and {more} more", names[..NAMES].join(", ")),
        _ => names.join(", "),
    }
}

fn named(name: &str, count: usize) -> String {
    if count == 1 { name.to_owned() } else { format!("{name} ×{count}") }
}

fn takes(told: &Told) -> String {
    let lengths = told.lengths;
    match lengths.runs {
        0 => format!("{} (assumed)", duration::words(lengths.p50)),
        runs => format!("{}, slow {} ({runs} runs)", duration::words(lengths.p50), duration::words(lengths.p95)),
    }
}

/// `skip: 12 of them skipped, 40 if all are slow`.
fn overlaps(told: &Told) -> String {
    let word = told.schedule.overlap.as_str();
    match (told.usual.all(), told.slow.all()) {
        (0, 0) => "-".to_owned(),
        (usual, slow) if usual == slow => format!("{word}: {}", counts(&told.usual)),
        (0, _) => format!("{word}: if slow, {}", counts(&told.slow)),
        _ => format!("{word}: {}; if slow, {}", counts(&told.usual), counts(&told.slow)),
    }
}

fn counts(overlaps: &Overlaps) -> String {
    let all = [
        (overlaps.skipped, "skipped"),
        (overlaps.queued, "queued"),
        (overlaps.cancelled, "cancelled"),
        (overlaps.beside, "beside another"),
    ];
    let told = all.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    told.collect::<Vec<_>>().join(", ")
}

fn told_json(told: &Told) -> Value {
    let time = |at: Option<DateTime<Utc>>| at.map(zone::rfc3339);
    let lengths = told.lengths;
    json!({
        "schedule": told.schedule.name,
        "handler": told.schedule.handler.to_string(),
        "timezone": told.schedule.timezone.name(),
        "enabled": told.schedule.enabled,
        "fires": told.fires,
        "left_out": told.left_out,
        "first": time(told.first),
        "last": time(told.last),
        "duration": {
            "p50": duration::words(lengths.p50), "p95": duration::words(lengths.p95), "runs": lengths.runs,
        },
        "overlap": told.schedule.overlap,
        "overlaps": { "usual": overlaps_json(&told.usual), "slow": overlaps_json(&told.slow) },
    })
}

fn overlaps_json(overlaps: &Overlaps) -> Value {
    json!({
        "skipped": overlaps.skipped, "queued": overlaps.queued,
        "cancelled": overlaps.cancelled, "beside": overlaps.beside,
    })
}

fn effect_json(told: &Told, effect: &Effect) -> Value {
    json!({
        "schedule": told.schedule.name,
        "timezone": effect.change.zone.name(),
        "at": zone::rfc3339(effect.change.at),
        "by_seconds": effect.change.by.num_seconds(),
        "what": effect.fate.as_str(),
        "times": effect.times,
        "first": effect.first.to_string(),
        "text": effect.words(),
    })
}
