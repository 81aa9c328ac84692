//! What is printed, as docs/scaling.md has it.

use crate::costs::{SECOND, shown};
use crate::crowd::{Setting, Told};

/// One line for each setting.
pub struct Table {
    rows: Vec<[String; 11]>,
}

const HEAD: [&str; 11] = [
    "setting",
    "all done after",
    "fires/s",
    "claims won",
    "lost for each",
    "statements/s",
    "of them polls",
    "cores busy",
    "claimed late: half, 99 %",
    "begun late: half, 99 %",
    "connections, waiting for rows",
];

impl Table {
    pub fn new() -> Self {
        Self { rows: vec![HEAD.map(str::to_owned)] }
    }

    pub fn add(&mut self, name: &str, setting: &Setting, told: &Told) {
        let seconds = (told.end as f64 / SECOND as f64).max(0.001);
        let rate = |count: u64| (count as f64 / seconds).round() as u64;
        let done = match told.kept_up {
            true => shown(told.end),
            false => "never".to_owned(),
        };
        let late = |of: &[(u64, usize)]| format!("{}, {}", shown(percentile(of, 50)), shown(percentile(of, 99)));
        self.rows.push([
            name.to_owned(),
            done,
            rate(told.done as u64).to_string(),
            told.won.to_string(),
            format!("{:.1}", told.lost as f64 / told.won.max(1) as f64),
            rate(told.statements).to_string(),
            rate(told.statements_of_polls).to_string(),
            format!("{:.1} of {}", told.worked as f64 / told.end.max(1) as f64, setting.costs.cores),
            late(&told.claimed),
            late(&told.begun),
            format!("{}, {}", told.most_connections, told.most_waiting),
        ]);
    }

    pub fn print(&self) {
        for (number, row) in self.rows.iter().enumerate() {
            println!("| {} |", row.join(" | "));
            if number == 0 {
                println!("|{}", "---|".repeat(row.len()));
            }
        }
    }
}

/// So many of a hundred runs were no later.
pub fn percentile(of: &[(u64, usize)], percent: usize) -> u64 {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    let mut left = (sorted.iter().map(|(_, runs)| runs).sum::<usize>() * percent).div_ceil(100);
    for (late, runs) in sorted {
        if runs >= left {
            return late;
        }
        left -= runs;
    }
    0
}
