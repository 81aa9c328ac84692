//! For programs. Ids and severities are the same in every language; texts are in the report's.

use serde_json::{Value, json};

use super::{Report, server};
use crate::check::Check;
use crate::finding::Finding;
use crate::inspection::{Checked, Inspection};

/// The whole report.
pub fn document(report: &Report) -> Value {
    json!({
        "schedule": report.schedule,
        "level": report.level,
        "language": report.language,
        "window": { "from": report.window.from.to_rfc3339(), "to": report.window.to.to_rfc3339(), "given": report.window_is_given },
        "timezone": report.zone.name(),
        "inspected_at": report.made_at.to_rfc3339(),
        "connections": report.inspections.iter().map(|inspection| connection(report, inspection)).collect::<Vec<_>>(),
    })
}

fn connection(report: &Report, inspection: &Inspection) -> Value {
    json!({
        "connection": inspection.connection,
        "server": server(inspection),
        "trouble": inspection.trouble.as_ref().map(|trouble| trouble.reason()),
        "checks": inspection.results.iter().map(|result| checked(report, result)).collect::<Vec<_>>(),
    })
}

fn checked(report: &Report, result: &Checked) -> Value {
    let check = result.check;
    json!({
        "check": check.id,
        "level": check.level,
        "area": report.says(check.area.name()),
        "title": report.says(check.title),
        "covers": report.says(check.covers.name()),
        "findings": result.findings.iter().map(|finding| found(report, check, finding)).collect::<Vec<_>>(),
    })
}

fn found(report: &Report, check: &Check, finding: &Finding) -> Value {
    let number = finding.reading.number();
    json!({
        "severity": finding.severity,
        "subject": finding.subject,
        "found": finding.reading.spoken(report.language),
        "number": number.map(|(number, _)| number),
        "unit": number.map(|(_, unit)| unit.symbol()),
        "warning": finding.threshold.map(|threshold| threshold.warning),
        "critical": finding.threshold.map(|threshold| threshold.critical),
        "detail": finding.detail,
        "advice": report.advice(check, finding),
    })
}
