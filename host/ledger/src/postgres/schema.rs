//! Making the database ready.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{PgConnection, SqlSafeStr};

use crate::migrations::{COUNT, File, KNOWN, migrations};
use crate::{OpenError, shown};

const MIGRATIONS: [File; COUNT] = migrations!("postgres");

const HAS_SCHEMA: &str = "\
    SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = '_sqlx_migrations'";
const NEWEST: &str = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations";

/// A connection to a database that has our schema, and the schema's version.
pub(super) async fn prepare(url: &str, options: &PgConnectOptions) -> Result<(PgConnection, i64), OpenError> {
    let failed = |error: sqlx::Error| OpenError::Server { url: shown(url), reason: error.to_string() };
    let mut connection = super::connect(options).await.map_err(failed)?;
    let found = version(&mut connection).await.map_err(failed)?;
    if found > KNOWN {
        return Err(OpenError::NewerSchema { url: shown(url), found, known: KNOWN });
    }
    if found < KNOWN {
        let done = migrator().run_direct(None, &mut connection, false).await;
        done.map_err(|error| OpenError::Server { url: shown(url), reason: error.to_string() })?;
    }
    Ok((connection, KNOWN))
}

/// 0 for an empty database.
async fn version(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let tables: i64 = sqlx::query_scalar(HAS_SCHEMA).fetch_one(&mut *connection).await?;
    if tables == 0 {
        return Ok(0);
    }
    sqlx::query_scalar(NEWEST).fetch_one(connection).await
}

fn migrator() -> Migrator {
    let migration = |File { version, name, sql }| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATIONS.into_iter().map(migration).collect())
}
