//! A guest has what the operator's grant says, and otherwise nothing.

use std::collections::BTreeMap;

use noontide_domain::ports::PluginHost;
use noontide_domain::{FolderGrant, Grant, Outcome, Report, SecretSource};
use serde_json::{Value, json};

use crate::stage::{Stage, call};

fn result(report: &Report) -> &Value {
    match &report.outcome {
        Outcome::Succeeded { result: Some(result) } => result,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_grant_there_is_nothing_to_see() {
    let stage = Stage::of(&["nosy"]).await;
    let report = stage.call("fixture-nosy", json!({})).await;
    let seen = result(&report);
    assert_eq!((&seen["env"], &seen["args"]), (&json!({}), &json!([])));
    for refused in ["root", "passwd", "tcp"] {
        assert!(seen[refused]["Err"].is_string(), "{refused}: {}", seen[refused]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn granted_variables_and_folders_are_seen_and_no_others() {
    let stage = Stage::of(&["nosy"]).await;
    std::fs::write(stage.folder.path().join("note"), "x").expect("written");
    let folder = FolderGrant { path: stage.folder.path().to_owned(), write: false, quota: None };
    stage.grant(
        "fixture-nosy",
        Grant {
            env: BTreeMap::from([("GREETING".into(), "hello".into())]),
            folders: BTreeMap::from([("/".into(), folder)]),
            ..Grant::default()
        },
    );
    let report = stage.call("fixture-nosy", json!({})).await;
    let seen = result(&report);
    assert_eq!(seen["env"], json!({ "GREETING": "hello" }));
    let names = seen["root"]["Ok"].as_array().expect("a listing");
    assert!(names.contains(&json!("note")), "{names:?}");
    assert!(seen["passwd"]["Err"].is_string() && seen["tcp"]["Err"].is_string(), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_written_only_where_the_grant_says_so() {
    let stage = Stage::of(&["recorder"]).await;
    let granted = |write| {
        let folder = FolderGrant { path: stage.folder.path().to_owned(), write, quota: None };
        Grant { folders: BTreeMap::from([("/record".into(), folder)]), ..Grant::default() }
    };
    stage.grant("fixture-recorder", granted(false));
    let report = stage.call("fixture-recorder", json!({})).await;
    assert!(matches!(report.outcome, Outcome::Failed { .. }), "{report:?}");
    stage.grant("fixture-recorder", granted(true));
    let call = call("fixture-recorder", json!({}));
    let order = call.leased.order.clone();
    let report = stage.sandbox.invoke(call).await;
    assert_eq!(result(&report)["version"], "a");
    let lines = std::fs::read_to_string(stage.folder.path().join("record.jsonl")).expect("written");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2);
    for line in lines {
        assert_eq!((&line["fire_key"], &line["run_id"]), (&json!(order.key.hex()), &json!(order.id.to_string())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_granted_folder_that_is_not_there_is_named() {
    let stage = Stage::of(&["recorder"]).await;
    let path = stage.folder.path().join("nowhere");
    let folder = FolderGrant { path: path.clone(), write: true, quota: None };
    stage
        .grant("fixture-recorder", Grant { folders: BTreeMap::from([("/record".into(), folder)]), ..Grant::default() });
    let report = stage.call("fixture-recorder", json!({})).await;
    let Outcome::Unavailable { message } = &report.outcome else { panic!("{report:?}") };
    assert!(message.contains(&path.display().to_string()) && message.contains("`/record`"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_read_when_asked_for_and_only_if_granted() {
    let stage = Stage::of(&["secret"]).await;
    let refused = stage.call("fixture-secret", json!({})).await;
    assert!(result(&refused)["error"].is_string(), "{refused:?}");
    let file = stage.folder.path().join("secret");
    std::fs::write(&file, "s3cret\n").expect("written");
    let secrets = BTreeMap::from([
        ("FIXTURE_SECRET".into(), SecretSource::File(file)),
        ("LOST".into(), SecretSource::File(stage.folder.path().join("lost"))),
    ]);
    stage.grant("fixture-secret", Grant { secrets, ..Grant::default() });
    let told = stage.call("fixture-secret", json!({})).await;
    assert_eq!(result(&told), &json!({ "length": 6 }));
    let lost = stage.call("fixture-secret", json!({ "name": "LOST" })).await;
    assert!(result(&lost)["error"].as_str().is_some_and(|words| words.contains("No such file")), "{lost:?}");
    assert!(!format!("{told:?}").contains("s3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grants_limits_hold() {
    let stage = Stage::of(&["memory-hog"]).await;
    let limits = noontide_domain::Limits { memory: 8 << 20, ..Default::default() };
    stage.grant("fixture-memory-hog", Grant { limits, ..Grant::default() });
    let report = stage.call("fixture-memory-hog", json!({})).await;
    assert_eq!(report.outcome, Outcome::OutOfMemory { limit: 8 << 20 });
}
