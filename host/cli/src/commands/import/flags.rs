//! The flags of `import`.

use std::path::PathBuf;

use chrono_tz::Tz;
use clap::{Args, Subcommand};

use noontide_domain::HandlerRef;

use super::celery_beat::{Disabled, Taking};
use super::database::Tables;
use crate::args::Why;
use crate::exit::Stop;
use crate::zone;

/// Where the schedules come from.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// A crontab, as `crontab -l` shows it, or /etc/crontab with --system
    Crontab(Crontab),
    /// Jobs of APScheduler 3, as docs/apscheduler-export.py writes them
    Apscheduler(Apscheduler),
    /// Periodic tasks of Celery: the tables of django-celery-beat, or what docs/celery-beat-export.py writes
    CeleryBeat(CeleryBeat),
    /// The table `task` of the TOML framework on APScheduler: trigger, spec, args, is_valid, extra
    TaskTable(TaskTable),
}

/// The flags of `import crontab`.
#[derive(Debug, Args)]
pub struct Crontab {
    /// The crontab; `-` is stdin
    file: PathBuf,
    /// Lines have a user before the command, as in /etc/crontab and /etc/cron.d
    #[arg(long)]
    pub system: bool,
    /// The handler of the schedules; its input is the command
    #[arg(long, value_name = "PLUGIN/HANDLER", default_value = "command/run")]
    handler: HandlerRef,
    #[command(flatten)]
    what: What,
}

/// The flags of `import apscheduler`.
#[derive(Debug, Args)]
pub struct Apscheduler {
    /// The export; `-` is stdin
    file: PathBuf,
    /// The handler of the schedules; its input is the function with its arguments
    #[arg(long, value_name = "PLUGIN/HANDLER", default_value = "python/call")]
    handler: HandlerRef,
    #[command(flatten)]
    what: What,
}

/// The flags of `import celery-beat`.
#[derive(Debug, Args)]
pub struct CeleryBeat {
    /// The export; `-` is stdin
    #[arg(required_unless_present = "database")]
    file: Option<PathBuf>,
    #[command(flatten)]
    database: Database,
    /// The zone in which all crontabs are read, in place of each row's: CELERY_TIMEZONE of an application with
    /// DJANGO_CELERY_BEAT_TZ_AWARE = False
    #[arg(long, value_name = "ZONE")]
    crontab_tz: Option<String>,
    /// The zone of datetimes that the database keeps without one. Celery takes them for UTC, USE_TZ or not
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    naive_tz: String,
    /// What becomes of tasks that are switched off
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    disabled: Disabled,
    /// The handler of the schedules; its input is the task with its arguments
    #[arg(long, value_name = "PLUGIN/HANDLER", default_value = "python/call")]
    handler: HandlerRef,
    #[command(flatten)]
    what: What,
}

/// The flags of `import task-table`.
#[derive(Debug, Args)]
pub struct TaskTable {
    #[command(flatten)]
    database: Database,
    /// The handler of the schedules; its input is the function with its arguments
    #[arg(long, value_name = "PLUGIN/HANDLER", default_value = "python/call")]
    handler: HandlerRef,
    #[command(flatten)]
    what: What,
}

/// Tables of another program.
#[derive(Debug, Args)]
struct Database {
    /// Reads the tables: postgresql://…, mysql://…, mariadb://…, or a SQLite file. A password is better in the variable
    #[arg(long, value_name = "URL", env = "NOONTIDE_IMPORT_DATABASE", hide_env_values = true)]
    database: Option<String>,
}

/// What is done with what was read.
#[derive(Debug, Args)]
pub struct What {
    /// Write nothing: show the next fires by the source's own rules beside ours; exit 1 if they differ
    #[arg(long, conflicts_with = "into")]
    pub check: bool,
    /// How many fires --check looks at
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub count: u16,
    /// Write DIR/imported-FILE.toml in place of stdout; a file that is there stays
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
    /// Put the schedules into the running host in place of writing them: the API owns them
    #[arg(long, conflicts_with_all = ["check", "into"])]
    pub put: bool,
    #[command(flatten)]
    pub why: Why,
}

/// The source.
#[derive(Debug)]
pub enum From {
    File(PathBuf),
    Database(Tables),
}

impl From {
    /// What it is called in messages; never with a password.
    pub fn shown(&self) -> String {
        match self {
            Self::File(file) if file.as_os_str() == "-" => "stdin".to_owned(),
            Self::File(file) => file.display().to_string(),
            Self::Database(tables) => tables.shown().to_owned(),
        }
    }
}

impl Import {
    /// What all sources have.
    ///
    /// # Errors
    /// Usage: the database cannot be one.
    pub fn common(&self) -> Result<(From, &HandlerRef, &What), Stop> {
        let (file, database, handler, what) = match self {
            Self::Crontab(Crontab { file, handler, what, .. })
            | Self::Apscheduler(Apscheduler { file, handler, what }) => (Some(file), None, handler, what),
            Self::CeleryBeat(CeleryBeat { file, database, handler, what, .. }) => {
                (file.as_ref(), database.database.as_ref(), handler, what)
            }
            Self::TaskTable(TaskTable { database, handler, what }) => (None, database.database.as_ref(), handler, what),
        };
        let from = match (file, database) {
            (Some(file), _) => From::File(file.clone()),
            (None, Some(url)) => {
                From::Database(Tables::at(url).map_err(|reason| Stop::usage(format!("--database: {reason}")))?)
            }
            (None, None) => return Err(Stop::usage("nothing to read: give --database URL")),
        };
        Ok((from, handler, what))
    }
}

impl CeleryBeat {
    /// How the tables are read.
    ///
    /// # Errors
    /// Usage: a zone that there is not.
    pub fn taking(&self) -> Result<Taking, Stop> {
        let zone = |flag: &str, name: &str| -> Result<Tz, Stop> {
            zone::named(name).map_err(|reason| Stop::usage(format!("{flag}: {reason}")))
        };
        let crontabs_in = self.crontab_tz.as_deref().map(|name| zone("--crontab-tz", name)).transpose()?;
        Ok(Taking { crontabs_in, naive_in: zone("--naive-tz", &self.naive_tz)?, disabled: self.disabled })
    }
}
