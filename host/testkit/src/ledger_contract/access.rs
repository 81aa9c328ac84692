//! Who may ask, and who did what.

use std::time::Duration;

use noontide_domain::ports::{AuditEntry, AuditFilter, Clock, Retention, SecretDigest, Session, TokenRecord};
use noontide_domain::{AuditId, Scope, TokenName};

use super::{Exam, second};

fn name(name: &str) -> TokenName {
    name.parse().expect("a name")
}

fn token(called: &str, digest: u8) -> TokenRecord {
    TokenRecord {
        name: name(called),
        digest: [digest; 32],
        scope: Scope::Operate,
        created_by: "user 1000 \"Ä\"".to_owned(),
        created_at: second(0),
        expires_at: Some(second(3_600)),
        used_at: None,
        revoked: None,
    }
}

async fn found(exam: &Exam, digest: u8) -> Option<TokenRecord> {
    exam.access.token(&[digest; 32]).await.expect("reads")
}

async fn add(exam: &Exam, token: TokenRecord) -> bool {
    exam.access.add_token(token).await.expect("writes")
}

async fn revoke(exam: &Exam, called: &str) -> bool {
    exam.access.revoke_token(&name(called), "boss", second(5)).await.expect("writes")
}

pub async fn a_token_is_found_by_its_digest_with_all_that_was_said_of_it(exam: &Exam) {
    let (first, second) = (token("ci", 1), TokenRecord { expires_at: None, scope: Scope::Admin, ..token("boss", 2) });
    assert!(add(exam, first.clone()).await && add(exam, second.clone()).await);
    assert_eq!(found(exam, 1).await, Some(first.clone()));
    assert_eq!(found(exam, 3).await, None);
    assert_eq!(exam.access.tokens().await.expect("reads"), [second, first], "by name");
}

pub async fn a_name_is_given_once_and_again_when_it_was_taken_back(exam: &Exam) {
    assert!(add(exam, token("ci", 1)).await);
    assert!(!add(exam, token("ci", 2)).await);
    assert_eq!(found(exam, 2).await, None, "nothing of it is kept");
    assert!(revoke(exam, "ci").await);
    assert_eq!(found(exam, 1).await.and_then(|token| token.revoked), Some((second(5), "boss".to_owned())));
    assert!(!revoke(exam, "ci").await && !revoke(exam, "nobody").await);
    assert!(add(exam, token("ci", 2)).await);
    assert_eq!((found(exam, 1).await, found(exam, 2).await), (None, Some(token("ci", 2))));
}

pub async fn the_last_use_of_a_token_is_noted_and_never_set_back(exam: &Exam) {
    assert!(add(exam, token("ci", 1)).await);
    for (at, noted) in [(10, 10), (70, 70), (30, 70)] {
        exam.access.token_used(&[1; 32], second(at)).await.expect("writes");
        assert_eq!(found(exam, 1).await.and_then(|token| token.used_at), Some(second(noted)));
    }
    exam.access.token_used(&[9; 32], second(1)).await.expect("nobody's, and no matter");
}

pub async fn a_session_ends_when_it_is_closed_or_its_token_is_taken_back(exam: &Exam) {
    let session = |digest: u8, token: u8| Session { digest: [digest; 32], token: [token; 32], expires_at: second(60) };
    let stands = async |digest: u8| {
        let found: Option<Session> = exam.access.session(&SecretDigest::from([digest; 32])).await.expect("reads");
        found.is_some()
    };
    assert!(add(exam, token("ci", 1)).await && add(exam, token("boss", 2)).await);
    for (digest, token) in [(11, 1), (12, 1), (21, 2)] {
        exam.access.open_session(session(digest, token)).await.expect("writes");
    }
    assert_eq!(exam.access.session(&[11; 32]).await.expect("reads"), Some(session(11, 1)));
    exam.access.close_session(&[11; 32]).await.expect("writes");
    assert_eq!((stands(11).await, stands(12).await, stands(21).await), (false, true, true));
    assert!(revoke(exam, "ci").await);
    assert_eq!((stands(12).await, stands(21).await), (false, true));
}

fn entry(at: i64, who: &str, action: &str, thing: &str, status: u16) -> AuditEntry {
    AuditEntry {
        id: AuditId::new(),
        at: second(at),
        who: who.to_owned(),
        address: Some("10.0.0.1".to_owned()),
        action: action.to_owned(),
        thing: Some(thing.to_owned()),
        reason: Some("because\u{1f31e}".to_owned()),
        status,
        detail: (status >= 400).then(|| "no".to_owned()),
    }
}

async fn audit(exam: &Exam, filter: AuditFilter) -> Vec<AuditEntry> {
    let limit = if filter.limit == 0 { 100 } else { filter.limit };
    exam.access.audit(AuditFilter { limit, ..filter }).await.expect("reads")
}

pub async fn what_was_done_is_listed_newest_first_by_page_and_only_what_was_asked_for(exam: &Exam) {
    let one = entry(1, "token ci", "schedule.pause", "nightly", 200);
    let two = AuditEntry { address: None, thing: None, reason: None, ..entry(2, "user 0", "reload", "", 200) };
    let three = entry(3, "token ci", "schedule.fire", "nightly", 403);
    exam.access.note(vec![one.clone(), two.clone()]).await.expect("writes");
    // Once more: its answer was lost.
    exam.access.note(vec![two.clone(), three.clone()]).await.expect("writes");
    assert_eq!(audit(exam, AuditFilter::default()).await, [three.clone(), two.clone(), one.clone()]);
    let text = |text: &str| Some(text.to_owned());
    let asked = [
        (AuditFilter { who: text("token ci"), ..AuditFilter::default() }, vec![&three, &one]),
        (AuditFilter { action: text("reload"), ..AuditFilter::default() }, vec![&two]),
        (AuditFilter { thing: text("nightly"), done: Some(true), ..AuditFilter::default() }, vec![&one]),
        (AuditFilter { done: Some(false), ..AuditFilter::default() }, vec![&three]),
        (AuditFilter { since: Some(second(2)), until: Some(second(3)), ..AuditFilter::default() }, vec![&two]),
        (AuditFilter { after: Some(three.id), limit: 1, ..AuditFilter::default() }, vec![&two]),
        (AuditFilter { who: text("TOKEN CI"), ..AuditFilter::default() }, vec![]),
    ];
    for (filter, wanted) in asked {
        let found = audit(exam, filter.clone()).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{filter:?}");
    }
}

pub async fn what_is_past_its_time_is_forgotten_sessions_first_and_the_audit_log_last(exam: &Exam) {
    assert!(add(exam, token("old", 1)).await && add(exam, token("good", 2)).await);
    exam.access
        .open_session(Session { digest: [9; 32], token: [2; 32], expires_at: second(60) })
        .await
        .expect("writes");
    exam.access.note(vec![entry(0, "user 0", "reload", "x", 200)]).await.expect("writes");
    assert!(revoke(exam, "old").await);
    let prune = async |days: u64| {
        let before = exam.clock.now() - chrono::TimeDelta::days(days.cast_signed());
        exam.ledger.prune(Retention { before, batch: 100 }).await.expect("prunes");
    };
    exam.clock.advance(Duration::from_secs(3_600));
    prune(30).await;
    assert_eq!(exam.access.session(&[9; 32]).await.expect("reads"), None);
    assert!(found(exam, 1).await.is_some(), "when it was taken back may still be asked");
    exam.clock.advance(Duration::from_secs(31 * 86_400));
    prune(30).await;
    assert!(
        found(exam, 1).await.is_none() && found(exam, 2).await.is_some(),
        "who is not taken back stays, expired or not"
    );
    assert_eq!(audit(exam, AuditFilter::default()).await.len(), 1);
    exam.clock.advance(Duration::from_secs(366 * 86_400));
    prune(1_000).await;
    assert_eq!(audit(exam, AuditFilter::default()).await.len(), 1, "no shorter than runs");
    prune(30).await;
    assert_eq!(audit(exam, AuditFilter::default()).await, []);
}
