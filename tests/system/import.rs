//! Moving in: `import`, and the walk-throughs of docs/coming-from.md, command by command.

use noontide_testkit::servers::{PASSWORD, Server};
use serde_json::json;
use sqlx::{Connection, MySqlConnection, PgConnection};

use super::support::Place;
use super::support::fixtures::repository;
use super::support::ledger;

const DEBIAN: &str = include_str!("../data/crontab/debian");
const AWKWARD: &str = include_str!("../data/crontab/awkward");
const JOBS: &str = include_str!("../data/apscheduler/jobs.json");
const BEAT: &[u8] = include_bytes!("../data/celery-beat/beat.sqlite");
const CODE: &str = include_str!("../data/celery-beat/code.json");
const TASKS: &str = include_str!("../data/task-table/tasks.sql");

/// What other programs would have written: crontabs, exports, tables.
fn place() -> Place {
    let place = Place::new();
    for (name, text) in [("mine.crontab", AWKWARD), ("etc-crontab", DEBIAN), ("jobs.json", JOBS)] {
        std::fs::write(place.path(name), text).expect("a file");
    }
    std::fs::write(place.path("beat.json"), CODE).expect("a file");
    std::fs::write(place.path("beat.sqlite"), BEAT).expect("a file");
    ledger::script(&place.path("tasks.sqlite"), TASKS);
    place
}

/// The commands for `noontide` in a section, with the exit code that the page promises.
fn commands(page: &str, section: &str) -> Vec<(Vec<String>, i32)> {
    let begin = page.find(section).unwrap_or_else(|| panic!("{section} is gone"));
    let end = page[begin + 3..].find("\n## ").map_or(page.len(), |end| begin + 3 + end);
    let lines = page[begin..end].lines().filter_map(|line| line.strip_prefix("$ noontide "));
    let read = |line: &str| {
        let (command, remark) = line.split_once('#').unwrap_or((line, ""));
        let code = remark.trim().strip_prefix("exits with ").and_then(|code| code.split(' ').next()?.parse().ok());
        let words = command.split_whitespace().map(|word| word.replace("/etc/crontab", "etc-crontab"));
        (words.collect(), code.unwrap_or(0))
    };
    lines.map(read).collect()
}

fn walk_through(section: &str, most_important: &str) {
    let page = std::fs::read_to_string(repository().join("docs/coming-from.md")).expect("the page");
    let commands = commands(&page, section);
    assert!(commands.iter().any(|(words, _)| words.contains(&most_important.to_owned())), "{commands:?}");
    let place = place();
    for (words, code) in commands {
        let said = place.noontide(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(said.code, code, "{words:?}: {said:?}");
        assert!(!said.err.contains("refused:"), "{words:?}: {said:?}");
        if words.contains(&"--check".to_owned()) && code == 0 {
            assert!(said.err.contains("the schedules fire when the source does"), "{said:?}");
        }
        let strange = strange(&said.err);
        assert_eq!(strange, [""; 0], "{words:?}");
    }
}

/// Schedules that differ elsewhere than at clock changes, which is where a page may promise it.
fn strange(told: &str) -> Vec<&str> {
    let differing = told.lines().filter(|line| line.starts_with("differs:"));
    let names = differing.filter_map(|line| line.split("`: ").next());
    let at_a_change = |name: &str| told.lines().any(|line| line.starts_with(name) && line.contains("occur"));
    names.filter(|name| !at_a_change(name)).collect()
}

#[test]
fn the_walk_through_from_crontab_does_what_the_page_says() {
    walk_through("## From crontab", "crontab");
}

#[test]
fn the_walk_through_from_apscheduler_does_what_the_page_says() {
    walk_through("## From APScheduler", "apscheduler");
}

#[test]
fn the_walk_through_from_celery_beat_does_what_the_page_says() {
    walk_through("## From Celery beat", "celery-beat");
}

#[test]
fn the_walk_through_from_a_task_table_does_what_the_page_says() {
    walk_through("## From a task table", "task-table");
}

#[test]
fn what_is_imported_into_a_folder_is_configuration_and_is_never_overwritten() {
    let place = place();
    let import = ["import", "crontab", "etc-crontab", "--system", "--tz", "Asia/Shanghai", "--into", "conf/local"];
    assert_eq!(place.noontide(&import).code, 0);
    let written = std::fs::read_to_string(place.path("conf/local/imported-etc-crontab.toml")).expect("it was written");
    let shown = place.noontide(&[&import[..6], &["-o", "toml"]].concat());
    assert_eq!(written.trim_end(), shown.out.trim_end());
    let again = place.noontide(&import);
    assert_eq!(again.code, 6, "{again:?}");
    assert!(again.err.contains("conf/local/imported-etc-crontab.toml is there already"), "{again:?}");
    let next = place.noontide(&["next", "run-parts-cron-monthly", "--offline", "-o", "json"]).json();
    assert!(next[0]["local"].as_str().is_some_and(|local| local.ends_with("-01T06:52:00+08:00")), "{next}");
    std::fs::rename(place.path("etc-crontab"), place.path("second")).expect("a name");
    let second = ["import", "crontab", "second", "--system", "--into", "conf/local"];
    assert_eq!(place.noontide(&second).code, 0);
    let second = std::fs::read_to_string(place.path("conf/local/imported-second.toml")).expect("it was written");
    assert!(second.contains("[schedule.run-parts-cron-monthly-2]"), "{second}");
}

#[test]
fn exit_codes_of_import_tell_refusals_differences_and_unreadable_files_apart() {
    let place = place();
    let mixed = "# nothing\n0 8 * * * good\n@reboot bad\n0 22-2 * * * worse\n";
    let said = place.noontide_reading(&["import", "crontab", "-", "--utc"], mixed);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("[schedule.good]") && !said.out.contains("bad"), "{said:?}");
    let refused: Vec<_> = said.err.lines().filter_map(|line| line.strip_prefix("refused: ")).collect();
    assert_eq!(refused.len(), 2, "{said:?}");
    assert!(refused[0].starts_with("stdin:3: ") && refused[1].starts_with("stdin:4: "), "{said:?}");
    // Our clock is put an hour off the exporter's: a job of 09:30 that would be copied as one of 10:30.
    let copied = JOBS.replace("\"hour\": \"9\"", "\"hour\": \"10\"");
    let said = place.noontide_reading(&["import", "apscheduler", "-", "--check"], &copied);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("differs: stdin:") && said.out.contains("DIFFERS"), "{}", said.err);
    assert_eq!(place.noontide(&["import", "crontab", "nowhere"]).code, 2);
    assert_eq!(place.noontide_reading(&["import", "apscheduler", "-"], "{}").code, 2);
    assert_eq!(place.noontide(&["ls", "-o", "toml"]).code, 5, "no host, before there is a list to write");
}

#[test]
fn programs_get_the_schedules_as_json() {
    let place = place();
    let all = place.noontide(&["import", "apscheduler", "jobs.json", "-o", "json"]).json();
    let all = all.as_array().expect("a list");
    assert_eq!(all.len(), 20);
    let weeks = all.iter().find(|schedule| schedule["name"] == "odd-weeks").expect("a job");
    assert_eq!(weeks["cron"]["week"], "1-53/2");
    assert_eq!(weeks["input"]["func"], "make:work");
    let none = place.noontide_reading(&["import", "crontab", "-", "-o", "json"], "# nothing\n");
    assert_eq!((none.code, none.out.trim()), (0, "[]"), "{none:?}");
}

#[tokio::test]
async fn periodic_tasks_are_put_into_a_running_host_and_putting_them_again_changes_nothing() {
    let place = Place::new();
    place.plugin("hello");
    std::fs::write(place.path("beat.json"), CODE).expect("a file");
    place.schedules("[queue.slow]\n[schedule.dawn]\nhandler = \"hello\"\nmanual = true\n");
    let host = place.serve().await;
    let import = ["import", "celery-beat", "beat.json", "--put", "--handler", "hello/greet"];
    for (new, in_place) in [(4, 0), (0, 4)] {
        let said = place.noontide(&import);
        // A file defines `dawn`, so that the API may not.
        assert_eq!(said.code, 1, "{said:?}");
        let told = format!("{new} schedules created, {in_place} in place, 1 refused");
        assert!(said.err.contains(&told) && said.err.contains("`dawn`"), "{said:?}");
    }
    let stands = host.api().get("/schedules/multiply-at-some-time").await;
    assert_eq!((&stands["owner"], &stands["timezone"]), (&json!("api"), &json!("Asia/Shanghai")));
    assert_eq!(stands["input"]["kwargs"], json!(null));
    assert_eq!(stands["input"]["args"], json!([3, 7]));
    host.stop().await;
    let said = place.noontide(&import);
    assert_eq!(said.code, 5, "no host, no schedules: {said:?}");
}

/// The tables as PostgreSQL and MariaDB have them, each made by Django itself.
#[tokio::test]
async fn the_tables_of_all_three_databases_give_the_same_schedules() {
    let place = Place::new();
    std::fs::write(place.path("beat.sqlite"), BEAT).expect("a file");
    let schedules = |url: &str| {
        let said = place.noontide(&["import", "celery-beat", "--database", url]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(!said.err.contains(PASSWORD) && !said.out.contains(PASSWORD), "{said:?}");
        said.out.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>()
    };
    let sqlite = schedules("beat.sqlite");
    assert!(sqlite.len() > 200, "{sqlite:?}");
    let postgres = Server::postgres();
    let mut connection = PgConnection::connect(&postgres.url()).await.expect("a connection");
    sqlx::raw_sql(include_str!("../data/celery-beat/postgresql.sql")).execute(&mut connection).await.expect("tables");
    assert_eq!(schedules(&postgres.url()), sqlite);
    let mariadb = Server::mariadb();
    let mut connection = MySqlConnection::connect(&mariadb.url()).await.expect("a connection");
    sqlx::raw_sql(include_str!("../data/celery-beat/mysql.sql")).execute(&mut connection).await.expect("tables");
    assert_eq!(schedules(&mariadb.url()), sqlite);
}

#[test]
fn a_database_that_cannot_be_read_is_told_without_its_password() {
    let place = place();
    for (url, code, words) in [
        ("oracle://x/y", 2, "sqlite, postgresql, mysql, mariadb"),
        ("nowhere.sqlite", 1, "nowhere.sqlite"),
        ("tasks.sqlite", 1, "django_celery_beat_periodictask"),
        ("postgresql://ada:s3cret@127.0.0.1:1/shop", 1, "postgresql://127.0.0.1:1/shop"),
        ("mariadb://ada:s3cret@127.0.0.1:1/shop", 1, "mariadb://127.0.0.1:1/shop"),
    ] {
        let said = place.noontide(&["import", "celery-beat", "--database", url]);
        assert_eq!(said.code, code, "{said:?}");
        assert!(said.err.contains(words) && !said.err.contains("s3cret"), "{said:?}");
    }
    assert_eq!(place.noontide(&["import", "celery-beat"]).code, 2, "neither a file nor a database");
}
