//! Which server it is, and what it lets us see.

use std::collections::BTreeSet;

use noontide_sdk::sql::{Dialect, Sql};

use crate::answer::Trouble;
use crate::phrase::{Phrase, phrase};
use crate::{mysql, postgresql};

/// A server that was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    pub make: Make,
    /// 150018 is PostgreSQL 15.18; 101119 is MariaDB 10.11.19.
    pub version: u32,
    /// How it calls itself.
    pub banner: String,
    /// What it does not show to this account.
    pub hidden: BTreeSet<Sight>,
    /// What stands in statements for what differs between servers: `{name}` and its text.
    pub names: Vec<(&'static str, String)>,
}

/// Whose server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    PostgreSql,
    MariaDb,
    MySql,
}

/// What a server shows or not, by privilege or by setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// PostgreSQL: other accounts' sessions and server files.
    Monitor,
    /// PostgreSQL: statements and their times.
    StatementTimes,
    /// MariaDB, MySQL: other accounts' sessions.
    Processes,
    /// MariaDB, MySQL: where a replica stands.
    Replication,
    /// MariaDB, MySQL: the tables of others.
    Tables,
    /// MariaDB, MySQL: performance_schema is on.
    Instruments,
    /// MariaDB, MySQL: slow statements are written to a table.
    SlowLog,
    /// MariaDB, MySQL: a backup tool writes down what it has done.
    Backups,
    /// MariaDB, MySQL: indexes are counted when they are used.
    IndexUse,
    /// MariaDB: the plugin that shows disks.
    Disks,
}

impl Server {
    /// Asks the server what it is.
    pub fn meet(database: &Sql) -> Result<Self, Trouble> {
        match database.dialect()? {
            Dialect::Postgresql => postgresql::meet(database),
            Dialect::Mysql => mysql::meet(database),
            Dialect::Sqlite => Err(Trouble::Closed(
                "SQLite has no server to inspect; db-inspect knows PostgreSQL, MariaDB and MySQL".into(),
            )),
        }
    }

    pub fn is_mariadb(&self) -> bool {
        self.make == Make::MariaDb
    }

    pub fn is_mysql(&self) -> bool {
        self.make == Make::MySql
    }

    /// A statement with the names that this server has for things.
    pub fn worded(&self, statement: &str) -> String {
        self.names.iter().fold(statement.to_owned(), |text, (name, here)| text.replace(name, here))
    }
}

impl Sight {
    /// What to do so that it shows.
    pub fn remedy(self) -> Phrase {
        match self {
            Self::Monitor => phrase("GRANT pg_monitor TO this account;", "授权：GRANT pg_monitor TO 巡检账号;"),
            Self::StatementTimes => phrase(
                "add pg_stat_statements to shared_preload_libraries, restart, and in this database: CREATE EXTENSION pg_stat_statements;",
                "在 shared_preload_libraries 中加入 pg_stat_statements 并重启，然后在本库执行：CREATE EXTENSION pg_stat_statements;",
            ),
            Self::Processes => {
                phrase("GRANT PROCESS ON *.* TO this account;", "授权：GRANT PROCESS ON *.* TO 巡检账号;")
            }
            Self::Replication => phrase(
                "MariaDB: GRANT REPLICA MONITOR ON *.* TO this account; MySQL: GRANT REPLICATION CLIENT ON *.* TO this account;",
                "MariaDB：GRANT REPLICA MONITOR ON *.* TO 巡检账号; MySQL：GRANT REPLICATION CLIENT ON *.* TO 巡检账号;",
            ),
            Self::Tables => phrase(
                "GRANT REFERENCES ON *.* TO this account; it shows which tables there are, not what is in them",
                "授权：GRANT REFERENCES ON *.* TO 巡检账号;（只能看到有哪些表，看不到数据）",
            ),
            Self::Instruments => phrase(
                "set performance_schema = ON in the server's configuration, restart, and GRANT SELECT ON performance_schema.* TO this account;",
                "在服务器配置中设置 performance_schema = ON 并重启，再授权：GRANT SELECT ON performance_schema.* TO 巡检账号;",
            ),
            Self::SlowLog => phrase(
                "SET GLOBAL slow_query_log = ON, log_output = 'TABLE,FILE'; GRANT SELECT ON mysql.slow_log TO this account;",
                "SET GLOBAL slow_query_log = ON, log_output = 'TABLE,FILE'; GRANT SELECT ON mysql.slow_log TO 巡检账号;",
            ),
            Self::Backups => phrase(
                "let the backup tool keep its history in the server (mariadb-backup --history, xtrabackup --history, mysqlbackup) and grant SELECT on that table; other backups must be checked where they lie",
                "让备份工具在服务器中记录历史（mariadb-backup --history、xtrabackup --history、mysqlbackup）并授予该表的 SELECT 权限；其他备份须在其存放处检查",
            ),
            Self::IndexUse => phrase(
                "MariaDB: SET GLOBAL userstat = ON; it then counts how often an index is used. MySQL: GRANT SELECT ON performance_schema.* TO this account;",
                "MariaDB：SET GLOBAL userstat = ON; 之后会统计索引的使用次数。MySQL：GRANT SELECT ON performance_schema.* TO 巡检账号;",
            ),
            Self::Disks => phrase(
                "watch the disks on the host; INSTALL SONAME 'disks' shows them here, but only to accounts with FILE, which may read and write files",
                "请在主机侧监控磁盘；INSTALL SONAME 'disks' 可在此显示，但仅限拥有 FILE 权限（可读写文件）的账号",
            ),
        }
    }
}
