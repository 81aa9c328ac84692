//! Making the database ready.

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection, SqlSafeStr};

use super::fault;
use crate::migrations::{COUNT, File, KNOWN, migrations};
use crate::{OpenError, shown};

const MIGRATIONS: [File; COUNT] = migrations!("postgres");

/// The oldest that has all we say, as the server numbers itself.
const OLDEST: i64 = 130_000;

const SERVER: &str = "\
    SELECT current_setting('server_version_num')::bigint AS number, current_setting('server_version') AS version, \
           current_setting('server_encoding') AS encoding, current_setting('transaction_read_only') = 'on' AS is_read_only";
const HAS_SCHEMA: &str = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
const NEWEST: &str = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations";

/// Until the end of the transaction: of hosts that start at once, one makes the tables and the others find them. A pooler may
/// stand between, so nothing is kept for the session.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7957701586777105509)";
/// What others have under way is waited for, not for ever; a table may take its time.
const PATIENCE: &str = "SELECT set_config('lock_timeout', '60s', true), set_config('statement_timeout', '0', true)";

/// A connection to a database that has our schema, and the schema's version.
pub(super) async fn prepare(url: &str, options: &PgConnectOptions) -> Result<(PgConnection, i64), OpenError> {
    let failed = |error| fault::opening(url, &error);
    let mut connection = super::connect(options).await.map_err(failed)?;
    look(url, &mut connection).await?;
    if known(url, version(&mut connection).await.map_err(failed)?)? < KNOWN {
        migrate(url, &mut connection).await?;
    }
    Ok((connection, KNOWN))
}

/// Whether the server will do.
async fn look(url: &str, connection: &mut PgConnection) -> Result<(), OpenError> {
    let server = sqlx::query_as::<_, (i64, String, String, bool)>(SERVER).fetch_one(connection).await;
    let (number, version, encoding, is_read_only) = server.map_err(|error| fault::opening(url, &error))?;
    if number < OLDEST {
        let reason = format!("the server is PostgreSQL {version}");
        return Err(fault::refused(url, &reason, "noontide needs PostgreSQL 13 or newer"));
    }
    if encoding != "UTF8" {
        let reason = format!("the database's encoding is {encoding}");
        return Err(fault::refused(
            url,
            &reason,
            "create one with `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`",
        ));
    }
    if is_read_only {
        let next = "name the server that can be written in `ledger.url`, or start again when it has changed over";
        return Err(fault::refused(url, "the database can only be read", next));
    }
    Ok(())
}

/// All steps, or none.
async fn migrate(url: &str, connection: &mut PgConnection) -> Result<(), OpenError> {
    let failed = |error| fault::opening(url, &error);
    let mut transaction = connection.begin().await.map_err(failed)?;
    for statement in [PATIENCE, LOCK] {
        sqlx::query(statement).execute(&mut *transaction).await.map_err(failed)?;
    }
    // Another host may have done it meanwhile, and may be newer.
    if known(url, version(&mut transaction).await.map_err(failed)?)? < KNOWN {
        let done = migrator().run_direct(None, &mut *transaction, false).await;
        done.map_err(|error| migrating(url, &error))?;
    }
    transaction.commit().await.map_err(failed)
}

fn known(url: &str, found: i64) -> Result<i64, OpenError> {
    if found > KNOWN {
        return Err(OpenError::NewerSchema { url: shown(url), found, known: KNOWN });
    }
    Ok(found)
}

/// 0 for an empty database.
async fn version(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let has_schema: bool = sqlx::query_scalar(HAS_SCHEMA).fetch_one(&mut *connection).await?;
    if !has_schema {
        return Ok(0);
    }
    sqlx::query_scalar(NEWEST).fetch_one(connection).await
}

fn migrator() -> Migrator {
    let migration = |File { version, name, sql }| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(MIGRATIONS.into_iter().map(migration).collect());
    // Its lock would be of the session.
    migrator.set_locking(false);
    migrator
}

fn migrating(url: &str, error: &MigrateError) -> OpenError {
    match error {
        MigrateError::Execute(inner) | MigrateError::ExecuteMigration(inner, _) => fault::opening(url, inner),
        other => fault::refused(url, &other.to_string(), "restore the database from its backup, or use an empty one"),
    }
}
