//! `simulate`: the planner on a virtual clock over the real configuration. No host, no plugins, nothing is run.
//!
//! ```text
//! forecast    the walk itself                                        domain/forecast
//! durations   how long runs take: from a host's history, if one answers   durations.rs
//! report      what is told                                            report.rs
//! diff        what is told of two configurations                      diff.rs
//! ```

mod diff;
pub mod durations;
mod report;

use std::path::PathBuf;
use std::time::Instant;

use chrono::{TimeDelta, Timelike};
use chrono_tz::Tz;
use clap::Args;
use noontide_config::{LoadRequest, Loaded};
use noontide_domain::forecast::{self, Lengths, Span, resolved};
use noontide_domain::{Schedule, duration, suggest};

use crate::args::Global;
use crate::exit::{Done, Exit, Stop};
use crate::output::complain;
use crate::progress::Progress;
use crate::{clock, conf, zone};
use report::Report;

/// The flags of `simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    /// The first day or instant, in --tz [default: now]
    #[arg(long, value_name = "DATE|INSTANT")]
    from: Option<String>,
    /// How many days
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3_660))]
    days: u16,
    /// Only this schedule; may be given more than once
    #[arg(long = "schedule", value_name = "NAME")]
    schedules: Vec<String>,
    /// Every run takes so long [default: as the host's history says, or 1s where none answers]
    #[arg(long, value_name = "DURATION", conflicts_with = "durations")]
    duration: Option<String>,
    /// Insist on the host's history: end with 5 if no host answers
    #[arg(long)]
    durations: bool,
    /// Another configuration folder: which fires it would add, drop and move
    #[arg(long, value_name = "DIR", conflicts_with_all = ["duration", "durations"])]
    diff: Option<PathBuf>,
}

/// `simulate`
///
/// # Errors
/// A flag (2), the configuration (3), no such schedule (4), no host with `--durations` (5).
pub async fn run(global: &Global, asked: &Simulate) -> Done {
    let shown_in = global.zone()?;
    let span = asked.span(shown_in.unwrap_or(Tz::UTC))?;
    let loaded = conf::load(global)?;
    let faulty = told(&loaded);
    if let Some(dir) = &asked.diff {
        let other = conf::load_from(LoadRequest { dir: dir.clone(), ..conf::request(global) })?;
        let faulty = told(&other) || faulty;
        let chosen = |loaded: &Loaded| asked.chosen_or_none(&resolved(&loaded.config.schedules));
        let (old, new) = (chosen(&loaded), chosen(&other));
        asked.all_known(&[&loaded.config.schedules[..], &other.config.schedules].concat())?;
        let changes = forecast::diff(&old, &new, span);
        let both = [new, old].concat();
        global.output().thing(&diff::json(&changes, span), || diff::text(&changes, &both, shown_in))?;
        return Ok(exit(faulty));
    }
    asked.all_known(&loaded.config.schedules)?;
    let schedules = asked.chosen_or_none(&resolved(&loaded.config.schedules));
    let lengths = asked.lengths(global, &schedules).await?;
    let begin = Instant::now();
    let progress = Progress::open(global, "simulating");
    let (told, load) = forecast::simulate(&schedules, &lengths, span, shown_in.unwrap_or(Tz::UTC));
    drop(progress);
    let report = Report { span, told, load, zone: shown_in, took: begin.elapsed() };
    global.output().thing(&report.json(), || report.text())?;
    Ok(exit(faulty))
}

/// Says what is left out of the simulation, if anything is.
fn told(loaded: &Loaded) -> bool {
    loaded.problems.iter().for_each(|problem| complain(&format!("left out: {problem}")));
    !loaded.problems.is_empty()
}

fn exit(faulty: bool) -> Exit {
    if faulty { Exit::Config } else { Exit::Ok }
}

impl Simulate {
    fn span(&self, zone: Tz) -> Result<Span, Stop> {
        let from = match self.from.as_deref() {
            // Whole minutes are easier to read, and the minute that goes on is not over.
            None => clock::now().with_nanosecond(0).and_then(|now| now.with_second(0)).unwrap_or_else(clock::now),
            Some(text) => {
                zone::day_or_instant(text, zone).map_err(|reason| Stop::usage(format!("--from: {reason}")))?
            }
        };
        let to = from.checked_add_signed(TimeDelta::days(i64::from(self.days)));
        let to = to.ok_or_else(|| Stop::usage("--from: that is where dates end; write a year of our time"))?;
        Ok(Span { from, to })
    }

    fn chosen_or_none(&self, schedules: &[Schedule]) -> Vec<Schedule> {
        let wanted = |schedule: &&Schedule| self.schedules.iter().any(|name| name == schedule.name.as_str());
        schedules.iter().filter(|schedule| self.schedules.is_empty() || wanted(schedule)).cloned().collect()
    }

    fn all_known(&self, schedules: &[Schedule]) -> Result<(), Stop> {
        let names = || schedules.iter().map(|schedule| schedule.name.as_str());
        match self.schedules.iter().find(|wanted| !names().any(|name| name == *wanted)) {
            None => Ok(()),
            Some(name) => {
                let hint = suggest::hint(name, names());
                Err(Stop::new(Exit::NotFound, format!("no schedule `{name}` in the configuration{hint}")))
            }
        }
    }

    async fn lengths(&self, global: &Global, schedules: &[Schedule]) -> Result<Vec<Lengths>, Stop> {
        if let Some(text) = &self.duration {
            let length = duration::parse(text).map_err(|reason| Stop::usage(format!("--duration: {reason}")))?;
            return Ok(vec![Lengths::assumed(length); schedules.len()]);
        }
        if self.durations {
            crate::reach::Reach::to(global)?.get("/status").await?;
        }
        Ok(durations::known(global, schedules).await)
    }
}
