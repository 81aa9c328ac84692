//! One page that needs nothing else: for the browser, for mail, for print.

use std::fmt::{self, Display, Write};

use super::markdown::COLUMNS;
use super::{Report, areas, server};
use crate::check::{Area, Check};
use crate::finding::{Finding, Severity};
use crate::inspection::{Checked, Inspection};
use crate::phrase::{Language, phrase};

const STYLE: &str = include_str!("style.css");

/// The whole report.
pub fn page(report: &Report) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write_page(&mut page, report);
    page
}

fn write_page(page: &mut String, report: &Report) -> fmt::Result {
    let language = match report.language {
        Language::En => "en",
        Language::Zh => "zh",
    };
    let title = Escaped(report.title());
    write!(page, "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\">")?;
    write!(page, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(page, "<title>{title}</title>\n<style>\n{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n<dl>")?;
    for (name, text) in report.head() {
        writeln!(page, "<dt>{name}</dt><dd>{}</dd>", Escaped(text))?;
    }
    writeln!(page, "</dl>")?;
    write_overview(page, report)?;
    let mut inspections = report.inspections.iter().enumerate();
    inspections.try_for_each(|(index, inspection)| write_inspection(page, report, index, inspection))?;
    writeln!(page, "</body></html>")
}

fn write_overview(page: &mut String, report: &Report) -> fmt::Result {
    let (connection, server_is) = (report.says(phrase("Connection", "连接")), report.says(phrase("Server", "服务器")));
    write!(page, "<table><tr><th>{connection}</th><th>{server_is}</th>")?;
    for severity in Severity::ALL {
        write!(page, "<th class=\"number\">{}</th>", report.says(severity.name()))?;
    }
    writeln!(page, "</tr>")?;
    for (index, inspection) in report.inspections.iter().enumerate() {
        write!(page, "<tr><td><a href=\"#c{index}\">{}</a></td>", Escaped(&inspection.connection))?;
        write!(page, "<td>{}</td>", Escaped(server(inspection)))?;
        for severity in Severity::ALL {
            let count = inspection.count(severity);
            let class = if count == 0 { "dim" } else { class(severity) };
            write!(page, "<td class=\"number {class}\">{count}</td>")?;
        }
        writeln!(page, "</tr>")?;
    }
    writeln!(page, "</table>")
}

fn write_inspection(page: &mut String, report: &Report, index: usize, inspection: &Inspection) -> fmt::Result {
    let (name, banner) = (Escaped(&inspection.connection), Escaped(server(inspection)));
    writeln!(page, "<h2 id=\"c{index}\">{name} <small>{banner}</small></h2>")?;
    let mut wanting = inspection.worst_first();
    wanting.retain(|(_, finding)| finding.severity > Severity::Ok);
    if wanting.is_empty() {
        let nothing = report.says(phrase("Nothing wants attention.", "没有需要关注的问题。"));
        writeln!(page, "<p class=\"ok\">{nothing}</p>")?;
    } else {
        write!(page, "<table><tr>")?;
        COLUMNS.iter().try_for_each(|column| write!(page, "<th>{}</th>", report.says(*column)))?;
        writeln!(page, "</tr>")?;
        wanting.into_iter().try_for_each(|(check, finding)| write_row(page, report, check, finding))?;
        writeln!(page, "</table>")?;
    }
    areas(inspection).iter().try_for_each(|(area, results)| write_area(page, report, *area, results))
}

fn write_row(page: &mut String, report: &Report, check: &Check, finding: &Finding) -> fmt::Result {
    write!(page, "<tr><td>{}</td><td>{}</td>", Badge(report, finding.severity), Escaped(report.says(check.title)))?;
    write!(page, "<td>{}</td><td>{}</td>", Escaped(&finding.subject), Found(report, finding))?;
    let threshold = finding.threshold.as_ref().map(|threshold| threshold.show()).unwrap_or_default();
    let advice = report.advice(check, finding);
    writeln!(page, "<td class=\"dim\">{}</td><td>{}</td></tr>", Escaped(threshold), Escaped(advice))
}

fn write_area(page: &mut String, report: &Report, area: Area, results: &[&Checked]) -> fmt::Result {
    writeln!(page, "<details><summary>{}</summary><table>", report.says(area.name()))?;
    for result in results {
        let (title, covers) = (report.says(result.check.title), report.says(result.check.covers.name()));
        let rows = result.findings.len();
        write!(page, "<tr><td rowspan=\"{rows}\">{title}<br><span class=\"dim\">{covers}</span></td>")?;
        for (index, finding) in result.findings.iter().enumerate() {
            let open = if index == 0 { "" } else { "<tr>" };
            write!(page, "{open}<td>{}</td><td>{}</td>", Badge(report, finding.severity), Escaped(&finding.subject))?;
            writeln!(page, "<td>{}</td></tr>", Found(report, finding))?;
        }
    }
    writeln!(page, "</table></details>")
}

fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Notice => "notice",
        Severity::Ok => "ok",
    }
}

/// A severity in its colour.
struct Badge<'r>(&'r Report, Severity);

impl Display for Badge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<span class=\"{}\">{}</span>", class(self.1), self.0.says(self.1.name()))
    }
}

/// The reading, and dimmed what else is known about it.
struct Found<'r>(&'r Report, &'r Finding);

impl Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Escaped(self.1.reading.spoken(self.0.language)))?;
        match self.1.detail.as_str() {
            "" => Ok(()),
            detail => write!(f, "<br><span class=\"dim\">{}</span>", Escaped(detail)),
        }
    }
}

/// What comes from a database must not become markup.
struct Escaped<T>(T);

impl<T: AsRef<str>> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().chars().try_for_each(|letter| match letter {
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '&' => f.write_str("&amp;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            letter => f.write_char(letter),
        })
    }
}
