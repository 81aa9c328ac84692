use noontide_config::LoadRequest;

use super::*;

fn which() -> Which {
    Which { user: false, run_as: None, name: "noontide".to_owned() }
}

/// The unit for a configuration, as the owner of its folder would have it.
fn unit(toml: &str, which: &Which) -> Result<Unit, Stop> {
    let conf = tempfile::tempdir().unwrap();
    std::fs::write(conf.path().join("a.toml"), toml).unwrap();
    let loaded = noontide_config::load(&LoadRequest { dir: conf.path().to_owned(), ..LoadRequest::default() }).unwrap();
    Unit::new("/opt/my tools/noontide".into(), conf.path().to_owned(), &loaded, which)
}

#[test]
fn a_unit_has_the_paths_of_the_machine_and_may_write_what_the_configuration_writes() {
    let toml = "[data]\ndir = '/srv/noontide/data'\n[log]\nfile = '/srv/logs/noontide.jsonl'\n\
                [plugin.a]\nfolders = { '/in' = '/srv/in', '/out' = { path = '/srv/out', mode = 'write' } }\n";
    let text = unit(toml, &Which { run_as: Some("ana".to_owned()), ..which() }).unwrap().text();
    assert!(text.starts_with(MARK), "{text}");
    for line in ["User=ana", "ReadWritePaths=/srv/noontide/data", "ReadWritePaths=/srv/logs", "ReadWritePaths=/srv/out"]
    {
        assert!(text.lines().any(|written| written == line), "{line}: {text}");
    }
    assert!(text.contains("ExecStart=\"/opt/my tools/noontide\" serve --conf /"), "{text}");
    for gone in
        ["/srv/in", "DynamicUser", "StateDirectory", "/usr/bin/noontide", "/etc/noontide", "MemoryDenyWriteExecute=yes"]
    {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    assert!(!text.contains("\n\n\n"), "{text}");
}

#[test]
fn data_below_var_lib_get_a_user_that_systemd_makes() {
    let owned_by_root = runs_as(&which(), 0, Path::new("/var/lib/noontide/data")).unwrap();
    assert_eq!(owned_by_root, RunsAs::Made { state: "noontide/data".to_owned() });
    let elsewhere = runs_as(&which(), 0, Path::new("/data")).unwrap_err();
    assert!(elsewhere.message.contains("--run-as"), "{}", elsewhere.message);
    assert_eq!(runs_as(&which(), 1000, Path::new("/data")).unwrap(), RunsAs::User("1000".to_owned()));
}

#[test]
fn what_lies_in_a_home_or_in_a_temporary_folder_stays_in_sight() {
    let ana = Which { run_as: Some("ana".to_owned()), ..which() };
    let text = unit("[data]\ndir = '/home/ana/data'\n", &ana).unwrap().text();
    assert!(text.contains("\nProtectHome=read-only\n") && text.contains("\nProtectSystem=strict\n"), "{text}");
    // The configuration of this test is in one.
    assert!(text.contains("\nPrivateTmp=no\n"), "{text}");
}

#[test]
fn a_unit_of_a_user_asks_for_nothing_that_only_root_may() {
    let text = unit("", &Which { user: true, ..which() }).unwrap().text();
    assert!(text.contains("\nWantedBy=default.target\n") && text.contains("\nWatchdogSec=60\n"), "{text}");
    for gone in ["User=", "Protect", "Capability", "network-online", "StateDirectory"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
}
