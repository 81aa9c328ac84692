//! `submit` and `items`: payloads with due times of their own, and what became of them.

use std::fmt::Display;
use std::fs::File;
use std::path::Path;

use clap::Args;
use serde_json::Value;

use super::runs::full_id;
use super::show::{lines, word};
use crate::args::{Global, Why};
use crate::exit::{Done, Exit, Stop};
use crate::output::Rows;
use crate::payloads::{self, Written};
use crate::reach::{Reach, segment};

/// The flags of `submit`.
#[derive(Debug, Args)]
pub struct Submit {
    /// The schedule; it has a timetable
    name: String,
    /// JSON: { "<unix seconds>": [payload, …], … }, or a line for each: {"at": <unix seconds>, "payload": …}; - for stdin
    #[arg(value_name = "FILE|-")]
    file: String,
    /// How it is written [default: by the ending .jsonl or .ndjson, else json]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Written>,
    #[command(flatten)]
    why: Why,
}

/// Whose items to list.
#[derive(Debug, Args)]
pub struct Items {
    /// The run's id, or the beginning of it
    run: String,
    /// At most so many
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
    limit: usize,
}

/// `submit NAME FILE|-`
///
/// # Errors
/// No such file, no timetable, or a payload that is wrong (2); no such schedule (4); paused, or it has no timetable (6).
pub async fn submit(global: &Global, asked: &Submit) -> Done {
    let (written, text) = read(&asked.file, asked.format)?;
    let path = format!("/schedules/{}/submit", segment(&asked.name));
    let answer = Reach::to(global)?.because(&asked.why).post_text(&path, written.content_type(), text).await?;
    let output = global.output();
    output.hint(&summary(&answer));
    output.thing(&answer, || lines(&answer))?;
    Ok(Exit::Ok)
}

/// `items RUN`
///
/// # Errors
/// No such run; the host does not answer.
pub async fn items(global: &Global, asked: &Items) -> Done {
    let reach = Reach::to(global)?;
    let id = full_id(&reach, &asked.run).await?;
    let items = reach.pages(&format!("/runs/{id}/items"), &[], asked.limit).await?;
    if items.is_empty() {
        global.output().hint("it has no items; only runs of a timetable have");
    }
    global.output().list(&items, table)?;
    Ok(Exit::Ok)
}

/// As it stands there: a document that is read and written anew would lose a timestamp that is there twice.
fn read(file: &str, format: Option<Written>) -> Result<(Written, String), Stop> {
    let (place, text) = match file {
        "-" => ("stdin", payloads::read(std::io::stdin().lock())),
        path => (path, File::open(path).and_then(payloads::read)),
    };
    let wrong = |reason: &dyn Display| Stop::usage(format!("{place}: {reason}"));
    let text = text.map_err(|error| wrong(&error))?;
    let written = format.or_else(|| Written::of(Path::new(file))).unwrap_or(Written::Json);
    written.data(&text).map_err(|reason| wrong(&reason))?;
    String::from_utf8(text).map(|text| (written, text)).map_err(|error| wrong(&error))
}

fn summary(answer: &Value) -> String {
    let count = |key: &str| answer[key].as_u64().unwrap_or_default();
    format!(
        "{} accepted, {} known already, {} outside the window, {} too late",
        count("accepted"),
        count("duplicate"),
        count("out_of_window"),
        count("expired")
    )
}

fn table(items: &[Value]) -> Rows {
    let mut rows = Rows::of(["key", "status", "runs", "payload", "error"]);
    for item in items {
        let short = |key: &str| word(item, key).chars().take(60).collect::<String>();
        rows.push([word(item, "key"), word(item, "status"), word(item, "runs"), short("payload"), short("error")]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_file_that_is_no_timetable_is_named_with_the_way_to_write_one() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        std::fs::write(file.path(), "[1]").unwrap();
        let stop = read(path, None).unwrap_err();
        assert_eq!(stop.exit, Exit::Usage);
        assert!(
            stop.message.starts_with(path) && stop.message.contains("write { \"<unix seconds>\""),
            "{}",
            stop.message
        );
        let twice = r#"{"1602349200": [1], "1602349200": [2]}"#;
        std::fs::write(file.path(), twice).unwrap();
        assert_eq!(read(path, None), Ok((Written::Json, twice.to_owned())));
    }

    #[test]
    fn lines_are_taken_by_their_ending_or_when_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let line = r#"{"at": 1602349200, "payload": 1}"#;
        for (name, format) in [("a.jsonl", None), ("a.ndjson", None), ("a.txt", Some(Written::Jsonl))] {
            let path = folder.path().join(name);
            std::fs::write(&path, line).unwrap();
            assert_eq!(read(path.to_str().unwrap(), format), Ok((Written::Jsonl, line.to_owned())));
            std::fs::write(&path, format!("{line}\n{{")).unwrap();
            let stop = read(path.to_str().unwrap(), format).unwrap_err();
            assert!(stop.message.contains(name) && stop.message.contains("line 2, "), "{}", stop.message);
        }
    }

    #[test]
    fn the_counts_are_told_in_a_sentence() {
        let answer = json!({"accepted": 3, "duplicate": 2, "out_of_window": 1, "expired": 0});
        assert_eq!(summary(&answer), "3 accepted, 2 known already, 1 outside the window, 0 too late");
    }
}
