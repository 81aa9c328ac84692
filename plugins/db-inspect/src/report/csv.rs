//! For spreadsheets: a line for each finding (RFC 4180).

use super::{Report, server};
use crate::check::Check;
use crate::finding::Finding;
use crate::inspection::Inspection;

const HEAD: &str = "connection,server,level,area,check,title,covers,severity,subject,found,number,unit,warning,critical,detail,advice\r\n";

/// The whole report.
pub fn table(report: &Report) -> String {
    let mut table = HEAD.to_owned();
    for inspection in &report.inspections {
        for result in &inspection.results {
            for finding in &result.findings {
                table.push_str(&line(report, inspection, result.check, finding));
            }
        }
    }
    table
}

fn line(report: &Report, inspection: &Inspection, check: &Check, finding: &Finding) -> String {
    let number = finding.reading.number();
    let limit = |pick: fn(&crate::finding::Threshold) -> f64| finding.threshold.as_ref().map(|it| pick(it).to_string());
    let texts = [
        inspection.connection.clone(),
        server(inspection).to_owned(),
        report.says(check.level.name()).to_owned(),
        report.says(check.area.name()).to_owned(),
        check.id.to_owned(),
        report.says(check.title).to_owned(),
        report.says(check.covers.name()).to_owned(),
        report.says(finding.severity.name()).to_owned(),
        finding.subject.clone(),
        finding.reading.spoken(report.language),
    ];
    let numbers = [
        number.map(|(number, _)| number.to_string()).unwrap_or_default(),
        number.map(|(_, unit)| unit.symbol().to_owned()).unwrap_or_default(),
        limit(|it| it.warning).unwrap_or_default(),
        limit(|it| it.critical).unwrap_or_default(),
    ];
    let last = [finding.detail.clone(), report.advice(check, finding).to_owned()];
    let cells = texts.iter().map(|text| field(text)).chain(numbers).chain(last.iter().map(|text| field(text)));
    cells.collect::<Vec<_>>().join(",") + "\r\n"
}

/// Quoted where it must be. A text that a spreadsheet would take for a formula gets an apostrophe in front.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
