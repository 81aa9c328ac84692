//! Artifacts.

use noontide_domain::{Artifact, Outcome};
use noontide_testkit::Step;

use super::*;

fn attaching(files: &[(&str, &str, &str)]) -> Step {
    let file = |(name, media, content): &(&str, &str, &str)| {
        Artifact::new(name.parse().expect("a name"), media.parse().expect("a media type"), content.as_bytes())
    };
    Step { artifacts: files.iter().map(file).collect(), ..Outcome::Succeeded { result: None }.into() }
}

async fn ended(world: &World, files: &[(&str, &str, &str)]) -> String {
    world.plugins.script("mail/send", [attaching(files)]);
    let id = world.fire().await;
    world.all_over().await;
    id
}

#[tokio::test]
async fn the_files_of_a_run_are_listed_beside_it_and_read_as_they_are() {
    let world = world(Access::Loopback).await;
    let id =
        ended(&world, &[("report.html", "text/html; charset=utf-8", "<p>well</p>"), ("巡检.csv", "text/csv", "a,b")])
            .await;
    let listed = world.get(&format!("/runs/{id}/artifacts")).await;
    assert_eq!(listed["items"][0]["name"], "report.html");
    let csv = &listed["items"][1];
    assert_eq!((&csv["media_type"], &csv["bytes"], &csv["attempt"]), (&json!("text/csv"), &json!(3), &json!(1)));
    assert_eq!(csv["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(world.get(&format!("/runs/{id}")).await["artifacts"], listed["items"]);
    let path = format!("/api/v1/runs/{id}/artifacts/%E5%B7%A1%E6%A3%80.csv");
    assert_eq!(world.client.get_bytes(&path).await.expect("a file"), b"a,b");
}

#[tokio::test]
async fn stored_html_cannot_act_in_a_browser() {
    let world = world(Access::Loopback).await;
    let id = ended(&world, &[("a \"b\".html", "text/html", "<script>fetch('/api/v1/schedules')</script>")]).await;
    let url = format!("{}/api/v1/runs/{id}/artifacts/a%20%22b%22.html", world.url);
    let answer = reqwest::get(&url).await.expect("an answer");
    let header = |name: &str| answer.headers()[name].to_str().expect("ASCII").to_owned();
    assert_eq!(header("content-type"), "text/html");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("content-disposition"), "attachment; filename*=UTF-8''a%20%22b%22.html");
    let policy = header("content-security-policy");
    assert!(policy.starts_with("sandbox;") && !policy.contains("allow-"), "{policy}");
    let again =
        reqwest::Client::new().get(&url).header("if-none-match", header("etag")).send().await.expect("an answer");
    assert_eq!(again.status(), 304);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = world(Access::Loopback).await;
    let id = ended(&world, &[("report.html", "text/html", "")]).await;
    let (code, detail) = world.get_refused(&format!("/runs/{id}/artifacts/report.htm")).await;
    assert!(code == 404 && detail.contains("no artifact `report.htm`"), "{detail}");
    let (code, detail) = world.get_refused(&format!("/runs/{id}/artifacts/..%2Fx")).await;
    assert!(code == 404 && detail.contains("`../x` holds `/`"), "{detail}");
    assert_eq!(world.get_refused("/runs/nonsense/artifacts").await.0, 404);
    let none = world.get(&format!("/runs/{}/artifacts", world.fire().await)).await;
    assert_eq!(none["items"], json!([]));
}
