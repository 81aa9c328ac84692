//! `logs ID --follow`: the host tells each line as the run says it. A stream that breaks is taken up again where it stopped.

use serde_json::Value;

use super::message;
use crate::args::Global;
use crate::commands::show::word;
use crate::exit::{Done, Exit, Stop};
use crate::output::{Format, Output};
use crate::reach::{Reach, Told};

/// How a stream ended.
enum End {
    /// The attempt is over, and so is the run.
    Final,
    /// The attempt is over, and the run will be tried again.
    Again,
}

/// # Errors
/// No such run; the host does not answer, or goes away before the run is over.
pub(super) async fn to_the_end(global: &Global, reach: &Reach, id: &str) -> Done {
    let output = global.output();
    if matches!(output.format, Format::Json) {
        return Err(Stop::usage("--follow writes lines as they come: take -o jsonl, or leave --follow out"));
    }
    let mut last = None;
    loop {
        let told = reach.events(&format!("/runs/{id}/logs?follow=true"), last.as_deref()).await?;
        match one(&output, told, &mut last).await? {
            End::Final => return Ok(Exit::Ok),
            End::Again => {}
        }
    }
}

/// Until the stream ends.
async fn one(output: &Output, mut told: Told, last: &mut Option<String>) -> Result<End, Stop> {
    while let Some(event) = told.next().await? {
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        match event.name.as_str() {
            "line" => write(output, &data)?,
            "lagged" => output.hint(&format!("{} lines were over the limits and not kept", data["missed"])),
            "elsewhere" => {
                let host = data["name"].as_str().or(data["host"].as_str()).unwrap_or_default();
                output.hint(&format!("it runs on the host {host}; its lines come when this attempt is over"));
            }
            "end" if data["is_final"] == true => {
                output.hint(&format!("the run is over: {}", word(&data, "state")));
                return Ok(End::Final);
            }
            "end" => {
                output.hint(&format!("attempt {} is over; the run will be tried again", data["attempt"]));
                return Ok(End::Again);
            }
            _ => {}
        }
        *last = event.id.or_else(|| last.take());
    }
    let words =
        "the host ended the stream before the run was over; ask again when it is back: noontide logs ID --follow";
    Err(Stop::new(Exit::Unreachable, words))
}

fn write(output: &Output, line: &Value) -> Result<(), Stop> {
    match output.format {
        Format::Jsonl => output.text(&line.to_string()),
        _ => output.text(&row(line)),
    }
}

/// As a row of the table of `logs`, without its columns: nobody knows how wide the next line is.
fn row(line: &Value) -> String {
    let source = match word(line, "source") {
        source if source == "log" => String::new(),
        source => format!("{source} "),
    };
    format!("{} {:5} {source}{}", word(line, "at"), word(line, "level"), message(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_its_time_its_level_and_where_it_was_printed() {
        let line = |source: &str| {
            serde_json::json!({ "at": "2026-07-01T08:00:00Z", "level": "warn", "source": source, "message": "no answer",
                "fields": [["host", "a"]] })
        };
        assert_eq!(row(&line("log")), "2026-07-01T08:00:00Z warn  no answer host=a");
        assert_eq!(row(&line("stderr")), "2026-07-01T08:00:00Z warn  stderr no answer host=a");
    }
}
