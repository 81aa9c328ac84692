//! What came of a check.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::check::{Check, Need};
use crate::phrase::{Language, Phrase, phrase};
use crate::unit::Unit;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Ok,
    /// Worth knowing.
    Notice,
    /// Wants attention soon.
    Warning,
    /// Wants attention now.
    Critical,
}

/// From where on a number matters. For a share that should be high the numbers are read downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    pub warning: f64,
    pub critical: f64,
    pub unit: Unit,
    pub downwards: bool,
}

/// What was found, before anybody puts it into words.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Nothing to be found, which is well.
    Nothing,
    /// It has never happened.
    Never,
    Number(f64, Unit),
    Text(String),
    /// A number, and how much it has grown since an earlier inspection.
    Grown {
        now: f64,
        by: f64,
        unit: Unit,
        since: DateTime<Utc>,
    },
    /// A number that has no earlier one to be compared with.
    First(f64, Unit),
    /// There is more of it than the report shows.
    More(usize),
    /// The server did not show it, and why.
    Hidden(String),
    /// The server did not answer, and why.
    Unreachable(String),
}

/// What came of a check for one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub severity: Severity,
    /// The table, the account, the session; empty where the check is about one thing only.
    pub subject: String,
    pub reading: Reading,
    /// What else the server says about it.
    pub detail: String,
    pub threshold: Option<Threshold>,
    /// What to do; none leaves it to the check.
    pub advice: Option<Phrase>,
}

impl Severity {
    pub const ALL: [Self; 4] = [Self::Critical, Self::Warning, Self::Notice, Self::Ok];

    pub fn name(self) -> Phrase {
        match self {
            Self::Ok => phrase("ok", "正常"),
            Self::Notice => phrase("notice", "提示"),
            Self::Warning => phrase("warning", "警告"),
            Self::Critical => phrase("critical", "严重"),
        }
    }
}

impl Threshold {
    pub fn judge(&self, number: f64) -> Severity {
        let reached = |limit: f64| if self.downwards { number <= limit } else { number >= limit };
        match () {
            () if reached(self.critical) => Severity::Critical,
            () if reached(self.warning) => Severity::Warning,
            () => Severity::Ok,
        }
    }

    /// `≥ 80 % / ≥ 95 %`: warning, then critical.
    pub fn show(&self) -> String {
        let sign = if self.downwards { "≤" } else { "≥" };
        format!("{sign} {} / {sign} {}", self.unit.show(self.warning), self.unit.show(self.critical))
    }
}

impl Reading {
    /// In words.
    pub fn spoken(&self, language: Language) -> String {
        match self {
            Self::Nothing => phrase("none", "无").spoken(language).to_owned(),
            Self::Never => phrase("never", "从未").spoken(language).to_owned(),
            Self::Number(number, unit) => unit.show(*number),
            Self::Text(text) => text.clone(),
            Self::Grown { now, by, unit, since } => {
                let sign = if *by < 0.0 { "" } else { "+" };
                let since = since.format("%Y-%m-%d %H:%M");
                match language {
                    Language::En => format!("{} ({sign}{} since {since} UTC)", unit.show(*now), unit.show(*by)),
                    Language::Zh => format!("{}（自 {since} UTC 起 {sign}{}）", unit.show(*now), unit.show(*by)),
                }
            }
            Self::First(number, unit) => {
                let first = phrase("first seen, nothing to compare with", "首次记录，尚无可比数据").spoken(language);
                format!("{} ({first})", unit.show(*number))
            }
            Self::More(shown) => match language {
                Language::En => format!("more than {shown}; the first {shown} are shown"),
                Language::Zh => format!("超过 {shown} 项，仅列出前 {shown} 项"),
            },
            Self::Hidden(reason) if reason.is_empty() => phrase("not visible", "不可见").spoken(language).to_owned(),
            Self::Hidden(reason) => format!("{}: {reason}", phrase("not visible", "不可见").spoken(language)),
            Self::Unreachable(reason) => format!("{}: {reason}", phrase("no answer", "无应答").spoken(language)),
        }
    }

    /// The bare number, for programs.
    pub fn number(&self) -> Option<(f64, Unit)> {
        match self {
            Self::Number(number, unit) | Self::First(number, unit) => Some((*number, *unit)),
            Self::Grown { now, unit, .. } => Some((*now, *unit)),
            _ => None,
        }
    }
}

impl Finding {
    /// Something about something, with nothing to compare it with.
    pub fn new(severity: Severity, subject: impl Into<String>, reading: Reading) -> Self {
        Self { severity, subject: subject.into(), reading, detail: String::new(), threshold: None, advice: None }
    }

    /// What the server did not show, and what to do so that it does.
    pub fn hidden(check: &Check, reason: String) -> Self {
        Self { advice: check.remedy(), ..Self::new(Severity::Notice, "", Reading::Hidden(reason)) }
    }

    /// What the connection's bounds cut off.
    pub fn unanswered(reason: String) -> Self {
        let advice = phrase(
            "Give the connection more time or larger answers, or leave this check out with `skip`.",
            "请放宽该连接的时间或结果上限，或用 `skip` 跳过此项。",
        );
        Self { advice: Some(advice), ..Self::new(Severity::Warning, "", Reading::Unreachable(reason)) }
    }

    /// What the server did not tell although it was asked. What the check needs it to show, it shows.
    pub fn untold(check: &Check, subject: String, reason: String) -> Self {
        let advice = check.remedy().filter(|_| matches!(check.needs, Need::Grant(_)));
        Self { advice, ..Self::new(Severity::Notice, subject, Reading::Hidden(reason)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_reached_from_its_number_on_in_its_direction() {
        let upwards = Threshold { warning: 80.0, critical: 95.0, unit: Unit::Percent, downwards: false };
        let judged = [79.9, 80.0, 95.0].map(|number| upwards.judge(number));
        assert_eq!(judged, [Severity::Ok, Severity::Warning, Severity::Critical]);
        let downwards = Threshold { warning: 95.0, critical: 80.0, unit: Unit::Percent, downwards: true };
        let judged = [95.1, 95.0, 80.0].map(|number| downwards.judge(number));
        assert_eq!(judged, [Severity::Ok, Severity::Warning, Severity::Critical]);
        assert_eq!(downwards.show(), "≤ 95 % / ≤ 80 %");
    }
}
