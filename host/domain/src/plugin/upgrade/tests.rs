//! The rules, in tables.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::*;
use crate::{HandlerInfo, Key, Outcome, PluginInfo, PluginVersion, RunId, Wants};
use VersionStanding::{Active, Candidate, Held, RolledBack, Superseded};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).expect("in range")
}

fn info(handlers: &[&str], wants: Wants) -> PluginInfo {
    let handler = |name: &&str| HandlerInfo {
        name: (*name).to_owned(),
        summary: String::new(),
        input_schema: None,
        example_input: None,
        timeout: None,
    };
    PluginInfo { summary: String::new(), handlers: handlers.iter().map(handler).collect(), wants }
}

fn named(digit: char) -> PluginVersion {
    let sha256 = std::iter::repeat_n(digit, 64).collect();
    PluginVersion { name: "p".parse().expect("a name"), version: digit.to_string(), sha256 }
}

fn digest(digit: char) -> String {
    named(digit).sha256
}

fn known(digit: char, standing: VersionStanding) -> KnownVersion {
    KnownVersion {
        version: named(digit),
        info: info(&["h", "i"], Wants::default()),
        imports: Vec::new(),
        file: Some("p.wasm".to_owned()),
        size: 1,
        first_seen: at(0),
        last_loaded: at(0),
        standing,
        since: at(i64::from(u32::from(digit))),
        why: None,
        approved: None,
        replaces: None,
        records: BTreeMap::new(),
    }
}

/// `.` is a good call and `x` a bad one, the newest last.
fn with(version: KnownVersion, handler: &str, calls: &str) -> KnownVersion {
    let mut record = HandlerRecord::default();
    for call in calls.chars() {
        record.note(&match call {
            'x' => Outcome::Failed { message: "no".into(), retryable: false, after: None },
            _ => Outcome::Succeeded { result: None },
        });
    }
    let records = version.records.into_iter().chain([(handler.to_owned(), record)]).collect();
    KnownVersion { records, ..version }
}

fn after(base: char, version: KnownVersion) -> KnownVersion {
    KnownVersion { replaces: Some(digest(base)), ..version }
}

fn standings(changes: &[Change]) -> Vec<(char, VersionStanding)> {
    changes.iter().map(|change| (change.sha256.chars().next().unwrap_or('?'), change.standing)).collect()
}

fn canary(share: u8, runs: u32) -> UpgradePolicy {
    UpgradePolicy { canary: Some(Canary { share, runs }), ..UpgradePolicy::default() }
}

#[test]
fn what_wants_more_is_noticed_and_what_wants_less_or_harmless_things_is_not() {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let old =
        info(&["h"], Wants { sql: list(&["shop", "books read-write"]), secrets: list(&["A"]), ..Wants::default() });
    let imports = list(&["noontide:plugin/run@0.1.0", "wasi:io/poll@0.2.3"]);
    let judged = |wants: Wants, more: &[&str]| {
        let new = info(&["h"], wants);
        let imports_now: Vec<_> = imports.iter().cloned().chain(list(more)).collect();
        wider(Offer { info: &old, imports: &imports }, Offer { info: &new, imports: &imports_now })
    };
    assert_eq!(
        judged(old.wants.clone(), &["wasi:io/poll@0.2.9", "wasi:random/random@0.2.0", "wasi:cli/stdin@0.2.0"]),
        list(&[])
    );
    assert_eq!(judged(Wants { sql: list(&["books"]), ..Wants::default() }, &[]), list(&[]));
    let more = Wants {
        sql: list(&["shop read-write"]),
        http: list(&["https://x"]),
        folders: list(&["/y"]),
        ..Wants::default()
    };
    assert_eq!(judged(more, &[]), ["folder /y", "http https://x", "sql shop read-write"]);
    let sockets =
        ["wasi:sockets/tcp@0.2.3", "wasi:sockets/udp@0.2.3", "noontide:plugin/kv@0.1.0", "wasi_snapshot_preview1"];
    assert_eq!(judged(old.wants.clone(), &sockets), ["import noontide:plugin/kv", "import wasi:sockets"]);
}

#[test]
fn a_new_version_is_taken_tried_or_held_as_the_policy_says() {
    let old = known('a', Active);
    let more = info(&["h"], Wants { env: vec!["X".to_owned()], ..Wants::default() });
    let wide = Offer { info: &more, imports: &[] };
    let misfit = [Misfit { by: User::Schedule("nightly".parse().expect("a name")), reason: "no `i`".to_owned() }];
    let usual = UpgradePolicy::default();
    let held = |reasons: &[&str]| Judgement::Hold { reasons: reasons.iter().map(|one| (*one).to_owned()).collect() };
    let (wants, lacks) = ("it wants more: env X", "schedule `nightly`: no `i`");
    let open = UpgradePolicy { take_wider: true, take_incompatible: true, ..usual };
    let tried = canary(10, 20);
    let table = [
        (None, false, &misfit[..], usual, Judgement::Take),
        (Some(old.offer()), false, &[], usual, held(&[wants])),
        (Some(old.offer()), true, &[], usual, Judgement::Take),
        (Some(old.offer()), false, &misfit, usual, held(&[wants, lacks])),
        (Some(old.offer()), false, &misfit, open, Judgement::Take),
        (
            Some(old.offer()),
            false,
            &[],
            UpgradePolicy { take_wider: true, ..tried },
            Judgement::Canary(Canary { share: 10, runs: 20 }),
        ),
        (Some(old.offer()), true, &misfit, tried, held(&[lacks])),
    ];
    for (row, (old, is_known, misfits, policy, expected)) in table.into_iter().enumerate() {
        assert_eq!(judge(old, wide, is_known, misfits, &policy), expected, "row {row}");
    }
}

#[test]
fn what_arrives_changes_what_it_shall() {
    let usual = UpgradePolicy::default();
    let same = info(&["h", "i"], Wants::default());
    let new = Offer { info: &same, imports: &[] };
    let arrived = |all: &[KnownVersion], digit, former: Option<char>, policy: &UpgradePolicy| {
        let former = former.map(digest);
        standings(&arrive(all, &named(digit), new, former.as_deref(), &[], policy).changes)
    };
    let a = known('a', Active);
    assert_eq!(arrived(&[], 'a', None, &usual), [('a', Active)], "the first");
    assert_eq!(arrived(&[], 'a', None, &canary(10, 20)), [('a', Active)], "there is nothing to compare it with");
    assert_eq!(arrived(std::slice::from_ref(&a), 'a', None, &usual), [], "again");
    assert_eq!(arrived(std::slice::from_ref(&a), 'b', None, &usual), [('a', Superseded), ('b', Active)]);
    let back = [known('b', Active), known('a', Superseded)];
    assert_eq!(
        arrived(&back, 'a', None, &usual),
        [('b', Superseded), ('a', Active)],
        "an older file is an arrival too"
    );
    let bad = [known('b', RolledBack), a.clone()];
    assert_eq!(arrived(&bad, 'b', None, &usual), [], "what was sent back stays where it is");
    let trial = [known('c', Candidate), known('d', Held), a.clone()];
    assert_eq!(arrived(&trial, 'b', None, &canary(10, 20)), [('c', Superseded), ('d', Superseded), ('b', Candidate)]);
    assert_eq!(arrived(&trial, 'a', Some('c'), &usual), [('c', Superseded)], "its author took it back");
    assert_eq!(arrived(&trial, 'a', None, &usual), [], "another host has other files");
    assert_eq!(
        arrived(&[known('d', Held), a], 'd', None, &usual),
        [('a', Superseded), ('d', Active)],
        "it fits by now"
    );
}

#[test]
fn three_failures_in_a_row_that_the_predecessor_did_not_have_send_a_version_back() {
    let usual = UpgradePolicy::default();
    let table = [
        ("xx", "....", 3, false, "not yet"),
        ("xxx", "....", 3, true, "three"),
        ("xxx", "", 3, true, "of the old one nothing is known"),
        ("xxx", ".x.x", 3, false, "the old one failed in half of its calls"),
        ("xxx", ".x...", 3, true, "once in a while is another thing"),
        ("xxx", "xxxx..........", 3, true, "long ago does not count"),
        ("xx.xx", "....", 3, false, "not in a row"),
        ("xxx", "....", 0, false, "turned off"),
        ("x", "....", 1, true, "the first"),
        ("....................xxxxx", "....", 3, false, "what has been doing well breaks for another reason"),
        (".xxx", "....", 3, true, "a single good call proves nothing"),
    ];
    for (new, old, rollback_after, expected, words) in table {
        let all = [after('a', with(known('b', Active), "p/h", new)), with(known('a', Superseded), "p/h", old)];
        let policy = UpgradePolicy { rollback_after, ..usual };
        let changes = standings(&verdict(&all, &policy).changes);
        let back = if expected { vec![('b', RolledBack), ('a', Active)] } else { Vec::new() };
        assert_eq!(changes, back, "{words}");
    }
    let other = [after('a', with(known('b', Active), "p/new", "xxx")), known('a', Superseded)];
    assert_eq!(verdict(&other, &usual).changes, [], "what the old one does not offer was not better there");
    let alone = [with(known('a', Active), "p/h", "xxxxx"), known('b', RolledBack)];
    assert_eq!(verdict(&alone, &usual).changes, [], "what the host went back to has nowhere to go");
    let gone = [after('z', with(known('b', Active), "p/h", "xxx"))];
    assert_eq!(verdict(&gone, &usual).changes, [], "its predecessor is not kept");
}

#[test]
fn the_sentence_names_handler_count_error_and_both_versions() {
    let all = [after('a', with(known('b', Active), "p/h", "xxx")), with(known('a', Superseded), "p/h", "...")];
    let words = verdict(&all, &UpgradePolicy::default()).news.expect("news").words;
    let expected = "plugin `p`: b (bbbbbbbbbbbb) is rolled back: `p/h` failed 3 times in a row (failed: no), and did not on \
                    a (aaaaaaaaaaaa); a (aaaaaaaaaaaa) runs — the same bytes are not taken again, unless \
                    `noontide plugin approve p` lets them in";
    assert_eq!(words, expected);
}

#[test]
fn what_comes_after_a_failing_version_would_go_back_to_the_one_before_it() {
    let good = [after('a', with(known('b', Active), "p/h", ".")), known('a', Superseded)];
    assert_eq!(last_good(&good), Some(digest('b').as_str()));
    let bad = [after('a', with(known('b', Active), "p/h", ".x")), with(known('a', Superseded), "p/h", "..")];
    assert_eq!(last_good(&bad), Some(digest('a').as_str()));
    assert_eq!(last_good(&[]), None);
}

#[test]
fn a_candidate_is_taken_once_it_did_well_and_goes_back_if_it_did_not() {
    let ten = |bad: usize| ".".repeat(10 - bad) + &"x".repeat(bad);
    let table = [
        (".........", "....", None, "nine are not ten"),
        (&ten(0), "....", Some(Active), "ten"),
        (&ten(1), "....", Some(Active), "one in ten"),
        (&ten(2), "....", Some(RolledBack), "two in ten are more than the old one had"),
        (&ten(2), "x........", Some(Active), "the old one had one in nine, so two are expected, and one more"),
        (".x.x.x.xxx", "x.", Some(Active), "no worse than the old one"),
        ("xxx", "....", Some(RolledBack), "three in a row are enough"),
    ]
    .map(|(new, old, expected, words): (&str, &str, Option<VersionStanding>, &str)| {
        (new.to_owned(), old, expected, words)
    });
    for (new, old, expected, words) in table {
        let all = [after('a', with(known('b', Candidate), "p/h", &new)), with(known('a', Active), "p/h", old)];
        let changes = standings(&verdict(&all, &canary(100, 10)).changes);
        let wanted = match expected {
            Some(Active) => vec![('a', Superseded), ('b', Active)],
            Some(standing) => vec![('b', standing)],
            None => Vec::new(),
        };
        assert_eq!(changes, wanted, "{words}");
    }
    let all = [after('a', known('b', Candidate)), known('a', Active)];
    let taken = standings(&verdict(&all, &UpgradePolicy::default()).changes);
    assert_eq!(taken, [('a', Superseded), ('b', Active)], "the canary left the configuration");
}

#[test]
fn a_share_of_the_runs_goes_to_the_candidate_and_each_run_stays_where_it_is() {
    for share in [1, 10, 50, 99] {
        let canary = Canary { share, runs: 20 };
        let keys: Vec<_> = (0..2_000).map(|_| Key::manual(RunId::new())).collect();
        let taken = keys.iter().filter(|key| canary.takes(key, "ab")).count();
        let expected = 20 * usize::from(share);
        assert!(taken.abs_diff(expected) <= 100, "{share} %: {taken} of 2000");
        assert!(keys.iter().all(|key| canary.takes(key, "ab") == canary.takes(key, "ab")));
        assert!(
            keys.iter().any(|key| canary.takes(key, "ab") != canary.takes(key, "cd")),
            "another version, other runs"
        );
    }
}

#[test]
fn people_let_in_what_is_held_and_go_back_to_what_was() {
    let usual = UpgradePolicy::default();
    let by = Approval { by: "ops".to_owned(), at: at(9) };
    let all = [known('c', Held), after('a', known('b', Active)), known('a', Superseded), known('d', RolledBack)];
    let handed = approve(&all, None, &by, &usual).expect("it waits");
    assert_eq!(standings(&handed.changes), [('b', Superseded), ('c', Active)]);
    let let_in = handed.changes.last().expect("a change");
    assert_eq!(
        (&let_in.approved, let_in.anew, let_in.replaces.as_deref()),
        (&Some(by.clone()), true, Some(&*digest('b')))
    );
    let tried = approve(&all, Some("dd"), &by, &canary(10, 20)).expect("it may try again");
    assert_eq!(standings(&tried.changes), [('c', Superseded), ('d', Candidate)]);
    let trial = [known('c', Candidate), known('a', Active)];
    let taken = approve(&trial, None, &by, &canary(10, 20)).expect("it is on trial");
    assert_eq!(standings(&taken.changes), [('a', Superseded), ('c', Active)]);

    let back = |digest, is_loaded| roll_back(&all, digest, "ops", is_loaded).map(|handed| standings(&handed.changes));
    assert_eq!(back(None, true), Ok(vec![('b', RolledBack), ('a', Active)]));
    assert_eq!(back(Some("d"), true), Ok(vec![('b', RolledBack), ('d', Active)]));
    assert_eq!(back(None, false), Ok(vec![('b', Active)]), "its file is gone: what ran last comes back");
    let trial_back = roll_back(&trial, None, "ops", true).expect("it is on trial");
    assert_eq!(standings(&trial_back.changes), [('c', RolledBack)], "the active one goes on");
    let words = |refused: Result<_, HandRefusal>| refused.err().map(|refused| refused.to_string()).unwrap_or_default();
    assert_eq!(words(back(Some("b"), true)), "b (bbbbbbbbbbbb) runs already");
    assert!(words(back(Some("x"), true)).starts_with("no version begins with `x`; known are c ("));
    let lonely = words(roll_back(&[known('a', Active)], None, "ops", true).map(|_| Vec::new()));
    assert!(lonely.contains("no version of `p` to go back to"), "{lonely}");
    let nothing = approve(&[known('a', Active)], None, &by, &usual).map(|_| ());
    assert_eq!(nothing, Err(HandRefusal::Conflict("nothing waits to be let in; a (aaaaaaaaaaaa) runs".to_owned())));
}

#[test]
fn what_differs_is_told_line_by_line() {
    let mut old = info(&["h", "i"], Wants { secrets: vec!["A".to_owned()], ..Wants::default() });
    let new = info(&["h", "j"], Wants { env: vec!["X".to_owned()], ..Wants::default() });
    old.handlers[0].input_schema = Some(json!({ "type": "object" }));
    let lines = difference(Offer { info: &old, imports: &[] }, Offer { info: &new, imports: &[] });
    let expected = ["- handler i", "- secret A", "+ env X", "+ handler j", "~ handler h: another input schema"];
    assert_eq!(lines, expected);
}
