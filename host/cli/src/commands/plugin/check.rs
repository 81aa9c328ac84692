//! `plugin check`: would this host take the file, and would what it is for work with the configuration at hand?

use std::path::Path;

use noontide_domain::LoadedPlugin;
use noontide_sandbox::Sandbox;
use serde_json::{Value, json};

use super::file;
use crate::args::Global;
use crate::conf;
use crate::exit::{Done, Exit};
use crate::output::Format;

/// Says whether a file would be taken, what it wants and is not granted, and which schedules could not call it.
///
/// # Errors
/// The stage that refused it (1); the configuration is wrong (3).
pub async fn run(global: &Global, path: &Path) -> Done {
    let config = conf::if_there(global)?;
    let allowed = config.as_ref().map(conf::Allowed::by).unwrap_or_default();
    let sandbox = file::sandbox(allowed)?;
    let (output, name) = (global.output(), path.display().to_string());
    let loaded = match sandbox.load_single(path).await {
        Ok(loaded) => loaded,
        Err(error) => {
            let value = json!({"file": name, "ok": false, "stage": error.stage, "message": error.message});
            if output.format != Format::Table {
                output.thing(&value, String::new)?;
            }
            return Err(file::refused(path, &error));
        }
    };
    let schedules = config.as_ref().map(|config| schedules(config, &sandbox, &loaded)).unwrap_or_default();
    let warnings = warnings(&loaded, &schedules);
    let mut value = file::shown(path, &loaded);
    value["ok"] = true.into();
    value["schedules"] = schedules.into();
    value["warnings"] = json!(warnings);
    let version = &loaded.version;
    output.thing(&value, || {
        let used = value["schedules"].as_array().map_or(0, Vec::len);
        let used = if used == 0 { String::new() } else { format!(", called by {used} schedules") };
        let lines = warnings.iter().map(|warning| format!("\nwarning: {warning}"));
        format!("{name}: ok, {} {}{used}{}", version.name, version.version, lines.collect::<String>())
    })?;
    Ok(Exit::Ok)
}

/// Those that call the plugin, and what keeps each from it.
fn schedules(config: &noontide_config::Config, sandbox: &Sandbox, loaded: &LoadedPlugin) -> Vec<Value> {
    let calling = config.schedules.iter().filter(|schedule| schedule.handler.plugin == loaded.version.name);
    let shown = calling.map(|schedule| {
        let problem = conf::parked(config, std::slice::from_ref(schedule), sandbox).first().map(ToString::to_string);
        json!({ "name": schedule.name, "handler": schedule.handler.to_string(), "problem": problem })
    });
    shown.collect()
}

fn warnings(loaded: &LoadedPlugin, schedules: &[Value]) -> Vec<String> {
    let missing = loaded.wishes.iter().filter(|wish| wish.is_missing());
    let parked = schedules.iter().filter_map(|schedule| schedule["problem"].as_str().map(str::to_owned));
    missing.map(|wish| wish.words(loaded.version.name.as_str())).chain(parked).collect()
}
