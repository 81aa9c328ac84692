//! Mail as a server gets it, and what its answers mean.

use noontide_domain::SecretSource;
use noontide_domain::alert::Subject;
use noontide_testkit::{AUTHORITY, Mailbox, Secrecy};

use super::*;

const WITHIN: Duration = Duration::from_secs(20);

fn alert(kind: AlertKind, told: u32) -> Alert {
    let mut alert = Alert::test("here", "2026-07-01T08:00:00Z".parse().unwrap()).linked("https://noon.example.com");
    alert.kind = kind;
    alert.incident.told = told;
    alert.incident.subject = Subject::Schedule("nightly".parse().unwrap());
    alert.incident.words = "Traceback\n…\nIndexError: überall".to_owned();
    alert
}

fn to(mailbox: &Mailbox, tls: MailTls) -> Mail {
    Mail {
        server: "localhost".to_owned(),
        port: mailbox.port(),
        tls,
        login: None,
        from: "Noontide <noontide@example.com>".to_owned(),
        to: ["ops@example.com", "On Call <call@example.com>"].map(str::to_owned).to_vec(),
    }
}

async fn sent(mail: &Mail, alert: &Alert) -> Reply {
    send(mail, &[PathBuf::from(AUTHORITY)], alert, WITHIN).await
}

const TAKEN: Reply = Reply::Answered { status: 250, after: None };

#[tokio::test]
async fn letters_about_one_incident_are_one_thread() {
    let mailbox = Mailbox::start(Secrecy::None).await;
    let mail = to(&mailbox, MailTls::None);
    let opened = alert(AlertKind::Opened, 1);
    let mut recovered = alert(AlertKind::Recovered, 2);
    recovered.incident.id = opened.incident.id;
    assert_eq!((sent(&mail, &opened).await, sent(&mail, &recovered).await), (TAKEN, TAKEN));
    let letters = mailbox.arrived(2).await;
    assert_eq!(letters[0].from, "noontide@example.com");
    assert_eq!(letters[0].to, ["ops@example.com", "call@example.com"]);
    let first = format!("<{}-1@example.com>", opened.incident.id);
    assert_eq!((letters[0].header("Message-ID"), letters[0].header("In-Reply-To")), (Some(first.clone()), None));
    assert_eq!(letters[1].header("Message-ID"), Some(format!("<{}-2@example.com>", opened.incident.id)));
    assert_eq!((letters[1].header("In-Reply-To"), letters[1].header("References")), (Some(first.clone()), Some(first)));
    assert_eq!(letters[0].header("Subject").as_deref(), Some("[noontide] nightly failed"));
    assert_eq!(letters[0].header("Date").as_deref(), Some("Wed, 01 Jul 2026 08:00:00 +0000"));
    assert!(letters[0].text.contains("IndexError: =C3=BCberall"), "{}", letters[0].text);
    assert!(letters[0].text.replace("=\n", "").contains("https://noon.example.com/"), "{}", letters[0].text);
}

#[tokio::test]
async fn a_password_goes_to_a_server_only_by_tls_and_only_if_its_certificate_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let secret = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        SecretSource::File(folder.path().join(name))
    };
    for (secrecy, tls) in [(Secrecy::StartTls, MailTls::StartTls), (Secrecy::Implicit, MailTls::Implicit)] {
        let mailbox = Mailbox::start(secrecy).await;
        let login = Some((secret("user", "ops\n"), secret("password", "s3cret\n")));
        let mail = Mail { login, ..to(&mailbox, tls) };
        assert_eq!(sent(&mail, &alert(AlertKind::Opened, 1)).await, TAKEN);
        let letters = mailbox.arrived(1).await;
        assert!(letters[0].is_secret);
        assert_eq!(letters[0].login.as_deref(), Some("AG9wcwBzM2NyZXQ="), "a zero, ops, a zero, s3cret");
        let unknown = send(&mail, &[], &alert(AlertKind::Opened, 1), WITHIN).await;
        assert!(matches!(&unknown, Reply::Silent(words) if words.contains("UnknownIssuer")), "{unknown:?}");
        mailbox.answer("AUTH", "535 5.7.8 not so");
        let refused = sent(&mail, &alert(AlertKind::Opened, 1)).await;
        assert!(matches!(&refused, Reply::Refused(words) if words.contains("535") && !words.contains("s3cret")));
        assert!(greet(&mail, &[PathBuf::from(AUTHORITY)], WITHIN).await.unwrap().contains("are taken"));
        assert_eq!(mailbox.arrived(1).await.len(), 1);
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing_where_it_is_asked_for() {
    let mailbox = Mailbox::start(Secrecy::None).await;
    let reply = sent(&to(&mailbox, MailTls::StartTls), &alert(AlertKind::Opened, 1)).await;
    assert!(matches!(&reply, Reply::Silent(words) if words.contains("STARTTLS")), "{reply:?}");
}

#[tokio::test]
async fn what_is_refused_for_now_is_tried_again_and_what_is_refused_for_good_is_not() {
    let mailbox = Mailbox::start(Secrecy::None).await;
    let mail = Mail { to: vec!["ops@example.com".to_owned()], ..to(&mailbox, MailTls::None) };
    let cases = [
        ("RCPT", "450 4.2.1 greylisted", false),
        ("RCPT", "550 5.1.1 no such mailbox", true),
        ("MAIL", "421 4.3.2 closing", false),
        ("MAIL", "550 5.7.1 not you", true),
        ("TEXT", "451 4.3.0 disk full", false),
        ("TEXT", "554 5.6.0 spam", true),
    ];
    for (command, answer, is_for_good) in cases {
        mailbox.answer(command, answer);
        let reply = sent(&mail, &alert(AlertKind::Opened, 1)).await;
        assert_eq!(matches!(reply, Reply::Rejected(_)), is_for_good, "{answer}: {reply:?}");
        assert!(matches!(&reply, Reply::Rejected(words) | Reply::Refused(words) if words.contains(&answer[..3])));
    }
    assert_eq!(sent(&mail, &alert(AlertKind::Opened, 1)).await, TAKEN);
    assert_eq!(mailbox.arrived(1).await.len(), 1);
}

#[tokio::test]
async fn a_mailbox_that_is_gone_does_not_keep_the_others_from_being_told_and_a_test_says_so() {
    let mailbox = Mailbox::start(Secrecy::None).await;
    let mail = to(&mailbox, MailTls::None);
    for (kind, is_taken) in [(AlertKind::Opened, true), (AlertKind::Test, false)] {
        mailbox.answer("RCPT TO:<ops@", "550 5.1.1 gone");
        let reply = sent(&mail, &alert(kind, 1)).await;
        assert_eq!(reply == TAKEN, is_taken, "{reply:?}");
    }
    let letters = mailbox.arrived(2).await;
    assert!(letters.iter().all(|letter| letter.to == ["call@example.com"]), "{letters:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_silent() {
    let mailbox = Mailbox::start(Secrecy::None).await;
    let mail = to(&mailbox, MailTls::None);
    drop(mailbox);
    assert!(matches!(sent(&mail, &alert(AlertKind::Opened, 1)).await, Reply::Silent(_)));
    assert!(greet(&mail, &[], WITHIN).await.is_err());
}
