//! A schedule as a row of the table `task`: few columns, in the words of a framework whose users know them by heart.
//!
//! [`TableRow::of`] shows any schedule as such a row. [`TableRow::read`] goes the other way: a row that somebody wrote, over
//! the schedule that stands, is the schedule that is asked for. Only columns that differ from what was shown say anything,
//! so that what a row cannot tell (a place of the sun, a retry policy) outlives an edit of the columns beside it.

mod args;
mod asked;
mod extra;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::excerpt::excerpt;
use crate::trigger::at::parse_instant;
use crate::trigger::every::{self, Every, Length};
use crate::trigger::{At, Cron, Step, civil};
use crate::{HandlerRef, Owner, Schedule, Trigger};

pub use args::args;
pub use extra::{DELAY, Extra, with_error};

/// The columns of `task` that say something about a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// The schedule's name.
    pub task_key: String,
    /// For people.
    pub desc: String,
    /// `plugin/handler`.
    pub execute_func: String,
    /// `cron`, `date` or `interval`; of schedules that are none of these, the word of their trigger.
    pub trigger: String,
    /// What belongs to the trigger.
    pub spec: String,
    /// The handler's input, see [`args`].
    pub args: String,
    /// Whether it is enabled.
    pub is_valid: bool,
    /// A JSON object, see [`Extra`].
    pub extra: String,
}

/// The schedule that a row asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// As it shall stand.
    pub schedule: Schedule,
    /// It is due now, and once. All other edits fire nothing by themselves.
    pub at_once: bool,
}

/// When a row wants its schedule to come due.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// `now`: once, and at once.
    Now,
    /// By a trigger.
    By(Trigger),
}

/// Reads `trigger` and `spec`: `interval` with seconds or a length such as `5m`, `date` with wall time in `zone` or `now`,
/// `cron` with an expression in `zone`.
///
/// # Errors
/// A line that names the column and says what is expected.
pub fn when(trigger: &str, spec: &str, zone: Tz) -> Result<When, String> {
    let spec = spec.trim();
    let trigger = match (trigger.trim(), spec) {
        ("date", "now") => return Ok(When::Now),
        ("cron" | "interval", "now") => {
            return Err(
                "`spec` is `now`, which goes with the trigger date; to run it by hand there is `noontide fire`"
                    .to_owned(),
            );
        }
        ("date", _) => parse_instant(spec, zone).and_then(|instant| At::list(vec![instant])).map(Trigger::At),
        ("cron", _) => Cron::parse(spec, zone).map(Trigger::Cron).map_err(|reason| reason.to_string()),
        ("interval", _) => interval(spec, zone),
        (other, _) => {
            return Err(format!("`trigger` is `{}`; cron, date or interval is expected", excerpt(other)));
        }
    };
    trigger.map(When::By).map_err(|reason| format!("`spec`: {reason}"))
}

fn interval(spec: &str, zone: Tz) -> Result<Trigger, String> {
    match every::parse(spec)? {
        Length::Elapsed(every) if every < every::SHORTEST => Err(every::TOO_SHORT.to_owned()),
        Length::Elapsed(every) => Ok(Trigger::Every(Every { every, start: None, end: None })),
        Length::Months(months) => Step::new(months, None, zone).map(Trigger::Step),
    }
}

impl TableRow {
    /// How `schedule` looks in the table.
    pub fn of(schedule: &Schedule) -> Self {
        let (trigger, spec) = shown(&schedule.trigger, schedule.timezone);
        Self {
            task_key: schedule.name.to_string(),
            desc: schedule.description.clone().unwrap_or_default(),
            execute_func: schedule.handler.to_string(),
            trigger,
            spec,
            args: args::shown(&schedule.input),
            is_valid: schedule.enabled,
            extra: extra::shown(schedule),
        }
    }

    /// What the row asks for at `now`, over the schedule that stands. New ones are read in `zone`.
    ///
    /// # Errors
    /// A line that names the column and says what is expected.
    pub fn read(&self, former: Option<&Schedule>, zone: Tz, now: DateTime<Utc>) -> Result<Asked, String> {
        let shown = former.map(Self::of);
        let is_new = |column: fn(&Self) -> &String| shown.as_ref().is_none_or(|shown| column(shown) != column(self));
        let extra = is_new(|row| &row.extra).then(|| Extra::read(&self.extra)).transpose()?;
        let handler = self.execute_func.trim().parse::<HandlerRef>().map_err(|why| format!("`execute_func`: {why}"))?;
        let zone_before = former.map_or(zone, |former| former.timezone);
        let zone = extra.as_ref().and_then(|extra| extra.timezone).unwrap_or(zone_before);
        // While it is not valid, `now` has not come.
        let when = match is_new(|row| &row.trigger) || is_new(|row| &row.spec) || zone != zone_before {
            false => None,
            true => Some(match when(&self.trigger, &self.spec, zone)? {
                When::Now if self.is_valid => (Trigger::At(At::new(vec![now])), true),
                When::Now => (Trigger::Manual, false),
                When::By(trigger) => (trigger, false),
            }),
        };
        let at_once = matches!(when, Some((_, true)));
        let name = self.task_key.parse().map_err(|why| format!("`task_key`: {why}"))?;
        let before = former.cloned().unwrap_or_else(|| Schedule::new(name, Trigger::Manual, handler.clone()));
        let named = if when.is_some() { Vec::new() } else { before.named.clone() };
        let mut schedule = Schedule {
            owner: Owner::Api,
            description: Some(self.desc.clone()).filter(|desc| !desc.is_empty()),
            handler,
            timezone: zone,
            named,
            trigger: when.map_or_else(|| before.trigger.clone(), |(trigger, _)| trigger),
            enabled: self.is_valid,
            ..before
        };
        if is_new(|row| &row.args) {
            schedule.input = args(&self.args)?;
        }
        if let Some(extra) = extra {
            extra.lay_over(&mut schedule);
        }
        schedule.asked = asked::over(former, &schedule);
        Ok(Asked { schedule, at_once })
    }
}

/// Triggers that the table has no word for show their own.
fn shown(trigger: &Trigger, zone: Tz) -> (String, String) {
    let (word, spec) = match trigger {
        Trigger::Cron(cron) => ("cron", cron.expression().to_owned()),
        Trigger::Every(Every { every, start: None, end: None }) if every.subsec_nanos() == 0 => {
            ("interval", every.as_secs().to_string())
        }
        Trigger::Every(_) | Trigger::Step(_) => ("interval", trigger.text()),
        Trigger::At(at) => match (at.first(), at.last()) {
            (Some(first), Some(last)) if first == last => ("date", date(first, zone)),
            _ => ("date", at.text()),
        },
        other => (other.kind(), other.text()),
    };
    (word.to_owned(), spec)
}

/// An instant as `spec` has it: on the wall clock of `zone`; in a repeated hour the second pass needs its offset.
pub fn date(instant: DateTime<Utc>, zone: Tz) -> String {
    let wall = civil::wall(instant, zone);
    match civil::forward(wall, zone) == instant {
        true => wall.format("%Y-%m-%d %H:%M:%S%.f").to_string(),
        false => instant.with_timezone(&zone).to_rfc3339(),
    }
}

#[cfg(test)]
mod tests;
