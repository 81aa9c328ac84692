//! `enqueue`: handler calls without a schedule, one from flags or many from a file.

use clap::Args;
use serde_json::{Map, Value, json};

use super::chain::Following;
use super::fire::{Moment, finish, set};
use super::wait::Waiting;
use crate::args::{Global, Why};
use crate::exit::{Done, Exit, Stop};
use crate::input;
use crate::reach::Reach;
use crate::zone;

/// The flags of `enqueue`.
#[derive(Debug, Args)]
pub struct Enqueue {
    /// plugin/handler, or just the plugin if it has one handler
    #[arg(required_unless_present = "file")]
    handler: Option<String>,
    /// Many calls, all or none: JSON Lines or an array, each as in POST /api/v1/runs; - for stdin
    #[arg(
        long,
        value_name = "FILE|-",
        conflicts_with_all = ["handler", "input", "arg", "kwarg", "key", "expires", "priority", "queue", "runs_on", "header", "delay",
                              "at", "then", "on_failure", "wait"]
    )]
    file: Option<String>,
    /// JSON, @file or @-
    #[arg(long, value_name = "JSON", conflicts_with_all = ["arg", "kwarg"])]
    input: Option<String>,
    /// A positional argument, as JSON if it is JSON, else as text; the input is then {"args": […], "kwargs": {…}}
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    arg: Vec<String>,
    /// A named argument, likewise
    #[arg(long, value_name = "NAME=VALUE")]
    kwarg: Vec<String>,
    /// A second call of the handler with the same key is a duplicate and does not run
    #[arg(long, value_name = "TEXT")]
    key: Option<String>,
    /// It expires if it has not begun so long from now, or by then
    #[arg(long, value_name = "DURATION|INSTANT")]
    expires: Option<String>,
    /// 0 to 255; the higher goes first. 0 if not given, schedules have 10
    #[arg(long, value_name = "N")]
    priority: Option<u8>,
    /// The queue it waits in
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// It runs on a host that has this label
    #[arg(long, value_name = "NAME=VALUE")]
    runs_on: Vec<String>,
    /// A text that travels with the run
    #[arg(long, value_name = "NAME=TEXT")]
    header: Vec<String>,
    #[command(flatten)]
    moment: Moment,
    #[command(flatten)]
    following: Following,
    #[command(flatten)]
    waiting: Waiting,
    #[command(flatten)]
    why: Why,
}

/// `enqueue HANDLER`, `enqueue --file FILE`
///
/// # Errors
/// No such handler (4), something about a call is wrong (2), the run failed (1).
pub async fn enqueue(global: &Global, asked: &Enqueue) -> Done {
    if let Some(file) = &asked.file {
        return many(&Reach::to(global)?.because(&asked.why), global, file).await;
    }
    let waiting = asked.waiting.checked()?;
    let body = asked.following.after(asked.body(global.zone()?.unwrap_or(chrono_tz::UTC))?);
    let reach = Reach::to(global)?.because(&asked.why);
    let answer = reach.post("/runs", &body).await?;
    let run = answer["runs"][0].as_str().ok_or_else(|| Stop::failed(format!("the host names no run: {answer}")))?;
    if duplicates(&answer) > 0 {
        global.output().hint("a run with that key is there already; nothing was added");
    }
    finish(global, &reach, run, &answer, waiting).await
}

async fn many(reach: &Reach, global: &Global, file: &str) -> Done {
    let calls = calls(file)?;
    let answer = reach.post("/runs", &Value::Array(calls)).await?;
    let runs = answer["runs"].as_array().cloned().unwrap_or_default();
    let lines = || runs.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n");
    global.output().thing(&answer, lines)?;
    let known = duplicates(&answer);
    global.output().hint(&format!("{} calls taken, {known} of them known already", runs.len()));
    Ok(Exit::Ok)
}

fn duplicates(answer: &Value) -> u64 {
    answer["duplicate"].as_u64().unwrap_or_default()
}

/// An array, or a value a line. A call that is wrong inside is the host's to refuse; its number counts calls, not lines.
fn calls(file: &str) -> Result<Vec<Value>, Stop> {
    let wrong = |reason: String| Stop::usage(format!("--file {file}: {reason}"));
    let text = match file {
        "-" => input::stdin(),
        path => std::fs::read_to_string(path),
    };
    let text = text.map_err(|error| wrong(error.to_string()))?;
    // One call, written over several lines: a chain.
    if let Ok(call @ Value::Object(_)) = serde_json::from_str(&text) {
        return Ok(vec![call]);
    }
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(&text).map_err(|error| wrong(format!("no JSON array: {error}")));
    }
    let filled = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(number, line)| {
        serde_json::from_str(line).map_err(|error| wrong(format!("line {}: no JSON: {error}", number + 1)))
    };
    match filled.map(read).collect::<Result<Vec<_>, _>>()? {
        none if none.is_empty() => Err(wrong("holds no call; write an object with a `handler` a line".to_owned())),
        calls => Ok(calls),
    }
}

impl Enqueue {
    fn body(&self, zone: chrono_tz::Tz) -> Result<Value, Stop> {
        let mut body = json!({ "handler": self.handler });
        set(&mut body, "input", self.input()?);
        set(&mut body, "key", self.key.clone().map(Value::from));
        set(&mut body, "at", self.moment.read(zone)?);
        set(&mut body, "expires", self.expires.as_deref().map(|text| moment(text, zone)));
        set(&mut body, "priority", self.priority.map(Value::from));
        set(&mut body, "queue", self.queue.clone().map(Value::from));
        for (field, flag, given) in [("runs_on", "runs-on", &self.runs_on), ("headers", "header", &self.header)] {
            let texts = pairs(flag, given)?.map(|(name, text)| (name.to_owned(), Value::from(text)));
            let texts: Map<_, _> = texts.collect();
            set(&mut body, field, Some(texts).filter(|texts| !texts.is_empty()).map(Value::Object));
        }
        Ok(body)
    }

    fn input(&self) -> Result<Option<Value>, Stop> {
        if self.arg.is_empty() && self.kwarg.is_empty() {
            return self.input.as_deref().map(input::read).transpose();
        }
        let args: Vec<_> = self.arg.iter().map(|text| value(text)).collect();
        let kwargs = pairs("kwarg", &self.kwarg)?.map(|(name, text)| (name.to_owned(), value(text)));
        Ok(Some(json!({ "args": args, "kwargs": kwargs.collect::<Map<_, _>>() })))
    }
}

/// JSON if it is JSON, else text.
fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// An instant in the zone, written as the host reads it; what is none is a length of time, or wrong, as the host will say.
fn moment(text: &str, zone: chrono_tz::Tz) -> Value {
    zone::instant(text, zone).map_or_else(|_| text.into(), |instant| zone::rfc3339(instant).into())
}

fn pairs<'a>(flag: &str, texts: &'a [String]) -> Result<impl Iterator<Item = (&'a str, &'a str)>, Stop> {
    let pair = |text: &'a String| {
        text.split_once('=').ok_or_else(|| Stop::usage(format!("--{flag}: `{text}` has no `=`; write NAME=VALUE")))
    };
    Ok(texts.iter().map(pair).collect::<Result<Vec<_>, _>>()?.into_iter())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        enqueue: Enqueue,
    }

    fn body(flags: &[&str]) -> Result<Value, Stop> {
        let line = Line::try_parse_from(["enqueue", "mail/send"].iter().chain(flags)).expect("flags");
        line.enqueue.body(chrono_tz::Asia::Shanghai)
    }

    #[test]
    fn positional_and_named_arguments_become_the_input() {
        let read =
            body(&["--arg", "2", "--arg", "-3", "--arg", "two words", "--kwarg", "a=1", "--kwarg", "b=x=y"]).unwrap();
        let input = json!({ "args": [2, -3, "two words"], "kwargs": { "a": 1, "b": "x=y" } });
        assert_eq!(read, json!({ "handler": "mail/send", "input": input }));
        assert!(body(&["--kwarg", "a"]).unwrap_err().message.contains("NAME=VALUE"));
    }

    #[test]
    fn what_is_said_of_its_place_in_the_line_is_handed_on() {
        let read = body(&[
            "--expires",
            "2h",
            "--priority",
            "7",
            "--queue",
            "mail",
            "--header",
            "tenant=acme",
            "--runs-on",
            "gpu=true",
        ])
        .unwrap();
        let wanted = json!({
            "handler": "mail/send", "expires": "2h", "priority": 7, "queue": "mail", "headers": { "tenant": "acme" },
            "runs_on": { "gpu": "true" },
        });
        assert_eq!(read, wanted);
        assert_eq!(body(&["--expires", "2026-10-01 08:00:00"]).unwrap()["expires"], "2026-10-01T00:00:00Z");
    }

    #[test]
    fn a_file_holds_an_array_or_a_call_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let read = |text: &str| {
            let path = folder.path().join("calls");
            std::fs::write(&path, text).unwrap();
            calls(path.to_str().unwrap())
        };
        assert_eq!(read("{\n \"handler\": \"a\"\n}\n"), Ok(vec![json!({ "handler": "a" })]));
        let two = vec![json!({ "handler": "a" }), json!({ "handler": "b" })];
        assert_eq!(read("{\"handler\":\"a\"}\n\n{\"handler\":\"b\"}\n"), Ok(two.clone()));
        assert_eq!(read(" [{\"handler\":\"a\"},\n{\"handler\":\"b\"}]"), Ok(two));
        for (text, words) in [("{}\n{", "line 2: no JSON"), ("\n", "holds no call"), ("[{}", "no JSON array")] {
            let stop = read(text).unwrap_err();
            assert!(stop.exit == Exit::Usage && stop.message.contains(words), "{}", stop.message);
        }
        assert!(calls("/not/there").unwrap_err().message.contains("/not/there"));
    }
}
