//! Inspects PostgreSQL, MariaDB and MySQL and writes a report about a window of data.
//!
//! A call reads top-down: `input` says what is asked for, `inspection` takes one connection and goes through the checks of
//! its `level`. A `check` is a statement and a `rule`; the rule makes findings out of rows, without asking anybody. The
//! lists of checks are in `postgresql` and `mysql`, one file per area. `report` puts findings into words and files.
//!
//! Nothing is written to a database. Numbers that only grow are kept in the schedule's state, so that the next inspection
//! can say by how much.

mod answer;
mod check;
mod finding;
mod input;
mod inspection;
mod level;
mod memory;
mod mysql;
mod phrase;
mod postgresql;
mod report;
mod rule;
mod server;
mod threshold;
mod unit;

use noontide_sdk::{Call, Failure, Window, info, plugin, warn};

use crate::answer::Trouble;
use crate::input::Input;
use crate::inspection::Inspection;
use crate::report::{Report, Summary};

plugin! {
    name: "db-inspect",
    summary: "Inspects PostgreSQL, MariaDB and MySQL and writes a report.",
    handlers: {
        "inspect" => inspect {
            summary: "Checks the connections at a level (daily, weekly, monthly, yearly) and attaches reports.",
            example: { "connections": ["shop"], "level": "weekly" },
            timeout: "10m",
        },
    }
}

fn inspect(call: &Call, input: Input) -> Result<Summary, Failure> {
    let input = input.checked()?;
    let window =
        call.window().unwrap_or_else(|| Window { from: call.due_at() - input.level.span(), to: call.due_at() });
    let inspections = input.connections.iter().map(|name| inspection::inspect(call, name, &input, window));
    let inspections = inspections.collect::<Result<Vec<_>, _>>()?;
    if inspections.iter().all(|inspection| inspection.server.is_none()) {
        return Err(nobody_reached(&inspections));
    }
    remember(call, &inspections)?;
    let report = Report::of(call, &input, window, inspections);
    report.attach(call)?;
    let summary = report.summary();
    info!(call, critical = summary.critical, warning = summary.warning, notice = summary.notice; "inspected");
    Ok(summary)
}

/// What may come back is tried again; what was never granted will not come back.
fn nobody_reached(inspections: &[Inspection]) -> Failure {
    let troubles =
        || inspections.iter().filter_map(|inspection| Some((&inspection.connection, inspection.trouble.as_ref()?)));
    let said: Vec<_> = troubles().map(|(name, trouble)| format!("{name}: {}", trouble.reason())).collect();
    let said = format!("no database was reached: {}", said.join("; "));
    if troubles().all(|(_, trouble)| matches!(trouble, Trouble::Closed(_))) {
        Failure::permanent(said)
    } else {
        Failure::retryable(said)
    }
}

/// A connection that was lost half way keeps its older memory.
fn remember(call: &Call, inspections: &[Inspection]) -> Result<(), Failure> {
    for inspection in inspections {
        match &inspection.trouble {
            Some(trouble) => warn!(call, connection = inspection.connection; "not inspected: {}", trouble.reason()),
            None => {
                call.state().set(&inspection::key(&inspection.connection), &inspection.memory)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
