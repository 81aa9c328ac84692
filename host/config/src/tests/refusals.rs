use super::*;

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_the_way_out() {
    let text = r#"[schedule.nightly]
handler = "mail/send"
crn     = "0 8 * * *"

[schedule.weekly]
handler  = "mail/send"
cron     = "0 8 30 2 *"
timezone = "Asia/Shangai"

[schedule.both]
handler = "mail"
every   = "5m"
manual  = true
"#;
    assert_eq!(
        problems(&[("local/schedules.toml", text)], &[]),
        [
            "local/schedules.toml:1:11: schedule `nightly`: has no trigger; give exactly one of cron, every, at, solar, after, timetable, manual",
            "local/schedules.toml:3:1: schedule `nightly`: unknown key `crn` — did you mean `cron`?",
            "local/schedules.toml:7:12: schedule `weekly`: `cron`: `0 8 30 2 *` never fires: day of month `30` does not exist in month `2`",
            "local/schedules.toml:8:12: schedule `weekly`: unknown time zone `Asia/Shangai` — did you mean `Asia/Shanghai`?",
            "local/schedules.toml:10:11: schedule `both`: has every (local/schedules.toml:12:11) and manual (local/schedules.toml:13:11); exactly one trigger is possible here: take out the others, or list them in `trigger`",
        ]
    );
}

/// The one problem of a file, in one line.
fn the_problem(text: &str) -> String {
    let found = problems(&[("a.toml", text)], &[]);
    assert!(found.len() == 1 && !found[0].contains('\n'), "{text}: {found:?}");
    found[0].clone()
}

/// Each of `cases`: a line of a schedule, the place of the complaint, and what it says.
fn refused(cases: &[(&str, &str, &str)]) {
    for (line, place, wanted) in cases {
        let found = the_problem(&format!("[schedule.x]\nhandler = \"a/b\"\n{line}\n"));
        let start = format!("a.toml:{place}: schedule `x`: ");
        assert!(found.starts_with(&start) && found.contains(wanted), "{line}: {found}");
    }
}

#[test]
fn each_wrong_value_of_a_trigger_is_refused_in_one_line_at_its_place() {
    refused(&[
        ("every = \"0s\"", "3:9", "no time at all"),
        ("every = \"50ms\"", "3:9", "shorter than 100ms"),
        ("every = -5", "3:9", "no duration"),
        ("every = 1.5", "3:9", "`every` is a number; a duration"),
        ("every = \"99999999999d\"", "3:9", "longer than a thousand years"),
        (
            "every = \"5m\"\nstart = \"2026-02-01 00:00:00\"\nend = \"2026-01-01 00:00:00\"",
            "5:7",
            "lies before `start`",
        ),
        ("every = \"5m\"\nstart = \"tomorrow\"", "4:9", "no date with a time"),
        ("cron = \"0 0 * * *\"\nstart = 2027-01-01T00:00:00Z\nend = 2026-01-01T00:00:00Z", "5:7", "before the start"),
        ("at = []", "3:6", "empty list"),
        ("at = \"2026-12-31 23:59:60\"", "3:6", "leap second"),
        ("at = [\"2026-12-31 23:59:00\", 5]", "3:30", "a string is expected"),
        ("manual = false", "3:10", "says nothing"),
        ("solar = \"sunst\"\nlat = 1\nlon = 2.5", "3:9", "did you mean `sunset`"),
        ("solar = \"sunset\"\nlat = 91\nlon = 2", "3:9", "91"),
        ("solar = \"sunset\"\nlat = \"1\"\nlon = 2", "4:7", "degrees are expected"),
        ("solar = \"sunset\"\nlat = 1", "3:9", "has no `lon`"),
        ("solar = \"sunset\"\nlat = 1\nlon = 2\noffset = \"3d\"", "6:10", "longer than a day"),
        ("cron = \"0 0 * * *\"\nlat = 1", "4:7", "goes with `solar` only"),
        ("every = \"5m\"\ndialect = \"quartz\"", "4:11", "goes with `cron` only"),
        ("cron = \"0 0 * * *\"\ndialect = \"quarz\"", "4:11", "did you mean `quartz`"),
        ("cron = \"0 0 * * *\"\ndst = \"posix\"", "4:7", "only vixie"),
        ("cron = { minute = 61 }", "3:8", "61"),
        ("cron = { minut = 1 }", "3:8", "did you mean `minute`"),
        ("cron = { minute = 1.5 }", "3:19", "a string is expected"),
        ("after = \"y\"", "3:9", "there is no schedule `y`"),
        ("after = \"x\"", "3:9", "follows it"),
        ("manual = true\nincludes = [\"y\"]", "4:12", "`includes`: there is no schedule `y`"),
        ("manual = true\nincludes = [\"x\"]", "4:12", "which in the end includes it"),
        ("manual = true\nincludes = [5]", "4:13", "a string is expected"),
        ("timetable = {}\nincludes = [\"x\"]", "4:12", "which in the end includes it"),
        ("every = \"1d\"\nsupersedes = \"x\"", "4:14", "neither would fire"),
        ("every = \"1d\"\nwindow = \"0 months\"", "4:10", "`window`: `0 months` is no time at all"),
        ("cron = \"0 0 * * *\"\ncalendar = \"home\"", "4:12", "no [calendar.home]; there is none"),
        ("trigger = []", "3:11", "empty list"),
        ("trigger = [{ cron = \"0 0 * * *\", jitter = 5 }]", "3:34", "unknown key `jitter`"),
        ("trigger = [{ manual = true, at = \"2026-01-01 00:00:00\" }]", "3:12", "exactly one trigger"),
        ("trigger = [{ every = 60 }]\ncron = \"* * * * *\"", "4:8", "stands beside `trigger`"),
        ("every = \"2 fortnights\"", "3:9", "2w"),
        ("timetable = \"1h\"", "3:13", "a table such as"),
        ("timetable = { befor = \"1h\" }", "3:15", "did you mean `before`"),
        ("timetable = { unique = \"id\" }", "3:24", "a list of the payload's fields"),
        ("timetable = {}\nmax-runs = 3", "4:12", "`max-runs` does not go with `timetable`"),
        ("timetable = {}\nstart = 2027-01-01T00:00:00Z", "4:9", "set `before` and `after`"),
        ("timetable = {}\noverlap = \"skip\"", "4:11", "`allow` or `queue-all` is possible"),
        ("timetable = { watch = 1 }", "3:23", "`watch` is an integer"),
        ("timetable = { watch = \"\" }", "3:23", "`watch` is empty"),
        ("trigger = [{ timetable = {} }]", "3:11", "a schedule of its own"),
    ]);
}

#[test]
fn each_wrong_value_of_a_policy_is_refused_in_one_line_at_its_place() {
    refused(&[
        ("manual = true\ndelivery = \"at-most-once\"", "4:12", "`delivery` is not in this version yet"),
        ("manual = true\noverlap = \"skipp\"", "4:11", "did you mean `skip`"),
        ("manual = true\nmax-runs = 0", "4:12", "at least 1"),
        ("manual = true\njitter = \"0s\"", "4:10", "`jitter` is zero"),
        ("manual = true\ncatch-up = \"newest\"", "4:12", "latest, all or none"),
        ("manual = true\ncatch-up = { within = \"1h\", limt = 2 }", "4:29", "did you mean `limit`"),
        ("manual = true\nretry = 0", "4:9", "at least 1"),
        ("manual = true\nretry = { backoff = \"1h\", cap = \"1m\" }", "4:33", "shorter than `backoff`"),
        ("manual = true\nwindow = \"0s\"", "4:10", "`window` is zero"),
        ("manual = true\ntimeout = \"0s\"", "4:11", "`timeout` is zero"),
        ("manual = true\nenabled = \"yes\"", "4:11", "true or false is expected"),
        ("manual = true\ninput = { x = \"${NOPE}\" }", "4:15", "variable NOPE is not set"),
        ("manual = true\ninput = { x = nan }", "4:15", "`input` holds `nan`"),
        ("manual = true\ninput = [9223372036854775808]", "4:10", "JSON cannot carry exactly"),
        ("cron = \"* * * *\"", "3:8", "has 4 fields"),
        ("cron = \"* * * * *\"\ntimezone = \"Berlin\"", "4:12", "IANA names such as Europe/Berlin"),
    ]);
}

#[test]
fn each_wrong_value_of_a_grant_is_refused_in_one_line_at_its_place() {
    let cases = [
        ("http = \"https://a\"", "2:8", "a list is expected"),
        ("http = [\"a.example.com\"]", "2:9", "write scheme and host"),
        ("http = [\"ftp://a\"]", "2:9", "http and https are"),
        ("http = [\"https://a/in/\"]", "2:9", "{ origin = \"https://a\", path = \"/in/\" }"),
        ("http = [\"https://127.1\"]", "2:9", "ends in a number"),
        ("http = [\"http://localhost:80\"]", "2:9", "write 127.0.0.1, or add addresses = [\"loopback\"]"),
        ("http = [\"http://0.0.0.0\"]", "2:9", "0.0.0.0 (unspecified)"),
        ("http = [{ methods = [\"GET\"] }]", "2:9", "has no `origin`"),
        ("http = [{ origin = \"https://a\", methods = [\"get\"] }]", "2:44", "did you mean `GET`"),
        ("http = [{ origin = \"https://a\", methods = [] }]", "2:43", "take it out to grant all"),
        ("http = [{ origin = \"https://a\", path = \"in\" }]", "2:40", "starts with `/`"),
        ("http = [{ origin = \"https://a\", addresses = [\"10.0.0.1/8\"] }]", "2:46", "write 10.0.0.0/8"),
        ("http = [{ origin = \"https://a\", addresses = [\"public\"] }]", "2:46", "a CIDR such as"),
        ("tcp = [\"db.internal\"]", "2:8", "is no host and port"),
        ("tcp = [{ host = \"db\", to = \"db:1\" }]", "2:10", "unknown key `host`"),
        ("tcp = [\"localhost:5432\"]", "2:8", "addresses = [\"loopback\"]"),
        ("limits = { http-response = \"0B\" }", "2:28", "at least 1"),
        ("limits = { http-concurrency = 1000 }", "2:31", "at most 256"),
        ("folders = { logs = \"x\" }", "2:13", "starts with `/`"),
        ("folders = { \"/a\" = { mode = \"read\" } }", "2:20", "has no `path`"),
        ("folders = { \"/a\" = { path = \"x\", mode = \"rw\" } }", "2:41", "read or write is expected"),
        ("env = { A = {} }", "2:13", "`env.A` names no variable"),
        ("env = { A = { env = \"NOPE\" } }", "2:21", "the variable NOPE is not set"),
        ("env = { \"A=B\" = \"x\" }", "2:9", "cannot name a variable"),
        ("secrets = { K = \"abc\" }", "2:17", "named, not written"),
        ("secrets = { K = { env = \"A\", file = \"b\" } }", "2:17", "exactly one of env, file and credential"),
        ("secrets = { K = { credential = \"../key\" } }", "2:32", "a plain name"),
        ("secrets = { K = { credential = \"key\" } }", "2:32", "start it as a service with LoadCredential=key:"),
        ("args = \"-q\"", "2:8", "a list of strings"),
        ("args = [3]", "2:9", "`args` is an integer; a string is expected"),
        ("exit-codes = { 300 = \"done\" }", "2:16", "from 0 to 255"),
        ("exit-codes = { 3 = \"ok\" }", "2:20", "done, skipped, retry or permanent is expected"),
        ("limits = { memory = 64 }", "2:21", "a size such as \"64MiB\" is expected"),
        ("limits = { memory = \"1kB\" }", "2:21", "at least 64 KiB"),
        ("limits = { artifact-size = \"65MiB\" }", "2:28", "grant a folder for larger files"),
        ("limits = { outbox-messages = 257 }", "2:30", "over 256; put more into one message"),
        ("limits = { artifact-size = \"17MiB\" }", "2:28", "over `artifact-total`, 16 MiB; raise that too"),
        ("limits = { log_lines = 5 }", "2:12", "did you mean `log-lines`"),
        ("limts = {}", "2:1", "did you mean `limits`"),
    ];
    for (line, place, wanted) in cases {
        let found = the_problem(&format!("[plugin.x]\n{line}\n"));
        let start = format!("a.toml:{place}: plugin `x`: ");
        assert!(found.starts_with(&start) && found.contains(wanted), "{line}: {found}");
    }
}

#[test]
fn a_number_nobody_can_work_with_is_the_fault_of_its_own_schedule_only() {
    let text = "[schedule.bad]\nhandler = \"a/b\"\nevery = inf\n[schedule.good]\nhandler = \"a/b\"\nevery = 5\n";
    let loaded = loaded(&[("a.toml", text)]);
    assert_eq!(loaded.config.schedules.len(), 1);
    assert_eq!(loaded.problems[0].schedule(), Some("bad"));
}

#[test]
fn a_line_break_in_a_value_does_not_break_the_message() {
    let found = the_problem("[schedule.x]\nhandler = \"a\\nconf/b.toml:1:1: all is well\"\nmanual = true\n");
    assert!(found.starts_with("a.toml:2:11: schedule `x`: `a\\nconf"), "{found}");
}

#[test]
fn a_password_in_a_wrong_url_is_not_repeated() {
    let found = the_problem("[ledger]\nurl = \"postgres:me:geheim@db/n\"\n");
    assert!(found.starts_with("a.toml:2:7: `url` names no host"), "{found}");
    assert!(!found.contains("geheim"), "{found}");
}

#[test]
fn bytes_that_are_no_text_are_found_at_their_place() {
    let dir = folder(&[]);
    fs::write(dir.path().join("a.toml"), b"a = 1\nb = \"\xc3\xa9\xff\"\n").expect("written");
    let refused = load(&request(dir.path())).expect_err("refused").to_string();
    assert!(refused.contains("a.toml:2:7: this is not TOML: a byte that is not UTF-8"), "{refused}");
}

#[test]
fn a_waiting_time_that_is_not_given_gives_way_to_the_one_that_is() {
    let read = |retry: &str| {
        let text = format!("[schedule.x]\nhandler = \"a/b\"\nmanual = true\nretry = {retry}\n");
        let retry = loaded(&[("a.toml", &text)]).config.schedules[0].retry;
        (retry.backoff.as_secs(), retry.cap.as_secs())
    };
    assert_eq!(read("{ cap = \"5s\" }"), (5, 5));
    assert_eq!(read("{ backoff = \"1h\" }"), (3_600, 3_600));
    assert_eq!(read("3"), (10, 600));
}

#[test]
fn what_is_wrong_outside_schedules_and_plugins_refuses_the_whole() {
    let cases = [
        ("[htp]\nlisten = \"off\"", "a.toml:1:2: unknown key `htp` — did you mean `http`?"),
        ("[http]\nlisten = \"localhost\"", "a.toml:2:10: `listen` is `localhost`; an address with a port is expected"),
        ("[http]\nlisten = \"0.0.0.0:80\"", "a.toml:2:10: 0.0.0.0:80 can be reached from outside"),
        ("[engine]\nheartbeat = \"20s\"", "a.toml:2:13: `heartbeat` must fit twice"),
        ("[engine]\nconcurrency = 0", "a.toml:2:15: `concurrency` is 0; at least 1"),
        ("[log]\nformat = \"xml\"", "a.toml:2:10: `format` is `xml`"),
        ("[[alert]]\non = []", "a.toml:2:6: alert: `on` is empty"),
        ("timezone = \"Mars\"", "a.toml:1:12: unknown time zone `Mars`"),
        ("schedule = 5", "a.toml:1:12: `schedule` is an integer"),
        ("[[schedule]]", "a.toml:1:1: `schedule` is a list; tables `[schedule.NAME]` are expected"),
        ("[log]\nlevel = \"infoo\"", "a.toml:2:9: `level`: `infoo` is no level — did you mean `info`?"),
        ("[ledger]\nurl = \"data/n.db\"", "a.toml:2:7: `url` does not begin with sqlite://, postgres:// or mysql://"),
        ("[ledger]\nurl = \"sqlite://\"", "a.toml:2:7: `url` has no path"),
        ("[ledger]\nurl = \"redis://cache\"", "a.toml:2:7: `url`: a ledger needs a SQL database"),
        ("[ledger]\nurl = \"postgres:\"", "a.toml:2:7: `url` names no host"),
        ("[ledger]\nurl = { env = \"NOWHERE\" }", "a.toml:2:7: "),
        ("[data]\ndir = 5", "a.toml:2:7: `dir` is an integer; a string is expected"),
        ("[schedule.x\n", "a.toml:1:12: this is not TOML"),
        ("a = 1\na = 2", "a.toml:2:1: this is not TOML: duplicate key `a`; keep one of them"),
    ];
    for (text, wanted) in cases {
        let dir = folder(&[("a.toml", text)]);
        let refused = load(&request(dir.path())).expect_err(text);
        let text = refused.to_string();
        assert!(text.contains(wanted), "{text}");
    }
}
