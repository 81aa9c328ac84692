//! Whose server it is, and what this account and its settings let us see.

use std::collections::BTreeSet;

use noontide_sdk::params;
use noontide_sdk::sql::{Rows, Sql};

use crate::answer::{Reads, Trouble};
use crate::server::{Make, Server, Sight};

/// Tables in which backup tools write down what they have done.
const HISTORIES: [&str; 3] =
    ["mysql.mariadb_backup_history", "PERCONA_SCHEMA.xtrabackup_history", "mysql.backup_history"];

const FACTS: &str = "
select version() as banner, @@performance_schema as instruments, @@slow_query_log as slow_log, @@log_output as log_output,
       (select group_concat(concat(table_schema, '.', table_name)) from information_schema.tables
         where concat(table_schema, '.', table_name)
            in ('mysql.mariadb_backup_history', 'PERCONA_SCHEMA.xtrabackup_history', 'mysql.backup_history')) as histories";

/// What only MariaDB has.
const MARIADB_FACTS: &str = "
select @@userstat as userstat,
       (select count(*) from information_schema.plugins where plugin_name = 'DISKS' and plugin_status = 'ACTIVE') as disks";

/// Asks the server what it is.
pub fn meet(database: &Sql) -> Result<Server, Trouble> {
    let rows = database.query(FACTS, params![])?;
    let facts = rows.first().ok_or_else(|| Trouble::Refused("the server does not say what it is".to_owned()))?;
    let granted = granted(&database.query("SHOW GRANTS", params![])?);
    let banner = facts.text("banner");
    let make = if banner.contains("MariaDB") { Make::MariaDb } else { Make::MySql };
    let own = if make == Make::MariaDb { database.query(MARIADB_FACTS, params![])? } else { Rows::default() };
    let own = own.first();
    let history = HISTORIES.into_iter().find(|name| facts.text("histories").split(',').any(|found| found == *name));
    let any = |names: &[&str]| names.iter().any(|name| granted.contains(*name) || granted.contains("ALL PRIVILEGES"));
    let seen = [
        (Sight::Processes, any(&["PROCESS"])),
        (Sight::Replication, any(&["REPLICA MONITOR", "SLAVE MONITOR", "REPLICATION CLIENT", "SUPER"])),
        (Sight::Tables, any(&["SELECT", "REFERENCES", "INSERT", "UPDATE"])),
        (Sight::Instruments, facts.is_true("instruments")),
        (Sight::SlowLog, facts.is_true("slow_log") && facts.text("log_output").contains("TABLE")),
        (Sight::Backups, history.is_some()),
        (Sight::IndexUse, own.is_some_and(|own| own.is_true("userstat")) || make == Make::MySql),
        (Sight::Disks, own.is_some_and(|own| own.is_true("disks"))),
    ];
    Ok(Server {
        make,
        version: version(&banner),
        hidden: seen.into_iter().filter(|(_, seen)| !seen).map(|(sight, _)| sight).collect(),
        names: names(make, history),
        banner: match make {
            Make::MariaDb => format!("MariaDB {}", banner.replace("-MariaDB", "")),
            _ => format!("MySQL {banner}"),
        },
    })
}

fn names(make: Make, history: Option<&str>) -> Vec<(&'static str, String)> {
    let (status, variables) = match make {
        Make::MySql => ("performance_schema.global_status", "performance_schema.global_variables"),
        _ => ("information_schema.global_status", "information_schema.global_variables"),
    };
    let history = history.unwrap_or("mysql.backup_history");
    [("{status}", status), ("{variables}", variables), ("{history}", history)]
        .map(|(name, here)| (name, here.to_owned()))
        .into()
}

/// The names of privileges in `GRANT PROCESS, SELECT ON …`, whatever they are for.
fn granted(grants: &Rows) -> BTreeSet<String> {
    let column = grants.columns().first().map_or("", String::as_str);
    let lines = grants.iter().map(|row| row.text(column).to_uppercase());
    let lists = lines.filter_map(|line| Some(line.strip_prefix("GRANT ")?.split_once(" ON ")?.0.to_owned()));
    lists.flat_map(|list| list.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>()).collect()
}

/// `10.11.19-MariaDB-0+deb12u1` is 101119.
fn version(banner: &str) -> u32 {
    let numbers = banner.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0_u32));
    numbers.take(3).zip([10_000, 100, 1]).map(|(number, weight)| number * weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_the_banner() {
        assert_eq!(version("10.11.19-MariaDB-0+deb12u1"), 101_119);
        assert_eq!(version("8.0.35"), 80_035);
    }

    #[test]
    fn privileges_are_read_from_the_grants_on_whatever_they_are() {
        let lines = [
            "GRANT PROCESS, BINLOG MONITOR ON *.* TO `w`@`%`",
            "GRANT SELECT ON `shop`.* TO `w`@`%`",
            "GRANT `role` TO `w`@`%`",
        ];
        let rows = lines.into_iter().fold(Rows::new(["Grants for w@%"]), |rows, line| rows.with(params![line]));
        let granted = granted(&rows);
        assert_eq!(granted, ["BINLOG MONITOR", "PROCESS", "SELECT"].map(str::to_owned).into());
    }
}
