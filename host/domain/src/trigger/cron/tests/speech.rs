//! Sentences and notes, in both languages.

use super::*;

fn read(expression: &str, dialect: Dialect) -> Cron {
    let rules = Rules { dialect, ..Rules::default() };
    Cron::read(Source::Text(expression.to_owned()), Tz::Asia__Shanghai, rules).expect(expression)
}

#[test]
fn an_expression_is_said_in_words() {
    let zone = (", Asia/Shanghai time", "（Asia/Shanghai 时间）");
    for (expression, en, zh) in [
        ("0 8 * * WED", "at 08:00 on Wednesday", "每逢星期三 08:00"),
        ("0 8 * * *", "at 08:00 every day", "每天 08:00"),
        ("* * * * *", "every minute", "每分钟"),
        ("@hourly", "at minute 0 of every hour", "每小时整点"),
        (
            "*/5 9-17 * * 1-5",
            "every 5 minutes of the hours 9-17 on Monday to Friday",
            "每逢星期一至星期五，9 至 17 点内每 5 分钟",
        ),
        ("3/10 * * * *", "every 10 minutes from minute 3 of every hour", "每小时从第 3 分起每 10 分钟"),
        ("7 */2 * * *", "at minute 7 of every 2nd hour", "0、2、4、6、8、10、12、14、16、18、20、22 点第 7 分"),
        ("0 9,18 * * SAT,SUN", "at 09:00 and 18:00 on Saturday and Sunday", "每逢星期六、星期日 09:00、18:00"),
        ("*/10 * * * * *", "every 10 seconds", "每 10 秒"),
        ("30 */5 * * * *", "at second 30 of every 5th minute", "每 5 分钟的第 30 秒"),
        ("* 0 9 * * *", "every second of minute 0 of the hour 9", "9 点第 0 分内每秒"),
        ("0 0 L * *", "at 00:00 on the last day of the month", "每月最后一天 00:00"),
        (
            "0 0 LW 2 *",
            "at 00:00 on the last weekday (Monday to Friday) of February",
            "每年 2 月最后一个工作日（周一至周五） 00:00",
        ),
        (
            "0 9 15W * *",
            "at 09:00 on the weekday (Monday to Friday) nearest day 15 of the month",
            "每月离 15 日最近的工作日（周一至周五） 09:00",
        ),
        ("0 9 L-3 * *", "at 09:00 on the 3rd day before the last day of the month", "每月倒数第 4 天 09:00"),
        ("0 9 * * TUE#2", "at 09:00 on the second Tuesday of the month", "每月第二个星期二 09:00"),
        ("0 9 * 3,9 FRIL", "at 09:00 on the last Friday of March and September", "每年 3、9 月最后一个星期五 09:00"),
        ("0 9 13 * FRI", "at 09:00 on day 13 of the month or on Friday", "每月 13 日或每逢星期五 09:00"),
        (
            "0 9 */2 * FRI",
            "at 09:00 on every 2nd day of the month from day 1 if it is Friday",
            "每月 1 日起每 2 天且为星期五 09:00",
        ),
        ("0 0 1 1 *", "at 00:00 on 1 January", "每年 1 月 1 日 00:00"),
        ("0 0 * 6-8 MON", "at 00:00 on Monday in June to August", "每年 6 至 8 月每逢星期一 00:00"),
        ("0 0 12 29 2 ? 2028", "at 12:00 on 29 February in 2028", "2028 年 2 月 29 日 12:00"),
        ("0 0 0 * * * 2027", "at 00:00 in 2027", "2027 年每天 00:00"),
    ] {
        let cron = read(expression, Dialect::Posix);
        assert_eq!(cron.words(Lang::En), en.to_owned() + zone.0, "{expression}");
        assert_eq!(cron.words(Lang::Zh), zh.to_owned() + zone.1, "{expression}");
    }
}

#[test]
fn weekdays_are_named_whatever_their_numbers() {
    for (dialect, weekdays) in
        [(Dialect::Posix, "1-5"), (Dialect::Celery, "1-5"), (Dialect::Quartz, "2-6"), (Dialect::Apscheduler, "0-4")]
    {
        let words = read(&format!("0 9 * * {weekdays}"), dialect).words(Lang::En);
        assert_eq!(words, "at 09:00 on Monday to Friday, Asia/Shanghai time");
    }
}

#[test]
fn weeks_of_a_table_are_said_too() {
    let table = [("week", "1-10"), ("day-of-week", "mon"), ("hour", "9")];
    let table = table.map(|(key, text)| (key.to_owned(), text.to_owned()));
    let cron = Cron::read(Source::Table(table.into()), Tz::UTC, Rules::default()).expect("valid");
    assert_eq!(cron.words(Lang::En), "at 09:00 on Monday in the ISO weeks 1-10, UTC time");
    assert_eq!(cron.words(Lang::Zh), "每年第 1 至 10 个 ISO 周每逢星期一 09:00（UTC 时间）");
}

#[test]
fn what_people_stumble_over_is_noted() {
    for (expression, dialect, en, zh) in [
        ("0 0 13 * FRI", Dialect::Posix, "a day that matches either of them fires", "任意一个"),
        (
            "0 0 * * 2-6",
            Dialect::Quartz,
            "weekdays in `2-6` are numbers of the quartz dialect, where 1 is Sunday",
            "1 表示星期日",
        ),
        ("0 0 * * 0", Dialect::Apscheduler, "where 0 is Monday", "0 表示星期一"),
        (
            "*/7 * * * *",
            Dialect::Posix,
            "`*/7` starts again every hour: after minute 56 comes 0",
            "`*/7` 每小时重新计数：56 之后是 0",
        ),
        ("0 */5 * * *", Dialect::Posix, "starts again every day: after hour 20 comes 0", "每天重新计数"),
        ("0 0 */2 * *", Dialect::Posix, "starts again every month: after day of month 31 comes 1", "每月重新计数"),
        (
            "0 0 31 * *",
            Dialect::Posix,
            "no day 31 in February, April, June, September, November",
            "2、4、6、9、11 月没有 31 日",
        ),
        ("0 0 29 2 *", Dialect::Posix, "no day 29 in February outside leap years", "闰年除外"),
    ] {
        let cron = read(expression, dialect);
        for (lang, said) in [(Lang::En, en), (Lang::Zh, zh)] {
            let notes = cron.notes(lang);
            assert!(notes.len() == 1 && notes[0].contains(said), "{expression}: {notes:?}");
        }
    }
    for expression in
        ["*/15 * * * *", "0 */6 * * *", "0 0 1 */3 *", "0 0 25-31 * *", "0 9 * * 1-5", "@yearly", "0 0 31 1,3 *"]
    {
        assert_eq!(read(expression, Dialect::Posix).notes(Lang::En), [""; 0], "{expression}");
    }
}
