//! A ledger that moves from one database to another, by the command line.

use noontide_testkit::servers;
use serde_json::Value;

use super::support::{Place, until};

const HELLO: &str = "[schedule.hello]\nhandler = \"hello/greet\"\nevery = \"200ms\"\n";

fn history(place: &Place) -> Value {
    place.noontide(&["runs", "-o", "json"]).json()
}

/// But when they were loaded last, which each start notes.
fn versions(place: &Place) -> Value {
    let mut versions = place.noontide(&["plugin", "versions", "hello", "-o", "json"]).json();
    for version in versions.as_array_mut().expect("a list") {
        assert!(version.as_object_mut().expect("an object").remove("last_loaded").is_some(), "{version}");
    }
    versions
}

/// Writes the ledger of `place` into a file, and from there into the database at `url`, which it uses from then on.
fn moves(place: &Place, file: &str, url: &str) {
    let file = place.path(file);
    let file = file.to_str().expect("a path in UTF-8");
    let said = place.noontide(&["backup", file]);
    assert!(said.code == 0 && said.err.contains("rows in"), "{said:?}");
    let said = place.noontide(&["restore", file, "--ledger", url]);
    assert!(said.code == 0 && said.err.contains("rows restored"), "{said:?}");
    place.conf("ledger.toml", &format!("[ledger]\nurl = \"{url}\"\n"));
}

#[tokio::test]
async fn a_ledger_moves_from_a_file_to_postgresql_to_mariadb_and_back_with_all_it_knows() {
    let place = Place::new();
    place.plugin("hello");
    place.schedules(HELLO);
    let host = place.serve().await;
    until("some runs", async || (history(&place).as_array().expect("a list").len() > 5).then_some(())).await;
    place.schedules("");
    let open =
        async || host.api().list("/runs?state=running").await.len() + host.api().list("/runs?state=ready").await.len();
    until("all of them are over", async || {
        (open().await == 0 && host.api().list("/schedules").await.is_empty()).then_some(())
    })
    .await;
    host.stop().await;
    let back = format!("sqlite://{}", place.path("data/back.db").display());
    let way = [
        ("one.jsonl", servers::postgres_database()),
        ("two.jsonl", servers::mariadb_database()),
        ("three.jsonl", back),
    ];
    for (file, url) in way {
        let host = place.serve().await;
        let before = (history(&place), versions(&place));
        host.stop().await;
        moves(&place, file, &url);
        let host = place.serve().await;
        assert_eq!((history(&place), versions(&place)), before, "{file}");
        let again = place.noontide(&["enqueue", "hello/greet", "--wait"]);
        assert_eq!(again.code, 0, "it goes on: {again:?}");
        host.stop().await;
        refuses(&place, file);
    }
}

/// A backup that was cut off, and one into a ledger that is used, change nothing and say why.
fn refuses(place: &Place, file: &str) {
    let path = place.path(file);
    let text = std::fs::read_to_string(&path).expect("a backup");
    let cut = place.path("cut.jsonl");
    let lines: Vec<_> = text.lines().collect();
    std::fs::write(&cut, lines[..lines.len() - 1].join("\n")).expect("written");
    let fresh = format!("sqlite://{}", place.path(&format!("data/{file}.db")).display());
    let said = place.noontide(&["restore", cut.to_str().expect("UTF-8"), "--ledger", &fresh]);
    assert!(said.code == 1 && said.err.contains("take the backup anew"), "{said:?}");
    let said = place.noontide(&["restore", path.to_str().expect("UTF-8")]);
    assert!(said.code == 1 && said.err.contains("the ledger is not empty"), "{said:?}");
    let said = place.noontide(&["backup", path.to_str().expect("UTF-8")]);
    assert!(said.code == 6 && said.err.contains("is there already"), "{said:?}");
}
