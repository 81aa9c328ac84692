//! In English: when on a day, then on which days.

use chrono_tz::Tz;

use super::super::field::{Field, Special};
use super::super::fields::Fields;
use super::super::kind::{LAST_YEAR, MONTHS, WEEKDAYS};
use super::{Shape, only_zero, shape, spelled, tells, times, weekday_runs, which_weekday, years};

pub(super) fn sentence(fields: &Fields, zone: Tz) -> String {
    let listed = times(fields);
    let days = days(fields);
    let time = match &listed {
        Some(times) => format!("at {}", and(times)),
        None => time(fields),
    };
    let every_day = if listed.is_some() && days.is_empty() { " every day" } else { "" };
    format!("{time}{every_day}{days}, {zone} time")
}

/// `a, b and c`.
fn and(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn numbers(runs: &[(u32, u32)]) -> String {
    and(&spelled(runs, "-", |number| number.to_string()))
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

fn time(fields: &Fields) -> String {
    let hours = hours(&fields.hour);
    let of_hours = hours.as_deref().unwrap_or("");
    let of_every_hour = hours.as_deref().unwrap_or(" of every hour");
    let minute = shape(&fields.minute, 0, 59);
    if only_zero(fields.second.set) {
        return match minute {
            Shape::Every => format!("every minute{of_hours}"),
            Shape::Step(span, true) => format!("every {} minutes{of_hours}", span.step),
            Shape::Step(span, false) => {
                format!("every {} minutes from minute {}{}{of_every_hour}", span.step, span.from, until(span.to, 59))
            }
            Shape::One(minute) => format!("at minute {minute}{of_every_hour}"),
            Shape::Runs(runs) => format!("at minutes {}{of_every_hour}", numbers(&runs)),
        };
    }
    let (second, rhythm) = match shape(&fields.second, 0, 59) {
        Shape::Every => ("every second".to_owned(), true),
        Shape::Step(span, true) => (format!("every {} seconds", span.step), true),
        Shape::Step(span, false) => {
            (format!("every {} seconds from second {}{}", span.step, span.from, until(span.to, 59)), false)
        }
        Shape::One(second) => (format!("at second {second}"), false),
        Shape::Runs(runs) => (format!("at seconds {}", numbers(&runs)), false),
    };
    match minute {
        Shape::Every if rhythm => format!("{second}{of_hours}"),
        Shape::Every => format!("{second} of every minute{of_hours}"),
        Shape::Step(span, true) => format!("{second} of every {} minute{of_hours}", ordinal(span.step)),
        Shape::Step(span, false) => {
            let (step, until) = (ordinal(span.step), until(span.to, 59));
            format!("{second} of every {step} minute from {}{until}{of_every_hour}", span.from)
        }
        Shape::One(minute) => format!("{second} of minute {minute}{of_every_hour}"),
        Shape::Runs(runs) => format!("{second} of the minutes {}{of_every_hour}", numbers(&runs)),
    }
}

/// Where steps end before the field does.
fn until(to: u32, top: u32) -> String {
    if to < top { format!(" to {to}") } else { String::new() }
}

/// ` of the hours 9-17`; none for all of them.
fn hours(field: &Field) -> Option<String> {
    match shape(field, 0, 23) {
        Shape::Every => None,
        Shape::Step(span, true) => Some(format!(" of every {} hour", ordinal(span.step))),
        Shape::Step(span, false) => {
            Some(format!(" of every {} hour from {}{}", ordinal(span.step), span.from, until(span.to, 23)))
        }
        Shape::One(hour) => Some(format!(" of the hour {hour}")),
        Shape::Runs(runs) => Some(format!(" of the hours {}", numbers(&runs))),
    }
}

/// ` on Monday to Friday in June`; empty for every day.
fn days(fields: &Fields) -> String {
    let by_day = tells(&fields.day);
    let by_weekday = tells(&fields.weekday);
    let months = (!fields.month.full).then(|| months(&fields.month));
    // The months stand with `of` where there is one, else behind.
    let plain_weekday = by_weekday && !fields.weekday.set.is_empty();
    let behind = !by_day && (plain_weekday || !by_weekday) || by_day && by_weekday && fields.either_day();
    let of = months.clone().filter(|_| !behind).unwrap_or_else(|| "the month".to_owned());
    let on = |items: Vec<String>| and(&items.iter().map(|item| format!("on {item}")).collect::<Vec<_>>());
    let day = || on(month_days(&fields.day, &of));
    let mut words = match (by_day, by_weekday) {
        (false, false) => String::new(),
        (true, false) => format!(" {}", day()),
        (false, true) => format!(" {}", on(weekdays(&fields.weekday, &of))),
        (true, true) if fields.either_day() => format!(" {} or {}", day(), on(weekdays(&fields.weekday, &of))),
        (true, true) => format!(" {} if it is {}", day(), weekdays(&fields.weekday, &of).join(" or ")),
    };
    if let Some(months) = months.filter(|_| behind) {
        words.push_str(&format!(" in {months}"));
    }
    match shape(&fields.week, 1, 53) {
        Shape::Every => {}
        Shape::One(week) => words.push_str(&format!(" in ISO week {week}")),
        Shape::Step(span, _) => {
            let (step, until) = (ordinal(span.step), until(span.to, 53));
            words.push_str(&format!(" in every {step} ISO week from {}{until}", span.from));
        }
        Shape::Runs(runs) => words.push_str(&format!(" in the ISO weeks {}", numbers(&runs))),
    }
    let years = years(&fields.year, |span| match span.to - span.from {
        0 => span.from.to_string(),
        _ if span.step == 1 => format!("{}-{}", span.from, span.to),
        _ => {
            let (step, until) = (ordinal(span.step), until(span.to, LAST_YEAR));
            format!("every {step} year from {}{until}", span.from)
        }
    });
    if !years.is_empty() {
        words.push_str(&format!(" in {}", and(&years)));
    }
    words
}

fn months(field: &Field) -> String {
    let name = |month: u32| MONTHS[month as usize - 1].to_owned();
    and(&spelled(&super::runs(field.set.iter()), " to ", name))
}

fn month_days(field: &Field, of: &str) -> Vec<String> {
    let one_month = MONTHS.contains(&of);
    let mut items = Vec::new();
    match shape(field, 1, 31) {
        Shape::Every => {}
        Shape::One(day) if one_month => items.push(format!("{day} {of}")),
        Shape::One(day) => items.push(format!("day {day} of {of}")),
        Shape::Step(span, _) => {
            items.push(format!(
                "every {} day of {of} from day {}{}",
                ordinal(span.step),
                span.from,
                until(span.to, 31)
            ));
        }
        Shape::Runs(runs) if runs.is_empty() => {}
        Shape::Runs(runs) => items.push(format!("days {} of {of}", numbers(&runs))),
    }
    items.extend(field.specials.iter().map(|special| match special {
        Special::Last(0) => format!("the last day of {of}"),
        Special::Last(1) => format!("the day before the last day of {of}"),
        Special::Last(back) => format!("the {} day before the last day of {of}", ordinal(*back)),
        Special::LastWorkday => format!("the last weekday (Monday to Friday) of {of}"),
        Special::Nearest(day) => format!("the weekday (Monday to Friday) nearest day {day} of {of}"),
        Special::LastWeekday(_) | Special::Nth(..) => String::new(),
    }));
    items
}

fn weekdays(field: &Field, of: &str) -> Vec<String> {
    const NTH: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
    let mut items = Vec::new();
    if !field.set.is_empty() {
        let names = spelled(&weekday_runs(field.set), " to ", |day| WEEKDAYS[(day as usize + 1) % 7].to_owned());
        items.push(and(&names));
    }
    items.extend(field.specials.iter().filter_map(|special| which_weekday(*special)).map(|(weekday, nth)| {
        let which = nth.map_or("last", |nth| NTH[nth as usize - 1]);
        format!("the {which} {} of {of}", WEEKDAYS[weekday as usize])
    }));
    items
}
