//! Who is on call is told once, whatever becomes of the host meanwhile.

use std::collections::BTreeSet;
use std::time::Duration;

use noontide_testkit::{AUTHORITY, Mailbox, Secrecy};
use serde_json::json;

use super::support::receiver::{Answer, Arrival, Receiver};
use super::support::{Place, until, within};

/// Fails five times a second, and whoever is told has to sign for it.
fn failing(receiver: &Receiver) -> Place {
    let mut place = Place::new();
    place.set_var("HOOK_SECRET", "whsec_c2VjcmV0");
    place.plugin("outbox");
    place.conf(
        "alerts.toml",
        &format!(
            "[[alert]]\non = ['failed']\nsink = {{ webhook = '{}/alerts', secret = {{ env = 'HOOK_SECRET' }} }}\n",
            receiver.origin()
        ),
    );
    place.schedules(&schedule(receiver, "fail"));
    place
}

fn schedule(receiver: &Receiver, end: &str) -> String {
    format!(
        "[schedule.often]\nhandler = 'fixture-outbox/send'\nevery = '200ms'\noverlap = 'skip'\n\
         input = {{ url = '{}/hook', messages = 0, end = '{end}' }}\n",
        receiver.origin()
    )
}

fn kinds(arrivals: &[Arrival]) -> Vec<String> {
    let kind = |arrival: &Arrival| {
        let event: serde_json::Value = serde_json::from_str(&arrival.body).expect("json");
        assert_eq!(event["specversion"], json!("1.0"));
        assert_eq!(arrival.headers["webhook-id"], event["id"].as_str().expect("an id"));
        assert!(arrival.headers["webhook-signature"].starts_with("v1,"), "{arrival:?}");
        event["data"]["kind"].as_str().expect("a kind").to_owned()
    };
    arrivals.iter().map(kind).collect()
}

#[tokio::test]
async fn killed_between_failure_and_message_the_next_host_tells_once_and_once_that_it_is_over() {
    let receiver = Receiver::start().await;
    let place = failing(&receiver);
    receiver.answer([Answer::HangUp]);
    let host = place.serve().await;
    until("the first try", async || (!receiver.arrivals().is_empty()).then_some(())).await;
    host.kill();
    let host = place.serve().await;
    let api = host.api();
    within(Duration::from_secs(60), "it is told", async || {
        let sent = api.list("/alerts/deliveries?state=sent").await;
        (sent.len() == 1).then_some(())
    })
    .await;
    place.schedules(&schedule(&receiver, "ok"));
    within(Duration::from_secs(60), "that it is over is told", async || {
        let sent = api.list("/alerts/deliveries?state=sent").await;
        (sent.len() == 2).then_some(())
    })
    .await;
    let arrivals = receiver.arrivals();
    let ids: BTreeSet<_> = arrivals.iter().map(|one| one.headers["webhook-id"].as_str()).collect();
    let told: BTreeSet<_> = kinds(&arrivals).into_iter().collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    assert_eq!(told.into_iter().collect::<Vec<_>>(), ["opened", "recovered"]);
    let failed = api.list("/runs?state=failed&limit=1000").await.len();
    assert!(failed > 3, "{failed}");
    println!("{failed} failed runs, 2 messages, {} arrivals", arrivals.len());
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_of_the_way_ends_as_the_sinks_answer() {
    let receiver = Receiver::start().await;
    let place = failing(&receiver);
    place.schedules("");
    let host = place.serve().await;
    let fine = place.noontide(&["alert", "test", "-o", "json"]);
    assert_eq!((fine.code, fine.json()[0]["answer"].clone()), (0, json!("answered 204")), "{fine:?}");
    receiver.answer([Answer::Status(500, "")]);
    let refused = place.noontide(&["alert", "test", "failed"]);
    assert!(refused.code == 1 && refused.out.contains("answered 500"), "{refused:?}");
    assert_eq!(place.noontide(&["alert", "test", "nobody"]).code, 4);
    assert_eq!(kinds(&receiver.arrivals()), ["test", "test"]);
    assert_eq!(place.noontide(&["alert", "ls", "-o", "json"]).json(), json!([]));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_a_letter_and_its_end_an_answer_to_it() {
    let receiver = Receiver::start().await;
    let mailbox = Mailbox::start(Secrecy::StartTls).await;
    let place = failing(&receiver);
    place.conf(
        "alerts.toml",
        &format!(
            "[http-client]\nca = ['{AUTHORITY}']\n[http]\npublic-url = 'https://noon.example.com'\n\
             [[alert]]\non = ['failed']\n\
             sink = {{ email = {{ server = 'localhost:{}', from = 'noontide@example.com', to = 'ops@example.com' }} }}\n",
            mailbox.port()
        ),
    );
    let host = place.serve().await;
    let opened = mailbox.arrived(1).await.remove(0);
    place.schedules(&schedule(&receiver, "ok"));
    let recovered = mailbox.arrived(2).await.remove(1);
    assert!(opened.is_secret && opened.to == ["ops@example.com"], "{opened:?}");
    assert_eq!(opened.header("Subject").as_deref(), Some("[noontide] often failed"));
    assert_eq!(recovered.header("In-Reply-To"), opened.header("Message-ID"));
    let text = opened.text.replace("=\n", "");
    assert!(
        text.contains("https://noon.example.com/alerts/") && text.contains("handler: fixture-outbox/send"),
        "{text}"
    );
    let doctor = place.noontide(&["doctor"]);
    assert!(
        doctor.out.contains("sink `failed`: localhost:") && doctor.out.contains("answers (starttls)"),
        "{doctor:?}"
    );
    host.stop().await;
    drop(mailbox);
    let doctor = place.noontide(&["doctor"]);
    assert!(doctor.code == 1 && doctor.out.contains("FAIL  alerts"), "{doctor:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_of_a_schedule_are_sent_by_the_next_host_if_the_first_one_dies() {
    let receiver = Receiver::start().await;
    let place = failing(&receiver);
    place.conf("alerts.toml", "");
    let ping = format!("ping = '{}/uuid'\n", receiver.origin());
    place.schedules(&(schedule(&receiver, "fail") + &ping).replace("200ms", "1h"));
    // The start is taken; the failure meets nobody.
    receiver.answer([Answer::Status(200, ""), Answer::HangUp]);
    let host = place.serve().await;
    assert_eq!(place.noontide(&["fire", "often"]).code, 0);
    let lines = || receiver.arrivals().into_iter().map(|one| one.line).collect::<Vec<_>>();
    until("the failure meets nobody", async || (lines().len() >= 2).then_some(())).await;
    host.kill();
    let host = place.serve().await;
    let api = host.api();
    within(Duration::from_secs(60), "the failure is told", async || {
        let sent = api.list("/alerts/deliveries?state=sent&sink=ping:often").await;
        sent.iter().any(|one| one["kind"] == "failed").then_some(())
    })
    .await;
    assert_eq!(lines().last().map(String::as_str), Some("POST /uuid/fail"));
    assert!(!receiver.arrivals().last().expect("one").body.is_empty(), "with the reason");
    host.stop().await;
}
