//! What goes out, and what its answers mean.

use std::sync::Mutex;

use noontide_domain::SecretSource;
use noontide_domain::alert::{AlertKind, Chat, Subject};
use noontide_testkit::ManualClock;
use serde_json::{Value, json};

use super::*;

/// Notes requests, and gives the answers that are written down.
#[derive(Default)]
struct Noted {
    requests: Mutex<Vec<WireRequest>>,
    answer: Mutex<Option<Result<WireAnswer, String>>>,
}

#[async_trait]
impl Wire for Noted {
    async fn post(&self, request: WireRequest, _: Duration) -> Result<WireAnswer, String> {
        self.requests.lock().unwrap().push(request);
        let answer = self.answer.lock().unwrap().clone();
        answer.unwrap_or(Ok(WireAnswer { status: 200, after: None, body: b"ok".to_vec() }))
    }
}

fn alert() -> Alert {
    let mut alert = Alert::test("here", "2026-07-01T08:00:00Z".parse().unwrap());
    alert.kind = AlertKind::Opened;
    alert.incident.subject = Subject::Schedule("nightly".parse().unwrap());
    alert.incident.words = "disk <full> @all [x](http://evil)".to_owned();
    alert
}

struct World {
    wire: Arc<Noted>,
    sinks: Arc<Sinks>,
    _folder: tempfile::TempDir,
}

fn world(sink: impl FnOnce(&dyn Fn(&str) -> SecretSource) -> SinkKind) -> World {
    let folder = tempfile::tempdir().unwrap();
    let secret = |text: &str| {
        let path = folder.path().join(format!("secret-{}", text.len()));
        std::fs::write(&path, format!("{text}\n")).unwrap();
        SecretSource::File(path)
    };
    let wire = Arc::new(Noted::default());
    let sinks = Sinks::new(ManualClock::at("2026-07-01T08:00:00Z"), wire.clone());
    let sink = Sink { name: "ops".to_owned(), to: sink(&secret), a_minute: 60 };
    sinks.follow(Settings { sinks: vec![sink], ..Settings::default() });
    World { wire, sinks, _folder: folder }
}

impl World {
    async fn send(&self) -> Reply {
        self.sinks.send("ops", &alert(), Duration::from_secs(5)).await
    }

    fn sent(&self) -> (WireRequest, Value) {
        let request = self.wire.requests.lock().unwrap().last().cloned().expect("a request");
        let body = serde_json::from_str(&request.body).expect("json");
        (request, body)
    }

    fn answers(&self, status: u16, body: &Value) {
        let body = body.to_string().into_bytes();
        *self.wire.answer.lock().unwrap() = Some(Ok(WireAnswer { status, after: None, body }));
    }
}

fn chat(chat: Chat, secret: Option<SecretSource>) -> SinkKind {
    SinkKind::Chat { chat, url: SinkUrl::Written("https://chat.example.com/send?key=a".to_owned()), secret }
}

const FINE: Reply = Reply::Answered { status: 200, after: None };

#[tokio::test]
async fn a_webhook_is_a_cloud_event_that_its_receiver_can_verify() {
    let url = SinkUrl::Written("https://hooks.example.com/x".to_owned());
    let world = world(|secret| SinkKind::Webhook { url, secrets: vec![secret("whsec_c2VjcmV0")] });
    assert_eq!(world.send().await, FINE);
    let (request, body) = world.sent();
    let header = |name: &str| request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!(header("content-type"), Some("application/cloudevents+json; charset=utf-8"));
    assert_eq!(header("webhook-timestamp"), Some("1782892800"));
    let id = header("webhook-id").unwrap();
    let signature = sign::signed(b"secret", format!("{id}.1782892800.{}", request.body).as_bytes());
    assert_eq!(header("webhook-signature"), Some(format!("v1,{signature}").as_str()));
    assert_eq!((&body["specversion"], &body["type"]), (&json!("1.0"), &json!("dev.noontide.alert.opened.v1")));
    assert_eq!((&body["id"], &body["subject"]), (&json!(id), &json!("schedule/nightly")));
    assert_eq!(body["data"]["title"], "nightly failed");
}

#[tokio::test]
async fn a_secret_that_is_missing_is_told_without_its_value() {
    let url = SinkUrl::Written("https://hooks.example.com/x".to_owned());
    let secrets = vec![SecretSource::Env("NOONTIDE_NO_SUCH_SECRET".to_owned())];
    let world = world(|_| SinkKind::Webhook { url, secrets });
    assert_eq!(world.send().await, Reply::Refused("the variable NOONTIDE_NO_SUCH_SECRET is not set".to_owned()));
}

#[tokio::test]
async fn dingtalk_is_signed_in_its_url_and_its_code_is_looked_at() {
    let world = world(|secret| chat(Chat::DingTalk, Some(secret("SEC1"))));
    world.answers(200, &json!({ "errcode": 0, "errmsg": "ok" }));
    assert_eq!(world.send().await, FINE);
    let (request, body) = world.sent();
    let signature = sign::signed(b"SEC1", b"1782892800000\nSEC1");
    let escaped = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let url = format!("https://chat.example.com/send?key=a&timestamp=1782892800000&sign={escaped}");
    assert_eq!(request.url, url);
    assert_eq!((&body["msgtype"], &body["markdown"]["title"]), (&json!("markdown"), &json!("nightly failed")));
    world.answers(200, &json!({ "errcode": 310_000, "errmsg": "sign not match" }));
    let refused = Reply::Refused("dingtalk answered 200 with code 310000: sign not match".to_owned());
    assert_eq!(world.send().await, refused);
}

#[tokio::test]
async fn feishu_signs_nothing_with_time_and_secret_as_the_key() {
    let world = world(|secret| chat(Chat::Feishu, Some(secret("SEC1"))));
    world.answers(200, &json!({ "code": 0, "msg": "success" }));
    assert_eq!(world.send().await, FINE);
    let (_, body) = world.sent();
    assert_eq!(body["timestamp"], "1782892800");
    assert_eq!(body["sign"], sign::signed(b"1782892800\nSEC1", b""));
    assert_eq!(body["card"]["header"]["template"], "red");
    world.answers(200, &json!({ "code": 19_021, "msg": "sign match fail" }));
    assert!(matches!(world.send().await, Reply::Refused(words) if words.contains("19021")));
    world.answers(200, &json!({ "StatusCode": 0, "StatusMessage": "success" }));
    assert_eq!(world.send().await, FINE, "as older robots answer");
}

#[tokio::test]
async fn wecom_gets_no_more_than_it_takes_and_an_answer_without_a_code_is_a_refusal() {
    let world = world(|_| chat(Chat::WeCom, None));
    world.answers(200, &json!({ "errcode": 45_009, "errmsg": "api freq out of limit" }));
    assert!(matches!(world.send().await, Reply::Refused(words) if words.contains("45009")));
    let (_, body) = world.sent();
    assert!(body["markdown"]["content"].as_str().unwrap().len() <= 4_096);
    world.answers(200, &json!("<html>"));
    assert!(matches!(world.send().await, Reply::Refused(words) if words.contains("without a code")));
    world.answers(503, &json!("busy"));
    assert_eq!(world.send().await, Reply::Answered { status: 503, after: None });
}

#[tokio::test]
async fn what_a_handler_wrote_becomes_no_markup_in_a_chat() {
    for (kind, path) in [(Chat::DingTalk, "/markdown/text"), (Chat::WeCom, "/markdown/content")] {
        let world = world(|_| chat(kind, None));
        world.send().await;
        let (_, body) = world.sent();
        let text = body.pointer(path).and_then(Value::as_str).unwrap().to_owned();
        assert!(text.contains("disk full all x(http://evil)"), "{text}");
    }
    let world = world(|_| chat(Chat::Slack, None));
    assert_eq!(world.send().await, FINE);
    let (_, body) = world.sent();
    assert_eq!(body["blocks"][0]["text"]["text"], "🔴 nightly failed");
    assert!(body["text"].as_str().unwrap().contains("disk &lt;full&gt;"));
}

#[tokio::test]
async fn teams_gets_a_card() {
    let world = world(|_| chat(Chat::Teams, None));
    world.answers(202, &json!({}));
    assert_eq!(world.send().await, Reply::Answered { status: 202, after: None });
    let (_, body) = world.sent();
    assert_eq!(body["attachments"][0]["content"]["body"][0]["text"], "🔴 nightly failed");
}

#[tokio::test]
async fn an_alertmanager_knows_an_incident_by_labels_that_stay_and_hears_when_it_is_over() {
    let url = SinkUrl::Written("http://alertmanager:9093/".to_owned());
    let world = world(|secret| SinkKind::Alertmanager { url, token: Some(secret("t0ken")) });
    assert_eq!(world.send().await, FINE);
    let (request, opened) = world.sent();
    assert_eq!(request.url, "http://alertmanager:9093/api/v2/alerts");
    assert!(request.headers.contains(&("authorization".to_owned(), "Bearer t0ken".to_owned())));
    let mut recovered = alert();
    recovered.kind = AlertKind::Recovered;
    recovered.incident.ended_at = Some("2026-07-01T09:00:00Z".parse().unwrap());
    recovered.incident.condition = noontide_domain::alert::Condition::Missed;
    assert_eq!(world.sinks.send("ops", &recovered, Duration::from_secs(5)).await, FINE);
    let (_, over) = world.sent();
    assert_eq!(opened[0]["labels"], json!({ "alertname": "Noontide", "rule": "test", "schedule": "nightly" }));
    assert_eq!(opened[0]["labels"], over[0]["labels"]);
    assert_eq!(opened[0]["startsAt"], over[0]["startsAt"]);
    assert_eq!(
        (&opened[0]["endsAt"], &over[0]["endsAt"]),
        (&json!("2026-07-31T08:00:00.000Z"), &json!("2026-07-01T09:00:00.000Z"))
    );
    assert_eq!(opened[0]["annotations"]["summary"], "nightly failed");
}

#[tokio::test]
async fn a_message_leads_to_the_dashboard_if_its_place_is_known() {
    let url = SinkUrl::Written("https://hooks.example.com/x".to_owned());
    let world = world(|_| SinkKind::Webhook { url: url.clone(), secrets: Vec::new() });
    world.send().await;
    assert_eq!(world.sent().1["data"]["link"], Value::Null);
    let sink = Sink { name: "ops".to_owned(), to: SinkKind::Webhook { url, secrets: Vec::new() }, a_minute: 60 };
    let site = Some("https://noon.example.com/sub".to_owned());
    world.sinks.follow(Settings { sinks: vec![sink], site, ..Settings::default() });
    world.send().await;
    let data = world.sent().1["data"].clone();
    let page = format!("https://noon.example.com/sub/alerts/{}", data["incident"].as_str().unwrap());
    assert_eq!(data["link"], page.as_str());
}

#[tokio::test]
async fn a_ping_says_by_its_path_what_became_of_a_run() {
    let url = SinkUrl::Written("https://hc.example.com/key/nightly?create=1".to_owned());
    let world = world(|_| SinkKind::Ping { url });
    let cases = [
        (AlertKind::Started, "/start"),
        (AlertKind::Succeeded, ""),
        (AlertKind::Failed, "/fail"),
        (AlertKind::Test, "/log"),
    ];
    for (kind, way) in cases {
        let alert = Alert { kind, ..alert() };
        assert_eq!(world.sinks.send("ops", &alert, Duration::from_secs(5)).await, FINE);
        let request = world.wire.requests.lock().unwrap().last().cloned().unwrap();
        assert_eq!(request.url, format!("https://hc.example.com/key/nightly{way}?create=1"));
        assert_eq!(request.body, alert.incident.words);
    }
}

#[tokio::test]
async fn a_command_reads_the_event_and_has_nothing_of_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("told");
    let script = format!("cat > {0}; env >> {0}", file.display());
    let argv = ["/bin/sh", "-c", &script].map(str::to_owned).to_vec();
    let world = world(|_| SinkKind::Command { argv, timeout: Duration::from_secs(5) });
    assert_eq!(world.send().await, FINE);
    let told = std::fs::read_to_string(file).unwrap();
    assert!(told.starts_with('{') && told.contains("schedule/nightly"), "{told}");
    assert!(!told.contains("CARGO"), "{told}");
}

#[tokio::test]
async fn a_command_that_ends_badly_is_told_by_what_it_said() {
    let argv = ["/bin/sh", "-c", "echo no pager >&2; exit 3"].map(str::to_owned).to_vec();
    let world = world(|_| SinkKind::Command { argv, timeout: Duration::from_secs(5) });
    let Reply::Refused(words) = world.send().await else { panic!("refused") };
    assert!(words.contains("exit status: 3 no pager"), "{words}");
    let missing = SinkKind::Command { argv: vec!["/no/such/program".to_owned()], timeout: Duration::from_secs(5) };
    let missing = Sink { name: "ops".to_owned(), to: missing, a_minute: 60 };
    world.sinks.follow(Settings { sinks: vec![missing], ..Settings::default() });
    assert!(matches!(world.send().await, Reply::Refused(words) if words.contains("cannot be started")));
}
