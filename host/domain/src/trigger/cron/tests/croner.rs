//! Against croner, another crate's idea of the same language, in UTC.
//!
//! Left out, where it differs on purpose:
//! * `*/n` in a day field: croner calls it restricted, Debian's cron and we do not (tested in `rules`);
//! * `L` and `nW` in one list: croner reads the two together as `LW`;
//! * `L-n`, which croner does not know;
//! * `*` in a list with others, which croner refuses;
//! * `*/n` years: croner counts them from the year 1, Quartz and we from 1970.

use ::croner::parser::CronParser;
use proptest::prelude::*;

use super::*;

fn plain(low: u32, high: u32) -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just("*".to_owned()),
        2 => (low..=high).prop_map(|value| value.to_string()),
        1 => (low..=high, low..=high).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        1 => (low..=high, low..=high, 1..=high).prop_map(|(a, b, step)| format!("{}-{}/{step}", a.min(b), a.max(b))),
        1 => (2u32..=high).prop_map(|step| format!("*/{step}")),
        1 => (low..=high, 1..=high).prop_map(|(from, step)| format!("{from}/{step}")),
    ]
}

fn list(item: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::vec(item, 1..4).prop_map(|items| match items.contains(&"*".to_owned()) {
        true => "*".to_owned(),
        false => items.join(","),
    })
}

fn days() -> impl Strategy<Value = String> {
    let some = plain(1, 31).prop_filter("a star is not restricted", |text| !text.starts_with('*'));
    prop_oneof![
        3 => Just("*".to_owned()),
        1 => Just("?".to_owned()),
        2 => list(some),
        1 => Just("L".to_owned()),
        1 => Just("LW".to_owned()),
        1 => list((1u32..=31).prop_map(|day| format!("{day}W"))),
        1 => (1u32..=28).prop_map(|day| format!("{day},L")),
    ]
}

fn weekdays() -> impl Strategy<Value = String> {
    let named = prop::sample::select(vec!["SUN", "mon", "Tue", "WED", "thu", "FRI", "sat"]);
    prop_oneof![
        4 => Just("*".to_owned()),
        2 => list((0u32..=7).prop_map(|day| day.to_string())),
        1 => (0u32..=7, 0u32..=7).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        1 => (0u32..=7, 1u32..=7).prop_map(|(from, step)| format!("{from}/{step}")),
        1 => named.clone().prop_map(str::to_owned),
        1 => named.prop_map(|day| format!("{day}-SUN")).prop_filter("SUN-SUN is one day here, a week there", |text| text != "SUN-SUN"),
        1 => list((0u32..=7, 1u32..=5).prop_map(|(day, nth)| format!("{day}#{nth}"))),
        1 => list((0u32..=7).prop_map(|day| format!("{day}L"))),
    ]
}

fn years() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just("*".to_owned()),
        1 => (2_020u32..2_040, 1u32..40).prop_map(|(from, length)| format!("{from}-{}", from + length)),
        1 => (2_020u32..2_040, 2u32..5).prop_map(|(from, step)| format!("{from}-2090/{step}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn croner_agrees_in_utc(
        fields in 5usize..=7, either in any::<bool>(),
        second in list(plain(0, 59)), minute in list(plain(0, 59)), hour in list(plain(0, 23)),
        day in days(), month in list(plain(1, 12)), weekday in weekdays(), year in years(),
        start in 1_600_000_000i64..2_200_000_000,
    ) {
        let five = format!("{minute} {hour} {day} {month} {weekday}");
        let expression = match fields {
            5 => five,
            6 => format!("{second} {five}"),
            _ => format!("{second} {five} {year}"),
        };
        // Celery has no 7 for Sunday.
        let either = either || weekday.contains(['7', '/']) || weekday.contains("-SUN");
        let dialect = if either { Dialect::Posix } else { Dialect::Celery };
        let rules = Rules { dialect, ..Rules::default() };
        let theirs = CronParser::builder().dom_and_dow(!either).sloppy_ranges(true).build().parse(&expression);
        let theirs = theirs.expect(&expression);
        let mut after = DateTime::from_timestamp(start, 0).expect("in range");
        let ours = match Cron::read(Source::Text(expression.clone()), Tz::UTC, rules) {
            Ok(ours) => ours,
            Err(error) => {
                prop_assert!(error.to_string().contains("never fires"), "{}", error);
                prop_assert_eq!(theirs.find_next_occurrence(&after, false).ok(), None, "{}", expression);
                return Ok(());
            }
        };
        for _ in 0..3 {
            // croner gives up where the next is too far off.
            let Ok(due) = theirs.find_next_occurrence(&after, false) else { break };
            prop_assert_eq!(ours.next_after(after), Some(due), "{} after {}", expression, after);
            after = due;
        }
    }
}
