//! For people who read text, and for whatever shows Markdown.

use std::fmt::{self, Write};

use super::{Report, areas, server};
use crate::check::Check;
use crate::finding::{Finding, Severity};
use crate::inspection::Inspection;
use crate::phrase::{Phrase, phrase};

pub const COLUMNS: [Phrase; 6] = [
    phrase("Severity", "级别"),
    phrase("Check", "检查项"),
    phrase("Of", "对象"),
    phrase("Found", "结果"),
    phrase("Limits", "阈值"),
    phrase("Advice", "建议"),
];

/// The whole report.
pub fn page(report: &Report) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write_page(&mut page, report);
    page
}

fn write_page(page: &mut String, report: &Report) -> fmt::Result {
    writeln!(page, "# {}\n", report.title())?;
    for (name, text) in report.head() {
        writeln!(page, "* {name}: {}", cell(&text))?;
    }
    let severities = Severity::ALL.map(|severity| report.says(severity.name()));
    let (connection, server_is) = (report.says(phrase("Connection", "连接")), report.says(phrase("Server", "服务器")));
    writeln!(page, "\n| {connection} | {server_is} | {} |\n|---|---|---:|---:|---:|---:|", severities.join(" | "))?;
    for inspection in &report.inspections {
        let counts = Severity::ALL.map(|severity| inspection.count(severity).to_string());
        writeln!(page, "| {} | {} | {} |", cell(&inspection.connection), cell(server(inspection)), counts.join(" | "))?;
    }
    report.inspections.iter().try_for_each(|inspection| write_inspection(page, report, inspection))
}

fn write_inspection(page: &mut String, report: &Report, inspection: &Inspection) -> fmt::Result {
    writeln!(page, "\n## {}\n", cell(&inspection.connection))?;
    let wanting: Vec<_> = inspection.worst_first();
    let wanting = wanting.into_iter().filter(|(_, finding)| finding.severity > Severity::Ok).collect::<Vec<_>>();
    if wanting.is_empty() {
        writeln!(page, "{}", report.says(phrase("Nothing wants attention.", "没有需要关注的问题。")))?;
    } else {
        writeln!(page, "| {} |\n|---|---|---|---|---|---|", COLUMNS.map(|column| report.says(column)).join(" | "))?;
        wanting.into_iter().try_for_each(|(check, finding)| write_row(page, report, check, finding))?;
    }
    for (area, results) in areas(inspection) {
        writeln!(page, "\n### {}\n", report.says(area.name()))?;
        for result in results {
            let covers = report.says(result.check.covers.name());
            writeln!(page, "* **{}** ({covers})", report.says(result.check.title))?;
            result.findings.iter().try_for_each(|finding| write_line(page, report, finding))?;
        }
    }
    Ok(())
}

fn write_row(page: &mut String, report: &Report, check: &Check, finding: &Finding) -> fmt::Result {
    let threshold = finding.threshold.as_ref().map(|threshold| threshold.show()).unwrap_or_default();
    let found = found(report, finding);
    let cells = [
        report.says(finding.severity.name()),
        report.says(check.title),
        &finding.subject,
        &found,
        &threshold,
        report.advice(check, finding),
    ];
    writeln!(page, "| {} |", cells.map(cell).join(" | "))
}

fn write_line(page: &mut String, report: &Report, finding: &Finding) -> fmt::Result {
    let severity = report.says(finding.severity.name());
    match finding.subject.as_str() {
        "" => writeln!(page, "  * {severity}: {}", cell(found(report, finding))),
        subject => writeln!(page, "  * {severity}: {} · {}", cell(subject), cell(found(report, finding))),
    }
}

/// The reading and what else is known about it.
fn found(report: &Report, finding: &Finding) -> String {
    let reading = finding.reading.spoken(report.language);
    if finding.detail.is_empty() { reading } else { format!("{reading} · {}", finding.detail) }
}

/// What comes from a database must not become Markdown or HTML.
fn cell(text: impl AsRef<str>) -> String {
    let mut cell = String::new();
    for letter in text.as_ref().chars() {
        match letter {
            '\n' | '\r' | '\t' => cell.push(' '),
            '<' => cell.push_str("&lt;"),
            '&' => cell.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' => cell.extend(['\\', letter]),
            letter => cell.push(letter),
        }
    }
    cell
}
