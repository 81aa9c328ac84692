//! What holds for any submission.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{Schedule, Trigger};

/// A value that may stand in a unique field; few enough that equal ones come up.
fn unique() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-2i64..3).prop_map(|number| json!(number)),
        (-2i64..3).prop_map(|number| json!(number as f64)),
        (-2i64..3).prop_map(|number| json!(number.to_string())),
        "[ab_]{0,3}".prop_map(|text| json!(text)),
    ]
}

fn payload() -> impl Strategy<Value = Value> {
    (unique(), unique(), any::<u8>()).prop_map(|(a, b, rest)| json!({ "a": a, "b": b, "rest": rest }))
}

/// Seconds around now, and payloads.
fn entries() -> impl Strategy<Value = Vec<(i64, Vec<Value>)>> {
    prop::collection::vec((-5_000i64..5_000, prop::collection::vec(payload(), 0..8)), 0..8)
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_602_352_800, 0).expect("in range")
}

fn standing(timetable: &Timetable) -> Standing {
    let (name, handler) = ("s".parse().expect("a name"), "p/h".parse().expect("a handler"));
    Standing::new(Schedule::new(name, Trigger::Timetable(timetable.clone()), handler), now())
}

fn timetable() -> Timetable {
    Timetable { unique: vec!["a".to_owned(), "b".to_owned()], ..Timetable::default() }
}

fn submitted(entries: &[(i64, Vec<Value>)]) -> Submission {
    let stamp = |seconds: i64| (now().timestamp() + seconds).to_string();
    let data = Data(entries.iter().map(|(at, payloads)| (stamp(*at), json!(payloads)).into()).collect());
    read(&standing(&timetable()), &timetable(), data, now()).expect("all payloads are right")
}

proptest! {
    #[test]
    fn every_payload_is_counted_once_or_kept(entries in entries()) {
        let all: usize = entries.iter().map(|(_, payloads)| payloads.len()).sum();
        let Submission { buckets, counts, .. } = submitted(&entries);
        let kept: usize = buckets.iter().map(|bucket| bucket.items.len()).sum();
        prop_assert_eq!(all as u64, kept as u64 + counts.duplicate + counts.out_of_window + counts.expired);
    }

    #[test]
    fn what_is_kept_is_inside_the_window_ascending_without_empty_calls(entries in entries()) {
        let buckets = submitted(&entries).buckets;
        prop_assert!(buckets.windows(2).all(|two| two[0].fire.order.due_at < two[1].fire.order.due_at));
        for bucket in &buckets {
            prop_assert!((now() - bucket.fire.order.due_at).num_seconds().abs() <= 3_600);
            prop_assert!(!bucket.items.is_empty());
            prop_assert!(bucket.fire.order.expires_at.is_some_and(|end| end >= now()));
        }
    }

    #[test]
    fn two_entries_share_a_key_only_if_instant_and_unique_values_are_the_same(
        one in (0i64..3, payload()),
        other in (0i64..3, payload()),
    ) {
        let key = |(at, payload): &(i64, Value)| submitted(&[(*at, vec![payload.clone()])]).buckets[0].items[0].key.hash;
        let same = one.0 == other.0 && one.1["a"] == other.1["a"] && one.1["b"] == other.1["b"];
        prop_assert_eq!(key(&one) == key(&other), same);
    }

    #[test]
    fn one_wrong_payload_anywhere_refuses_the_whole_and_is_named(mut entries in entries(), at in any::<prop::sample::Index>()) {
        prop_assume!(!entries.is_empty());
        let at = at.index(entries.len());
        entries[at].1.push(json!({ "a": 1 }));
        let stamp = |seconds: i64| (now().timestamp() + seconds).to_string();
        let data = Data(entries.iter().map(|(at, payloads)| (stamp(*at), json!(payloads)).into()).collect());
        let refusal = read(&standing(&timetable()), &timetable(), data, now()).expect_err("`b` is missing");
        prop_assert_eq!(refusal.timestamp, Some(stamp(entries[at].0)));
        prop_assert_eq!(refusal.index, Some(entries[at].1.len() - 1));
        prop_assert_eq!(refusal.field.as_deref(), Some("b"));
    }

    #[test]
    fn no_document_makes_it_panic(text in "[\\[\\]{}\",:0-9a-c]{0,40}") {
        if let Ok(value) = serde_json::from_str::<Value>(&text)
            && let Ok(data) = Data::try_from(value)
        {
            let _ = read(&standing(&timetable()), &timetable(), data, now());
        }
    }
}
