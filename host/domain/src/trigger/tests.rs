use super::*;
use std::time::Duration;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

#[test]
fn the_last_instant_of_a_long_span_is_the_one_that_walking_finds() {
    let anchor = utc("2026-01-01T00:00:00Z");
    let triggers = [
        Trigger::Cron(Cron::parse("*/7 3-5 * * *", chrono_tz::UTC).expect("cron")),
        Trigger::Cron(Cron::parse("0 0 29 2 *", chrono_tz::UTC).expect("cron")),
        Trigger::Every(Every { every: Duration::from_millis(1_700), start: None, end: None }),
    ];
    for trigger in triggers {
        for hours in [1, 5, 27, 100] {
            let until = anchor + Duration::from_secs(hours * 3_600);
            let walked =
                std::iter::successors(trigger.next_after(anchor, anchor), |due| trigger.next_after(*due, anchor))
                    .take_while(|due| *due <= until)
                    .last();
            assert_eq!(trigger.last_within(anchor, until, anchor), walked, "{}", trigger.text());
        }
    }
}
