//! Figures of all rounds as a table, beside their bars and those of the last time, and as JSON for the next one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What was measured, in the order in which it first was.
#[derive(Default)]
pub struct Figures {
    all: Vec<Figure>,
}

struct Figure {
    what: String,
    /// What it shall not be above.
    bar: f64,
    values: Vec<f64>,
}

impl Figures {
    /// Takes down one measurement; its name ends in its unit.
    pub fn add(&mut self, what: &str, bar: f64, value: f64) {
        println!("  {what}: {value:.1}");
        match self.all.iter_mut().find(|figure| figure.what == what) {
            Some(figure) => figure.values.push(value),
            None => self.all.push(Figure { what: what.to_owned(), bar, values: vec![value] }),
        }
    }

    /// Prints them, and keeps them for the next time.
    pub fn tell(&self) {
        let last = last();
        println!("\n{:<52} {:>8} {:>8} {:>8} {:>8} {:>9}", "", "bar", "median", "least", "most", "last time");
        for figure in &self.all {
            let (least, middle, most) = figure.spread();
            let before = last.get(&figure.what).map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
            println!("{:<52} {:>8} {middle:>8.1} {least:>8.1} {most:>8.1} {before:>9}", figure.what, figure.bar);
        }
        let medians: BTreeMap<_, _> = self.all.iter().map(|figure| (&figure.what, figure.spread().1)).collect();
        let text = serde_json::to_vec_pretty(&medians).expect("JSON");
        std::fs::write(kept(), text).unwrap_or_else(|error| panic!("{}: {error}", kept().display()));
        println!("kept in {}", kept().display());
    }
}

impl Figure {
    fn spread(&self) -> (f64, f64, f64) {
        let mut values = self.values.clone();
        values.sort_unstable_by(f64::total_cmp);
        (values[0], values[values.len() / 2], values[values.len() - 1])
    }
}

/// The medians of the last time, if there was one.
fn last() -> BTreeMap<String, f64> {
    std::fs::read(kept()).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

fn kept() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("host-figures.json")
}
