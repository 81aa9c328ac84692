//! An entry of Celery's beat, from whichever side it comes: a row of django-celery-beat, or the export.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::super::recorded::Recorded;

/// What beat sends, and when. The keys are the columns.
#[derive(Debug, Clone, Deserialize)]
pub struct Task {
    pub name: String,
    /// The function's name in Celery.
    pub task: String,
    pub schedule: Schedule,
    #[serde(default)]
    pub args: Vec<Value>,
    #[serde(default)]
    pub kwargs: Map<String, Value>,
    #[serde(default)]
    pub queue: Option<String>,
    #[serde(default)]
    pub exchange: Option<String>,
    #[serde(default)]
    pub routing_key: Option<String>,
    #[serde(default)]
    pub headers: Option<Map<String, Value>>,
    #[serde(default)]
    pub priority: Option<i64>,
    #[serde(default)]
    pub expires: Option<DateTime<Utc>>,
    #[serde(default)]
    pub expire_seconds: Option<f64>,
    #[serde(default)]
    pub one_off: bool,
    #[serde(default)]
    pub start_time: Option<DateTime<Utc>>,
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default)]
    pub last_run_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub total_run_count: u64,
    #[serde(default)]
    pub date_changed: Option<DateTime<Utc>>,
    #[serde(default)]
    pub description: String,
    /// Options of an entry in code that nothing here is like.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// In an export: when Celery's own code fires.
    #[serde(flatten, deserialize_with = "some")]
    pub recorded: Option<Recorded>,
}

/// When beat sends it.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Schedule {
    Crontab(Fields),
    Interval {
        seconds: f64,
    },
    Clocked {
        clocked_time: DateTime<Utc>,
    },
    Solar {
        event: String,
        /// Degrees, north positive.
        latitude: f64,
        /// Degrees, east positive.
        longitude: f64,
    },
    /// An interval that is rounded to its unit.
    Relative,
    /// A class of the application's own.
    #[serde(other)]
    Own,
}

/// The fields of a crontab, as they are written in Celery.
#[derive(Debug, Clone, Deserialize)]
pub struct Fields {
    pub minute: String,
    pub hour: String,
    pub day_of_month: String,
    pub month_of_year: String,
    pub day_of_week: String,
    pub timezone: String,
}

fn yes() -> bool {
    true
}

/// An export without fires is a mistake to be told, not an entry without them.
fn some<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Recorded>, D::Error> {
    Recorded::deserialize(from).map(Some)
}

impl Schedule {
    /// As Celery writes it in its lists.
    pub fn text(&self) -> String {
        match self {
            Self::Crontab(fields) => {
                format!("crontab {} (m/h/dM/MY/d) {}", fields.in_order().join(" "), fields.timezone)
            }
            Self::Interval { seconds } => format!("every {seconds} s"),
            Self::Clocked { clocked_time } => format!("clocked {}", crate::zone::rfc3339(*clocked_time)),
            Self::Solar { event, latitude, longitude } => format!("solar {event} ({latitude}, {longitude})"),
            Self::Relative => "relative interval".to_owned(),
            Self::Own => "schedule of its own".to_owned(),
        }
    }
}

impl Fields {
    /// From minute to weekday.
    pub fn in_order(&self) -> [&str; 5] {
        let Self { minute, hour, day_of_month, month_of_year, day_of_week, .. } = self;
        [minute, hour, day_of_month, month_of_year, day_of_week]
    }
}
