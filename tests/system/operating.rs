//! What an operator does by hand: look at the database, take schedules out of a host and put them into another, say why.

use serde_json::json;

use super::support::Place;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_put_comes_out_as_a_file_and_the_audit_log_knows_why() {
    let place = Place::new();
    place.plugin("hello");
    let host = place.serve().await;
    let put = ["put", "nightly", "--handler", "hello/greet", "--cron", "0 2 * * *", "--input", "{\"name\":\"o'ps\"}"];
    assert_eq!(place.noontide(&[&put[..], &["--reason", "the first of June"]].concat()).code, 0);
    let exported = place.noontide(&["export"]);
    assert!(exported.code == 0 && exported.out.contains("[schedule.nightly]"), "{exported:?}");
    assert!(exported.out.contains("0 2 * * *") && exported.out.contains("o'ps"), "{exported:?}");
    let entry = place.noontide(&["audit", "--thing", "nightly", "-o", "json"]).json()[0].clone();
    assert_eq!(entry["reason"], json!("the first of June"), "{entry}");
    let never = place.noontide(&["ls", "--last", "never", "-o", "json"]).json();
    assert_eq!(never[0]["name"], json!("nightly"), "{never}");
    assert_eq!(place.noontide(&["ls", "--last", "failed", "-o", "json"]).json(), json!([]));
    assert_eq!(place.noontide(&["ls", "--last", "badly"]).code, 2);
    host.stop().await;
    let other = Place::new();
    other.plugin("hello");
    other.schedules(&exported.out);
    let check = other.noontide(&["check"]);
    assert_eq!(check.code, 0, "{check:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_looked_at_brought_up_to_date_and_cleared_without_a_host() {
    let place = Place::new();
    let made = place.noontide(&["db", "migrate", "-o", "json"]).json();
    assert_eq!(made["before"], json!(0), "{made}");
    let status = place.noontide(&["db", "status", "-o", "json"]);
    assert!(status.code == 0 && status.json()["schema"] == made["after"], "{status:?}");
    let pruned = place.noontide(&["db", "prune", "--older-than", "1d", "-o", "json"]).json();
    assert_eq!(pruned["deleted"], json!(0), "{pruned}");
}
