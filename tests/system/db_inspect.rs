//! What `db-inspect` says about a real PostgreSQL and a real MariaDB, when they are well and when they are not.

use noontide_testkit::servers::{self, PASSWORD, Server};
use serde_json::{Value, json};
use sqlx::{Connection, MySqlConnection, PgConnection};

use super::support::{Host, Place, until};

/// The account that looks, as docs/db-inspect.md makes it.
const POSTGRES_ACCOUNT: &str = "
    CREATE ROLE inspector LOGIN PASSWORD 'only-looks';
    GRANT pg_monitor TO inspector;
    GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO inspector;
    GRANT SELECT ON pg_hba_file_rules, pg_file_settings TO inspector;
    GRANT EXECUTE ON FUNCTION pg_hba_file_rules(), pg_show_all_file_settings() TO inspector;
    GRANT SELECT (rolname, rolcanlogin, rolpassword) ON pg_authid TO inspector;";
const MARIADB_ACCOUNT: &str = "
    CREATE USER inspector@localhost IDENTIFIED BY 'only-looks';
    GRANT PROCESS, BINLOG MONITOR, REPLICA MONITOR ON *.* TO inspector@localhost;
    GRANT REFERENCES ON *.* TO inspector@localhost;
    GRANT SELECT ON mysql.user TO inspector@localhost;
    GRANT SELECT ON mysql.slow_log TO inspector@localhost;
    GRANT SELECT ON performance_schema.* TO inspector@localhost;";

const POSTGRES_WELL: &str = "
    CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text);
    INSERT INTO orders (note) SELECT 'lamp' FROM generate_series(1, 1000);";
const MARIADB_WELL: &str = "
    SET GLOBAL userstat = ON;
    CREATE TABLE shop.orders (id bigint AUTO_INCREMENT PRIMARY KEY, note varchar(20)) ENGINE = InnoDB;
    INSERT INTO shop.orders (note) VALUES ('lamp'), ('rug');
    DROP USER IF EXISTS root@'127.0.0.1', root@'::1';
    EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS root@''', @@hostname, '''');
    ALTER USER root@localhost IDENTIFIED BY 'not-empty';";

const POSTGRES_SICK: &str = "
    CREATE TABLE basket (item int);
    CREATE INDEX orders_note ON orders (note);
    CREATE ROLE door LOGIN;
    CREATE SEQUENCE tickets AS smallint; SELECT setval('tickets', 30000); GRANT SELECT ON tickets TO inspector;";
const MARIADB_SICK: &str = "
    CREATE TABLE shop.basket (item int) ENGINE = InnoDB;
    CREATE INDEX orders_note ON shop.orders (note);
    CREATE USER door@localhost;
    CREATE TABLE shop.old (id int PRIMARY KEY) ENGINE = MyISAM;";

/// What is planted: connection, check, subject, severity.
const PLANTED: [(&str, &str, &str, &str); 9] = [
    ("pg", "pg-no-primary-key", "public.basket", "warning"),
    ("pg", "pg-unused-indexes", "public.orders_note", "notice"),
    ("pg", "pg-long-transactions", "noontide@postgres", "warning"),
    ("pg", "pg-no-password", "door", "warning"),
    ("pg", "pg-sequences", "public.tickets", "critical"),
    ("my", "my-no-primary-key", "shop.basket", "warning"),
    ("my", "my-unused-indexes", "shop.orders.orders_note", "notice"),
    ("my", "my-long-transactions", "root@localhost", "warning"),
    ("my", "my-no-password", "door@localhost", "critical"),
];

/// What servers that are set up as they come do not tell: no extension, no log files, no performance_schema, no backups.
const UNTOLD: [&str; 7] = [
    "pg-log-files",
    "pg-top-statements",
    "my-error-log",
    "my-slow-log",
    "my-backup-age",
    "my-disks",
    "my-top-statements",
];

/// Any transaction is long, so that no test waits for one.
const SCHEDULE: &str = r#"
[schedule.inspect]
handler  = "db-inspect/inspect"
cron     = "0 0 8 * * wed"
timezone = "Asia/Shanghai"
window   = "3d"
[schedule.inspect.input]
connections = ["pg", "my"]
level       = "weekly"
thresholds  = { index_from = 0.0, transaction = { warning = 0.0, critical = 86400.0 } }
"#;

fn place(connections: &[(&str, &str)]) -> Place {
    let place = Place::new();
    place.plugin("db-inspect");
    let tables = connections.iter().map(|(name, url)| format!("[connection.{name}]\nurl = {url:?}\n"));
    let names: Vec<_> = connections.iter().map(|(name, _)| *name).collect();
    place.conf("connections.toml", &format!("{}[plugin.db-inspect]\nsql = {names:?}\n", tables.collect::<String>()));
    place.schedules(SCHEDULE);
    place
}

fn as_whom(server: &Server, account: &str) -> String {
    server.url().replace(&format!("noontide:{PASSWORD}@"), &format!("{account}@"))
}

/// Fires the schedule and gives its result and `report.json`.
fn inspected(place: &Place, more: &[&str]) -> (Value, Value) {
    let run = place.noontide(&[&["fire", "inspect", "--wait", "-o", "json"], more].concat()).json();
    assert_eq!(run["state"], "succeeded", "{run}");
    let id = run["id"].as_str().expect("an id");
    let report = place.noontide(&["artifacts", id, "report.json", "--out", "-"]).json();
    for name in ["report.html", "report.md", "report.csv"] {
        let file = place.noontide(&["artifacts", id, name, "--out", "-"]);
        assert!(file.code == 0 && file.out.contains("PostgreSQL"), "{name}: {file:?}");
    }
    (run["result"].clone(), report)
}

/// The findings of a check, each as subject and severity.
fn findings<'r>(report: &'r Value, connection: &str, check: &str) -> Vec<(&'r str, &'r str)> {
    let connections = report["connections"].as_array().expect("connections");
    let inspection = connections.iter().find(|found| found["connection"] == connection).expect("the connection");
    let checks = inspection["checks"].as_array().expect("checks");
    let check = checks.iter().find(|found| found["check"] == check).unwrap_or_else(|| panic!("no {check} in {report}"));
    let text = |finding: &'r Value, key: &str| finding[key].as_str().expect("text");
    let findings = check["findings"].as_array().expect("findings").iter();
    findings.map(|finding| (text(finding, "subject"), text(finding, "severity"))).collect()
}

/// The checks that were not answered, in a report in Chinese.
fn untold(report: &Value) -> Vec<&str> {
    let connections = report["connections"].as_array().expect("connections").iter();
    let checks = connections.flat_map(|connection| connection["checks"].as_array().expect("checks"));
    let hidden = |finding: &Value| {
        finding["found"].as_str().is_some_and(|text| text.starts_with("不可见") || text.starts_with("无应答"))
    };
    let hidden =
        checks.filter(|check| check["findings"].as_array().is_some_and(|findings| findings.iter().any(hidden)));
    hidden.map(|check| check["check"].as_str().expect("an id")).collect()
}

fn ids(report: &Value) -> Vec<&str> {
    let connections = report["connections"].as_array().expect("connections").iter();
    let checks = connections.flat_map(|connection| connection["checks"].as_array().expect("checks"));
    checks.map(|check| check["check"].as_str().expect("an id")).collect()
}

/// Both servers, each with a session of whoever owns it.
struct Databases {
    pg: PgConnection,
    my: MySqlConnection,
}

impl Databases {
    async fn well(postgres: &Server, mariadb: &Server) -> Self {
        let mut pg = PgConnection::connect(&postgres.url()).await.expect("PostgreSQL");
        let mut my = MySqlConnection::connect(&as_whom(mariadb, "root")).await.expect("MariaDB");
        // Autovacuum would count as writing.
        for text in ["ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()", POSTGRES_WELL, POSTGRES_ACCOUNT] {
            sqlx::raw_sql(text).execute(&mut pg).await.expect("it takes it");
        }
        for text in [MARIADB_WELL, MARIADB_ACCOUNT] {
            sqlx::raw_sql(text).execute(&mut my).await.expect("it takes it");
        }
        Self { pg, my }
    }

    /// Plants what is wrong, and leaves a transaction open on each.
    async fn sicken(&mut self) {
        for text in [POSTGRES_SICK, "BEGIN", "UPDATE orders SET note = 'rug' WHERE id = 1"] {
            sqlx::raw_sql(text).execute(&mut self.pg).await.expect("it takes it");
        }
        for text in [MARIADB_SICK, "BEGIN", "UPDATE shop.orders SET note = 'rug' WHERE id = 1"] {
            sqlx::raw_sql(text).execute(&mut self.my).await.expect("it takes it");
        }
    }

    /// What grows with every write: the next transaction's number, and the statements that write.
    async fn written(&mut self) -> (String, f64) {
        const NEXT: &str = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text";
        const WRITES: &str = "SELECT SUM(CAST(variable_value AS DOUBLE)) FROM information_schema.global_status
            WHERE LOWER(variable_name) IN ('com_insert', 'com_insert_select', 'com_update', 'com_delete', 'com_replace', 'com_load',
              'com_create_table', 'com_alter_table', 'com_drop_table', 'com_create_user', 'com_grant', 'com_truncate')";
        let next = sqlx::query_scalar(NEXT).fetch_one(&mut self.pg).await.expect("a number");
        (next, sqlx::query_scalar(WRITES).fetch_one(&mut self.my).await.expect("a number"))
    }
}

#[tokio::test]
async fn what_is_wrong_with_two_real_databases_is_in_the_report_and_nothing_else_is() {
    let (postgres, mariadb) = (Server::postgres(), Server::mariadb());
    let mut databases = Databases::well(&postgres, &mariadb).await;
    let urls = [&postgres, &mariadb].map(|server| as_whom(server, "inspector:only-looks"));
    let place = place(&[("pg", &urls[0]), ("my", &urls[1])]);
    let _host = place.serve().await;

    let (_, report) = inspected(&place, &[]);
    for (connection, check, _, _) in PLANTED {
        assert_eq!(findings(&report, connection, check), [("", "ok")], "{check} of a database that is well");
    }

    databases.sicken().await;
    let before = databases.written().await;
    let past = ["--window", "2025-09-28T08:00:00+08:00..2025-10-01T08:00:00+08:00"];
    let (result, report) = inspected(&place, &past);
    for (connection, check, subject, severity) in PLANTED {
        let found = findings(&report, connection, check);
        // A session's number stands before its account.
        let named = found.iter().any(|(name, how)| name.ends_with(subject) && *how == severity);
        assert!(named, "{check}: {subject} is not among {found:?}");
    }
    assert_eq!(findings(&report, "my", "my-other-engines"), [("shop.old", "warning")]);
    assert_eq!(report["window"]["from"], "2025-09-28T00:00:00+00:00");
    assert_eq!((&result["from"], &result["to"]), (&report["window"]["from"], &report["window"]["to"]));
    let worst: Vec<_> = result["worst"].as_array().expect("a list").iter().map(|worst| &worst["check"]).collect();
    assert!(result["critical"] == 2 && worst.contains(&&json!("my-no-password")), "{result}");

    let yearly = json!({ "connections": ["pg", "my"], "level": "yearly", "language": "zh" }).to_string();
    let (_, whole) = inspected(&place, &["--input", &yearly]);
    assert_eq!(untold(&whole), UNTOLD, "every other statement is answered");

    let daily = json!({ "connections": ["pg", "my"], "level": "daily" }).to_string();
    let (_, smaller) = inspected(&place, &["--input", &daily]);
    let (daily, weekly) = (ids(&smaller), ids(&report));
    assert!(daily.iter().all(|id| weekly.contains(id)), "weekly takes the steps of daily");
    assert!(weekly.contains(&"pg-unused-indexes") && !daily.contains(&"pg-unused-indexes"));
    assert_eq!(databases.written().await, before, "an inspection only reads");
}

#[tokio::test]
async fn each_wednesday_at_eight_the_report_is_about_the_three_days_before() {
    let (pg, my) = (servers::postgres().url(), servers::mariadb().url());
    let place = place(&[("pg", &pg), ("my", &my)]);
    let host = place.serve().await;
    let asked = ["backfill", "inspect", "--from", "2025-10-01", "--to", "2025-10-09", "-o", "json"];
    assert_eq!(place.noontide(&asked).code, 0);
    let runs = until("both Wednesdays", async || {
        let runs = host.api().list("/runs?schedule=inspect&state=succeeded").await;
        (runs.len() == 2).then_some(runs)
    })
    .await;
    let spans: Vec<_> = runs.iter().rev().map(|run| windows_of(&place, run)).collect();
    assert_eq!(spans[0], ["2025-09-28 08:00:00 +08:00", "2025-10-01 08:00:00 +08:00"]);
    assert_eq!(spans[1], ["2025-10-05 08:00:00 +08:00", "2025-10-08 08:00:00 +08:00"]);
}

/// Beginning and end, as the page for people has them.
fn windows_of(place: &Place, run: &Value) -> [String; 2] {
    let id = run["id"].as_str().expect("an id");
    let page = place.noontide(&["artifacts", id, "report.html", "--out", "-"]).out;
    let (_, from) = page.split_once("<dd>[").expect("a window");
    let (window, _) = from.split_once(')').expect("its end");
    let (from, to) = window.split_once(", ").expect("two instants");
    [from.to_owned(), to.to_owned()]
}

#[tokio::test]
async fn an_account_that_may_see_little_gets_a_report_that_says_what_to_grant() {
    let mut owner = PgConnection::connect(&servers::postgres().url()).await.expect("PostgreSQL");
    let role = "CREATE ROLE stranger LOGIN PASSWORD 'sees-little'";
    sqlx::raw_sql(role).execute(&mut owner).await.expect("a role");
    let url = as_whom(servers::postgres(), "stranger:sees-little");
    let place = place(&[("pg", &url), ("my", "mysql://nobody:x@localhost/shop?socket=/nonexistent/socket")]);
    let host: Host = place.serve().await;

    let (result, report) = inspected(&place, &[]);
    for check in ["pg-connections", "pg-long-transactions", "pg-no-password", "pg-trusted-hosts"] {
        assert_eq!(findings(&report, "pg", check), [("", "notice")], "{check}");
    }
    assert!(report.to_string().contains("GRANT pg_monitor TO this account;"));
    assert_eq!(findings(&report, "my", "reached"), [("", "critical")]);
    assert_eq!(result["connections"][1]["server"], json!(null));

    let alone = json!({ "connections": ["my"] }).to_string();
    let failed = place.noontide(&["fire", "inspect", "--input", &alone, "--wait"]);
    assert!(failed.code == 1 && failed.err.contains("no database was reached: my:"), "{failed:?}");
    host.stop().await;
    assert!(!host_log(&place).contains("sees-little"), "the password is nowhere to be read");
}

fn host_log(place: &Place) -> String {
    std::fs::read_to_string(place.path("host.log")).expect("a log")
}
