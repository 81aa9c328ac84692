use chrono::DateTime;
use noontide_domain::Schedule;

use super::super::write;
use super::*;

const DEBIAN: &str = include_str!("../../../../../../tests/data/crontab/debian");
const AWKWARD: &str = include_str!("../../../../../../tests/data/crontab/awkward");

fn imported(text: &str, system: bool, zone: Option<Tz>) -> Imported {
    let handler = "command/run".parse().unwrap();
    let now = DateTime::UNIX_EPOCH;
    let reading = Reading { file: "crontab", handler: &handler, zone, now, count: 5 };
    read(text, system, &reading, &mut Names::default())
}

fn schedules(imported: &Imported) -> Vec<Schedule> {
    write::loaded(&write::document(imported, "crontab")).unwrap()
}

fn named<'a>(schedules: &'a [Schedule], name: &str) -> &'a Schedule {
    let found = schedules.iter().find(|schedule| schedule.name.as_str() == name);
    found.unwrap_or_else(|| panic!("no {name} in {:?}", schedules.iter().map(|s| s.name.as_str()).collect::<Vec<_>>()))
}

fn refusal(line: &str) -> String {
    let imported = imported(line, false, None);
    assert_eq!(imported.entries.len(), 0, "{line} was taken");
    assert_eq!(imported.refused.len(), 1, "{line}: {:?}", imported.refused);
    assert!(!imported.refused[0].contains('\n'), "{}", imported.refused[0]);
    imported.refused[0].clone()
}

#[test]
fn debians_own_crontab_becomes_four_schedules_with_the_user_in_the_input() {
    let imported = imported(DEBIAN, true, Some(Tz::Europe__Berlin));
    assert_eq!(imported.refused, [""; 0]);
    let all = schedules(&imported);
    assert_eq!(all.len(), 4);
    let weekly = named(&all, "run-parts-cron-weekly");
    assert_eq!(weekly.trigger.text(), "47 6 * * 7");
    assert_eq!(weekly.timezone, Tz::Europe__Berlin);
    assert_eq!(weekly.input["user"], "root");
    let command = "test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.weekly; }";
    assert_eq!(weekly.input["command"], command);
    assert!(all.iter().all(|schedule| schedule.description.is_none()), "the table of columns explains no command");
    assert!(imported.entries[0].place == "crontab:18", "{}", imported.entries[0].place);
}

#[test]
fn awkward_lines_are_taken_as_cron_takes_them() {
    let imported = imported(AWKWARD, false, None);
    assert_eq!(imported.refused, [""; 0]);
    let all = schedules(&imported);
    let backup = named(&all, "backup");
    assert_eq!(backup.description.as_deref(), Some("The nightly backup. Ask ada before moving it."));
    assert_eq!(backup.input["command"], r#"/usr/local/bin/backup.sh --to "${BACKUP:-/srv}" >/dev/null 2>&1"#);
    assert_eq!(backup.input["env"]["PATH"], "/usr/local/bin:/usr/bin:/bin");
    assert_eq!(backup.input["shell"], "/bin/bash");
    let mail = named(&all, "mail-hello");
    assert_eq!(
        (&mail.input["command"], &mail.input["stdin"]),
        (&"mail -s hello ada".into(), &"Dear Ada,\n\n50% done\n".into())
    );
    assert_eq!(named(&all, "dump-shop").input["command"], "dump shop > /srv/shop-$(date +%F).sql");
    assert_eq!(named(&all, "purge").trigger.text(), "@daily");
    assert_eq!(named(&all, "payroll").timezone, Tz::Asia__Shanghai);
    assert_eq!(named(&all, "backup-2").timezone, Tz::Asia__Shanghai);
    assert_eq!(named(&all, "either").trigger.text(), "0 12 1,15 * fri");
}

#[test]
fn what_cannot_be_translated_is_refused_with_file_line_text_and_a_way_out() {
    let text = "# first\n\n0 8 * * MON ok\n@reboot /usr/bin/start-it\n";
    let imported = imported(text, false, None);
    assert_eq!(imported.entries.len(), 1, "the other lines are imported");
    let refused = &imported.refused[0];
    assert!(refused.starts_with("crontab:4: `@reboot /usr/bin/start-it`: @reboot has no due instant"), "{refused}");
    assert!(refused.contains("systemd"), "{refused}");
    for (line, words) in [
        ("0 22-2 * * * x", "write 22-23,0-2"),
        ("*/90 * * * * x", "write `0`"),
        ("5/15 * * * * x", "`5-59/15`"),
        ("0 0 L * * x", "no L"),
        ("0 0 * * 5#2 x", "no L, W, # and ?"),
        ("0 0 ? * MON x", "?"),
        ("0 0 15W * * x", "no L"),
        ("0 0 * * FRIL x", "no L"),
        ("0~30 4 * * * x", "jitter"),
        ("60 * * * * x", "0 to 59"),
        ("* * * *", "4 of five fields"),
        ("* * * * *", "no command"),
        ("@dayly x", "`@daily`"),
        ("0 0 30 2 * x", "never fires"),
        ("* * * * * %x", "the command is empty"),
        ("CRON_TZ=Mars/Base", "no time zone"),
        ("frobnicate", "five fields"),
    ] {
        assert!(refusal(line).contains(words), "{line}: {}", refusal(line));
    }
}

#[test]
fn names_of_weekdays_and_months_are_no_special_days() {
    for line in ["0 0 * jul,aug wed x", "0 0 * APR-JUL sun,Wed x", "0 0 * * 0,7 x", "0 0 1-31/2 * 1-7 x"] {
        assert_eq!(imported(line, false, None).refused, [""; 0], "{line}");
    }
}

#[test]
fn the_machines_zone_is_asked_for_unless_it_is_known() {
    let asks = |text: &str, zone| imported(text, false, zone).notes.iter().any(|note| note.contains("give --tz"));
    assert!(asks("0 8 * * * x", None));
    assert!(!asks("0 8 * * * x", Some(Tz::UTC)));
    assert!(!asks("CRON_TZ=Asia/Tokyo\n0 8 * * * x", None));
}

#[test]
fn tz_is_the_zone_only_where_nothing_better_is_known() {
    let zone = |text, given| schedules(&imported(text, false, given))[0].timezone;
    assert_eq!(zone("TZ=Asia/Tokyo\n0 8 * * * x", None), Tz::Asia__Tokyo);
    assert_eq!(zone("TZ=Asia/Tokyo\n0 8 * * * x", Some(Tz::UTC)), Tz::UTC);
    assert_eq!(zone("CRON_TZ=Asia/Tokyo\n0 8 * * * x", Some(Tz::UTC)), Tz::Asia__Tokyo);
}

#[test]
fn a_user_where_none_is_expected_is_noted() {
    let imported = imported("0 8 * * * root /usr/bin/x", false, None);
    assert!(imported.notes.iter().any(|note| note.starts_with("crontab:1: ") && note.contains("--system")));
}

#[test]
fn a_line_that_is_commented_out_is_noted_and_describes_nothing() {
    let imported = imported("# Asks the shop.\n#0 5 * * * old-shop\n0 6 * * * shop\n", false, None);
    assert_eq!(schedules(&imported)[0].description.as_deref(), Some("Asks the shop."));
    let noted = |note: &&String| note.starts_with("crontab:2: ") && note.contains("commented out");
    assert_eq!(imported.notes.iter().filter(noted).count(), 1, "{:?}", imported.notes);
}
