//! `submit` and `items`: payloads with due times of their own, and what became of them.

use std::io::Read;

use clap::Args;
use noontide_domain::submission::Data;
use serde_json::Value;

use super::runs::full_id;
use super::show::{lines, word};
use crate::args::Global;
use crate::exit::{Done, Exit, Stop};
use crate::output::Rows;
use crate::reach::{Reach, segment};

/// The flags of `submit`.
#[derive(Debug, Args)]
pub struct Submit {
    /// The schedule; it has a timetable
    name: String,
    /// JSON: { "<unix seconds>": [payload, …], … }; - for stdin
    #[arg(value_name = "FILE|-")]
    file: String,
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
    let text = read(&asked.file)?;
    let path = format!("/schedules/{}/submit", segment(&asked.name));
    let answer = Reach::to(global)?.post_text(&path, text).await?;
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
fn read(file: &str) -> Result<String, Stop> {
    let (place, text) = match file {
        "-" => {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            ("stdin", read.map(|_| text))
        }
        path => (path, std::fs::read_to_string(path)),
    };
    let text = text.map_err(|error| Stop::usage(format!("{place}: {error}")))?;
    match serde_json::from_str::<Data>(&text) {
        Ok(_) => Ok(text),
        Err(error) => {
            Err(Stop::usage(format!("{place}: no timetable: {error}; write {{ \"<unix seconds>\": [payload, …], … }}")))
        }
    }
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
        let stop = read(path).unwrap_err();
        assert_eq!(stop.exit, Exit::Usage);
        assert!(
            stop.message.starts_with(path) && stop.message.contains("write { \"<unix seconds>\""),
            "{}",
            stop.message
        );
        let twice = r#"{"1602349200": [1], "1602349200": [2]}"#;
        std::fs::write(file.path(), twice).unwrap();
        assert_eq!(read(path), Ok(twice.to_owned()));
    }

    #[test]
    fn the_counts_are_told_in_a_sentence() {
        let answer = json!({"accepted": 3, "duplicate": 2, "out_of_window": 1, "expired": 0});
        assert_eq!(summary(&answer), "3 accepted, 2 known already, 1 outside the window, 0 too late");
    }
}
