//! What is wrong, and who was told.

use noontide_domain::Outcome;
use noontide_domain::alert::{AlertRule, Condition};
use noontide_testkit::ScriptedSinks;

use super::*;

/// A host with a rule and a run that failed; the incident's id.
async fn told(world: &World) -> String {
    let sinks = ScriptedSinks::new(&["ops"]);
    let rule = AlertRule { sinks: vec!["ops".to_owned()], ..AlertRule::new("nights", [Condition::Failed]) };
    world.parts.engine.alert_by(vec![rule], sinks.clone());
    let outcome = Outcome::Failed { message: "disk <full>".into(), retryable: false, after: None };
    world.plugins.script("mail/send", [outcome]);
    world.fire().await;
    tokio::time::timeout(SOON, sinks.arrived(1)).await.expect("in time");
    world.get("/alerts/incidents").await["items"][0]["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn without_a_rule_the_page_says_how_one_is_written() {
    let world = world(Access::Loopback).await;
    let (status, _, html) = page(&world, "/alerts", "").await;
    assert!(status == 200 && html.contains("[[alert]]") && html.contains("nobody is told of anything"), "{html}");
}

#[tokio::test]
async fn what_is_open_is_shown_with_who_was_told() {
    let world = world(Access::Loopback).await;
    let id = told(&world).await;
    let (_, _, html) = page(&world, "/alerts", "").await;
    for words in ["1 open", "schedule nightly", "disk &#60;full&#62;", "rule nights", "Send a test", "nowhere"] {
        assert!(html.contains(words), "{words}: {html}");
    }
    let (status, _, html) = page(&world, &format!("/alerts/{id}"), "").await;
    assert_eq!(status, 200);
    for words in [r#"href="/schedules/nightly""#, "disk &#60;full&#62;", "<td class=\"nowrap\">ops</td>", "opened"] {
        assert!(html.contains(words), "{words}: {html}");
    }
}

#[tokio::test]
async fn what_is_over_is_listed_below_and_offers_nothing_to_press() {
    let world = world(Access::Loopback).await;
    let id = told(&world).await;
    world.post(&format!("/alerts/incidents/{id}/close"), json!({ "by": "ana", "reason": "moved away" })).await;
    let (_, _, html) = page(&world, "/alerts", "").await;
    assert!(html.contains("All is well.") && html.contains("closed by ana: moved away"), "{html}");
    let (_, _, html) = page(&world, &format!("/alerts/{id}"), "").await;
    assert!(html.contains(">over</span>") && !html.contains("Acknowledge…"), "{html}");
}

#[tokio::test]
async fn an_incident_that_is_none_is_a_page_that_says_so() {
    let world = world(Access::Loopback).await;
    for path in ["/alerts/none", "/alerts/0197f3a4-11bc-7c3e-9d51-6a2a0f0c9b1e"] {
        let (status, _, html) = page(&world, path, "").await;
        assert!(status == 404 && html.contains("no incident"), "{html}");
    }
    assert_eq!(page(&world, "/alerts?after=x", "").await.0, 400);
}
