//! Of what somebody is told, and where.

use noontide_domain::alert::{Chat, Condition, MailTls, SinkKind, SinkUrl};

use super::*;

#[test]
fn a_rule_with_a_sink_of_its_own_is_all_there_has_to_be() {
    let text = "[[alert]]\non = ['failed', 'missed', 'plugin-rejected']\n\
                sink = { webhook = 'https://hooks.example.com/x', secret = { env = 'HOOK_SECRET' } }";
    let loaded = loaded(&[("a.toml", text)]);
    let (rule, sink) = (&loaded.config.alert_rules[0], &loaded.config.sinks[0]);
    assert_eq!(rule.name, "failed-or-missed-or-plugin-rejected");
    assert_eq!((rule.after, rule.remind, rule.recovery), (1, None, true));
    assert_eq!((rule.sinks.as_slice(), &sink.name), ([sink.name.clone()].as_slice(), &rule.name));
    let secrets = vec![SecretSource::Env("HOOK_SECRET".to_owned())];
    let url = SinkUrl::Written("https://hooks.example.com/x".to_owned());
    assert_eq!(sink.to, SinkKind::Webhook { url, secrets });
}

#[test]
fn sinks_with_names_are_shared_by_rules() {
    let text = "[sink.ops]\ndingtalk = { env = 'ROBOT' }\nsecret = { file = '/run/secrets/robot' }\na-minute = 10\n\
                [sink.page]\ncommand = ['/usr/bin/page', 'ops']\ntimeout = '5s'\n\
                [[alert]]\nname = 'nights'\non = ['failed']\nschedules = ['nightly-*']\nafter = 3\nremind = '4h'\n\
                recovery = false\nsink = ['ops', 'page']\n[[alert]]\non = ['host-lost']\nsink = 'ops'";
    let loaded = loaded(&[("a.toml", text)]);
    let config = &loaded.config;
    let nights = &config.alert_rules[0];
    assert_eq!((nights.name.as_str(), nights.after, nights.recovery), ("nights", 3, false));
    assert_eq!(nights.remind, Some(Duration::from_secs(4 * 3_600)));
    assert_eq!(nights.sinks, ["ops", "page"]);
    assert_eq!(config.alert_rules[1].on.iter().collect::<Vec<_>>(), [&Condition::HostLost]);
    let ops = &config.sinks[0];
    assert!(matches!(&ops.to, SinkKind::Chat { chat: Chat::DingTalk, url: SinkUrl::Kept(_), secret: Some(_) }));
    assert_eq!(ops.a_minute, 10);
}

#[test]
fn mail_and_an_alertmanager_are_sinks() {
    let text = "[sink.mail.email]\nserver = 'smtp.example.com'\nfrom = 'Noontide <noontide@example.com>'\n\
                to = ['ops@example.com', 'On Call <call@example.com>']\nuser = { env = 'U' }\npassword = { file = '/p' }\n\
                [sink.near]\nemail = { server = '[::1]:2525', tls = 'none', from = 'a@b.c', to = 'a@b.c' }\n\
                [sink.prometheus]\nalertmanager = 'http://alertmanager:9093'\nsecret = { env = 'TOKEN' }";
    let sinks = loaded(&[("a.toml", text)]).config.sinks;
    let SinkKind::Mail(mail) = &sinks[0].to else { panic!("{sinks:?}") };
    assert_eq!((mail.server.as_str(), mail.port, mail.tls), ("smtp.example.com", 587, MailTls::StartTls));
    assert_eq!((mail.to.len(), mail.login.is_some()), (2, true));
    let SinkKind::Mail(near) = &sinks[1].to else { panic!("{sinks:?}") };
    assert_eq!((near.server.as_str(), near.port, near.tls), ("::1", 2525, MailTls::None));
    assert!(matches!(&sinks[2].to, SinkKind::Alertmanager { token: Some(_), .. }), "{sinks:?}");
}

#[test]
fn what_is_wrong_with_a_rule_or_a_sink_is_told_at_its_place() {
    let cases = [
        ("[[alert]]\non = ['fialed']\nsink = { webhook = 'https://h' }", "a.toml:2:7: alert: `on`: `fialed`"),
        ("[[alert]]\nsink = { webhook = 'https://h' }", "a.toml:1:1: alert: `on` is missing"),
        ("[[alert]]\non = ['failed']", "a.toml:1:1: alert: `sink` is missing"),
        (
            "[[alert]]\non = ['failed']\nsink = 'opps'\n[sink.ops]\nwebhook = 'https://h'",
            "a.toml:3:8: alert: `sink`: there is no [sink.opps]",
        ),
        ("[[alert]]\non = ['failed']\nsink = { webhook = 'ftp://h' }", "`webhook` is no URL"),
        (
            "[[alert]]\non = ['failed']\nsink = { webhook = 'https://h', secret = 'plain' }",
            "`secret` is a secret and is named",
        ),
        (
            "[[alert]]\non = ['host-lost']\nschedules = 'a'\nsink = { webhook = 'https://h' }",
            "a.toml:3:13: alert: `schedules` says nothing about `host-lost`",
        ),
        (
            "[[alert]]\non = ['failed']\nremind = '5s'\nsink = { webhook = 'https://h' }",
            "`remind` is less than a minute",
        ),
        (
            "[sink.x]\nslack = 'https://h'\nwecom = 'https://h'",
            "a sink has exactly one of webhook, email, alertmanager, command, slack",
        ),
        ("[sink.x.email]\nfrom = 'a@b.c'\nto = 'a@b.c'", "`email`: `server` is missing"),
        ("[sink.x.email]\nserver = 'h:x'\nfrom = 'a@b.c'\nto = 'a@b.c'", "a.toml:2:10: sink `x`: `server` is `h:x`"),
        ("[sink.x.email]\nserver = 'h'\nfrom = 'a'\nto = 'a@b.c'", "`from` is `a`"),
        ("[sink.x.email]\nserver = 'h'\nfrom = 'a@b.c'\nto = []", "`email`: `to` is missing"),
        ("[sink.x.email]\nserver = 'h'\nfrom = 'a@b.c'\nto = 'a@b.c'\ntls = 'ssl'", "one of starttls, implicit, none"),
        (
            "[sink.x.email]\nserver = 'h'\nfrom = 'a@b.c'\nto = 'a@b.c'\nuser = { env = 'U' }",
            "`user` and `password` belong together",
        ),
        (
            "[sink.x.email]\nserver = 'h'\nfrom = 'a@b.c'\nto = 'a@b.c'\ntls = 'none'\nuser = { env = 'U' }\n\
             password = { env = 'P' }",
            "a.toml:5:7: sink `x`: `tls` is \"none\", so the password would be read",
        ),
        ("[sink.x]\nwecom = 'https://h'\nsecret = { env = 'A' }", "wecom takes no signature"),
        ("[sink.x]\ncommand = 'page ops'", "`command` is a string; a program and its arguments"),
        ("[sink.x]\nwebhok = 'https://h'", "unknown key `webhok` — did you mean `webhook`?"),
    ];
    for (text, expected) in cases {
        let found = problems(&[("a.toml", text)], &[]);
        assert!(found.iter().any(|line| line.contains(expected)), "{text}\n{expected}\n{found:#?}");
    }
}

#[test]
fn a_schedule_names_who_waits_for_its_runs() {
    let text = "[schedule.a]\nhandler = 'p/h'\nevery = '5m'\nping = 'https://hc.example.com/uuid'\n\
                [schedule.b]\nhandler = 'p/h'\nevery = '5m'\nping = { env = 'HC_B' }";
    let pings = loaded(&[("a.toml", text)]).config.pings;
    let names: Vec<_> = pings.iter().map(|sink| sink.name.as_str()).collect();
    assert_eq!(names, ["ping:a", "ping:b"]);
    assert!(matches!(&pings[1].to, SinkKind::Ping { url: SinkUrl::Kept(_) }));
    let wrong = problems(&[("a.toml", "[schedule.a]\nhandler = 'p/h'\nevery = '5m'\nping = 'hc'")], &[]);
    assert!(wrong.iter().any(|line| line.contains("a.toml:4:8: schedule `a`: `ping` is no URL")), "{wrong:#?}");
}
