//! In Chinese: on which days, then when.

use chrono_tz::Tz;

use super::super::field::{Field, Special};
use super::super::fields::Fields;
use super::super::kind::LAST_YEAR;
use super::{Shape, only_zero, shape, spelled, tells, times, weekday_runs, which_weekday, years};

const WEEKDAYS: [&str; 7] = ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"];

pub(super) fn sentence(fields: &Fields, zone: Tz) -> String {
    let days = days(fields);
    let words = match times(fields) {
        Some(times) if days.is_empty() => format!("每天 {}", times.join("、")),
        // 每年 3 月 says which days only with 每天 behind it.
        Some(times) if days.ends_with(['月', '年', '周']) => format!("{days}每天 {}", times.join("、")),
        Some(times) => format!("{days} {}", times.join("、")),
        None if days.is_empty() => time(fields),
        None => format!("{days}，{}", time(fields)),
    };
    format!("{words}（{zone} 时间）")
}

fn numbers(runs: &[(u32, u32)]) -> String {
    spelled(runs, " 至 ", |number| number.to_string()).join("、")
}

fn all(field: &Field) -> String {
    numbers(&super::runs(field.set.iter()))
}

fn time(fields: &Fields) -> String {
    let hour = if fields.hour.full { String::new() } else { format!("{} 点", all(&fields.hour)) };
    let every_hour = if fields.hour.full { "每小时" } else { "" };
    let within = if fields.hour.full { "" } else { "内" };
    let minute = shape(&fields.minute, 0, 59);
    if only_zero(fields.second.set) {
        return match minute {
            Shape::Every => format!("{hour}{within}每分钟"),
            Shape::Step(span, true) => format!("{hour}{within}每 {} 分钟", span.step),
            Shape::Step(span, false) => {
                format!("{hour}{every_hour}从第 {} 分起每 {} 分钟{}", span.from, span.step, until(span.to, 59, "分"))
            }
            Shape::One(0) if fields.hour.full => "每小时整点".to_owned(),
            Shape::One(0) => format!("{hour}整"),
            Shape::One(minute) => format!("{hour}{every_hour}第 {minute} 分"),
            Shape::Runs(runs) => format!("{hour}{every_hour}第 {} 分", numbers(&runs)),
        };
    }
    let (second, rhythm) = match shape(&fields.second, 0, 59) {
        Shape::Every => ("每秒".to_owned(), true),
        Shape::Step(span, true) => (format!("每 {} 秒", span.step), true),
        Shape::Step(span, false) => {
            (format!("从第 {} 秒起每 {} 秒{}", span.from, span.step, until(span.to, 59, "秒")), false)
        }
        Shape::One(second) => (format!("第 {second} 秒"), false),
        Shape::Runs(runs) => (format!("第 {} 秒", numbers(&runs)), false),
    };
    match minute {
        Shape::Every if rhythm => format!("{hour}{within}{second}"),
        Shape::Every => format!("{hour}{within}每分钟{second}"),
        Shape::Step(span, true) if !rhythm => format!("{hour}{within}每 {} 分钟的{second}", span.step),
        Shape::One(minute) if rhythm => format!("{hour}{every_hour}第 {minute} 分内{second}"),
        Shape::One(minute) => format!("{hour}{every_hour}第 {minute} 分{second}"),
        // A rhythm of seconds in a rhythm of minutes is clear only with the minutes listed.
        _ => format!("{hour}{every_hour}第 {} 分内{second}", all(&fields.minute)),
    }
}

/// Where steps end before the field does.
fn until(to: u32, top: u32, unit: &str) -> String {
    if to < top { format!("，至第 {to} {unit}") } else { String::new() }
}

/// `每逢星期三`; empty for every day.
fn days(fields: &Fields) -> String {
    let years = years(&fields.year, |span| match span.to - span.from {
        0 => format!("{} 年", span.from),
        _ if span.step == 1 => format!("{} 至 {} 年", span.from, span.to),
        _ if span.to == LAST_YEAR => format!("{} 年起每 {} 年", span.from, span.step),
        _ => format!("{} 至 {} 年间每 {} 年", span.from, span.to, span.step),
    });
    let by_day = tells(&fields.day);
    let by_weekday = tells(&fields.weekday);
    let mut words = years.join("、");
    if !fields.month.full {
        let year = if words.is_empty() { "每年 " } else { " " };
        words.push_str(&format!("{year}{} 月", all(&fields.month)));
    }
    if !fields.week.full {
        let year = if words.is_empty() { "每年" } else { "" };
        words.push_str(&format!("{year}第 {} 个 ISO 周", all(&fields.week)));
    }
    let monthly = if fields.month.full { "每月" } else { "" };
    // 每年 3 月 15 日 but 每年 3 月最后一天.
    let month_days = || spaced(&words, monthly, &month_days(&fields.day).join("、"));
    let either = fields.either_day();
    let days = match (by_day, by_weekday) {
        (false, false) => String::new(),
        (true, false) => month_days(),
        (false, true) => weekdays(&fields.weekday, monthly, true),
        (true, true) if either => format!("{}或{}", month_days(), weekdays(&fields.weekday, monthly, true)),
        (true, true) => format!("{}且为{}", month_days(), weekdays(&fields.weekday, "当月", false)),
    };
    words + &days
}

/// A number after a word stands apart from it.
fn spaced(before: &str, joint: &str, text: &str) -> String {
    let apart = text.starts_with(|c: char| c.is_ascii_digit()) && !(before.is_empty() && joint.is_empty());
    format!("{joint}{}{text}", if apart { " " } else { "" })
}

fn month_days(field: &Field) -> Vec<String> {
    let mut items = Vec::new();
    match shape(field, 1, 31) {
        Shape::Every => {}
        Shape::One(day) => items.push(format!("{day} 日")),
        Shape::Step(span, _) if span.to < 31 => {
            items.push(format!("{} 日至 {} 日间每 {} 天", span.from, span.to, span.step));
        }
        Shape::Step(span, _) => items.push(format!("{} 日起每 {} 天", span.from, span.step)),
        Shape::Runs(runs) if runs.is_empty() => {}
        Shape::Runs(runs) => items.push(format!("{} 日", numbers(&runs))),
    }
    items.extend(field.specials.iter().map(|special| match special {
        Special::Last(0) => "最后一天".to_owned(),
        Special::Last(back) => format!("倒数第 {} 天", back + 1),
        Special::LastWorkday => "最后一个工作日（周一至周五）".to_owned(),
        Special::Nearest(day) => format!("离 {day} 日最近的工作日（周一至周五）"),
        Special::LastWeekday(_) | Special::Nth(..) => String::new(),
    }));
    items
}

fn weekdays(field: &Field, monthly: &str, each: bool) -> String {
    const NTH: [&str; 5] = ["一", "二", "三", "四", "五"];
    let mut items = Vec::new();
    if !field.set.is_empty() {
        let names = spelled(&weekday_runs(field.set), "至", |day| WEEKDAYS[(day as usize + 1) % 7].to_owned());
        items.push(format!("{}{}", if each { "每逢" } else { "" }, names.join("、")));
    }
    items.extend(field.specials.iter().filter_map(|special| which_weekday(*special)).map(|(weekday, nth)| {
        let weekday = WEEKDAYS[weekday as usize];
        match nth {
            Some(nth) => format!("{monthly}第{}个{weekday}", NTH[nth as usize - 1]),
            None => format!("{monthly}最后一个{weekday}"),
        }
    }));
    items.join(if each { "、" } else { "或" })
}
