//! Against what two Python programs, cronsim and croniter, made of 1,700 random expressions in eleven zones.
//!
//! cronsim follows Debian's cron through clock changes, but for expressions with seconds, so those are in UTC. Kinds of
//! differences, and who is right:
//! * `5-5/2`: cronsim goes on to the end of the field, croniter takes `5-5` for all of it. A range ends where it says:
//!   ours. `cron.py` writes none.
//! * `*/2` in a day field beside a restricted one: croniter fires on either, Debian's cron, cronsim and we on both.
//! * `1#2` beside a restricted day of month: croniter demands both, cronsim and we take either, as for other weekdays.
//! * `1/2` weekdays: croniter ends at 6, cronsim and we at the field's largest, 7.
//! * a star in zones with changes of half an hour, or an hour field with steps at the end of summer: cronsim walks by
//!   whole hours of UTC and misses or repeats some; the lines in [`CRONSIM_ERRS`]. The model in `changes` is with us.

use super::*;

const SEEN: &str = include_str!("../../../../tests/fixtures/cron.txt");

/// Lord Howe moves by half an hour, so that cronsim's hours begin at half past; in St Johns it stands still.
const CRONSIM_ERRS: [&str; 2] =
    ["s|* 3-20/7 * * */4|Australia/Lord_Howe|1207392320|", "s|*/7 * L */5 0|America/St_Johns|1225555619|"];

#[test]
fn cronsim_and_croniter_agree() {
    let mut compared = 0;
    for line in SEEN.lines().filter(|line| !line.starts_with('#')) {
        let [_, expression, zone, start, steps] = line.split('|').collect::<Vec<_>>()[..] else {
            panic!("not five columns: {line}")
        };
        let cron = Cron::parse(expression, zone.parse().expect("a zone")).expect(line);
        let mut theirs = DateTime::from_timestamp(start.parse().expect("seconds"), 0).expect("in range");
        let agrees = steps.split(' ').all(|step| {
            let after = theirs;
            theirs += TimeDelta::seconds(step.parse().expect("seconds"));
            cron.next_after(after) == Some(theirs)
        });
        assert_eq!(agrees, !CRONSIM_ERRS.iter().any(|known| line.starts_with(known)), "{line}");
        compared += 1;
    }
    assert_eq!(compared, 1_700);
}
