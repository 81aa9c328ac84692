//! A hundred thousand schedules: what they cost in memory, to declare, to plan, and while nothing is due.
//! `cargo bench -p noontide --bench schedules -- 10000` takes another number.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::plan::{Candidate, plan};
use noontide_domain::trigger::Cron;
use noontide_domain::{HandlerInfo, Levels, Owner, Schedule, Standing, Trigger};
use noontide_testkit::ManualClock;

/// How long an idle host is watched.
const IDLE: Duration = Duration::from_secs(20);

/// Due at the same instant in the pass that is measured.
const DUE: usize = 1_000;

const NOW: &str = "2026-07-01T08:00:30Z";

fn main() {
    // `cargo test --all-targets` starts this too, without the flag that `cargo bench` gives.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let count = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(100_000);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(ledger(count));
    println!();
    let empty = host(0);
    let full = host(count);
    println!("host: {:.2} KiB a schedule, more than without any", (full - empty) / count as f64);
}

/// Once a year each, spread over all of its minutes: nothing is due while somebody looks.
fn expression(number: usize) -> String {
    format!("{} {} {} {} *", number % 60, number / 60 % 24, 1 + number / 1_440 % 28, 1 + number % 6)
}

fn schedule(number: usize) -> Schedule {
    let trigger = Trigger::Cron(Cron::parse(&expression(number), chrono_tz::Europe::Berlin).expect("cron"));
    let name = format!("customer-{number:06}-report").parse().expect("a name");
    Schedule {
        owner: Owner::File { path: "conf/local/schedules.toml".to_owned(), line: number * 4 },
        input: serde_json::json!({ "customer": number, "format": "pdf" }),
        timezone: chrono_tz::Europe::Berlin,
        ..Schedule::new(name, trigger, "fixture-noop/run".parse().expect("a handler"))
    }
}

/// Declares and plans, without a host around it.
async fn ledger(count: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("noontide.db").display());
    let clock = ManualClock::at(NOW);
    let now: DateTime<Utc> = NOW.parse().expect("an instant");
    let opened = noontide_ledger::open(&url, clock.clone()).await.expect("opens");

    let before = resident_kib("self");
    let begun = Instant::now();
    let schedules: Vec<_> = (0..count).map(schedule).collect();
    let read = begun.elapsed();
    let size = (resident_kib("self") - before) / count as f64;
    println!("read:    {count} expressions in {read:.2?}; {size:.2} KiB a schedule");

    for (what, schedules) in [("all new", schedules.clone()), ("nothing new", schedules)] {
        let (begun, before) = (Instant::now(), resident_kib("self"));
        let standings = opened.ledger.declare(schedules, now).await.expect("declares");
        let (time, size) = (begun.elapsed(), (resident_kib("self") - before) / count as f64);
        println!("declare: {what}: {time:.2?}; {size:.2} KiB a schedule more than before");
        drop(standings);
    }

    let minutely = Trigger::Cron(Cron::parse("* * * * *", chrono_tz::UTC).expect("cron"));
    let due = |number| Standing::new(Schedule { trigger: minutely.clone(), ..schedule(number) }, now);
    let standings: Vec<_> = (0..DUE).map(due).collect();
    let info = || HandlerInfo {
        name: "run".to_owned(),
        summary: String::new(),
        input_schema: None,
        example_input: None,
        timeout: None,
    };
    let candidates = || standings.iter().map(|standing| Candidate { standing, handler: Ok(info()) });
    let begun = Instant::now();
    let decided = plan(candidates(), &Levels::default(), now + TimeDelta::seconds(45));
    let planned = begun.elapsed();
    assert_eq!(decided.claim.fire.len(), DUE);
    let begun = Instant::now();
    opened.ledger.claim(decided.claim, None).await.expect("claims");
    println!("pass:    {DUE} due: planned in {planned:.2?}, claimed in {:.2?}", begun.elapsed());
    opened.close().await;
}

/// Starts the binary on so many schedules; gives back its memory in KiB.
fn host(count: usize) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let conf = folder.path().join("conf");
    std::fs::create_dir_all(conf.join("local")).expect("a folder");
    std::fs::create_dir_all(folder.path().join("plugins")).expect("a folder");
    std::fs::write(conf.join("host.toml"), "[http]\nlisten = \"127.0.0.1:0\"\n").expect("a file");
    let mut text = String::new();
    for number in 0..count {
        write!(
            text,
            "[schedule.customer-{number:06}-report]\nhandler = \"fixture-noop/run\"\ncron = \"{}\"\n\
             timezone = \"Europe/Berlin\"\ninput = {{ customer = {number}, format = \"pdf\" }}\n",
            expression(number)
        )
        .expect("a string grows");
    }
    std::fs::write(conf.join("schedules.toml"), text).expect("a file");
    let (begun, before) = (Instant::now(), resident_kib("self"));
    let request = noontide_config::LoadRequest { dir: conf, ..noontide_config::LoadRequest::default() };
    let loaded = noontide_config::load(&request).expect("the configuration is good");
    let (time, size) = (begun.elapsed(), resident_kib("self") - before);
    println!("config:  {} schedules in {time:.2?}, {:.1} MiB", loaded.config.schedules.len(), size / 1_024.0);
    let before = resident_kib("self");
    let shown = loaded.shown.clone();
    println!("config:  of it {:.1} MiB for {} shown values", (resident_kib("self") - before) / 1_024.0, shown.len());
    drop((loaded, shown));
    let start = |what: &str| {
        let begun = Instant::now();
        let host = Host::start(folder.path());
        println!("host:    {count} schedules, {what}: ready in {:.2?}", begun.elapsed());
        host
    };
    drop(start("first start"));
    let host = start("second start");
    // What only the start needed has been given back by then.
    std::thread::sleep(Duration::from_secs(2));
    let (before, memory) = (host.cpu(), resident_kib(&host.0.id().to_string()));
    std::thread::sleep(IDLE);
    let busy = (host.cpu() - before).as_secs_f64() / IDLE.as_secs_f64() * 100.0;
    println!("host:    {count} schedules, idle: {:.1} MiB resident, {busy:.2} % of a core", memory / 1_024.0);
    memory
}

struct Host(Child);

impl Host {
    fn start(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_noontide"));
        command.args(["serve", "--conf", "conf"]).current_dir(folder);
        command.env("XDG_CACHE_HOME", folder.join("cache")).stdin(Stdio::null());
        let log = std::fs::File::create(folder.join("host.log")).expect("a log file");
        command.stdout(log.try_clone().expect("a log file")).stderr(log);
        let mut child = command.spawn().expect("the binary starts");
        let announced = folder.join("data/api.json");
        let pid = format!("\"pid\":{}", child.id());
        let ready = || std::fs::read_to_string(&announced).is_ok_and(|text| text.replace(' ', "").contains(&pid));
        while !ready() {
            let ended = child.try_wait().expect("a process can be asked");
            assert!(ended.is_none(), "{}", std::fs::read_to_string(folder.join("host.log")).unwrap_or_default());
            std::thread::sleep(Duration::from_millis(5));
        }
        Self(child)
    }

    /// User and system time so far.
    fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).expect("the host lives");
        // After the name, which may hold blanks, `state` is the third field; the times are the 14th and 15th.
        let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
        // Linux counts them in hundredths for whoever asks from outside, whatever its own clock does.
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

fn resident_kib(process: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process lives");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("RssAnon");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
