//! The configuration, as the verbs need it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use noontide_config::{Compile, Config, LoadRequest, Loaded, Part, Problem};
use noontide_domain::ports::PluginHost;
use noontide_domain::{Connection, ConnectionName, Grant, Owner, PluginName, Schedule, Trust, Unavailable};

use crate::args::Global;
use crate::exit::{Exit, Stop};

/// What the command line says about the configuration.
pub fn request(global: &Global) -> LoadRequest {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    LoadRequest {
        dir: global.conf.clone(),
        env: global.env.clone(),
        overrides: global.settings.clone(),
        vars: std::env::vars_os().filter_map(text).collect(),
        show: false,
    }
}

/// Loads the configuration.
///
/// # Errors
/// All its problems, a line each, exit 3.
pub fn load(global: &Global) -> Result<Loaded, Stop> {
    load_from(request(global))
}

/// Loads what `request` names.
///
/// # Errors
/// All its problems, a line each, exit 3.
pub fn load_from(request: LoadRequest) -> Result<Loaded, Stop> {
    noontide_config::load(&request)
        .map_err(|refused| Stop::new(Exit::Config, format!("the configuration is wrong\n{refused}")))
}

/// The folder with the host's socket.
///
/// # Errors
/// If the configuration is wrong and no host can be found without it.
pub fn data_folder(global: &Global) -> Result<PathBuf, Stop> {
    match load(global) {
        Ok(loaded) => Ok(loaded.config.data_dir),
        // A host goes on with its last good configuration, and can be asked what is wrong with the new one.
        Err(stop) => {
            let usual = [global.conf.join("../data"), global.conf.join("data")];
            usual.into_iter().find(|folder| folder.join("api.json").exists()).ok_or(stop)
        }
    }
}

/// What a configuration allows plugins.
#[derive(Default)]
pub struct Allowed {
    /// To each.
    pub grants: BTreeMap<PluginName, Grant>,
    /// What grants name.
    pub connections: BTreeMap<ConnectionName, Connection>,
    /// What their files have to prove.
    pub trust: Trust,
    /// What compiling one may take; `None` without a configuration.
    pub compile: Option<Compile>,
    /// Certificate authorities of their own.
    pub ca: Vec<PathBuf>,
    /// Where the host's own API is, which nobody is allowed.
    pub api: Option<SocketAddr>,
}

impl Allowed {
    /// By this configuration.
    pub fn by(config: &Config) -> Self {
        Self {
            grants: config.grants.clone(),
            connections: config.connections.clone(),
            ca: config.http_client.ca.clone(),
            api: config.http.listen,
            trust: config.trust.clone(),
            compile: Some(config.plugins.compile),
        }
    }
}

/// The configuration, if there is one.
///
/// # Errors
/// If there is one and it is wrong.
pub fn if_there(global: &Global) -> Result<Option<Loaded>, Stop> {
    if !global.conf.is_dir() {
        return Ok(None);
    }
    load(global).map(Some)
}

/// What is allowed, if there is a configuration.
///
/// # Errors
/// If there is one and it is wrong.
pub fn allowed_if_there(global: &Global) -> Result<Allowed, Stop> {
    Ok(if_there(global)?.map(|loaded| Allowed::by(&loaded.config)).unwrap_or_default())
}

/// The schedules among `schedules` whose handler cannot be called, or not with their input.
pub fn parked(config: &Config, schedules: &[Schedule], plugins: &dyn PluginHost) -> Vec<Problem> {
    let problem = |schedule: &Schedule| {
        let reason = plugins.check(&schedule.handler, &schedule.input).err()?;
        let part = match reason {
            Unavailable::Input { .. } => Part::Input,
            _ => Part::Handler,
        };
        Some(config.problem_at(schedule.name.as_str(), part, &reason.to_string()))
    };
    let mut in_order: Vec<_> = schedules.iter().collect();
    in_order.sort_by_key(|schedule| match &schedule.owner {
        Owner::File { path, line } => (path.as_str(), *line),
        Owner::Api => ("", 0),
    });
    in_order.into_iter().filter_map(problem).collect()
}
