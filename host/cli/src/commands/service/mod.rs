//! `service …`: the host as a service of systemd. `unit` says what would be written, `install` writes and starts it.

mod install;
mod place;
mod unit;

use clap::{Args, Subcommand};

use crate::args::Global;
use crate::conf;
use crate::exit::{Done, Exit, Stop};
use unit::Unit;

/// What may be asked about the service.
#[derive(Debug, Subcommand)]
pub enum Service {
    /// Print the unit for the folders of this configuration
    Unit(Which),
    /// Write the unit, start the service, and have it started with the machine
    Install(Which),
    /// Stop the service and remove its unit; configuration and data stay
    Uninstall(Which),
}

/// Which service.
#[derive(Debug, Args)]
pub struct Which {
    /// Of your own user: needs no root, and runs while you are logged in (or always, after `loginctl enable-linger`)
    #[arg(long)]
    user: bool,
    /// The user it runs as [default: the owner of the configuration folder; if that is root and the data are in /var/lib, one
    /// that systemd makes]
    #[arg(long, value_name = "USER", conflicts_with = "user")]
    run_as: Option<String>,
    /// Its name, where a machine has several
    #[arg(long, value_name = "NAME", default_value = "noontide")]
    name: String,
}

/// Does what is asked.
///
/// # Errors
/// No systemd, or it refuses (1), the configuration is wrong (3), a unit that is not ours is in the way (6), not root (7).
pub fn run(global: &Global, asked: &Service) -> Done {
    match asked {
        Service::Unit(which) => {
            global.output().text(unit(global, which)?.text().trim_end())?;
            Ok(Exit::Ok)
        }
        Service::Install(which) => {
            let place = place::Place::of(which)?;
            install::install(global, &place, &unit(global, which)?)
        }
        Service::Uninstall(which) => install::uninstall(global, &place::Place::of(which)?),
    }
}

/// From what the configuration says.
fn unit(global: &Global, which: &Which) -> Result<Unit, Stop> {
    let loaded = conf::load(global)?;
    let program = std::env::current_exe().map_err(|error| Stop::failed(format!("where this program is: {error}")))?;
    let conf = std::path::absolute(&global.conf).map_err(|error| Stop::failed(format!("--conf: {error}")))?;
    Unit::new(program, conf, &loaded, which)
}
