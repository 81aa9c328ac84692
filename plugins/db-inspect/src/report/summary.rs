//! The run's result: counts and the worst of it. The rest is in the files.

use std::cmp::Reverse;

use serde::Serialize;

use super::Report;
use crate::finding::Severity;
use crate::inspection::{Checked, Inspection};
use crate::level::Level;

/// Findings that a result names.
const NAMED: usize = 10;

#[derive(Debug, PartialEq, Serialize)]
pub struct Summary {
    pub level: Level,
    pub from: String,
    pub to: String,
    pub critical: usize,
    pub warning: usize,
    pub notice: usize,
    pub ok: usize,
    pub connections: Vec<Connection>,
    /// The worst of it, critical and warning only, a line for each check.
    pub worst: Vec<Worst>,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Connection {
    pub name: String,
    pub server: Option<String>,
    pub critical: usize,
    pub warning: usize,
    pub notice: usize,
    pub ok: usize,
}

/// The worst finding of a check.
#[derive(Debug, PartialEq, Serialize)]
pub struct Worst {
    pub severity: Severity,
    pub connection: String,
    pub check: &'static str,
    pub subject: String,
    pub found: String,
    /// How many findings of the check are as bad.
    pub count: usize,
}

impl Summary {
    pub fn of(report: &Report) -> Self {
        let count = |severity| report.inspections.iter().map(|inspection| inspection.count(severity)).sum();
        Self {
            level: report.level,
            from: report.window.from.to_rfc3339(),
            to: report.window.to.to_rfc3339(),
            critical: count(Severity::Critical),
            warning: count(Severity::Warning),
            notice: count(Severity::Notice),
            ok: count(Severity::Ok),
            connections: report.inspections.iter().map(Connection::of).collect(),
            worst: worst(report),
        }
    }
}

impl Connection {
    fn of(inspection: &Inspection) -> Self {
        Self {
            name: inspection.connection.clone(),
            server: inspection.server.as_ref().map(|server| server.banner.clone()),
            critical: inspection.count(Severity::Critical),
            warning: inspection.count(Severity::Warning),
            notice: inspection.count(Severity::Notice),
            ok: inspection.count(Severity::Ok),
        }
    }
}

fn worst(report: &Report) -> Vec<Worst> {
    let each = report.inspections.iter();
    let all = each.flat_map(|inspection| inspection.results.iter().map(move |result| (inspection, result)));
    let mut all: Vec<_> = all.filter_map(|(inspection, result)| worst_of(report, inspection, result)).collect();
    all.sort_by_key(|worst| Reverse(worst.severity));
    all.truncate(NAMED);
    all
}

fn worst_of(report: &Report, inspection: &Inspection, result: &Checked) -> Option<Worst> {
    let finding = result.findings.first().filter(|finding| finding.severity >= Severity::Warning)?;
    Some(Worst {
        severity: finding.severity,
        connection: inspection.connection.clone(),
        check: result.check.id,
        subject: finding.subject.clone(),
        found: finding.reading.spoken(report.language),
        count: result.findings.iter().filter(|other| other.severity == finding.severity).count(),
    })
}
