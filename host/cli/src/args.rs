//! The command line: what may be asked, and the options that every verb takes.

use std::path::PathBuf;
use std::sync::LazyLock;

use chrono_tz::Tz;
use clap::{Args, Parser, Subcommand};
use noontide_domain::Lang;

use crate::commands::{
    alert, artifacts, audit, backfill, backup, completions, config, db, enqueue, explain, export, fire, host, hosts,
    import, init, logs, man, next, outbox, plugin, put, runs, schedules, service, set, simulate, submit, token, why,
};
use crate::exit::Stop;
use crate::output::{Format, Output};
use crate::{serve, zone};

/// A scheduler whose tasks are WebAssembly plugins.
///
/// Exit codes: 0 ok, 1 what was asked about failed, 2 usage or a bad expression, 3 invalid configuration, 4 not found,
/// 5 host unreachable, 6 conflict, 7 not permitted, 8 timed out waiting.
#[derive(Debug, Parser)]
#[command(name = "noontide", version, long_version = long_version(), max_term_width = 120)]
pub struct Noontide {
    /// What every verb takes.
    #[command(flatten)]
    pub global: Global,
    /// What is asked.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Of what changes something.
#[derive(Debug, Clone, Default, Args)]
pub struct Why {
    /// Why, for the audit log and those who wonder later
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// What every verb takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The configuration folder
    #[arg(long, value_name = "DIR", default_value = "conf", env = "NOONTIDE_CONF", global = true)]
    pub conf: PathBuf,
    /// The environment: a folder within the configuration folder [default: NOONTIDE_ENV, APP_ENV, local]
    #[arg(long, value_name = "NAME", global = true)]
    pub env: Option<String>,
    /// A setting that wins over all files, such as http.listen=127.0.0.1:0
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting, global = true)]
    pub settings: Vec<(String, String)>,
    /// A host elsewhere, such as http://127.0.0.1:7878, in place of the Unix socket in the data folder
    #[arg(long, value_name = "URL", global = true)]
    pub server: Option<String>,
    /// The token of the API, for --server
    #[arg(long, value_name = "TOKEN", env = "NOONTIDE_TOKEN", hide_env_values = true, global = true)]
    pub token: Option<String>,
    /// A certificate authority to trust with --server https://…, beside the usual ones: a PEM file
    #[arg(long, value_name = "FILE", env = "NOONTIDE_CA", global = true)]
    pub ca: Option<PathBuf>,
    /// How data is written
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t, global = true)]
    pub output: Format,
    /// The zone of tables, and of wall times on the command line [default: UTC]
    #[arg(long, value_name = "ZONE", global = true)]
    pub tz: Option<String>,
    /// Tables in UTC
    #[arg(long, global = true)]
    pub utc: bool,
    /// The language of sentences: en or zh [default: that of LANG, else en]
    // A text, because `plugin new --lang` names another kind of language by the same flag.
    #[arg(long, value_name = "LANG", value_parser = lang, global = true)]
    lang: Option<String>,
    /// No colours; NO_COLOR does the same
    #[arg(long, global = true)]
    pub no_color: bool,
    /// No hints and no progress
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

impl Global {
    /// Where data goes.
    pub fn output(&self) -> Output {
        Output { format: self.output, talkative: !self.quiet }
    }

    /// The zone asked for, if one was.
    ///
    /// # Errors
    /// Usage, with the nearest name.
    pub fn zone(&self) -> Result<Option<Tz>, Stop> {
        match &self.tz {
            _ if self.utc => Ok(Some(Tz::UTC)),
            None => Ok(None),
            Some(name) => zone::named(name).map(Some).map_err(|reason| Stop::usage(format!("--tz: {reason}"))),
        }
    }

    /// The language of sentences.
    pub fn lang(&self) -> Lang {
        let of_the_locale = || {
            let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
            set.and_then(|locale| locale.parse().ok()).unwrap_or_default()
        };
        self.lang.as_deref().and_then(|name| name.parse().ok()).unwrap_or_else(of_the_locale)
    }

    /// Whether colours are unwelcome.
    pub fn colorless(&self) -> bool {
        self.no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
    }
}

/// What may be asked.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a folder that works: configuration, an example plugin, a schema for editors; writes over nothing
    Init(init::Init),
    /// Run the host: schedules, plugins, API
    Serve(serve::Serve),
    /// Read configuration and plugins, and report every mistake; needs no host
    Check,
    /// Whether all that a host stands on is sound: clock, database, folders, disk, plugins, port; with or without one
    Doctor,
    /// How the host stands; with --watch as it goes on
    Status(host::Status),
    /// The hosts that share the ledger: what each does, when it was heard of last
    Hosts(hosts::Hosts),
    /// Make the host read its configuration and plugins again
    Reload(Why),
    /// Exit 0 if the host is ready, for container health checks
    Healthcheck,
    /// All schedules: in words, next due instant, last run
    Ls(schedules::Ls),
    /// One schedule, with all there is to say about it
    Show(schedules::Show),
    /// What comes due next, over all schedules or for one
    Next(next::Next),
    /// When a trigger fires, in words and instants; needs no host and no configuration
    Explain(Box<explain::Explain>),
    /// Why a due instant ran, did not run, or will
    Why(why::Why),
    /// All schedules on a virtual clock: fires, collisions, clock changes, overlaps; needs no host
    Simulate(simulate::Simulate),
    /// Create or replace a schedule that lives beside those of the files; nothing fires because of it
    Put(Box<put::Put>),
    /// Change some keys of a schedule that was put; nothing fires because of it
    Set(set::Set),
    /// Remove a schedule that was put; its history stays
    Rm(put::Rm),
    /// Run a schedule now; its cadence does not move
    Fire(fire::Fire),
    /// Run due instants of the past that have not run; nothing runs twice
    Backfill(backfill::Backfill),
    /// Hand payloads with due times of their own to a schedule with a timetable; what was done is left out
    Submit(submit::Submit),
    /// Call a handler once, without a schedule
    Enqueue(enqueue::Enqueue),
    /// Pause a schedule
    Pause(schedules::Pause),
    /// Resume a paused schedule; nothing fires because of it
    Resume(schedules::Resume),
    /// What ran, newest first
    Runs(runs::Runs),
    /// One run, with its attempts
    ShowRun(runs::ShowRun),
    /// What a run said
    Logs(logs::Logs),
    /// The payloads that a run was handed, and what became of each
    Items(submit::Items),
    /// The files that a handler attached to its run: list them, or write them here
    Artifacts(artifacts::Artifacts),
    /// Messages that handlers handed over to be sent: list them, send them again, drop them
    #[command(subcommand)]
    Outbox(outbox::Outbox),
    /// What somebody is told of: incidents, messages about them, a test of the way
    #[command(subcommand)]
    Alert(alert::Alert),
    /// Ask a run to stop
    Cancel(runs::Cancel),
    /// Do again what a run did that is over: a new run with the same input
    Retry(runs::Retry),
    /// Make, build, check and call plugins
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    /// Translate the schedules of other schedulers into TOML; needs no host
    #[command(subcommand)]
    Import(import::Import),
    /// Who may ask over TCP: make tokens, list them, take them back
    #[command(subcommand)]
    Token(token::Token),
    /// Who did what, and what was refused, newest first
    Audit(audit::Audit),
    /// Write the whole ledger into a file, as of one instant: history, states, plugins; hosts go on meanwhile
    Backup(backup::Backup),
    /// Write a backup into an empty ledger, in whichever database
    Restore(backup::Restore),
    /// Schedules that live beside the files, as TOML for a configuration folder
    Export(export::Export),
    /// The ledger's database: how it stands, its schema, what is past its time
    #[command(subcommand)]
    Db(db::Db),
    /// The configuration as it was understood, and the schema of its files
    #[command(subcommand)]
    Config(config::Config),
    /// The host as a service of systemd: its unit, made for these folders, and what puts it there
    #[command(subcommand)]
    Service(service::Service),
    /// What a shell needs to complete verbs, flags and names of schedules: source <(noontide completions bash)
    Completions(completions::Completions),
    /// The manual pages
    Man(man::Man),
}

fn lang(text: &str) -> Result<String, <Lang as std::str::FromStr>::Err> {
    text.parse::<Lang>().map(|_| text.to_owned())
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

fn long_version() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let (own, wasmtime) = (env!("CARGO_PKG_VERSION"), env!("NOONTIDE_WASMTIME"));
        format!("{own}\nwasmtime {wasmtime}\ntzdata {}", chrono_tz::IANA_TZDB_VERSION)
    });
    &TEXT
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Noontide::command().debug_assert();
    }

    #[test]
    fn the_version_names_wasmtime_and_the_zone_data() {
        let text = long_version();
        assert!(text.contains("\nwasmtime 4") && text.contains("\ntzdata 20"), "{text}");
    }

    #[test]
    fn global_options_may_stand_behind_the_verb() {
        let asked = Noontide::try_parse_from(["noontide", "explain", "--cron", "* * * * *", "-o", "json", "--utc"]);
        assert_eq!(asked.unwrap().global.output, Format::Json);
    }

    #[test]
    fn a_new_plugin_has_a_language_of_its_own_beside_that_of_sentences() {
        let asked = Noontide::try_parse_from(["noontide", "plugin", "new", "x", "--lang", "rust"]).unwrap();
        assert!(matches!(asked.verb, Verb::Plugin(plugin::Plugin::New(_))));
        let asked = Noontide::try_parse_from(["noontide", "--lang", "zh", "plugin", "new", "x"]).unwrap();
        assert_eq!(asked.global.lang(), "zh".parse().unwrap());
        assert!(Noontide::try_parse_from(["noontide", "ls", "--lang", "rust"]).is_err());
    }
}
