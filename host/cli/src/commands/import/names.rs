//! Names of schedules, made of whatever the source has.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Longer ones nobody reads in a table.
const LONGEST: usize = 48;

/// Names that are taken.
#[derive(Debug, Default)]
pub struct Names {
    schedules: BTreeSet<String>,
    queues: BTreeSet<String>,
}

impl Names {
    /// Those of the schedules that are in `folder` and in the folders it may be laid over or under: tables of the same
    /// name would become one.
    pub fn beside(folder: Option<&Path>) -> Self {
        let Some(folder) = folder else { return Self::default() };
        let mut folders = vec![folder.to_owned()];
        folders.extend(folder.canonicalize().ok().and_then(|folder| Some(folder.parent()?.to_owned())));
        folders.extend(inside(folder).filter(|path| path.is_dir()));
        let files = folders.iter().flat_map(|folder| inside(folder));
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
        // By its text: what cannot be loaded today is a name all the same.
        let texts: Vec<_> = files.filter_map(|path| std::fs::read_to_string(path).ok()).collect();
        let named = |prefix: &str| {
            let tables = texts.iter().flat_map(|text| text.lines());
            let tables = tables.filter_map(|line| line.trim_start().strip_prefix(prefix));
            tables.filter_map(|rest| Some(rest.split([']', '#']).next()?.trim())).map(name_of).collect()
        };
        Self { schedules: named("[schedule."), queues: named("[queue.") }
    }

    /// Whether there is a table `[queue.NAME]` already.
    pub fn has_queue(&self, name: &str) -> bool {
        self.queues.contains(name)
    }

    /// `text` as the name of a schedule, with a number if it is taken.
    pub fn take(&mut self, text: &str) -> String {
        let base = plain(text);
        let mut name = base.clone();
        let mut number = 2;
        while !self.schedules.insert(name.clone()) {
            name = format!("{base}-{number}");
            number += 1;
        }
        name
    }
}

fn inside(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

/// The name in `[schedule.NAME]` and `[schedule."NAME".retry]`.
fn name_of(key: &str) -> String {
    match key.strip_prefix(['"', '\'']) {
        Some(rest) => rest.split(['"', '\'']).next().unwrap_or_default().to_owned(),
        None => key.split('.').next().unwrap_or_default().trim().to_owned(),
    }
}

/// Letters, digits, `-` and `_`, beginning with a letter or digit.
fn plain(text: &str) -> String {
    let mut name = String::new();
    for character in text.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => name.push(character),
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    let name: String = name.trim_start_matches(['-', '_']).chars().take(LONGEST).collect();
    let name = name.trim_end_matches(['-', '_']);
    if name.is_empty() { "imported".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use noontide_domain::ScheduleName;

    #[test]
    fn any_text_becomes_a_name_that_nobody_else_has() {
        let mut names = Names::default();
        for (text, name) in [
            ("backup", "backup"),
            ("backup", "backup-2"),
            ("odd weeks", "odd-weeks"),
            ("./--x", "x"),
            ("每晚", "imported"),
            ("a//b", "a-b"),
        ] {
            let taken = names.take(text);
            assert_eq!(taken, name);
            assert!(taken.parse::<ScheduleName>().is_ok());
        }
    }

    #[test]
    fn names_in_the_folder_above_it_and_in_it_are_taken() {
        let conf = tempfile::tempdir().unwrap();
        let local = conf.path().join("local");
        std::fs::create_dir(&local).unwrap();
        let all = "[schedule.backup]\nhandler = \"a/b\"\n[queue.slow]\n";
        std::fs::write(conf.path().join("all.toml"), all).unwrap();
        std::fs::write(local.join("own.toml"), "[schedule.\"wrong\"] # [\n  [schedule.deep.retry]\n= broken").unwrap();
        for folder in [conf.path(), &local] {
            let mut names = Names::beside(Some(folder));
            let taken = ["backup", "wrong", "deep", "free"].map(|name| names.take(name));
            assert_eq!(taken, ["backup-2", "wrong-2", "deep-2", "free"]);
            assert!(names.has_queue("slow") && !names.has_queue("backup"));
        }
        assert_eq!(Names::beside(Some(Path::new("/nowhere"))).take("backup"), "backup");
    }
}
