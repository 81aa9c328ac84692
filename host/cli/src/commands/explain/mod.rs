//! `explain`: one trigger, without any configuration. When does it fire, in words and in instants?
//!
//! The flags and the lines of `--batch` become the same [`Question`], so they are refused with the same words.

mod answer;
mod batch;
mod changes;
mod question;

use clap::Args;
use serde_json::{Map, Value};

use crate::args::Global;
use crate::clock;
use crate::exit::{Done, Exit, Stop};
use answer::Answer;
use question::Question;

/// The flags of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A cron expression: minute hour day-of-month month day-of-week; six fields begin with seconds, seven end with years;
    /// or a nickname such as @daily
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true)]
    cron: Option<String>,
    /// A length of elapsed time, such as 90m or 2h30m, or a step of the calendar, such as "1 month" or quarterly
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    every: Option<String>,
    /// One instant: RFC 3339, or wall time in --tz
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    at: Option<String>,
    /// An event of the sun, with --lat and --lon: sunrise, sunset, solar_noon, dawn_civil, dusk_nautical, …
    #[arg(long, value_name = "EVENT")]
    solar: Option<String>,
    /// Degrees north
    #[arg(long, value_name = "DEGREES", allow_hyphen_values = true)]
    lat: Option<String>,
    /// Degrees east
    #[arg(long, value_name = "DEGREES", allow_hyphen_values = true)]
    lon: Option<String>,
    /// Before (-30m) or after (30m) the event
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    offset: Option<String>,
    /// The first fire of --every; of all others, nothing before this instant
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    start: Option<String>,
    /// The last instant that may fire
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    end: Option<String>,
    /// Show what follows strictly after this instant [default: now]
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    from: Option<String>,
    /// How many instants to show at most [default: 5]
    #[arg(long, short = 'n', value_name = "N", allow_hyphen_values = true)]
    count: Option<String>,
    /// How the expression is read: posix, quartz, celery, apscheduler
    #[arg(long, value_name = "NAME")]
    dialect: Option<String>,
    /// What becomes of fixed times a clock change leaves out: vixie (right after the gap), skip
    #[arg(long, value_name = "NAME")]
    dst_gap: Option<String>,
    /// What becomes of fixed times a clock change repeats: vixie (the first), both
    #[arg(long, value_name = "NAME")]
    dst_overlap: Option<String>,
    /// Read questions from stdin, one JSON object a line, and answer each with a line
    #[arg(long)]
    batch: bool,
}

/// Answers one question, or those on stdin.
///
/// # Errors
/// A line that names the field and the reason, exit 2.
pub fn run(global: &Global, flags: &Explain) -> Done {
    let fields = flags.fields(global.tz.as_deref())?;
    if flags.batch {
        return match fields.keys().next() {
            None => batch::answer_all(std::io::stdin().lock(), std::io::stdout().lock()),
            Some(field) => Err(Stop::usage(format!("{field}: goes into the lines of --batch, not beside it"))),
        };
    }
    let now = clock::now();
    let question = Question::read(&fields, now).map_err(Stop::usage)?;
    let answer = Answer::to(&question, global.lang());
    let shown_in = if global.utc { chrono_tz::UTC } else { question.zone };
    global.output().thing(&answer.json(), || answer.text(shown_in, now))?;
    Ok(Exit::Ok)
}

impl Explain {
    /// The flags as a line of `--batch` has them.
    fn fields(&self, zone: Option<&str>) -> Result<Map<String, Value>, Stop> {
        let texts = [
            ("cron", self.cron.as_deref()),
            ("every", self.every.as_deref()),
            ("at", self.at.as_deref()),
            ("solar", self.solar.as_deref()),
            ("offset", self.offset.as_deref()),
            ("start", self.start.as_deref()),
            ("end", self.end.as_deref()),
            ("from", self.from.as_deref()),
            ("dialect", self.dialect.as_deref()),
            ("dst_gap", self.dst_gap.as_deref()),
            ("dst_overlap", self.dst_overlap.as_deref()),
            ("tz", zone.filter(|_| !self.batch)),
        ];
        let numbers = [("count", self.count.as_deref()), ("lat", self.lat.as_deref()), ("lon", self.lon.as_deref())];
        let mut fields = Map::new();
        for (name, text) in texts {
            fields.extend(text.map(|text| (name.to_owned(), Value::from(text))));
        }
        for (name, text) in numbers {
            let Some(text) = text else { continue };
            let number: serde_json::Number =
                text.parse().map_err(|_| Stop::usage(format!("{name}: `{text}` is no number")))?;
            fields.insert(name.to_owned(), Value::Number(number));
        }
        Ok(fields)
    }
}
