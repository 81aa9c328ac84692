//! `doctor`: whether all that a host stands on is sound, with a next step for whatever is not.
//!
//! ```text
//! running    what a host that runs here says of itself        folders    rights, room and files of what it writes
//! database   version, schema, latency, clock                   machine    clock, zone data, file watches, address space
//! plugins    files that load, worlds and versions              outside    sinks of alerts, databases of handlers
//! finding    a line of the answer
//! ```

mod database;
mod finding;
mod folders;
mod machine;
mod outside;
mod plugins;
mod running;

use serde_json::{Value, json};

use crate::args::Global;
use crate::exit::{Done, Exit, Stop};
use crate::{clock, conf};
use finding::{Finding, Verdict};
use running::Running;

/// Looks at everything, with a running host or without.
///
/// # Errors
/// Something has to be repaired (1); the configuration is wrong as a whole (3).
pub async fn run(global: &Global) -> Done {
    let watch = machine::Watch::begin(clock::now());
    let loaded = conf::load(global)?;
    let running = Running::reach(global).await;
    let mut findings = vec![running.finding()];
    findings.extend(loaded.problems.iter().map(|problem| Finding::fail("configuration", problem, "correct it there")));
    findings.extend(database::look(&loaded.config, clock::now()).await);
    findings.extend(folders::look(&loaded.config));
    findings.extend(running.port(loaded.config.http.listen));
    findings.extend(plugins::look(&loaded.config, &running).await?);
    findings.extend(outside::look(&loaded.config).await);
    findings.extend(machine::look(clock::now()));
    findings.extend(watch.end(clock::now()));
    tell(global, &findings)
}

fn tell(global: &Global, findings: &[Finding]) -> Done {
    let items: Vec<Value> = findings.iter().map(|finding| json!(finding)).collect();
    match global.output {
        crate::output::Format::Table => {
            for finding in findings {
                global.output().text(&finding.line())?;
            }
        }
        _ => global.output().list(&items, |_| crate::output::Rows::default())?,
    }
    match findings.iter().filter(|finding| finding.verdict == Verdict::Fail).count() {
        0 => Ok(Exit::Ok),
        1 => Err(Stop::failed("1 thing has to be repaired")),
        count => Err(Stop::failed(format!("{count} things have to be repaired"))),
    }
}
