//! iCalendar files: which days their events cover, and whether those are holidays or swapped workdays.
//!
//! A holiday calendar is a list of all-day events. China's mark the workdays that make up for a long holiday as events
//! too, in two ways that are both read: `X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY`, or a summary with `班` in it.

use chrono::{Datelike, Days, Months, NaiveDate};
use icalendar::parser::{Component, read_calendar_simple, unfold};

/// Where a yearly event without an end stops being written out: the year in which the calendar engine ends.
const LAST_YEAR: i32 = 2100;

/// Longest event taken: nobody has a holiday of more than a year, and a slip in a year would be one of thousands.
const LONGEST: u64 = 366;

/// Words in a summary that make an event a workday.
const WORKDAY_MARKS: [&str; 2] = ["班", "workday"];

/// Days of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// Its summary.
    pub name: String,
    /// A day that is worked although it would be free.
    pub is_workday: bool,
}

/// The events of a calendar's text.
///
/// # Errors
/// A line that names the event and what is wrong with it.
pub(crate) fn events(text: &str) -> Result<Vec<Event>, String> {
    let text = unfold(text.trim_start_matches('\u{feff}'));
    let calendars = read_calendar_simple(&text).map_err(|_| "it is no iCalendar file".to_owned())?;
    let mut events = Vec::new();
    for component in calendars.iter().flat_map(|calendar| &calendar.components).filter(|one| one.name == "VEVENT") {
        events.extend(event(component)?);
    }
    if events.is_empty() {
        return Err("it has no events (VEVENT)".to_owned());
    }
    Ok(events)
}

fn event(component: &Component<'_>) -> Result<Vec<Event>, String> {
    let name = text(component, "SUMMARY").unwrap_or_default();
    let wrong = |reason: &str| format!("event `{name}`: {reason}");
    let from = text(component, "DTSTART").ok_or_else(|| wrong("it has no DTSTART"))?;
    let from = date(&from).ok_or_else(|| wrong("its DTSTART is no date"))?;
    let to = match text(component, "DTEND") {
        None => from,
        // The end of an all-day event is the day after; one that ends at midnight ends the day before.
        Some(end) => {
            let day = date(&end).ok_or_else(|| wrong("its DTEND is no date"))?;
            let is_exclusive = !end.contains('T') || end.contains("T000000");
            if is_exclusive && day > from { day - Days::new(1) } else { day }
        }
    };
    if to < from || (to - from).num_days().unsigned_abs() > LONGEST {
        return Err(wrong("it ends before it begins, or lasts for more than a year"));
    }
    let special = text(component, "X-APPLE-SPECIAL-DAY");
    let lower = name.to_lowercase();
    let is_workday = match special.as_deref() {
        Some(kind) => kind == "ALTERNATE-WORKDAY",
        None => WORKDAY_MARKS.iter().any(|mark| lower.contains(mark)),
    };
    let once = Event { from, to, name: name.clone(), is_workday };
    match text(component, "RRULE") {
        None => Ok(vec![once]),
        Some(rule) => {
            yearly(&rule, &once).ok_or_else(|| wrong(&format!("its RRULE `{rule}` is not a plain yearly one")))
        }
    }
}

/// `FREQ=YEARLY`, with `COUNT`, `UNTIL` or `INTERVAL`; anything else is left to a list of dates.
fn yearly(rule: &str, once: &Event) -> Option<Vec<Event>> {
    let (mut every, mut count, mut until) = (1, None, None);
    let mut is_yearly = false;
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=')?;
        match key {
            "FREQ" => is_yearly = value == "YEARLY",
            "INTERVAL" => every = value.parse::<u32>().ok().filter(|years| (1..=100).contains(years))?,
            "COUNT" => count = Some(value.parse::<usize>().ok()?),
            "UNTIL" => until = Some(date(value)?),
            "BYMONTH" if value.parse() == Ok(once.from.month()) => {}
            "BYMONTHDAY" if value.parse() == Ok(once.from.day()) => {}
            "WKST" => {}
            _ => return None,
        }
    }
    let shifted = |years: u32| {
        let months = Months::new(12 * years);
        // 29 February is left out of other years.
        let from = once.from.checked_add_months(months).filter(|from| from.day() == once.from.day())?;
        Some(Event { from, to: from + (once.to - once.from), ..once.clone() })
    };
    let last = until.unwrap_or(NaiveDate::MAX);
    let years = (0..).map(|turn| turn * every).take_while(|years| once.from.year() + *years as i32 <= LAST_YEAR);
    let all = years.filter_map(shifted).take_while(|event| event.from <= last).take(count.unwrap_or(usize::MAX));
    is_yearly.then(|| all.collect())
}

fn text(component: &Component<'_>, name: &str) -> Option<String> {
    component.find_prop(name).map(|property| property.val.as_str().trim().to_owned())
}

/// The day of `20261001` or `20261001T000000Z`.
fn date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text.get(..8)?, "%Y%m%d")
        .ok()
        .filter(|_| matches!(text.as_bytes().get(8), None | Some(b'T')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(events: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{events}END:VCALENDAR\r\n")
    }

    fn one(lines: &str) -> String {
        let lines = lines.replace('\n', "\r\n");
        calendar(&format!("BEGIN:VEVENT\r\nUID:1\r\n{lines}\r\nEND:VEVENT\r\n"))
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn an_all_day_event_ends_the_day_before_its_end() {
        let text = one("DTSTART;VALUE=DATE:20261001\nDTEND;VALUE=DATE:20261008\nSUMMARY:国庆节 休");
        let expected =
            Event { from: day("2026-10-01"), to: day("2026-10-07"), name: "国庆节 休".into(), is_workday: false };
        assert_eq!(events(&text), Ok(vec![expected]));
    }

    #[test]
    fn a_swapped_workday_is_known_by_its_mark_or_by_its_summary() {
        let marked = one("DTSTART;VALUE=DATE:20261010\nSUMMARY:国庆节\nX-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY");
        let told = one("DTSTART;VALUE=DATE:20261010\nDTEND;VALUE=DATE:20261011\nSUMMARY:国庆节 补班");
        let free = one("DTSTART;VALUE=DATE:20261001\nSUMMARY:国庆节 加班也不\nX-APPLE-SPECIAL-DAY:WORK-HOLIDAY");
        let is_workday = |text: &str| events(text).expect("an event")[0].is_workday;
        assert!(is_workday(&marked) && is_workday(&told) && !is_workday(&free));
    }

    #[test]
    fn a_yearly_event_comes_every_year() {
        let text = one("DTSTART;VALUE=DATE:20241225\nDTEND;VALUE=DATE:20241227\nSUMMARY:Christmas\nRRULE:FREQ=YEARLY");
        let found = events(&text).expect("events");
        assert_eq!(found.len(), 77);
        assert_eq!((found[2].from, found[2].to), (day("2026-12-25"), day("2026-12-26")));
        let three = text.replace("FREQ=YEARLY", "FREQ=YEARLY;COUNT=3");
        assert_eq!(events(&three).expect("events").len(), 3);
        let leap = one("DTSTART;VALUE=DATE:20240229\nSUMMARY:x\nRRULE:FREQ=YEARLY;UNTIL=20321231");
        assert_eq!(
            events(&leap).expect("events").iter().map(|event| event.from.year()).collect::<Vec<_>>(),
            [2024, 2028, 2032]
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_the_events_name() {
        let wrong = [
            (one("SUMMARY:x"), "no DTSTART"),
            (one("DTSTART:tomorrow\nSUMMARY:x"), "no date"),
            (one("DTSTART:20260101\nDTEND:20250101\nSUMMARY:x"), "ends before"),
            (one("DTSTART:20260101\nSUMMARY:x\nRRULE:FREQ=MONTHLY"), "not a plain yearly one"),
            (calendar(""), "no events"),
            ("hello".to_owned(), "no iCalendar file"),
            (String::new(), "no"),
        ];
        for (text, reason) in wrong {
            let error = events(&text).expect_err(reason);
            assert!(error.contains(reason) && !error.contains('\n'), "{error}");
        }
    }
}
