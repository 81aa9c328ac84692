use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::*;
use crate::errand::Moment;
use crate::{Key, Outcome, SkipReason};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("in range")
}

fn errand(name: &str) -> Errand {
    Errand::new(format!("p/{name}").parse().expect("a handler"), json!({}))
}

fn call(name: &str) -> Chain {
    errand(name).into()
}

fn group(members: Vec<Chain>) -> Chain {
    Chain { first: First::Group { key: None, members }, then: Vec::new(), on_failure: Vec::new() }
}

impl Chain {
    fn then(mut self, next: Chain) -> Self {
        self.then.push(next);
        self
    }

    fn on_failure(mut self, next: Chain) -> Self {
        self.on_failure.push(next);
        self
    }
}

fn laid(chain: Chain) -> LaidOut {
    lay_out(chain, now()).expect("a chain")
}

fn refused(chain: Chain) -> String {
    lay_out(chain, now()).expect_err("refused").to_string()
}

fn at<'a>(laid: &'a LaidOut, path: &str) -> &'a Link {
    laid.links.iter().find(|link| link.path == path).unwrap_or_else(|| panic!("nothing at {path}"))
}

#[test]
fn a_call_that_nothing_follows_is_no_chain() {
    let laid = laid(call("a"));
    assert_eq!((laid.fires.len(), laid.links.len()), (1, 0));
    assert_eq!(laid.fires[0].order.chain, None);
}

#[test]
fn what_comes_first_begins_and_the_rest_waits_behind_it() {
    let laid = laid(call("a").then(call("b").then(call("c"))).on_failure(call("d")));
    let paths: Vec<_> = laid.links.iter().map(|link| (link.path.as_str(), link.state)).collect();
    let (made, waits) = (LinkState::Made, LinkState::Waiting);
    assert_eq!(paths, [("", made), ("then[0]", waits), ("then[0].then[0]", waits), ("on-failure[0]", waits)]);
    assert!(laid.links.is_sorted_by_key(|link| link.id));
    let first = &laid.fires[0].order;
    assert_eq!((laid.fires.len(), first.chain, first.id), (1, Some(laid.links[0].chain), laid.links[0].id));
    assert_eq!(at(&laid, "then[0].then[0]").after, Some(at(&laid, "then[0]").id));
    assert_eq!(at(&laid, "on-failure[0]").branch, Branch::OnFailure);
}

#[test]
fn a_group_waits_for_all_that_its_members_lead_to_and_takes_the_result_of_the_last_of_each() {
    let inner = group(vec![call("x"), call("y")]).then(call("z"));
    let members = vec![call("a").then(call("b")), call("c").then(inner), call("d").on_failure(call("e"))];
    let laid = laid(group(members).then(call("f")));
    let (whole, within) = (&laid.links[0], at(&laid, "group[1].then[0]"));
    // a b, c, the inner group, z, d; neither x and y, for which the inner one waits, nor e, which is no part of success.
    assert_eq!(whole.what, Linked::Group { missing: 6 });
    assert_eq!(within.what, Linked::Group { missing: 2 });
    assert_eq!((within.waiter, at(&laid, "group[1].then[0].group[0]").waiter), (Some(whole.id), Some(within.id)));
    assert_eq!(at(&laid, "group[2].on-failure[0]").waiter, None);
    let mut results: Vec<_> = laid.links.iter().filter(|link| link.waiter == Some(whole.id)).collect();
    results.retain(|link| link.member.is_some());
    let results: Vec<_> = results.iter().map(|link| (link.member, link.path.as_str())).collect();
    let expected = [(Some(0), "group[0].then[0]"), (Some(1), "group[1].then[0].then[0]"), (Some(2), "group[2]")];
    assert_eq!(results, expected);
    assert_eq!(laid.fires.iter().map(|fire| fire.order.chain).collect::<Vec<_>>(), [Some(whole.id); 3]);
    assert!(laid.fires.iter().all(|fire| fire.order.trace_id == laid.fires[0].order.trace_id), "one trace");
}

#[test]
fn keys_come_from_what_the_chain_begins_with_and_the_path_in_it() {
    let keyed = |key: &str| {
        let members = vec![call("a"), call("b")];
        laid(Chain { first: First::Group { key: Some(key.to_owned()), members }, ..group(Vec::new()) })
    };
    let keys = |laid: &LaidOut| laid.fires.iter().map(|fire| fire.order.key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&keyed("k")), keys(&keyed("k")));
    assert_ne!(keys(&keyed("k"))[0].hash, keys(&keyed("k"))[1].hash);
    assert_ne!(keys(&keyed("k"))[0].hash, keys(&keyed("l"))[0].hash);
    let own = laid(Chain::from(Errand { key: Some("k".into()), ..errand("a") }).then(call("b")));
    assert_eq!(own.fires[0].order.key, Key::chosen("p/a", "k"));
}

#[test]
fn a_refusal_names_the_path() {
    let keyed: Chain = Errand { key: Some("k".into()), ..errand("a") }.into();
    assert!(refused(call("a").then(keyed.clone())).starts_with("`then[0].key`: only what a chain begins with"));
    assert!(refused(group(vec![call("a"), keyed])).starts_with("`group[1].key`:"));
    assert!(refused(call("a").then(group(Vec::new()))).starts_with("`then[0].group`: it is empty"));
    assert!(refused(group(vec![group(vec![call("a")])])).starts_with("`group[0].group`: a group cannot be a member"));
    let past = Errand { expires: Some(Moment::At(now() - TimeDelta::seconds(1))), ..errand("a") };
    assert!(refused(call("a").on_failure(past.into())).starts_with("`on-failure[0].expires`: it ends at"));
}

#[test]
fn a_chain_has_bounds_in_depth_and_in_calls() {
    let deep = |levels: usize| (0..levels).fold(call("a"), |chain, _| call("a").then(chain));
    assert_eq!(laid(deep(DEPTH)).links.len(), DEPTH + 1);
    let refusal = refused(deep(DEPTH + 1));
    assert!(refusal.contains("then[0].then[0]") && refusal.contains("50 levels"), "{refusal}");
    let wide = |calls: usize| group(vec![call("a"); calls]);
    assert_eq!(laid(wide(CALLS)).fires.len(), CALLS);
    let refusal = refused(wide(CALLS).then(call("b")));
    assert!(refusal.contains("`then[0]`: this is call 10001; a chain has at most 10000"), "{refusal}");
}

#[test]
fn what_is_reached_later_counts_from_then() {
    let minute = Duration::from_secs(60);
    let late = Errand { start: Some(Moment::After(minute)), expires: Some(Moment::After(2 * minute)), ..errand("b") };
    let laid = laid(call("a").then(late.into()));
    let reached = now() + TimeDelta::hours(1);
    let origin = Origin::of_run(laid.links[0].id, None, RunState::Succeeded, None, None);
    let fire = at(&laid, "then[0]").fire(origin, reached).expect("a call");
    assert_eq!((fire.order.id, fire.not_before), (laid.links[1].id, reached + minute));
    assert_eq!(fire.order.expires_at, Some(reached + 2 * minute));
    assert_eq!(fire.order.trace_id, laid.fires[0].order.trace_id);
}

#[test]
fn of_the_ends_of_a_group_the_first_that_is_no_success_decides() {
    let laid = laid(group(vec![call("a"), call("b"), call("c")]));
    let end = |i: usize, state| Ended::run(&laid.links[i], state);
    let two = tally(&[end(1, RunState::Succeeded), end(2, RunState::Succeeded)]);
    assert_eq!((two.len(), two[0].applied(3)), (1, (1, LinkState::Waiting)));
    assert_eq!(two[0].applied(2), (0, LinkState::Succeeded));
    let states = [RunState::Succeeded, RunState::Expired, RunState::Failed];
    let mixed = tally(&states.map(|state| end(1 + states.iter().position(|one| *one == state).unwrap_or(0), state)));
    assert_eq!(mixed[0].applied(3), (2, LinkState::Failed));
    assert_eq!(mixed[0].decided(), (laid.links[2].id, RunState::Expired));
}

#[test]
fn a_failure_is_told_in_words_and_results_are_told_as_they_are_or_not_at_all() {
    let run = RunId::new();
    let failed = Outcome::Failed { message: "no mail".into(), retryable: false, after: None };
    let told = |state, outcome: Option<&Outcome>, reason: Option<&SkipReason>| {
        Origin::of_run(run, None, state, outcome, reason).told().remove(1)
    };
    let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    assert_eq!(told(RunState::Failed, Some(&failed), None), pair("previous-error", "failed: no mail"));
    assert_eq!(told(RunState::Cancelled, None, None), pair("previous-error", "cancelled"));
    let idle = SkipReason::NothingToDo { message: "idle".into() };
    assert_eq!(told(RunState::Skipped, None, Some(&idle)), pair("previous-error", "skipped: idle"));
    let done = Outcome::Succeeded { result: Some(json!({"n": 1})) };
    assert_eq!(told(RunState::Succeeded, Some(&done), None), pair("previous-result", r#"{"n":1}"#));

    let results = |bytes: usize| {
        let member = |text: String| MemberResult { run, result: Some(json!(text)) };
        Origin::of_group(run, vec![member("x".repeat(bytes)), member("y".into())]).told()
    };
    // Quotes are bytes, too.
    let fits = results(RESULTS - 5);
    assert!(fits[1].1.len() > RESULTS && fits.len() == 2);
    let large = results(RESULTS - 4);
    assert_eq!(large[1].1, json!([{ "run": run }, { "run": run }]).to_string());
    assert_eq!(large[2].0, "results-omitted");
}

#[test]
fn a_link_holds_what_lies_within_it_and_nothing_that_begins_alike() {
    let laid = laid(call("a").then(call("b").then(call("c"))).on_failure(call("d")));
    let holds = |path: &str| laid.links.iter().filter(|link| at(&laid, path).holds(link)).count();
    assert_eq!([holds(""), holds("then[0]"), holds("then[0].then[0]"), holds("on-failure[0]")], [4, 2, 1, 1]);
    let many = (0..11).fold(call("a"), |chain, _| chain.then(call("b")));
    let laid = super::lay_out(many, now()).expect("a chain");
    assert_eq!(laid.links.iter().filter(|link| at(&laid, "then[1]").holds(link)).count(), 1, "not then[10]");
}
