//! Alerts.

use noontide_domain::Outcome;
use noontide_domain::alert::{AlertRule, Condition};
use noontide_domain::outbox::Reply;
use noontide_testkit::ScriptedSinks;

use super::*;

/// A host with a rule, and a run that failed.
async fn told(world: &World) -> Arc<ScriptedSinks> {
    let sinks = ScriptedSinks::new(&["ops"]);
    let rule = AlertRule { sinks: vec!["ops".to_owned()], ..AlertRule::new("all", [Condition::Failed]) };
    world.parts.engine.alert_by(vec![rule], sinks.clone());
    let outcome = Outcome::Failed { message: "disk full".into(), retryable: false, after: None };
    world.plugins.script("mail/send", [outcome]);
    world.fire().await;
    sinks.arrived(1).await;
    sinks
}

#[tokio::test]
async fn rules_sinks_incidents_and_what_was_answered_are_shown() {
    let world = world(Access::Loopback).await;
    told(&world).await;
    let settings = world.get("/alerts").await;
    assert_eq!((&settings["rules"][0]["on"], &settings["sinks"][0]["name"]), (&json!(["failed"]), &json!("ops")));
    let incident = world.get("/alerts/incidents").await["items"][0].clone();
    assert_eq!((&incident["words"], &incident["state"]), (&json!("disk full"), &json!("open")));
    let of = format!("/alerts/deliveries?incident={}", incident["id"].as_str().expect("an id"));
    let delivery = world.get(&of).await["items"][0].clone();
    assert_eq!((&delivery["kind"], &delivery["sink"]), (&json!("opened"), &json!("ops")));
}

#[tokio::test]
async fn an_incident_is_acknowledged_and_closed_once() {
    let world = world(Access::Loopback).await;
    told(&world).await;
    let id = world.get("/alerts/incidents").await["items"][0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/alerts/incidents/{id}");
    let known = world.post(&format!("{path}/acknowledge"), json!({ "reason": "disk ordered", "by": "ana" })).await;
    assert_eq!(known["acknowledged"]["reason"], "disk ordered");
    assert_eq!(world.post(&format!("{path}/close"), json!({ "by": "ana" })).await["state"], "closed");
    assert_eq!(world.get("/alerts/incidents").await["items"], json!([]));
    let again = world.client.post(&format!("/api/v1{path}/acknowledge"), &json!({})).await;
    assert!(again.is_err(), "{again:?}");
}

#[tokio::test]
async fn a_test_tells_what_came_back() {
    let world = world(Access::Loopback).await;
    let sinks = told(&world).await;
    sinks.script([Reply::Refused("no such robot".to_owned())]);
    let answers = world.post("/alerts/test", json!({ "sink": "ops" })).await;
    let answer = &answers["items"][0];
    assert_eq!((&answer["ok"], &answer["answer"]), (&json!(false), &json!("no such robot")));
    assert!(world.client.post("/api/v1/alerts/test", &json!({ "sink": "opps" })).await.is_err());
}
