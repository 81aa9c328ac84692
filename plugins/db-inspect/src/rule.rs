//! How an answer is judged: from rows to findings, and nothing else.

use std::cmp::Reverse;

use noontide_sdk::sql::{Row, Rows};

use crate::answer::Reads;
use crate::check::Check;
use crate::finding::{Finding, Reading, Severity, Threshold};
use crate::memory::Memory;
use crate::phrase::Phrase;
use crate::threshold::{Limit, Thresholds};
use crate::unit::Unit;

/// How an answer is judged.
#[derive(Debug)]
pub enum Rule {
    /// Nothing to judge; it is told.
    Told(Unit),
    /// Each row is something to mend.
    Each(Severity, Unit),
    /// Each row of at least so much is something to mend.
    EachFrom(Severity, Unit, fn(&Thresholds) -> f64),
    /// Too much is bad.
    Over(Unit, Pick),
    /// Too little is bad.
    Under(Unit, Pick),
    /// How long ago something good happened; null is never.
    Age(Pick),
    /// A count since the server's start; what came since the previous inspection is judged.
    Counted(Unit, Pick),
    /// A size; what came since the previous inspection is judged, in percent of what was.
    Grown(Pick),
    /// Settings, a row each with its name and its value in `detail`; those that are not as expected are told.
    Expected(&'static [Expectation]),
    /// Judged by itself.
    Judged(fn(&Rows, &Basis) -> Vec<Finding>),
}

/// Which limit a rule takes.
pub type Pick = fn(&Thresholds) -> Limit;

/// A setting that should not be so.
#[derive(Debug)]
pub struct Expectation {
    pub setting: &'static str,
    /// Whether this value is one to speak of.
    pub is_bad: fn(&str) -> bool,
    pub severity: Severity,
    pub advice: Phrase,
}

/// What a judgement is based on beside the answer.
#[derive(Debug)]
pub struct Basis<'b> {
    pub thresholds: &'b Thresholds,
    /// What the previous inspection remembered.
    pub previous: Option<&'b Memory>,
}

impl Rule {
    /// What the answer says. An answer without anything wrong gives one finding that says so.
    pub fn judge(&self, check: &Check, rows: &Rows, basis: &Basis) -> Vec<Finding> {
        let mut findings: Vec<_> = match self {
            Self::Expected(expectations) => expected(expectations, rows),
            Self::Judged(judge) => judge(rows, basis),
            _ => rows.iter().filter_map(|row| self.judge_row(check, row, basis)).collect(),
        };
        if findings.is_empty() {
            findings.push(Finding::new(Severity::Ok, "", Reading::Nothing));
        }
        // Worst first; what is equally bad stays as the server ordered it.
        findings.sort_by_key(|finding| Reverse(finding.severity));
        findings
    }

    fn judge_row(&self, check: &Check, row: Row, basis: &Basis) -> Option<Finding> {
        let hidden = row.text("hidden");
        if !hidden.is_empty() {
            return Some(Finding::untold(check, row.text("subject"), hidden));
        }
        let number = row.number("value");
        let over = |unit, pick: Pick| measured(number?, unit, threshold(pick(basis.thresholds), unit, false));
        let (severity, reading, threshold) = match self {
            Self::Told(unit) => (Severity::Ok, told(number, *unit, row), None),
            Self::Each(severity, unit) => (*severity, told(number, *unit, row), None),
            Self::EachFrom(severity, unit, from) => {
                let number = number.filter(|number| *number >= from(basis.thresholds))?;
                (*severity, Reading::Number(number, *unit), None)
            }
            Self::Over(unit, pick) => over(*unit, *pick)?,
            Self::Under(unit, pick) => measured(number?, *unit, threshold(pick(basis.thresholds), *unit, true))?,
            Self::Age(pick) => match number {
                None => (Severity::Warning, Reading::Never, None),
                Some(_) => over(Unit::Seconds, *pick)?,
            },
            Self::Counted(unit, pick) => {
                let limit = threshold(pick(basis.thresholds), *unit, false);
                compared(check, row, number?, *unit, basis, |by, _| limit.judge(by), limit)
            }
            Self::Grown(pick) => {
                let limit = threshold(pick(basis.thresholds), Unit::Percent, false);
                let judge = |by: f64, was: f64| match by >= basis.thresholds.growth_from {
                    true => limit.judge(100.0 * by / was.max(1.0)),
                    false => Severity::Ok,
                };
                compared(check, row, number?, Unit::Bytes, basis, judge, limit)
            }
            Self::Expected(_) | Self::Judged(_) => return None,
        };
        // What is the reading already is not said twice.
        let detail = if matches!(reading, Reading::Text(_)) { String::new() } else { row.text("detail") };
        Some(Finding { subject: row.text("subject"), detail, threshold, ..Finding::new(severity, "", reading) })
    }

    /// The numbers that the next inspection wants to know.
    pub fn remember(&self, check: &Check, rows: &Rows, memory: &mut Memory) {
        if !matches!(self, Self::Counted(..) | Self::Grown(_)) {
            return;
        }
        for row in rows.iter() {
            if let Some(number) = row.number("value") {
                memory.remember(check.id, &row.text("subject"), number);
            }
        }
    }
}

type Judged = (Severity, Reading, Option<Threshold>);

fn threshold(limit: Limit, unit: Unit, downwards: bool) -> Threshold {
    Threshold { warning: limit.warning, critical: limit.critical, unit, downwards }
}

fn told(number: Option<f64>, unit: Unit, row: Row) -> Reading {
    number.map_or_else(|| Reading::Text(row.text("detail")), |number| Reading::Number(number, unit))
}

fn measured(number: f64, unit: Unit, threshold: Threshold) -> Option<Judged> {
    Some((threshold.judge(number), Reading::Number(number, unit), Some(threshold)))
}

/// A number that fell has begun anew: all of it came since.
fn compared(
    check: &Check,
    row: Row,
    now: f64,
    unit: Unit,
    basis: &Basis,
    judge: impl Fn(f64, f64) -> Severity,
    threshold: Threshold,
) -> Judged {
    let before = basis.previous.and_then(|memory| Some((memory.at, memory.recall(check.id, &row.text("subject"))?)));
    match before {
        None => (Severity::Ok, Reading::First(now, unit), Some(threshold)),
        Some((since, was)) => {
            let restarted = now < was && matches!(check.rule, Rule::Counted(..));
            let by = if restarted { now } else { now - was };
            (judge(by, was), Reading::Grown { now, by, unit, since }, Some(threshold))
        }
    }
}

fn expected(expectations: &[Expectation], rows: &Rows) -> Vec<Finding> {
    let mut findings = Vec::new();
    for row in rows.iter() {
        let (name, value) = (row.text("subject").to_lowercase(), row.text("detail"));
        let unmet =
            expectations.iter().filter(|expectation| expectation.setting == name && (expectation.is_bad)(&value));
        for expectation in unmet {
            let mut finding = Finding::new(expectation.severity, name.clone(), Reading::Text(value.clone()));
            finding.advice = Some(expectation.advice);
            findings.push(finding);
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use noontide_sdk::params;

    use super::*;
    use crate::postgresql;

    fn judged(rule: &Rule, rows: &Rows) -> Vec<(Severity, String)> {
        let thresholds = Thresholds::default();
        let check = postgresql::checks().next().unwrap();
        let findings = rule.judge(check, rows, &Basis { thresholds: &thresholds, previous: None });
        let spoken = |finding: Finding| (finding.severity, finding.reading.spoken(crate::phrase::Language::En));
        findings.into_iter().map(spoken).collect()
    }

    fn rows(values: &[Option<f64>]) -> Rows {
        values.iter().fold(Rows::new(["subject", "value"]), |rows, value| rows.with(params!["it", *value]))
    }

    #[test]
    fn the_worst_comes_first_and_nothing_at_all_is_well() {
        let rule = Rule::Over(Unit::Percent, |limits| limits.connections);
        let found = judged(&rule, &rows(&[Some(10.0), Some(96.0), Some(81.0)]));
        let expected = [(Severity::Critical, "96 %"), (Severity::Warning, "81 %"), (Severity::Ok, "10 %")];
        assert_eq!(found, expected.map(|(severity, text)| (severity, text.to_owned())));
        assert_eq!(judged(&rule, &rows(&[])), [(Severity::Ok, "none".to_owned())]);
    }

    #[test]
    fn what_should_be_high_is_judged_downwards_and_what_never_was_is_a_warning() {
        let hits = Rule::Under(Unit::Percent, |limits| limits.cache_hits);
        assert_eq!(judged(&hits, &rows(&[Some(99.0)]))[0].0, Severity::Ok);
        assert_eq!(judged(&hits, &rows(&[Some(70.0)]))[0].0, Severity::Critical);
        let age = Rule::Age(|limits| limits.backup);
        assert_eq!(judged(&age, &rows(&[None])), [(Severity::Warning, "never".to_owned())]);
        assert_eq!(judged(&age, &rows(&[Some(7_200.0)])), [(Severity::Ok, "2 h".to_owned())]);
    }

    #[test]
    fn small_things_are_left_out_where_size_decides() {
        let rule = Rule::EachFrom(Severity::Notice, Unit::Bytes, |limits| limits.index_from);
        let found = judged(&rule, &rows(&[Some(8_192.0), Some(2_097_152.0)]));
        assert_eq!(found, [(Severity::Notice, "2 MiB".to_owned())]);
    }

    #[test]
    fn a_setting_is_told_with_its_own_advice_only_where_it_is_not_as_expected() {
        const FSYNC: &[Expectation] = &[Expectation {
            setting: "fsync",
            is_bad: |value| value == "off",
            severity: Severity::Critical,
            advice: crate::phrase::verbatim("set it on"),
        }];
        let rule = Rule::Expected(FSYNC);
        let setting = |value: &str| Rows::new(["subject", "detail"]).with(params!["fsync", value]);
        assert_eq!(judged(&rule, &setting("off")), [(Severity::Critical, "off".to_owned())]);
        assert_eq!(judged(&rule, &setting("on")), [(Severity::Ok, "none".to_owned())]);
    }

    #[test]
    fn a_counter_that_fell_has_begun_anew() {
        let check = postgresql::checks().find(|check| matches!(check.rule, Rule::Counted(..))).unwrap();
        let mut memory = Memory::empty("2026-01-01T00:00:00Z".parse().unwrap());
        memory.remember(check.id, "it", 40.0);
        let thresholds = Thresholds::default();
        let basis = Basis { thresholds: &thresholds, previous: Some(&memory) };
        let by = |now| match check.rule.judge(check, &rows(&[Some(now)]), &basis)[0].reading {
            Reading::Grown { by, .. } => by,
            ref other => panic!("{other:?}"),
        };
        assert_eq!((by(45.0), by(3.0)), (5.0, 3.0));
    }
}
