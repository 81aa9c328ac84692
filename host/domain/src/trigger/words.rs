//! Triggers in sentences, English and Chinese.

use chrono::{DateTime, Datelike, SecondsFormat, TimeDelta, Utc};

use super::{At, Calendar, Every, OffDays, OnWorkdays, Solar, SolarEvent, Step, Timetable, Trigger, Within, civil};
use crate::Lang;

impl Trigger {
    /// In a sentence for people.
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Trigger::Cron(cron) => cron.words(lang),
            Trigger::Every(every) => of_every(every, lang),
            Trigger::Step(step) => of_step(step, lang),
            Trigger::At(at) => of_at(at, lang),
            Trigger::Solar(solar) => of_solar(solar, lang),
            Trigger::Within(within) => of_within(within, lang),
            Trigger::OnWorkdays(workdays) => of_workdays(workdays, lang),
            Trigger::Several(triggers) => {
                let joint = pick(lang, "; or ", "；或者");
                triggers.iter().map(|trigger| trigger.words(lang)).collect::<Vec<_>>().join(joint)
            }
            Trigger::After(name) => match lang {
                Lang::En => format!("after each success of `{name}`"),
                Lang::Zh => format!("在 `{name}` 每次成功之后"),
            },
            Trigger::Timetable(timetable) => of_timetable(timetable, lang),
            Trigger::Manual => pick(lang, "only by hand", "仅手动触发").to_owned(),
        }
    }

    /// What people stumble over, one sentence each.
    pub fn notes(&self, lang: Lang) -> Vec<String> {
        match self {
            Trigger::Cron(cron) => cron.notes(lang),
            Trigger::Step(step) => on_step(step, lang),
            Trigger::Solar(solar) => on_solar(solar, lang),
            Trigger::Within(within) => within.trigger().notes(lang),
            Trigger::OnWorkdays(workdays) => {
                let mut notes = workdays.trigger.notes(lang);
                notes.push(on_calendar(&workdays.calendar, lang));
                notes
            }
            Trigger::Several(triggers) => triggers.iter().flat_map(|trigger| trigger.notes(lang)).collect(),
            Trigger::Every(_) | Trigger::At(_) | Trigger::After(_) | Trigger::Timetable(_) | Trigger::Manual => {
                Vec::new()
            }
        }
    }
}

fn pick<'a>(lang: Lang, en: &'a str, zh: &'a str) -> &'a str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

fn time(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn of_at(at: &At, lang: Lang) -> String {
    format!("{} {}", pick(lang, "at", "在"), at.text())
}

fn of_every(every: &Every, lang: Lang) -> String {
    let words = format!("{} {}", pick(lang, "every", "每隔"), crate::duration::words(every.every));
    bounded(words, every.start, every.end, lang)
}

fn bounded(mut words: String, start: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>, lang: Lang) -> String {
    if let Some(start) = start {
        words.push_str(&format!("{} {}", pick(lang, ", from", "，自"), time(start)));
    }
    if let Some(end) = end {
        words.push_str(&format!("{} {}", pick(lang, ", until", "，至"), time(end)));
    }
    words
}

fn of_within(within: &Within, lang: Lang) -> String {
    bounded(within.trigger().words(lang), within.start(), within.end(), lang)
}

fn of_step(step: &Step, lang: Lang) -> String {
    let zone = step.timezone();
    let start = step.start().map(|start| start.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::AutoSi, true));
    match lang {
        Lang::En => {
            let text = step.text();
            let start = start.map(|start| format!(" from {start}")).unwrap_or_default();
            format!("every {}{start} by the calendar, {zone} time", text.strip_prefix("1 ").unwrap_or(&text))
        }
        Lang::Zh => {
            let start = start.map(|start| format!("自 {start} 起，")).unwrap_or_default();
            let length = match step.months() {
                months if months % 12 == 0 => format!("{} 年", months / 12),
                months => format!("{months} 个月"),
            };
            format!("{start}按日历每 {length}（{zone} 时间）")
        }
    }
}

fn on_step(step: &Step, lang: Lang) -> Vec<String> {
    let day = step.start().map(|start| civil::wall(start, step.timezone()).day());
    let note = |day| match lang {
        Lang::En => format!("a month without a day {day} fires on its last day"),
        Lang::Zh => format!("没有 {day} 日的月份在当月最后一天触发"),
    };
    day.filter(|day| *day >= 29).map(note).into_iter().collect()
}

fn of_timetable(timetable: &Timetable, lang: Lang) -> String {
    let (before, after) = (crate::duration::words(timetable.before), crate::duration::words(timetable.after));
    match lang {
        Lang::En => format!("when submitted payloads are due, from {before} ago to {after} ahead"),
        Lang::Zh => format!("按提交数据自带的时间触发（过去 {before} 至未来 {after} 之内）"),
    }
}

fn of_solar(solar: &Solar, lang: Lang) -> String {
    let (latitude, longitude) = (solar.latitude(), solar.longitude());
    let offset = solar.offset();
    match lang {
        Lang::En => {
            let event = format!("{} at {latitude}, {longitude}", solar.event().words());
            match offset {
                none if none.is_zero() => event,
                before if before < TimeDelta::zero() => format!("{} before {event}", length(before, lang)),
                after => format!("{} after {event}", length(after, lang)),
            }
        }
        Lang::Zh => {
            let event = format!("{latitude}, {longitude} 的{}", chinese(solar.event()));
            match offset {
                none if none.is_zero() => event,
                before if before < TimeDelta::zero() => format!("{event}前{}", length(before, lang)),
                after => format!("{event}后{}", length(after, lang)),
            }
        }
    }
}

fn on_solar(solar: &Solar, lang: Lang) -> Vec<String> {
    if solar.always_occurs() {
        return Vec::new();
    }
    vec![match lang {
        Lang::En => {
            let event = solar.event().words();
            format!("so far from the equator there are days without {event}; such a day does not fire")
        }
        Lang::Zh => format!("这个纬度有些日子没有{}；那些日子不触发", chinese(solar.event())),
    }]
}

fn chinese(event: SolarEvent) -> &'static str {
    match event {
        SolarEvent::DawnAstronomical => "天文晨光始",
        SolarEvent::DawnNautical => "航海晨光始",
        SolarEvent::DawnCivil => "民用晨光始",
        SolarEvent::Sunrise => "日出",
        SolarEvent::SolarNoon => "正午（太阳中天）",
        SolarEvent::Sunset => "日落",
        SolarEvent::DuskCivil => "民用昏影终",
        SolarEvent::DuskNautical => "航海昏影终",
        SolarEvent::DuskAstronomical => "天文昏影终",
    }
}

/// `1 hour 30 minutes`, without the sign.
fn length(length: TimeDelta, lang: Lang) -> String {
    let units =
        [(3_600_000, "hour", "小时"), (60_000, "minute", "分钟"), (1_000, "second", "秒"), (1, "millisecond", "毫秒")];
    let mut left = length.abs().num_milliseconds();
    let mut parts = Vec::new();
    for (ms, english, chinese) in units {
        let count = left / ms;
        left %= ms;
        match (count, lang) {
            (0, _) => {}
            (1, Lang::En) => parts.push(format!("1 {english}")),
            (_, Lang::En) => parts.push(format!("{count} {english}s")),
            (_, Lang::Zh) => parts.push(format!("{count} {chinese}")),
        }
    }
    parts.join(" ")
}

fn of_workdays(workdays: &OnWorkdays, lang: Lang) -> String {
    let (trigger, name) = (workdays.trigger.words(lang), workdays.calendar.name());
    let moved = |to: &str, chinese: &str| match lang {
        Lang::En => format!("{trigger}; what falls on a day off in calendar `{name}` moves to the workday {to}"),
        Lang::Zh => format!("{trigger}；遇到日历 `{name}` 的休息日{chinese}工作日"),
    };
    match workdays.off_days {
        OffDays::Skip => match lang {
            Lang::En => format!("{trigger}, on workdays of calendar `{name}` only"),
            Lang::Zh => format!("{trigger}，仅限日历 `{name}` 的工作日"),
        },
        OffDays::Before => moved("before", "提前到前一个"),
        OffDays::After => moved("after", "顺延到后一个"),
    }
}

fn on_calendar(calendar: &Calendar, lang: Lang) -> String {
    let name = calendar.name();
    let last = calendar.holidays().last().map(|(last, _)| last);
    match lang {
        Lang::En => {
            let weekend = calendar.weekend_words().unwrap_or_else(|| "no day".to_owned());
            match last {
                None => format!("calendar `{name}`: off on {weekend}; it lists no holidays"),
                Some(last) => format!("calendar `{name}`: off on {weekend}; the last holiday it lists is {last}"),
            }
        }
        Lang::Zh => {
            let days: Vec<_> = calendar.weekend().iter().map(|day| lang.weekday(*day)).collect();
            let weekend = if days.is_empty() { "无".to_owned() } else { days.join("、") };
            match last {
                None => format!("日历 `{name}`：每周休息日 {weekend}；没有列出节假日"),
                Some(last) => format!("日历 `{name}`：每周休息日 {weekend}；列出的最后一个节假日是 {last}"),
            }
        }
    }
}
