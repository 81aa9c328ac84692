//! `config show`: the configuration as it was understood. `config schema`: what may stand in it.

use clap::Subcommand;
use noontide_config::LoadRequest;
use serde_json::{Value, json};

use super::show::word;
use crate::args::Global;
use crate::conf;
use crate::exit::{Done, Exit};
use crate::output::{Rows, complain};

/// What may be asked about the configuration.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Every value in force, as written: variables and secrets are not resolved
    Show {
        /// And which file, line and column set it
        #[arg(long)]
        origin: bool,
    },
    /// The JSON Schema of the files, for editors: the first line `#:schema PATH` of a file names it
    Schema,
}

/// Does what is asked.
///
/// # Errors
/// If the configuration to be shown is wrong as a whole.
pub fn run(global: &Global, asked: &Config) -> Done {
    match asked {
        Config::Show { origin } => show(global, *origin),
        Config::Schema => {
            global.output().text(noontide_config::SCHEMA.trim_end())?;
            Ok(Exit::Ok)
        }
    }
}

fn show(global: &Global, origin: bool) -> Done {
    let loaded = conf::load_from(LoadRequest { show: true, ..conf::request(global) })?;
    for problem in &loaded.problems {
        complain(&problem.to_string());
    }
    let items: Vec<_> = loaded
        .shown
        .iter()
        .map(|shown| match origin {
            true => json!({"key": shown.key, "value": shown.value, "origin": shown.origin}),
            false => json!({"key": shown.key, "value": shown.value}),
        })
        .collect();
    global.output().list(&items, |items| table(items, origin))?;
    Ok(if loaded.problems.is_empty() { Exit::Ok } else { Exit::Config })
}

fn table(items: &[Value], origin: bool) -> Rows {
    let mut rows = Rows::of(if origin { vec!["key", "value", "origin"] } else { vec!["key", "value"] });
    for item in items {
        let columns: &[&str] = if origin { &["key", "value", "origin"] } else { &["key", "value"] };
        rows.push(columns.iter().map(|column| word(item, column)));
    }
    rows
}
