use std::time::Duration;

use serde_json::json;

use super::*;
use crate::{Schedule, Trigger};

/// 2020-10-11 02:00 in Shanghai.
const NOW: &str = "2020-10-10T18:00:00Z";

fn now() -> DateTime<Utc> {
    NOW.parse().expect("an instant")
}

fn timetable(unique: &[&str]) -> Timetable {
    let unique = unique.iter().map(ToString::to_string).collect();
    Timetable { unique, flag: "1".to_owned(), ..Timetable::default() }
}

fn standing(timetable: &Timetable) -> Standing {
    let (name, handler) = ("live-notice".parse().expect("a name"), "live-notice/push".parse().expect("a handler"));
    Standing::new(Schedule::new(name, Trigger::Timetable(timetable.clone()), handler), now())
}

fn submitted(unique: &[&str], data: Value) -> Result<Submission, Refusal> {
    let timetable = timetable(unique);
    read(&standing(&timetable), &timetable, data.try_into()?, now())
}

/// What the document of the first timetables shows.
fn seed() -> Value {
    json!({
        "1602349200": [{"channel_id": "A", "coupon_price": [12, 23]}, {"channel_id": "B", "coupon_price": [12, 23]}],
        "1602352800": [{"channel_id": "C", "coupon_price": [12, 23]}],
        "1602356700": [{"channel_id": "D", "coupon_price": [12, 23]}],
    })
}

/// The keys of one payload under each of these timetables.
fn key(unique: &[&str], payload: Value) -> [u8; 16] {
    let submission = submitted(unique, json!({ "1602352800": [payload] })).expect("is taken");
    submission.buckets[0].items[0].key.hash
}

fn refused(unique: &[&str], data: Value) -> String {
    submitted(unique, data).expect_err("is refused").to_string()
}

#[test]
fn of_the_seeds_example_an_hour_ago_and_now_are_taken_and_65_minutes_ahead_is_not() {
    let submission = submitted(&["channel_id"], seed()).expect("is taken");
    let buckets: Vec<_> =
        submission.buckets.iter().map(|bucket| (bucket.fire.order.due_at.timestamp(), bucket.items.len())).collect();
    assert_eq!(buckets, [(1_602_349_200, 2), (1_602_352_800, 1)]);
    assert_eq!(submission.counts, Counts { out_of_window: 1, ..Counts::default() });
}

#[test]
fn a_list_as_unique_field_refuses_the_whole_with_its_place() {
    assert_eq!(
        refused(&["coupon_price"], seed()),
        "nothing was kept: timestamp 1602349200, index 0, field `coupon_price`: is a list; a unique field holds a string or \
         a number"
    );
}

#[test]
fn every_payload_needs_the_unique_fields_even_outside_the_window() {
    let data = json!({ "1602352800": [{"id": 1}], "1902352800": [{"id": 1}, {"name": 2}] });
    assert_eq!(
        refused(&["id"], data),
        "nothing was kept: timestamp 1902352800, index 1, field `id`: is missing; every payload needs the unique fields"
    );
    for wrong in [json!(null), json!(true), json!({"id": 1}), json!([1])] {
        assert!(submitted(&["id"], json!({ "1602352800": [{ "id": wrong }] })).is_err());
        assert!(submitted(&["id"], json!({ "1602352800": [wrong] })).is_ok() == (wrong == json!({"id": 1})));
    }
}

#[test]
fn what_is_no_timetable_is_refused_with_a_way_out() {
    assert!(refused(&[], json!([1])).contains("this is a list"));
    assert!(refused(&[], json!({ "1602352800": {"a": 1} })).contains("1602352800, an object stands there"));
    for key in ["tomorrow", "", "+1602352800", "01602352800", " 1602352800", "1602352800.0", "1e9"] {
        assert!(refused(&[], json!({ key: [] })).contains("no unix timestamp"), "{key}");
    }
    assert!(refused(&[], json!({ "1602352800000": [] })).contains("not milliseconds"));
}

#[test]
fn inside_a_submission_the_first_of_a_key_wins() {
    let data = json!({ "1602352800": [{"id": 1, "n": "first"}, {"id": 1, "n": "second"}, {"id": "1"}] });
    let submission = submitted(&["id"], data).expect("is taken");
    let payloads: Vec<_> = submission.buckets[0].items.iter().map(|item| item.payload.as_str()).collect();
    assert_eq!(payloads, [r#"{"id":1,"n":"first"}"#, r#"{"id":"1"}"#]);
    assert_eq!(submission.counts.duplicate, 1);
}

#[test]
fn a_timestamp_written_twice_keeps_both_lists() {
    let data: Data = serde_json::from_str(r#"{"1602352800": [1], "1602352800": [1, 2]}"#).expect("reads");
    let timetable = timetable(&[]);
    let submission = read(&standing(&timetable), &timetable, data, now()).expect("is taken");
    assert_eq!(submission.buckets.len(), 1);
    assert_eq!((submission.buckets[0].items.len(), submission.counts.duplicate), (2, 1));
}

#[test]
fn numbers_texts_and_fractions_are_different_keys() {
    let keys = [json!(12), json!("12"), json!(12.0), json!(u64::MAX), json!("18446744073709551615")];
    let keys: HashSet<_> = keys.into_iter().map(|id| key(&["id"], json!({ "id": id }))).collect();
    assert_eq!(keys.len(), 5);
}

#[test]
fn a_field_may_lie_within_another() {
    assert_eq!(key(&["user.id"], json!({"user": {"id": 7, "x": 1}})), key(&["user.id"], json!({"user": {"id": 7}})));
    assert!(refused(&["user.id"], json!({ "1602352800": [{"user": 7}] })).contains("field `user.id`: is missing"));
}

#[test]
fn without_unique_fields_the_whole_payload_counts_in_any_order_of_its_fields() {
    assert_eq!(key(&[], json!({"a": 1, "b": [{"c": 2, "d": 3}]})), key(&[], json!({"b": [{"d": 3, "c": 2}], "a": 1})));
    assert_ne!(key(&[], json!({"a": 1})), key(&[], json!({"a": "1"})));
}

#[test]
fn flag_and_instant_and_handler_are_parts_of_the_key() {
    let table = timetable(&["id"]);
    let other = Timetable { flag: "2".to_owned(), ..table.clone() };
    let payload = json!({"id": 1});
    let of = |table: &Timetable, handler: &str, due_at| {
        let parts = key::parts(table, &payload).expect("is right");
        key::of(&handler.parse().expect("a handler"), table, due_at, &parts).hash
    };
    let keys = [
        of(&table, "a/b", now()),
        of(&other, "a/b", now()),
        of(&table, "a/c", now()),
        of(&table, "a/b", now() + TimeDelta::seconds(1)),
    ];
    assert_eq!(keys.into_iter().collect::<HashSet<_>>().len(), 4);
}

#[test]
fn what_is_overdue_has_as_long_to_begin_as_what_comes_due_now() {
    let submission = submitted(&["channel_id"], seed()).expect("is taken");
    let ends: Vec<_> = submission.buckets.iter().map(|bucket| bucket.fire.order.expires_at).collect();
    assert_eq!(ends, [Some(now() + TimeDelta::hours(1)); 2]);
    let later = submitted(&[], json!({ "1602354600": [1] })).expect("is taken");
    assert_eq!(later.buckets[0].fire.order.expires_at, Some(now() + TimeDelta::minutes(90)));
    assert_eq!(later.buckets[0].fire.not_before, now() + TimeDelta::minutes(30));
}

#[test]
fn what_the_schedule_gives_up_on_is_counted_as_expired() {
    let timetable = timetable(&["channel_id"]);
    let mut standing = standing(&timetable);
    standing.schedule.expires = Some(Duration::from_secs(600));
    let data = seed().try_into().expect("an object");
    let submission = read(&standing, &timetable, data, now()).expect("is taken");
    assert_eq!(submission.counts, Counts { out_of_window: 1, expired: 2, ..Counts::default() });
    assert_eq!(submission.buckets.len(), 1);
}

#[test]
fn a_policy_that_gives_up_runs_does_not_hold_for_entries() {
    for (policy, expected) in
        Overlap::ALL.map(|policy| (policy, if policy == Overlap::QueueAll { policy } else { Overlap::Allow }))
    {
        let timetable = timetable(&[]);
        let mut standing = standing(&timetable);
        standing.schedule.overlap = policy;
        let data = json!({ "1602352800": [1] }).try_into().expect("an object");
        let submission = read(&standing, &timetable, data, now()).expect("is taken");
        assert_eq!(submission.buckets[0].fire.overlap, expected);
    }
}

#[test]
fn what_is_too_large_is_refused() {
    let large = "x".repeat(PAYLOAD_BYTES);
    assert!(refused(&[], json!({ "1602352800": [large] })).contains("index 0, the payload has"));
    let list: Vec<_> = (0..80).map(|i| json!([i, "x".repeat(PAYLOAD_BYTES - 100)])).collect();
    assert!(refused(&[], json!({ "1602352800": list })).contains("index 64, the payloads up to here"));
}

#[test]
fn of_lines_a_refusal_names_the_line_and_the_first_of_a_key_wins() {
    let timetable = timetable(&["id"]);
    let lines = |text: &str| read(&standing(&timetable), &timetable, Lines::read(text.as_bytes())?, now());
    let line = |at: i64, id: &str| format!("{{\"at\": {at}, \"payload\": {{\"id\": {id}}}}}\n");
    let taken = lines(&[line(1_602_352_860, "1"), line(1_602_352_800, "1"), line(1_602_352_860, "1")].concat());
    let taken = taken.expect("is taken");
    assert_eq!((taken.buckets.len(), taken.counts.duplicate), (2, 1));
    let told = lines(&[line(1_602_352_800, "1"), line(1_602_352_800, "[1]")].concat()).expect_err("a list");
    assert_eq!((told.line, told.index, told.field.as_deref()), (Some(2), None, Some("id")));
    assert!(
        told.to_string().starts_with("nothing was kept: line 2, timestamp 1602352800, field `id`: is a list"),
        "{told}"
    );
    let told = lines(&line(16_023_528_000_000, "1")).expect_err("milliseconds");
    assert!(told.to_string().contains("line 1, timestamp 16023528000000, which lies beyond"), "{told}");
}
