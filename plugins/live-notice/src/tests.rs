use noontide_sdk::json;

use super::*;

fn outcome_of<'o>(outcome: &'o Outcome<Pushed>, key: &str) -> &'o Result<(), String> {
    let Outcome::Items(items) = outcome else { panic!("{outcome:?}") };
    &items.iter().find(|item| item.key == key).unwrap().outcome
}

#[test]
fn streams_of_one_channel_share_a_notice() {
    let call = Call::test()
        .item("late", json!({ "channel_id": 7, "title": "Night talk", "starts_at": 1602356400, "live_id": 3 }))
        .item("early", json!({ "channel_id": 7, "title": "Evening talk", "starts_at": 1602349200 }))
        .item("other", json!({ "channel_id": "radio", "title": "News" }));
    let outcome = push(&call, Input::default()).unwrap();

    let lines: Vec<_> = call.lines().into_iter().map(|line| line.message).collect();
    assert_eq!(
        lines,
        [
            "Channel 7 goes live: Evening talk (2020-10-10 17:00 UTC); Night talk (2020-10-10 19:00 UTC)",
            "Channel radio goes live: News",
        ]
    );
    for key in ["late", "early", "other"] {
        assert_eq!(outcome_of(&outcome, key), &Ok(()));
    }
}

#[test]
fn a_payload_without_title_fails_only_its_own_item() {
    let call = Call::test()
        .item("bad", json!({ "channel_id": 7 }))
        .item("blank", json!({ "channel_id": 7, "title": " " }))
        .item("good", json!({ "channel_id": 7, "title": "Evening talk" }));
    let outcome = push(&call, Input::default()).unwrap();

    assert_eq!(outcome_of(&outcome, "bad"), &Err("payload: missing field `title` at line 1 column 16".into()));
    assert_eq!(outcome_of(&outcome, "blank"), &Err("a stream of channel 7 has an empty title".into()));
    assert_eq!(outcome_of(&outcome, "good"), &Ok(()));
}

#[test]
fn nothing_due_is_skipped() {
    assert_eq!(push(&Call::test(), Input::default()), Ok(Outcome::skipped("nothing due")));
}

#[test]
fn without_a_timetable_the_entries_of_the_input_are_announced() {
    let call = Call::test().handler("push").input(plugin().handlers()[0].example().unwrap().clone());
    let pushed = r#"{"notices":["Channel 7 goes live: Evening talk (2020-10-10 17:00 UTC)"]}"#;
    assert_eq!(plugin().run(&call), Ok(Outcome::Done(pushed.into())));
}

#[test]
fn a_request_to_stop_between_channels_is_heeded() {
    let call = Call::test()
        .item("a", json!({ "channel_id": 1, "title": "A" }))
        .item("b", json!({ "channel_id": 2, "title": "B" }))
        .cancelled_after(1);
    assert_eq!(push(&call, Input::default()), Err(Failure::Cancelled));
    assert_eq!(call.lines().len(), 1);
}
