//! The binary `noontide`: arguments, verbs, and the one place where the rooms of the house are wired together.
//!
//! ```text
//! args ──▶ commands/…   ask the running host through `reach`, or answer without one (explain, check, import, plugin, config)
//!      └─▶ serve/…      configuration → ledger → sandbox → engine → API, then reload, signals, drain
//! ```
//!
//! It decides nothing: what is true is in `domain`, what happens is in the rooms. Here are the wall clock ([`clock`]), the
//! exit codes ([`exit`]) and the way data is written ([`output`]).

mod args;
mod changes;
mod clock;
mod commands;
mod conf;
mod exit;
mod input;
mod output;
mod payloads;
mod progress;
mod reach;
mod serve;
mod window;
mod zone;

use std::process::ExitCode;

use clap::Parser;

use args::{Noontide, Verb};
use commands::{
    alert, artifacts, audit, backfill, backup, check, completions, config, db, doctor, enqueue, explain, export, fire,
    host, hosts, import, init, logs, man, next, outbox, plugin, put, runs, schedules, service, set, simulate, submit,
    token, why,
};
use exit::{Done, Exit, Stop};
use serve::wiring;

fn main() -> ExitCode {
    // One plugin file in, its code out: started by a host for that, before anything else of this program.
    if std::env::args_os().nth(1).is_some_and(|first| first == wiring::COMPILE_WORKER) {
        return noontide_sandbox::compile_worker();
    }
    completions::answer();
    let exit = match begin(Noontide::parse()) {
        Ok(exit) => exit,
        Err(stop) => {
            if !stop.message.is_empty() {
                output::complain(&format!("noontide: {}", stop.message));
            }
            stop.exit
        }
    };
    exit.into()
}

/// What needs no runtime gets none.
fn begin(asked: Noontide) -> Done {
    match asked.verb {
        Verb::Explain(flags) => explain::run(&asked.global, &flags),
        Verb::Config(flags) => config::run(&asked.global, &flags),
        Verb::Completions(flags) => completions::run(&asked.global, &flags),
        Verb::Init(flags) => init::run(&asked.global, &flags),
        Verb::Man(flags) => man::run(&asked.global, &flags),
        Verb::Service(flags) => service::run(&asked.global, &flags),
        _ => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
            let runtime = runtime.map_err(|error| Stop::failed(format!("no threads: {error}")))?;
            let exit = runtime.block_on(run(asked));
            // A guest that ignores its end must not hold the process.
            runtime.shutdown_background();
            exit
        }
    }
}

async fn run(Noontide { global, verb }: Noontide) -> Done {
    match verb {
        Verb::Serve(flags) => serve::run(&global, &flags).await,
        Verb::Check => check::run(&global).await,
        Verb::Doctor => doctor::run(&global).await,
        Verb::Status(asked) => host::status(&global, &asked).await,
        Verb::Hosts(asked) => hosts::run(&global, &asked).await,
        Verb::Reload(why) => host::reload(&global, &why).await,
        Verb::Healthcheck => host::healthcheck(&global).await,
        Verb::Ls(asked) => schedules::ls(&global, &asked).await,
        Verb::Show(flags) => schedules::show(&global, &flags).await,
        Verb::Next(flags) => next::run(&global, &flags).await,
        Verb::Why(flags) => why::run(&global, &flags).await,
        Verb::Simulate(flags) => simulate::run(&global, &flags).await,
        Verb::Backfill(flags) => backfill::run(&global, &flags).await,
        Verb::Import(flags) => import::run(&global, &flags).await,
        Verb::Put(flags) => put::put(&global, &flags).await,
        Verb::Set(flags) => set::run(&global, &flags).await,
        Verb::Rm(flags) => put::rm(&global, &flags).await,
        Verb::Fire(flags) => fire::fire(&global, &flags).await,
        Verb::Submit(flags) => submit::submit(&global, &flags).await,
        Verb::Items(flags) => submit::items(&global, &flags).await,
        Verb::Artifacts(flags) => artifacts::run(&global, &flags).await,
        Verb::Outbox(asked) => outbox::run(&global, &asked).await,
        Verb::Alert(asked) => alert::run(&global, &asked).await,
        Verb::Enqueue(flags) => enqueue::enqueue(&global, &flags).await,
        Verb::Pause(flags) => schedules::pause(&global, &flags).await,
        Verb::Resume(flags) => schedules::resume(&global, &flags).await,
        Verb::Runs(flags) => runs::runs(&global, &flags).await,
        Verb::ShowRun(flags) => runs::show(&global, &flags).await,
        Verb::Logs(flags) => logs::run(&global, &flags).await,
        Verb::Cancel(flags) => runs::cancel(&global, &flags).await,
        Verb::Retry(flags) => runs::retry(&global, &flags).await,
        Verb::Export(asked) => export::run(&global, &asked).await,
        Verb::Db(asked) => db::run(&global, &asked).await,
        Verb::Backup(flags) => backup::backup(&global, &flags).await,
        Verb::Restore(flags) => backup::restore(&global, &flags).await,
        Verb::Token(asked) => token::run(&global, &asked).await,
        Verb::Audit(asked) => audit::run(&global, &asked).await,
        Verb::Plugin(flags) => plugin::run(&global, flags).await,
        Verb::Explain(_) | Verb::Config(_) | Verb::Completions(_) | Verb::Man(_) | Verb::Service(_) | Verb::Init(_) => {
            Ok(Exit::Ok)
        }
    }
}
