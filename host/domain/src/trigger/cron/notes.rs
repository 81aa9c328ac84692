//! What people stumble over in an expression, one sentence each.

use super::field::{Field, Special};
use super::fields::Fields;
use super::kind::{Kind, MONTHS, Unit, WEEKDAYS};
use super::rules::Dialect;
use crate::Lang;

pub(super) fn notes(fields: &Fields, lang: Lang) -> Vec<String> {
    let uneven = [
        (Unit::Second, &fields.second),
        (Unit::Minute, &fields.minute),
        (Unit::Hour, &fields.hour),
        (Unit::Day, &fields.day),
        (Unit::Month, &fields.month),
        (Unit::Week, &fields.week),
        (Unit::Weekday, &fields.weekday),
    ]
    .map(|(unit, field)| uneven_step(field, &Kind::of(unit, fields.dialect), lang));
    [both_days(fields, lang), numbers(fields, lang)]
        .into_iter()
        .chain(uneven)
        .chain([short_months(fields, lang)])
        .flatten()
        .collect()
}

fn both_days(fields: &Fields, lang: Lang) -> Option<String> {
    let note = match lang {
        Lang::En => {
            "both day fields are restricted: a day that matches either of them fires (POSIX); \
             if you meant a day that matches both, set `dialect = \"celery\"`, whose weekdays are 0 to 6 from Sunday"
        }
        Lang::Zh => {
            "日期和星期两个字段都有限制：符合其中任意一个就会触发（POSIX 规则）；\
             若要同时符合，请设置 `dialect = \"celery\"`（星期编号为 0 至 6，0 为星期日）"
        }
    };
    fields.either_day().then(|| note.to_owned())
}

/// Weekday numbers that crontab counts otherwise.
fn numbers(fields: &Fields, lang: Lang) -> Option<String> {
    let dialect = fields.dialect;
    if !fields.weekday.numeric || dialect == Dialect::Posix {
        return None;
    }
    let lowest = Kind::of(Unit::Weekday, dialect).low;
    let (text, word) = (&fields.weekday.text, dialect.word());
    let weekday = WEEKDAYS[dialect.weekday_of(lowest) as usize];
    Some(match lang {
        Lang::En => format!(
            "weekdays in `{text}` are numbers of the {word} dialect, where {lowest} is {weekday}; names say the same in all dialects"
        ),
        Lang::Zh => {
            let weekday = if weekday == "Monday" { "星期一" } else { "星期日" };
            format!("`{text}` 中的星期按 {word} 方言编号，{lowest} 表示{weekday}；用英文缩写（如 MON）则没有歧义")
        }
    })
}

/// `*/7` minutes: after 56 comes 0.
fn uneven_step(field: &Field, kind: &Kind, lang: Lang) -> Option<String> {
    let span = field.step.filter(|span| span.to + span.step > kind.top())?;
    let last = span.iter().last()?;
    let round = kind.top() - kind.low + 1;
    let fixed_length = !matches!(kind.unit, Unit::Day | Unit::Week);
    if field.set.len() < 2 || fixed_length && round + span.from - last == span.step {
        return None;
    }
    let (text, name, from) = (&field.text, kind.name, span.from);
    let (every, zh_every) = match kind.unit {
        Unit::Second => ("minute", "每分钟"),
        Unit::Minute => ("hour", "每小时"),
        Unit::Hour => ("day", "每天"),
        Unit::Day => ("month", "每月"),
        Unit::Weekday => ("week", "每周"),
        Unit::Month | Unit::Week | Unit::Year => ("year", "每年"),
    };
    Some(match lang {
        Lang::En => format!("`{text}` starts again every {every}: after {name} {last} comes {from}"),
        Lang::Zh => format!("`{text}` {zh_every}重新计数：{last} 之后是 {from}"),
    })
}

/// Day 31 in a month of 30.
fn short_months(fields: &Fields, lang: Lang) -> Option<String> {
    if fields.day.full || fields.either_day() && fields.weekday.full {
        return None;
    }
    let set = fields.day.set;
    let nearest = fields.day.specials.iter().filter_map(|special| match special {
        Special::Nearest(day) => Some(*day),
        _ => None,
    });
    // Of a range that runs up to it nobody expects the day in every month.
    let late = (29..=31).filter(|day| set.contains(*day) && !set.contains(day - 1) && fields.day.step.is_none());
    let day = late.chain(nearest.filter(|day| *day > 28)).max()?;
    let length = |month: u32| match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let without: Vec<u32> = fields.month.set.iter().filter(|month| length(*month) < day).collect();
    if without.is_empty() {
        return None;
    }
    Some(match lang {
        Lang::En => {
            let names: Vec<_> = without.iter().map(|month| MONTHS[*month as usize - 1]).collect();
            let leap = if day == 29 { " outside leap years" } else { "" };
            format!("there is no day {day} in {}{leap}; `L` is the last day of every month", names.join(", "))
        }
        Lang::Zh => {
            let numbers: Vec<_> = without.iter().map(u32::to_string).collect();
            let leap = if day == 29 { "（闰年除外）" } else { "" };
            format!("{} 月没有 {day} 日{leap}；`L` 表示每月最后一天", numbers.join("、"))
        }
    })
}
