//! Numbers for `/metrics` of the rooms that the API does not know.

use std::sync::Arc;

use noontide_connections::Databases;
use noontide_domain::tally::PerSchedule;
use noontide_ledger::Gauges;
use noontide_sandbox::Sandbox;
use noontide_web::{Figures, LedgerFigures, ProcessFigures, SandboxFigures};

use super::reload::Reloader;

/// Where they come from.
pub struct Sources {
    /// As configured.
    pub per_schedule: PerSchedule,
    /// The ledger's.
    pub gauges: Gauges,
    /// The databases of handlers.
    pub connections: Arc<Databases>,
}

impl Sources {
    /// All of them, as they are now.
    pub fn read(&self, sandbox: &Sandbox, reloader: &Reloader) -> Figures {
        let reloads = reloader.counts();
        Figures {
            per_schedule: self.per_schedule,
            wasmtime: env!("NOONTIDE_WASMTIME").to_owned(),
            ledger: ledger(&self.gauges),
            connections: self.connections.in_use(),
            sandbox: of_sandbox(sandbox),
            reloads: (reloads.taken.read(), reloads.refused.read()),
            process: process(),
        }
    }
}

fn ledger(gauges: &Gauges) -> LedgerFigures {
    let (tally, connections) = (gauges.tally(), gauges.connections());
    let requests = tally.requests.all();
    LedgerFigures {
        requests: requests.into_iter().map(|(kind, of)| (snake(&kind), of.lengths.read(), of.failed.read())).collect(),
        transactions: tally.transactions.read(),
        rolled_back: tally.rolled_back.read(),
        readers: (connections.open, connections.idle),
    }
}

fn of_sandbox(sandbox: &Sandbox) -> SandboxFigures {
    let tally = sandbox.tally();
    let in_use = sandbox.pool_use().map(|pool| {
        vec![
            ("component_instances", pool.component_instances),
            ("core_instances", pool.core_instances),
            ("memories", pool.memories as u64),
            ("stacks", pool.stacks as u64),
            ("tables", pool.tables as u64),
        ]
    });
    SandboxFigures {
        allocator: sandbox.allocator(),
        in_use: in_use.unwrap_or_default(),
        kept: sandbox.kept(),
        loads: (tally.loaded.read(), tally.refused.read()),
        load_lengths: tally.loads.read(),
    }
}

/// `ClaimFires` as labels have it: `claim_fires`.
fn snake(name: &str) -> String {
    let letter = |(place, letter): (usize, char)| {
        let blank = (place > 0 && letter.is_ascii_uppercase()).then_some('_');
        blank.into_iter().chain([letter.to_ascii_lowercase()])
    };
    name.chars().enumerate().flat_map(letter).collect()
}

/// Ticks of the processor clock in a second: 100 for every program on Linux, whatever the kernel's own clock does.
const TICKS: f64 = 100.0;

/// From `/proc`; `None` where there is none.
fn process() -> Option<ProcessFigures> {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/self/{file}")).ok();
    let (status, stat, limits) = (read("status")?, read("stat")?, read("limits")?);
    Some(ProcessFigures {
        cpu_seconds: cpu_ticks(&stat)? as f64 / TICKS,
        resident_memory: after(&status, "VmRSS:")?.parse::<u64>().ok()? << 10,
        open_files: std::fs::read_dir("/proc/self/fd").ok()?.count() as u64,
        most_files: after(&limits, "Max open files")?.parse().ok(),
    })
}

/// The word that follows `key` at the begin of a line.
fn after<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(key))?.split_whitespace().next()
}

/// User and system time. The name of the program, in brackets, may hold anything.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_read_whatever_its_name() {
        let stat = "7 (a) (b c) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 9 0 1 2 3";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(after("Name:\tx\nVmRSS:\t  2048 kB\n", "VmRSS:"), Some("2048"));
        #[cfg(target_os = "linux")]
        assert!(process().is_some_and(|process| process.resident_memory > 1 << 20 && process.open_files > 0));
    }

    #[test]
    fn a_kind_of_request_is_written_as_labels_are() {
        assert_eq!(snake("ClaimFires"), "claim_fires");
    }
}
