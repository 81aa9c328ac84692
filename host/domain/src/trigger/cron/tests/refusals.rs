//! What is refused, and how that is told.

use super::*;

fn refusal(expression: &str, dialect: Dialect) -> String {
    let rules = Rules { dialect, ..Rules::default() };
    let error = Cron::read(Source::Text(expression.to_owned()), Tz::UTC, rules).expect_err(expression).to_string();
    assert!(!error.contains('\n') && error.chars().count() < 240, "{error}");
    error
}

/// Expression, and what its refusal says.
const REFUSED: [(&str, &str); 63] = [
    ("", "`` has 0 fields; five are needed (minute hour day-of-month month day-of-week), six (second first) or seven"),
    ("* * * *", "`* * * *` has 4 fields; five are needed"),
    ("* * * * * * * *", "has 8 fields"),
    ("@reboot", "`@reboot` is no nickname; there are @yearly, @annually"),
    ("@yerly", "did you mean `@yearly`?"),
    ("60 * * * *", "minute field, column 1: `60` is out of range; write 0 to 59"),
    ("60 * * * * *", "second field, column 1: `60` is out of range; write 0 to 59, leap seconds are not scheduled"),
    ("* 24 * * *", "hour field, column 3: `24` is out of range; write 0 to 23"),
    ("  * 24 * * * ", "hour field, column 3: `24`"),
    ("* * 0 * *", "day of month field, column 5: `0` is out of range; write 1 to 31"),
    ("* * 32 * *", "day of month field"),
    ("* * * 0 *", "month field, column 7: `0` is out of range; write 1 to 12 or JAN to DEC"),
    ("* * * 13 *", "month field"),
    ("* * * * 8", "day of week field, column 9: `8` is out of range; write 0 to 7 or SUN to SAT (0 and 7 are Sunday)"),
    ("30 9 * * 1,8", "day of week field `1,8`, column 12: `8` is out of range"),
    ("0 0 0 1 1 ? 1969", "year field, column 13: `1969` is out of range; write 1970 to 9999"),
    ("0 0 0 1 1 ? 10000", "year field, column 13: `10000` is too long a number; write 1970 to 9999"),
    ("5-1 * * * *", "minute field, column 1: `5-1` runs backwards; write 5-59,0-1"),
    ("0 22-2 * * *", "hour field, column 3: `22-2` runs backwards; write 22-23,0-2"),
    ("0 22-2/2 * * *", "runs backwards; write 22,0,2"),
    ("0 0 * NOV-FEB *", "month field, column 7: `NOV-FEB` runs backwards; write NOV-DEC,JAN-FEB"),
    ("0 0 * * FRI-MON", "day of week field, column 9: `FRI-MON` runs backwards; write FRI-SAT,SUN-MON"),
    ("0 0 * * 5-0", "`5-0` runs backwards; write 5-6,0"),
    ("*/0 * * * *", "`*/0` has step 0, which never moves on; the least is 1"),
    ("*/60 * * * *", "`*/60` has step 60, but the largest minute is 59; write `0` if it is to fire there only"),
    ("10-30/60 * * * *", "write `10` if it is to fire there only"),
    ("* */24 * * *", "but the largest hour is 23"),
    ("* * */32 * *", "but the largest day of month is 31; write `1`"),
    ("* * * */13 *", "but the largest month is 12"),
    ("* * * * */8", "but the largest day of week is 7"),
    ("*/x * * * *", "has `x` where a step in digits is expected: `*/5`"),
    ("*/ * * * *", "has `` where a step in digits is expected"),
    ("*/5/5 * * * *", "has `5/5` where a step in digits is expected"),
    (", * * * *", "minute field `,`, column 1: `` is where a number is missing; a list is written 1,2,3"),
    ("1,,2 * * * *", "minute field `1,,2`, column 3: `` is where a number is missing"),
    ("1, 2 * * * *", "column 3: `` is where a number is missing"),
    ("1- * * * *", "`1-` lacks a number; write 0 to 59, a range as 0-1"),
    ("-5 * * * *", "`-5` lacks a number"),
    ("1-2-3 * * * *", "has `2-3`, which is no number here"),
    (
        "*5 * * * *",
        "minute field, column 1: `*5` has a `*` or `?` beside something else; it stands alone or before a step",
    ),
    ("***** * * * *", "`*****` has a `*` or `?` beside something else"),
    ("? * * * *", "`?` stands only in the two day fields; write `*`"),
    ("0 0 ?,3 * *", "`?` stands alone; it means any day"),
    ("+5 * * * *", "`+5` is no number here"),
    ("٣ * * * *", "`٣` has a character that does not belong here; write 0 to 59, in ASCII"),
    ("* ５ * * *", "hour field, column 3"),
    ("4294967296 * * * *", "`4294967296` is too long a number"),
    ("* * * foo *", "month field, column 7: `foo` is no number here; write 1 to 12 or JAN to DEC"),
    ("0 0 * * MONDAY", "day of week field, column 9: `MONDAY` is a name written out; write MON"),
    ("0 0 * sept *", "month field, column 7: `sept` is a name written out; write SEP"),
    ("0 0 * * L", "day of week field, column 9: `L` lacks a weekday: FRIL is the last Friday of the month"),
    ("0 0 * * 15W", "`15W` has `W`, which belongs in day of month: 15W is the weekday nearest day 15"),
    ("0 0 5L * *", "`5L` has `L` behind a day; L is the last day, L-3 three days before it"),
    ("0 0 5#2 * *", "`5#2` has `#`, which belongs in day of week: 5#2"),
    ("0 0 L-31 * *", "`L-31` is not `L-` and 1 to 30"),
    ("0 0 1-5W * *", "`1-5W` is not one day from 1 to 31 and `W`"),
    ("0 0 * * 5#6", "`5#6` is not `#` and 1 to 5 or L"),
    ("L * * * *", "`L` belongs in the day fields; write 0 to 59"),
    ("0 0 30 2 *", "`0 0 30 2 *` never fires: day of month `30` does not exist in month `2`"),
    ("0 0 31 2,4,6 *", "never fires"),
    ("0 0 L-30 2,4 *", "never fires"),
    ("0 0 0 31 2,4 ? 2026", "never fires: no date has day of month `31`, month `2,4`, year `2026`"),
    ("0 0 0 29 2 ? 2026-2027", "never fires"),
];

#[test]
fn each_refusal_names_field_column_text_and_what_would_be_right() {
    for (expression, said) in REFUSED {
        let error = refusal(expression, Dialect::Posix);
        assert!(error.contains(said), "`{expression}`: {error}");
    }
}

#[test]
fn dialects_refuse_each_its_own() {
    for (dialect, expression, said) in [
        (Dialect::Quartz, "0 0 * * 0", "`0` is out of range; write 1 to 7 or SUN to SAT (in quartz 1 is Sunday)"),
        (Dialect::Quartz, "0 0 * * FRI-SUN", "runs backwards; write FRI-SAT,SUN"),
        (Dialect::Celery, "0 0 * * 7", "write 0 to 6 or SUN to SAT (in celery 0 is Sunday)"),
        (Dialect::Celery, "0 0 * * L", "lacks a weekday"),
        (Dialect::Apscheduler, "0 0 * * 7", "write 0 to 6 or MON to SUN (in apscheduler 0 is Monday)"),
        (Dialect::Apscheduler, "0 0 * * SUN-MON", "runs backwards; write SUN,MON"),
        (Dialect::Apscheduler, "0 0 * * */7", "the largest day of week is 6"),
        // Both day fields must match: 29 February 2028 is a Tuesday.
        (Dialect::Quartz, "0 0 0 29 2 MON 2028", "never fires"),
        (Dialect::Celery, "0 0 1 * MON#2", "never fires"),
    ] {
        let error = refusal(expression, dialect);
        assert!(error.contains(said), "{} `{expression}`: {error}", dialect.word());
    }
}

#[test]
fn a_long_text_is_refused_without_repeating_it() {
    let stars = "*".repeat(10_000);
    assert_eq!(refusal(&stars, Dialect::Posix), "the expression is 10000 bytes long; 1024 is the most");
    let star = refusal(&"*".repeat(1_000), Dialect::Posix);
    assert!(star.contains('…'), "{star}");
    assert!(refusal("0\n0\u{7}", Dialect::Posix).contains("`0\\n0\\u{7}`"));
}

#[test]
fn every_refusal_is_quick() {
    let long: Vec<String> = (1_970..2_170).map(|year| year.to_string()).collect();
    let searches = [
        "0 0 0 31 2,4,6 ? 1970-9999".to_owned(),
        format!("0 0 0 30 2 ? {}", long.join(",")),
        "0 0 0 L-30 2,4,6,9,11 ? 1970/1".to_owned(),
        format!("0 0 0 30 2 ? 1970{}", ",9999".repeat(200)),
        format!("0 0 0 30 2 ? 1970/1{}", ",1971/1".repeat(140)),
    ];
    for expression in REFUSED.iter().map(|(expression, _)| (*expression).to_owned()).chain(searches) {
        // The quickest of three: other tests run beside this one.
        let quickest = (0..3).map(|_| {
            let begun = std::time::Instant::now();
            assert!(Cron::parse(&expression, Tz::UTC).is_err(), "{expression}");
            begun.elapsed()
        });
        let quickest = quickest.min().expect("three");
        assert!(quickest < std::time::Duration::from_millis(10), "`{expression}`: {quickest:?}");
    }
}

mod any_text {
    use proptest::prelude::*;

    use super::*;

    const SIGNS: [&str; 32] = [
        "0", "1", "2", "5", "9", "31", "60", "*", "*/", "/", "-", ",", "?", "L", "W", "#", " ", " ", " ", " * ", " * ",
        "MON", "sunday", "JAN", "FRIL", "@", "٣", "é", "\n", "+", "2026", "15W",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn no_text_makes_the_reader_stumble(signs in prop::collection::vec(prop::sample::select(SIGNS.to_vec()), 0..24)) {
            let text = signs.concat();
            for dialect in [Dialect::Posix, Dialect::Quartz, Dialect::Celery, Dialect::Apscheduler] {
                let rules = Rules { dialect, ..Rules::default() };
                match Cron::read(Source::Text(text.clone()), Tz::Europe__Berlin, rules) {
                    Ok(cron) => {
                        let said = [cron.words(Lang::En), cron.words(Lang::Zh)].into_iter();
                        let said = said.chain(cron.notes(Lang::En)).chain(cron.notes(Lang::Zh));
                        prop_assert!(said.into_iter().all(|line| !line.contains('\n') && !line.contains("  ")));
                        let after = utc("2026-11-21T12:00:00Z");
                        prop_assert!(cron.next_after(after).is_none_or(|due| due > after));
                    }
                    Err(error) => prop_assert!(!error.to_string().contains('\n'), "{}", error),
                }
            }
        }
    }
}
