//! `put` and `rm`: schedules that live in the ledger instead of a file.

use std::path::Path;

use clap::Args;
use serde_json::{Map, Value};

use super::schedules::changed;
use crate::args::{Global, Why};
use crate::exit::{Done, Exit, Stop};
use crate::input;
use crate::output::complain;
use crate::reach::{Reach, query, segment};

/// What a schedule shall be: the keys of `[schedule.NAME]` from a file, a few of them as flags.
#[derive(Debug, Args)]
pub struct Put {
    /// The schedule's name; what the API owns under it is replaced
    name: String,
    /// TOML or JSON with the keys of [schedule.NAME]; - is stdin. Flags win over it
    #[arg(short, long, value_name = "FILE")]
    file: Option<String>,
    /// plugin/handler, or just the plugin if it has one handler
    #[arg(long, value_name = "HANDLER")]
    handler: Option<String>,
    /// Fires by this cron expression
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,
    /// Fires at this interval
    #[arg(long, value_name = "DURATION")]
    every: Option<String>,
    /// Fires once, at this instant
    #[arg(long, value_name = "INSTANT")]
    at: Option<String>,
    /// The schedule's IANA zone
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// JSON, @file or @- for the handler
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    #[command(flatten)]
    why: Why,
}

/// Which schedule to remove.
#[derive(Debug, Args)]
pub struct Rm {
    /// The schedule
    name: String,
    /// Although other schedules are `after` it
    #[arg(long)]
    force: bool,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// `put NAME`
///
/// # Errors
/// A file owns the name (6), something is wrong with it (2), the host does not answer (5).
pub async fn put(global: &Global, asked: &Put) -> Done {
    let body = Value::Object(asked.body()?);
    let (is_new, answer) =
        Reach::to(global)?.because(&asked.why).put(&format!("/schedules/{}", segment(&asked.name)), &body).await?;
    changed(global, &answer)?;
    let next = answer["next_due"].as_str().map_or_else(String::new, |due| format!("; next due {due}"));
    let word = if is_new { "created" } else { "in place:" };
    global.output().hint(&format!("{word} {}{next}", asked.name));
    if let Some(problem) = answer["problem"].as_str() {
        complain(&format!("warning: schedule `{}` cannot run yet: {problem}", asked.name));
    }
    Ok(Exit::Ok)
}

/// `rm NAME`
///
/// # Errors
/// No such schedule (4), a file owns it or others follow it (6), the host does not answer (5).
pub async fn rm(global: &Global, asked: &Rm) -> Done {
    let said = query(&[("force", asked.force.then(|| "true".to_owned())), ("reason", asked.reason.clone())]);
    Reach::to(global)?.delete(&format!("/schedules/{}{said}", segment(&asked.name))).await?;
    global.output().hint(&format!("removed {}; its history stays", asked.name));
    Ok(Exit::Ok)
}

impl Put {
    fn body(&self) -> Result<Map<String, Value>, Stop> {
        let mut body = self.file.as_deref().map(|file| from_file(file, &self.name)).transpose()?.unwrap_or_default();
        let flags = [
            ("handler", &self.handler),
            ("cron", &self.cron),
            ("every", &self.every),
            ("at", &self.at),
            ("timezone", &self.timezone),
        ];
        for (key, value) in flags {
            if let Some(value) = value {
                body.insert(key.to_owned(), value.as_str().into());
            }
        }
        if let Some(text) = &self.input {
            body.insert("input".to_owned(), input::read(text)?);
        }
        match body.is_empty() {
            true => Err(Stop::usage(
                "nothing says what it shall be: give -f FILE, or --handler and --cron, --every or --at",
            )),
            false => Ok(body),
        }
    }
}

/// JSON if it is called so or, on stdin, begins so; else TOML.
fn from_file(file: &str, name: &str) -> Result<Map<String, Value>, Stop> {
    let text = match file {
        "-" => input::stdin().map_err(|error| Stop::usage(format!("-f -: stdin: {error}")))?,
        path => std::fs::read_to_string(path).map_err(|error| Stop::usage(format!("-f {path}: {error}")))?,
    };
    let is_json = match file {
        "-" => text.trim_start().starts_with('{'),
        path => Path::new(path).extension().is_some_and(|extension| extension == "json"),
    };
    let read = match is_json {
        true => serde_json::from_str(&text).map_err(|error| format!("no JSON: {error}")),
        false => noontide_config::from_toml(&text, name),
    };
    match read {
        Ok(Value::Object(keys)) => Ok(keys),
        Ok(_) => Err(Stop::usage(format!("-f {file}: no object; write the keys of [schedule.{name}]"))),
        Err(reason) => Err(Stop::usage(format!("-f {file}: {reason}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked(file: Option<String>) -> Put {
        let none = || None;
        Put {
            name: "a".to_owned(),
            file,
            handler: Some("mail/send".to_owned()),
            cron: none(),
            every: none(),
            at: none(),
            timezone: none(),
            input: Some("[1]".to_owned()),
            why: Why::default(),
        }
    }

    fn body_of(file: &str, text: &str) -> Result<Value, Stop> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        std::fs::write(&path, text).unwrap();
        asked(Some(path.display().to_string())).body().map(Value::Object)
    }

    #[test]
    fn a_file_of_either_kind_is_read_and_flags_win_over_it() {
        let wanted = json!({ "handler": "mail/send", "every": "5m", "input": [1] });
        assert_eq!(body_of("a.toml", "[schedule.a]\nevery = '5m'\nhandler = 'x/y'\n").unwrap(), wanted);
        assert_eq!(body_of("a.toml", "every = '5m'\n").unwrap(), wanted);
        assert_eq!(body_of("a.json", r#"{"every":"5m"}"#).unwrap(), wanted);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_a_usage_error_that_names_it() {
        for (file, text) in [("a.toml", "every = "), ("a.json", "[]"), ("a.json", "{"), ("a.toml", "[schedule.b]\n")] {
            let stop = body_of(file, text).unwrap_err();
            assert!(stop.exit == Exit::Usage && stop.message.contains(file), "{}", stop.message);
        }
        assert!(asked(Some("/not/there.toml".to_owned())).body().unwrap_err().message.contains("/not/there.toml"));
        let nothing = Put { handler: None, input: None, ..asked(None) };
        assert_eq!(nothing.body().unwrap_err().exit, Exit::Usage);
    }
}
