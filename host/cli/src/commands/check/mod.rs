//! `check`: configuration and plugins, read as `serve` would, with every mistake at once.

mod levels;
mod schedules;

use std::path::Path;
use std::sync::Arc;

use noontide_config::{Config, Loaded};
use noontide_domain::ports::PluginHost;
use noontide_domain::{LoadedPlugin, PluginStatus};
use noontide_sandbox::Sandbox;
use serde_json::json;

use crate::args::Global;
use crate::commands::plugin::cache_folder;
use crate::commands::simulate::durations::History;
use crate::exit::{Done, Exit, Stop};
use crate::output::Output;
use crate::serve::wiring;
use crate::{clock, conf};

/// Checks everything that can be checked without running anything.
///
/// # Errors
/// If the sandbox cannot be opened; mistakes are the answer, with exit 3.
pub async fn run(global: &Global) -> Done {
    let output = global.output();
    let loaded = match noontide_config::load(&conf::request(global)) {
        Ok(loaded) => loaded,
        Err(refused) => return tell(output, refused.0.iter().map(ToString::to_string).collect(), Vec::new(), ""),
    };
    let config = &loaded.config;
    let sandbox = wiring::sandbox(config, &cache_folder().join("compiled"), Arc::new(clock::SystemClock), None)?;
    sandbox.rescan().await;
    let plugins = sandbox.plugins();
    let mut problems: Vec<_> = loaded.problems.iter().map(ToString::to_string).collect();
    problems.extend(plugins.iter().filter_map(|plugin| refused(&config.plugins.dir, plugin)));
    problems.extend(conf::parked(config, &config.schedules, &*sandbox).iter().map(ToString::to_string));
    let mut notes = of_plugins(config, &sandbox);
    let now = clock::now();
    let mut outlook = schedules::Outlook::from(now);
    notes.extend(config.schedules.iter().flat_map(|schedule| schedules::notes(schedule, &mut outlook)));
    if config.faulty.is_empty() {
        let unused = config.unused_triggers().into_iter();
        notes.extend(unused.map(|name| format!("[trigger.{name}] is named by no schedule of these files")));
    }
    notes.extend(schedules::crowd(&config.schedules, now));
    notes.extend(levels::notes(&config.schedules, now));
    if let Some(history) = History::reached(global).await {
        for schedule in &config.schedules {
            let lengths = history.lengths(schedule.name.as_str()).await;
            notes.extend(lengths.and_then(|lengths| schedules::too_long(schedule, lengths, now)));
        }
    }
    tell(output, problems, notes, &summary(&loaded, &plugins))
}

fn tell(output: Output, problems: Vec<String>, notes: Vec<String>, summary: &str) -> Done {
    notes.iter().for_each(|note| output.hint(&format!("note: {note}")));
    let ok = problems.is_empty();
    let value = json!({"ok": ok, "problems": problems, "notes": notes});
    output.thing(&value, || if ok { summary.to_owned() } else { problems.join("\n") })?;
    match problems.len() {
        0 => Ok(Exit::Ok),
        1 => Err(Stop::new(Exit::Config, "1 problem")),
        count => Err(Stop::new(Exit::Config, format!("{count} problems"))),
    }
}

fn summary(loaded: &Loaded, plugins: &[PluginStatus]) -> String {
    let (schedules, files) = (loaded.config.schedules.len(), loaded.files.len());
    format!("ok: environment {}, {files} files, {schedules} schedules, {} plugins", loaded.env, plugins.len())
}

fn refused(folder: &Path, plugin: &PluginStatus) -> Option<String> {
    let error = plugin.error.as_ref()?;
    // A folder that cannot be read stands among its files.
    let path = if Path::new(&plugin.file) == folder { folder.to_owned() } else { folder.join(&plugin.file) };
    Some(format!("{}: {error}", path.display()))
}

/// What is no mistake and yet worth a word.
fn of_plugins(config: &Config, sandbox: &Sandbox) -> Vec<String> {
    let plugins = sandbox.plugins();
    let loaded = || plugins.iter().filter_map(|plugin| plugin.loaded.as_ref());
    let missing = |plugin: &LoadedPlugin| -> Vec<String> {
        let missing = plugin.wishes.iter().filter(|wish| wish.is_missing());
        missing.map(|wish| wish.words(plugin.version.name.as_str())).collect()
    };
    let mut notes: Vec<_> = loaded().flat_map(missing).collect();
    for name in config.grants.keys().filter(|name| !loaded().any(|plugin| plugin.version.name == **name)) {
        notes.push(format!("[plugin.{name}] grants to a plugin that is not there"));
    }
    notes
}
