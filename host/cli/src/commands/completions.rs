//! `completions`: what a shell needs to complete `noontide`. The shell asks the binary itself, which knows its verbs and flags
//! and asks the host for the names of schedules.

use std::time::Duration;

use clap::{Args, Command, CommandFactory, Parser};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};

use crate::args::{Global, Noontide};
use crate::exit::{Done, Exit, Stop};
use crate::reach::Reach;

/// Shells set it when they ask; of our own, so that a `COMPLETE` of somebody else means nothing here.
const ASKED: &str = "NOONTIDE_COMPLETE";

/// Somebody has pressed Tab: a host that is slower is not waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// Options that say where the host is.
const WHERE: [&str; 5] = ["--conf", "--env", "--set", "--server", "--token"];

/// The verbs whose argument is the name of a schedule that is there, and what the argument is called.
const NAMED: [(&str, &str); 10] = [
    ("show", "name"),
    ("pause", "name"),
    ("resume", "name"),
    ("fire", "name"),
    ("set", "name"),
    ("rm", "name"),
    ("backfill", "name"),
    ("submit", "name"),
    ("why", "schedule"),
    ("runs", "schedule"),
];

/// `noontide completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// Writes the script that a shell reads when it starts.
///
/// # Errors
/// If stdout takes no more.
pub fn run(global: &Global, asked: &Completions) -> Done {
    let name = asked.shell.to_string();
    let shells = Shells::builtins();
    let shell = shells.completer(&name).ok_or_else(|| Stop::usage(format!("{name} cannot be completed")))?;
    let mut script = Vec::new();
    shell.write_registration(ASKED, "noontide", "noontide", "noontide", &mut script)?;
    global.output().text(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Exit::Ok)
}

/// Answers a shell, and ends the process, if it is one that asks.
pub fn answer() {
    CompleteEnv::with_factory(command).var(ASKED).complete();
}

fn command() -> Command {
    NAMED.into_iter().fold(Noontide::command(), |command, (verb, argument)| {
        command.mut_subcommand(verb, |verb| verb.mut_arg(argument, |arg| arg.add(ArgValueCandidates::new(names))))
    })
}

/// None if no host answers: whoever asks knows the name, or looks.
fn names() -> Vec<CompletionCandidate> {
    let Ok(asked) = Noontide::try_parse_from(place(std::env::args())) else { return Vec::new() };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return Vec::new() };
    let schedules = async { Reach::to(&asked.global)?.list("/schedules?limit=1000").await };
    let listed = runtime.block_on(async { tokio::time::timeout(PATIENCE, schedules).await });
    let schedules = listed.ok().and_then(Result::ok).unwrap_or_default();
    let candidate = |schedule: &serde_json::Value| {
        let words = schedule["words"].as_str().map(|words| words.to_owned().into());
        Some(CompletionCandidate::new(schedule["name"].as_str()?).help(words))
    };
    schedules.iter().filter_map(candidate).collect()
}

/// A command line that says where the host is as the one that is being typed does, and nothing else.
fn place(typed: impl Iterator<Item = String>) -> Vec<String> {
    let mut line = vec!["noontide".to_owned()];
    let mut words = typed.skip_while(|word| word != "--").peekable();
    while let Some(word) = words.next() {
        let (option, value) =
            word.split_once('=').map_or((word.as_str(), None), |(option, value)| (option, Some(value)));
        if WHERE.contains(&option) {
            let value = value.map(str::to_owned).or_else(|| words.next());
            line.extend(value.into_iter().flat_map(|value| [option.to_owned(), value]));
        }
    }
    line.push("ls".to_owned());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_that_is_asked_is_that_of_the_line_that_is_typed() {
        let typed = ["/bin/noontide", "--", "noontide", "--conf", "etc", "fire", "--set=http.listen=off", "he"];
        let line = place(typed.map(str::to_owned).into_iter());
        assert_eq!(line, ["noontide", "--conf", "etc", "--set", "http.listen=off", "ls"]);
    }

    #[test]
    fn every_verb_that_names_a_schedule_is_there() {
        command().debug_assert();
    }
}
