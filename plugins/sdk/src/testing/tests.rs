use super::*;
use crate::Failure;

#[test]
fn a_request_to_stop_is_seen_after_so_many_looks_and_stays() {
    let call = Call::test().cancelled_after(2);
    let seen: Vec<_> = (0..4).map(|_| call.is_cancelled()).collect();
    assert_eq!(seen, [false, false, true, true]);
    assert_eq!(call.stop_if_cancelled(), Err(Failure::Cancelled));
}

#[test]
fn a_secret_is_handed_out_only_if_granted() {
    let call = Call::test().secret_granted("KEY", "s3cret");
    assert_eq!(call.secret("KEY").as_deref(), Ok("s3cret"));
    let refused = call.secret("OTHER").unwrap_err();
    assert!(refused.to_string().contains("`OTHER` is not granted"));
}

#[test]
fn what_is_included_is_told_with_its_input() {
    let call = Call::test().including("weekly", Value::from(7)).including("daily", Value::from("x"));
    assert_eq!(call.includes(), ["weekly", "daily"]);
    assert_eq!(call.included_input("weekly"), Ok(Some(7)));
    assert_eq!(call.included_input::<u8>("monthly"), Ok(None));
    assert!(call.included_input::<u8>("daily").is_err());
    assert!(Call::test().includes().is_empty());
}

#[test]
fn a_call_is_whose_it_is_told_to_be() {
    let late = DateTime::from_timestamp(1_767_225_700, 0).unwrap();
    let call =
        Call::test().with_schedule("nightly").with_run_id("r").with_fire_key("k").with_extra("header.tenant", "acme");
    let call = call.with_fired_at(late).with_deadline(late);
    let call: &Call = &call;
    assert_eq!((call.schedule(), call.run_id(), call.fire_key()), (Some("nightly"), "r", "k"));
    assert_eq!((call.extra("header.tenant"), call.extra("other")), (Some("acme"), None));
    assert_eq!((call.fired_at(), call.deadline()), (late, Some(late)));
    assert!(call.due_at() < late);
    let enqueued: &Call = &Call::test().without_schedule();
    assert_eq!((enqueued.schedule(), enqueued.cause()), (None, Cause::Enqueued));
}

#[test]
fn positional_arguments_are_a_tuple_or_a_list_and_none_are_an_empty_one() {
    let call = Call::test().input(serde_json::json!({ "args": ["ops", 2] }));
    assert_eq!(call.args(), Ok(("ops".to_owned(), 2)));
    assert_eq!(Call::test().args::<Vec<String>>(), Ok(Vec::new()));
    let short = call.args::<(String, u32, bool)>().unwrap_err();
    assert!(short.to_string().contains("args: "), "{short}");
}

#[test]
fn the_trace_id_is_a_part_of_the_trace_parent() {
    let call = Call::test();
    assert_eq!(call.trace_id().len(), 32);
    assert!(call.trace_parent().contains(call.trace_id()));
}

#[test]
fn steps_are_remembered_in_order() {
    let call = Call::test();
    call.progress(1, 3, "a.log");
    call.progress(2, None, "b.log");
    assert_eq!(call.steps()[0], Progress { done: 1, total: Some(3), note: "a.log".into() });
    assert_eq!(call.steps()[1].total, None);
}
