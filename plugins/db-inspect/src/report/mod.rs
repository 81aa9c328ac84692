//! What came of it, in files for people and for programs. Rendering is pure; `attach` alone hands over.

mod csv;
mod html;
mod json;
mod markdown;
mod summary;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use noontide_sdk::{Call, Failure, Window, warn};

use crate::check::{Area, Check};
use crate::finding::{Finding, Severity};
use crate::input::Input;
use crate::inspection::{Checked, Inspection};
use crate::level::Level;
use crate::phrase::{Language, Phrase, phrase};

pub use summary::Summary;

/// A report before it has a form.
#[derive(Debug)]
pub struct Report {
    pub schedule: Option<String>,
    pub level: Level,
    pub language: Language,
    pub window: Window,
    /// Whether the schedule set the window; otherwise it is the span of the level.
    pub window_is_given: bool,
    pub zone: Tz,
    pub made_at: DateTime<Utc>,
    pub inspections: Vec<Inspection>,
}

/// A file of the report.
#[derive(Debug)]
pub struct File {
    pub name: &'static str,
    pub media_type: &'static str,
    pub content: String,
}

impl Report {
    pub fn of(call: &Call, input: &Input, window: Window, inspections: Vec<Inspection>) -> Self {
        let zone = call.timezone().parse().unwrap_or_else(|_| {
            // The host's zone data is newer than this plugin's.
            warn!(call, timezone = call.timezone(); "unknown time zone, the report is in UTC");
            Tz::UTC
        });
        Self {
            schedule: call.schedule().map(str::to_owned),
            level: input.level,
            language: input.language,
            window,
            window_is_given: call.window().is_some(),
            zone,
            made_at: call.fired_at(),
            inspections,
        }
    }

    /// All forms of it.
    pub fn files(&self) -> [File; 4] {
        [
            File { name: "report.html", media_type: "text/html; charset=utf-8", content: html::page(self) },
            File { name: "report.md", media_type: "text/markdown; charset=utf-8", content: markdown::page(self) },
            File { name: "report.csv", media_type: "text/csv; charset=utf-8", content: csv::table(self) },
            File { name: "report.json", media_type: "application/json", content: json::document(self).to_string() },
        ]
    }

    /// Leaves the files with the run.
    pub fn attach(&self, call: &Call) -> Result<(), Failure> {
        for file in self.files() {
            call.attach(file.name, file.media_type, file.content).map_err(Failure::permanent)?;
        }
        Ok(())
    }

    pub fn summary(&self) -> Summary {
        Summary::of(self)
    }

    fn says(&self, phrase: Phrase) -> &'static str {
        phrase.spoken(self.language)
    }

    /// An instant as the schedule's people read it.
    fn time(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S %:z").to_string()
    }

    fn title(&self) -> String {
        format!("{} · {}", self.says(phrase("Database inspection", "数据库巡检报告")), self.says(self.level.name()))
    }

    /// What stands at the head: names and texts.
    fn head(&self) -> Vec<(&'static str, String)> {
        let by_itself =
            phrase(" (the span of the level; the schedule sets no window)", "（计划未设置采样区间，按巡检级别取值）");
        let by_itself = if self.window_is_given { "" } else { self.says(by_itself) };
        let window =
            format!("[{}, {}) {}{by_itself}", self.time(self.window.from), self.time(self.window.to), self.zone);
        let mut head = vec![
            (self.says(phrase("Window", "采样区间")), window),
            (self.says(phrase("Inspected at", "巡检时间")), self.time(self.made_at)),
            (self.says(phrase("Steps", "包含级别")), self.steps()),
        ];
        head.extend(self.schedule.iter().map(|name| (self.says(phrase("Schedule", "计划")), name.clone())));
        head
    }

    /// The levels whose steps were taken.
    fn steps(&self) -> String {
        let levels = Level::ALL.into_iter().filter(|level| self.level.includes(*level));
        levels.map(|level| self.says(level.name())).collect::<Vec<_>>().join(" + ")
    }

    /// A finding's advice, where it is one to act on.
    fn advice(&self, check: &Check, finding: &Finding) -> &'static str {
        match finding.severity {
            Severity::Ok => "",
            _ => self.says(finding.advice.unwrap_or(check.advice)),
        }
    }
}

/// The areas of an inspection in their order, each with its checks.
fn areas(inspection: &Inspection) -> Vec<(Area, Vec<&Checked>)> {
    let mut areas: Vec<(Area, Vec<&Checked>)> = Vec::new();
    for result in &inspection.results {
        match areas.iter_mut().find(|(area, _)| *area == result.check.area) {
            Some((_, results)) => results.push(result),
            None => areas.push((result.check.area, vec![result])),
        }
    }
    areas.sort_by_key(|(area, _)| *area);
    areas
}

fn server(inspection: &Inspection) -> &str {
    inspection.server.as_ref().map_or("–", |server| server.banner.as_str())
}
