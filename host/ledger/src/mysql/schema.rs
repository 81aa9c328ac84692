//! Making the database ready.
//!
//! Here each change of the schema commits by itself. So a migration is a list of statements that are carried out one by one,
//! and `migration` says how many of them are done: a host that dies half way is followed by one that goes on there.

use sqlx::mysql::MySqlConnectOptions;
use sqlx::{AssertSqlSafe, Executor as _, MySqlConnection};

use super::fault;
use crate::OpenError;
use crate::migrations::{COUNT, File, KNOWN, migrations};
use crate::shown;

const MIGRATIONS: [File; COUNT] = migrations!("mysql");

/// `steps` of the file's statements are done, with `is_whole` all; of that with the number `begun`, if it is the next, nobody
/// knows.
const NOTES: &str = "\
    CREATE TABLE IF NOT EXISTS migration ( \
        version BIGINT NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL, steps BIGINT NOT NULL, begun BIGINT NOT NULL, \
        is_whole TINYINT NOT NULL) \
    ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4";
const HAS_NOTES: &str = "\
    SELECT count(*) FROM information_schema.tables WHERE table_schema = database() AND table_name = 'migration'";
const NEWEST: &str = "SELECT coalesce(max(version), 0) FROM migration";
const WHOLE: &str = "SELECT coalesce(max(version), 0) FROM migration WHERE is_whole = 1";
const STEPS: &str = "SELECT steps, begun FROM migration WHERE version = ?";
const BEGIN: &str = "INSERT INTO migration (version, name, steps, begun, is_whole) VALUES (?, ?, 0, 0, 0) ON DUPLICATE KEY UPDATE name = name";
const BEGUN: &str = "UPDATE migration SET begun = ? WHERE version = ?";
const STEP: &str = "UPDATE migration SET steps = ? WHERE version = ?";
const END: &str = "UPDATE migration SET is_whole = 1 WHERE version = ?";

/// Locks of this kind are the whole server's: the name says whose database it is. A minute is long for the one who migrates.
const LOCK: &str = "SELECT coalesce(get_lock(concat('noontide ', sha1(database())), 60), 0)";
const UNLOCK: &str = "SELECT release_lock(concat('noontide ', sha1(database())))";

/// Text that compares byte by byte, blanks at the end too.
const MARIADBS: &str = "utf8mb4_nopad_bin";
const MYSQLS: &str = "utf8mb4_0900_bin";

/// A connection to a database that has our schema, and the schema's version.
pub(super) async fn prepare(url: &str, options: &MySqlConnectOptions) -> Result<(MySqlConnection, i64), OpenError> {
    let failed = |error: sqlx::Error| fault::opening(url, &error);
    let mut connection = super::connect(options).await.map_err(failed)?;
    let server: String = sqlx::query_scalar("SELECT version()").fetch_one(&mut connection).await.map_err(failed)?;
    if !is_new_enough(&server) {
        let reason = format!("the server is {server}; MySQL from 8.0.17 and MariaDB from 10.6 are known: upgrade it");
        return Err(OpenError::Server { url: shown(url), reason });
    }
    if !is_ready(url, &mut connection).await? {
        lock(url, &mut connection).await?;
        // Another host may have done it meanwhile.
        if !is_ready(url, &mut connection).await? {
            migrate(&server, &mut connection).await.map_err(failed)?;
        }
        connection.execute(UNLOCK).await.map_err(failed)?;
    }
    Ok((connection, KNOWN))
}

async fn lock(url: &str, connection: &mut MySqlConnection) -> Result<(), OpenError> {
    let is_ours: i64 =
        sqlx::query_scalar(LOCK).fetch_one(connection).await.map_err(|error| fault::opening(url, &error))?;
    if is_ours == 1 {
        return Ok(());
    }
    let reason =
        "another host has been bringing its schema up to date for a minute; wait until it is through, and start again";
    Err(OpenError::Server { url: shown(url), reason: reason.to_owned() })
}

/// Whether the schema is of our version.
async fn is_ready(url: &str, connection: &mut MySqlConnection) -> Result<bool, OpenError> {
    let (found, whole) = versions(connection).await.map_err(|error| fault::opening(url, &error))?;
    match found > KNOWN {
        true => Err(OpenError::NewerSchema { url: shown(url), found, known: KNOWN }),
        false => Ok(whole == KNOWN),
    }
}

/// The newest that was begun, and the newest that is whole; 0 in an empty database.
async fn versions(connection: &mut MySqlConnection) -> Result<(i64, i64), sqlx::Error> {
    let tables: i64 = sqlx::query_scalar(HAS_NOTES).fetch_one(&mut *connection).await?;
    if tables == 0 {
        return Ok((0, 0));
    }
    let found = sqlx::query_scalar(NEWEST).fetch_one(&mut *connection).await?;
    Ok((found, sqlx::query_scalar(WHOLE).fetch_one(connection).await?))
}

async fn migrate(server: &str, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    let bytes = if is_mariadb(server) { MARIADBS } else { MYSQLS };
    connection.execute(NOTES).await?;
    let (_, whole) = versions(connection).await?;
    for file in MIGRATIONS.iter().filter(|file| file.version > whole) {
        carry_out(file, bytes, connection).await?;
    }
    Ok(())
}

async fn carry_out(file: &File, bytes: &str, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    sqlx::query(BEGIN).bind(file.version).bind(file.name).execute(&mut *connection).await?;
    let (done, begun): (i64, i64) = sqlx::query_as(STEPS).bind(file.version).fetch_one(&mut *connection).await?;
    for (number, statement) in (1..).zip(statements(file.sql)).filter(|(number, _)| *number > done) {
        sqlx::query(BEGUN).bind(number).bind(file.version).execute(&mut *connection).await?;
        // What is no change of the schema is committed with its note; what is one, by itself.
        connection.execute("START TRANSACTION").await?;
        let result = sqlx::raw_sql(AssertSqlSafe(statement.replace("{bytes}", bytes))).execute(&mut *connection).await;
        match result {
            Ok(_) => {}
            // Whoever did it did not live to note it.
            Err(error) if number == begun && fault::is_there_already(&error) => {}
            Err(error) => {
                connection.execute("ROLLBACK").await?;
                sqlx::query(BEGUN).bind(number - 1).bind(file.version).execute(&mut *connection).await?;
                return Err(error);
            }
        }
        sqlx::query(STEP).bind(number).bind(file.version).execute(&mut *connection).await?;
        connection.execute("COMMIT").await?;
    }
    sqlx::query(END).bind(file.version).execute(connection).await.map(drop)
}

/// Cut after each line that ends in `;`, and where there is a body, after its `END;`.
fn statements(file: &str) -> Vec<String> {
    let (mut statements, mut text, mut in_body) = (Vec::new(), String::new(), false);
    for line in file.lines().filter(|line| !line.trim_start().starts_with("--")) {
        text.push_str(line);
        text.push('\n');
        in_body |= line == "BEGIN";
        let is_end = if in_body { line == "END;" } else { line.ends_with(';') };
        if is_end {
            let statement = std::mem::take(&mut text);
            statements.push(statement.trim().trim_end_matches(';').to_owned());
            in_body = false;
        }
    }
    statements
}

fn is_mariadb(server: &str) -> bool {
    server.to_ascii_lowercase().contains("mariadb")
}

fn is_new_enough(server: &str) -> bool {
    let oldest = if is_mariadb(server) { [10, 6, 0] } else { [8, 0, 17] };
    let numbers = server.split(['.', '-', '+']).map_while(|part| part.parse::<u32>().ok());
    numbers.take(3).collect::<Vec<_>>().as_slice() >= oldest.as_slice()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_one_statement() {
        let file = "-- why\nCREATE TABLE a (\n    b INT\n);\n\nCREATE TRIGGER c\nBEGIN\n    SET d = 1;\n    SET e = 2;\nEND;\n";
        let cut = statements(file);
        assert_eq!(
            cut,
            ["CREATE TABLE a (\n    b INT\n)", "CREATE TRIGGER c\nBEGIN\n    SET d = 1;\n    SET e = 2;\nEND"]
        );
    }

    #[test]
    fn every_file_ends_where_a_statement_does() {
        for file in MIGRATIONS {
            let last = file.sql.trim_end().lines().last().unwrap();
            assert!(last.ends_with(';') && !statements(file.sql).is_empty(), "{} ends in {last}", file.name);
        }
    }

    #[test]
    fn servers_that_lack_what_is_needed_are_told_from_those_that_have_it() {
        for server in
            ["8.0.17", "8.4.0-log", "9.1.0", "10.6.0-MariaDB", "10.11.19-MariaDB-0+deb12u1", "11.4.2-MariaDB-log"]
        {
            assert!(is_new_enough(server), "{server}");
        }
        for server in ["5.7.44-log", "8.0.16", "10.5.23-MariaDB", "5.5.68-MariaDB", ""] {
            assert!(!is_new_enough(server), "{server}");
        }
    }
}
