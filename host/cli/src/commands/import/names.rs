//! Names of schedules, made of whatever the source has.

use std::collections::BTreeSet;
use std::path::Path;

use noontide_config::LoadRequest;

/// Longer ones nobody reads in a table.
const LONGEST: usize = 48;

/// Names that are taken.
#[derive(Debug, Default)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// Those of the schedules that are in `folder` already: tables of the same name would be laid over each other.
    pub fn beside(folder: Option<&Path>) -> Self {
        let Some(folder) = folder else { return Self::default() };
        let request = LoadRequest { dir: folder.to_owned(), ..LoadRequest::default() };
        let Ok(loaded) = noontide_config::load(&request) else { return Self::default() };
        let known = loaded.config.schedules.iter().map(|schedule| schedule.name.to_string());
        Self(known.chain(loaded.config.faulty.iter().cloned()).collect())
    }

    /// `text` as the name of a schedule, with a number if it is taken.
    pub fn take(&mut self, text: &str) -> String {
        let base = plain(text);
        let mut name = base.clone();
        let mut number = 2;
        while !self.0.insert(name.clone()) {
            name = format!("{base}-{number}");
            number += 1;
        }
        name
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
    fn names_in_the_folder_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let table = "[schedule.backup]\nhandler = \"a/b\"\nmanual = true\n[schedule.wrong]\n";
        std::fs::write(folder.path().join("own.toml"), table).unwrap();
        let mut names = Names::beside(Some(folder.path()));
        assert_eq!((names.take("backup"), names.take("wrong")), ("backup-2".to_owned(), "wrong-2".to_owned()));
    }
}
