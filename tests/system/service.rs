//! The host under a service manager: what it says on the socket of `sd_notify`, its units, and how they get there.

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::{Duration, Instant};

use super::support::fixtures::repository;
use super::support::place::binary;
use super::support::{Host, Place, until};

/// A service manager, as far as one host sees it.
struct Manager(UnixDatagram);

impl Manager {
    /// Hosts of this place report to it from now on.
    fn of(place: &mut Place) -> Self {
        let path = place.path("notify.sock");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        place.set_var("NOTIFY_SOCKET", &path.display().to_string());
        place.set_var("WATCHDOG_USEC", "60000000");
        Self(socket)
    }

    /// The messages up to the first that holds `line`, whole.
    fn hears(&self, line: &str) -> Vec<String> {
        let (begin, mut heard) = (Instant::now(), Vec::<String>::new());
        while !heard.last().is_some_and(|message| message.lines().any(|said| said.starts_with(line))) {
            let left = Duration::from_secs(60).saturating_sub(begin.elapsed());
            assert!(!left.is_zero(), "{line} was not said, but {heard:?}");
            self.0.set_read_timeout(Some(left)).expect("a time-out");
            let mut buffer = [0; 4096];
            if let Ok(length) = self.0.recv(&mut buffer) {
                heard.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
            }
        }
        heard
    }
}

/// The status in the last of these messages.
fn status(heard: &[String]) -> &str {
    let last = heard.last().expect("a message");
    last.lines().find_map(|line| line.strip_prefix("STATUS=")).unwrap_or_else(|| panic!("no status in {last:?}"))
}

#[tokio::test]
async fn the_service_manager_hears_that_the_host_is_ready_lives_reloads_and_ends() {
    let mut place = Place::new();
    place.plugin("hello");
    place.schedules("[schedule.yearly]\nhandler = \"hello/greet\"\ncron = \"0 0 1 1 *\"\n");
    let manager = Manager::of(&mut place);
    let host = Host::begin(&place);
    let heard = manager.hears("READY=1");
    assert!(
        status(&heard).starts_with("1 schedule, next yearly in ") && status(&heard).ends_with(", 0 late"),
        "{heard:?}"
    );
    assert_eq!(
        place.noontide(&["healthcheck"]).code,
        0,
        "ready means that the API answers and the scheduler has looked"
    );
    manager.hears("WATCHDOG=1");
    // Idle, it goes on saying so.
    manager.hears("WATCHDOG=1");

    place.schedules("[schedule.a]\nhandler = \"hello/greet\"\nmanual = true\n[schedule.b]\nhandler = \"hello/greet\"\nmanual = true\n");
    host.signal("HUP");
    let began = manager.hears("RELOADING=1");
    assert!(began.last().expect("a message").contains("\nMONOTONIC_USEC="), "{began:?}");
    let done = manager.hears("READY=1");
    assert_eq!(status(&done), "2 schedules, nothing comes next, 0 late");

    host.signal("TERM");
    manager.hears("STOPPING=1");
    assert_eq!(host.end().await.code(), Some(0));
}

/// Units are looked at by systemd's own program, where there is one.
fn analyzed(unit: &std::path::Path, most: &str) {
    let file = unit.display().to_string();
    let run = |args: &[&str]| {
        let said = Command::new("systemd-analyze").args(args).arg(&file).env("SYSTEMD_COLORS", "0").output();
        let said = said.expect("systemd-analyze is there; `make test` installs it");
        let text = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        assert!(
            said.status.success(),
            "systemd-analyze {args:?}: {text}\n{}",
            std::fs::read_to_string(unit).unwrap_or_default()
        );
        text
    };
    let verified = run(&["verify", "--man=no"]);
    assert_eq!(verified.trim(), "", "a setting that is not known, or a file that is not there");
    let judged = run(&["security", "--offline=true", &format!("--threshold={most}")]);
    println!("{}", judged.lines().last().unwrap_or_default());
}

#[test]
fn the_unit_of_packages_and_the_one_for_this_machine_are_right_and_hardened() {
    let place = Place::new();
    let packaged = std::fs::read_to_string(repository().join("deploy/systemd/noontide.service")).expect("the unit");
    assert!(!packaged.contains("\nMemoryDenyWriteExecute="), "with it no plugin would load");
    assert!(packaged.contains("# MemoryDenyWriteExecute= is left out on purpose"), "and the unit says so");
    let unit = place.path("noontide.service");
    std::fs::write(&unit, packaged.replace("/usr/bin/noontide", &binary().display().to_string())).expect("a file");
    // Tenths.
    analyzed(&unit, "15");
    let said = place.noontide(&["service", "unit", "--run-as", "daemon"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains(&format!("ReadWritePaths={}", place.path("data").display())), "{said:?}");
    std::fs::write(&unit, &said.out).expect("a file");
    // What is used here lies in temporary folders and homes, which the unit then leaves in sight.
    analyzed(&unit, "20");
}

/// A `systemctl` that notes what it is told, and says `state` when it is asked how the machine is.
fn with_systemctl(place: &mut Place, state: &str) {
    let folder = place.path("bin");
    std::fs::create_dir_all(&folder).expect("a folder");
    let noted = place.path("told");
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> {}\ncase \"$*\" in *is-system-running*) echo {state};; esac\n",
        noted.display()
    );
    std::fs::write(folder.join("systemctl"), script).expect("a file");
    std::fs::set_permissions(folder.join("systemctl"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("a mode");
    let path = std::env::var("PATH").unwrap_or_default();
    place.set_var("PATH", &format!("{}:{path}", folder.display()));
    place.set_var("XDG_CONFIG_HOME", &place.path("home").display().to_string());
}

#[test]
fn a_service_is_installed_started_and_removed_and_what_is_not_ours_stays() {
    let mut place = Place::new();
    with_systemctl(&mut place, "running");
    let said = place.noontide(&["service", "install", "--user"]);
    assert_eq!(said.code, 0, "{said:?}");
    let unit = place.path("home/systemd/user/noontide.service");
    let text = std::fs::read_to_string(&unit).expect("the unit");
    assert!(text.contains("Type=notify") && text.contains("WantedBy=default.target"), "{text}");
    assert!(
        said.err.contains(&unit.display().to_string()) && said.err.contains("$ systemctl --user enable --now noontide"),
        "{said:?}"
    );
    let told = std::fs::read_to_string(place.path("told")).expect("what was told");
    assert_eq!(
        told.lines().collect::<Vec<_>>(),
        ["--user is-system-running", "--user daemon-reload", "--user enable --now noontide"]
    );

    assert_eq!(place.noontide(&["service", "uninstall", "--user"]).code, 0);
    assert!(!unit.exists());
    assert_eq!(place.noontide(&["service", "uninstall", "--user"]).code, 4, "nothing is there");
    std::fs::write(&unit, "[Unit]\nDescription=of somebody else\n").expect("a file");
    assert_eq!(place.noontide(&["service", "install", "--user"]).code, 6);
    assert!(std::fs::read_to_string(&unit).expect("the unit").contains("somebody else"));
}

#[test]
fn without_systemd_nothing_is_installed_and_the_way_out_is_told() {
    let mut place = Place::new();
    with_systemctl(&mut place, "offline");
    let said = place.noontide(&["service", "install", "--user"]);
    assert!(said.code == 1 && said.err.contains("noontide service unit"), "{said:?}");
    assert!(!place.path("home").exists());
}

#[tokio::test]
async fn a_new_folder_works_is_written_over_by_nothing_and_fires() {
    let mut place = Place::bare();
    place.set_var("NOONTIDE__HTTP__LISTEN", "127.0.0.1:0");
    assert_eq!(place.noontide(&["init", "."]).code, 0);
    let mine = place.path("conf/schedules.toml");
    let text = std::fs::read_to_string(&mine).expect("the schedules");
    assert!(text.starts_with("#:schema ../noontide.schema.json\n"), "{text}");
    assert!(place.path("noontide.schema.json").exists());
    let said = place.noontide(&["init", "."]);
    assert!(said.code == 6 && said.err.contains("nothing was written"), "{said:?}");
    assert_eq!(place.noontide(&["check"]).code, 0);
    let host = place.serve().await;
    let run =
        until("the first fire", async || host.api().list("/runs?schedule=hello&state=succeeded").await.pop()).await;
    assert_eq!(run["cause"], "schedule", "{run}");
    host.stop().await;
}

#[tokio::test]
async fn doctor_looks_at_everything_with_a_host_and_without_and_says_what_to_repair() {
    let place = Place::new();
    place.plugin("hello");
    let checks = |said: &super::support::place::Said| -> Vec<(String, String)> {
        let findings: Vec<serde_json::Value> =
            serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        findings.iter().map(|finding| (text(&finding["check"]), text(&finding["verdict"]))).collect()
    };
    let looked = [
        "host",
        "database",
        "data folder",
        "disk",
        "inodes",
        "plugin folder",
        "port",
        "plugin",
        "address space",
        "clock",
        "time zones",
        "file watches",
    ];
    let before = place.noontide(&["doctor", "-o", "json"]);
    assert_eq!(before.code, 0, "{before:?}");
    for check in looked {
        assert!(checks(&before).iter().any(|(is, _)| is == check), "{check}: {before:?}");
    }
    let host = place.serve().await;
    let during = place.noontide(&["doctor", "-o", "json"]);
    assert_eq!(during.code, 0, "{during:?}");
    for check in looked.iter().chain(&["latency", "schema", "socket", "watcher"]) {
        assert!(checks(&during).iter().any(|(is, _)| is == check), "{check}: {during:?}");
    }
    host.stop().await;
    place.plugin_bytes("broken.wasm", b"\0asm, and nothing that follows from it");
    let broken = place.noontide(&["doctor"]);
    assert!(
        broken.code == 1 && broken.out.contains("FAIL") && broken.out.contains("-> build it for this host"),
        "{broken:?}"
    );
}
