//! A configuration of one file, through the whole of `noontide_config`.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use noontide_config::{LoadRequest, Problem, Refused, load};
use noontide_domain::Lang;
use noontide_fuzz::{one_line, soon};

/// Lies in memory where there is such a folder: it is written some thousand times a second.
static FOLDER: LazyLock<tempfile::TempDir> =
    LazyLock::new(|| tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary folder"));

fuzz_target!(|bytes: &[u8]| {
    std::fs::write(FOLDER.path().join("a.toml"), bytes).expect("a file");
    let request = LoadRequest { dir: FOLDER.path().to_owned(), ..LoadRequest::default() };
    match soon("the file", || load(&request)) {
        Ok(loaded) => {
            for schedule in &loaded.config.schedules {
                assert!(!schedule.trigger.words(Lang::En).is_empty());
            }
            // Whatever is left out is named.
            for name in &loaded.config.faulty {
                assert!(loaded.problems.iter().any(|problem| problem.schedule() == Some(name)), "{name:?}");
            }
            loaded.problems.iter().for_each(said);
        }
        Err(Refused(problems)) => {
            assert!(!problems.is_empty(), "refused without a reason");
            problems.iter().for_each(said);
        }
    }
});

fn said(problem: &Problem) {
    one_line(&problem.to_string());
}
