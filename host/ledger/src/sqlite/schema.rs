//! Making the file ready: folder, rights, schema.

use std::path::Path;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqlSafeStr, SqliteConnection};

use super::fault;
use crate::OpenError;
use crate::migrations::{COUNT, File, KNOWN, migrations};

const MIGRATIONS: [File; COUNT] = migrations!("sqlite");

const HAS_SCHEMA: &str = "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'";
/// Changes nothing, and fails if nothing can be changed: in a file that can only be read even `BEGIN IMMEDIATE` succeeds.
const PROBE: &str = "DELETE FROM run WHERE 0";
const NEWEST: &str = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations";

pub(super) fn make_folder(path: &Path) -> Result<(), OpenError> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    std::fs::create_dir_all(folder)
        .map_err(|error| OpenError::Folder { path: path.to_owned(), reason: error.to_string() })
}

/// A connection to a file that is writable and has our schema, and the schema's version.
pub(super) async fn prepare(path: &Path, options: &SqliteConnectOptions) -> Result<(SqliteConnection, i64), OpenError> {
    let failed = |error| fault::opening(path, &error);
    let mut connection = options.connect().await.map_err(failed)?;
    // The write lock keeps a second process that starts now from migrating too.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let found = version(&mut transaction).await.map_err(failed)?;
    if found > KNOWN {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: KNOWN });
    }
    if found < KNOWN {
        migrator(KNOWN).run_direct(None, &mut *transaction, false).await.map_err(|error| migrating(path, error))?;
    }
    sqlx::query(PROBE).execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok((connection, KNOWN))
}

/// 0 for an empty file.
async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let tables: i64 = sqlx::query_scalar(HAS_SCHEMA).fetch_one(&mut *connection).await?;
    if tables == 0 {
        return Ok(0);
    }
    sqlx::query_scalar(NEWEST).fetch_one(connection).await
}

/// The way to the schema of version `newest`.
pub(super) fn migrator(newest: i64) -> Migrator {
    let migration = |File { version, name, sql }| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATIONS.into_iter().filter(|file| file.version <= newest).map(migration).collect())
}

fn migrating(path: &Path, error: sqlx::migrate::MigrateError) -> OpenError {
    use sqlx::migrate::MigrateError;
    match &error {
        MigrateError::Execute(inner) | MigrateError::ExecuteMigration(inner, _) => fault::opening(path, inner),
        other => OpenError::Broken { path: path.to_owned(), reason: other.to_string() },
    }
}
