use super::*;

#[test]
fn environments_lie_over_the_shared_files_and_say_where_a_value_comes_from() {
    let files = [
        ("a.toml", "[engine]\nconcurrency = 2\nlease = \"60s\"\n"),
        ("local/b.toml", "[engine]\nconcurrency = 3\n"),
        ("test/b.toml", "[engine]\nconcurrency = 4\n[http]\nlisten = \"off\"\n"),
    ];
    let dir = folder(&files);
    let with = |env: Option<&str>, vars: &[(&str, &str)]| {
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        load(&LoadRequest { env: env.map(str::to_owned), vars, ..request(dir.path()) }).expect("loaded")
    };
    assert_eq!(with(None, &[]).config.engine.concurrency, 3);
    assert_eq!(with(None, &[("APP_ENV", "test")]).config.engine.concurrency, 4);
    assert_eq!(with(Some("local"), &[("APP_ENV", "test")]).config.engine.concurrency, 3);
    let outside = with(None, &[("NOONTIDE__ENGINE__CONCURRENCY", "5")]);
    assert_eq!((outside.config.engine.concurrency, outside.config.engine.lease.as_secs()), (5, 60));
    let origin = |key: &str| outside.shown.iter().find(|shown| shown.key == key).expect(key).origin.clone();
    assert_eq!(origin("engine.concurrency"), "NOONTIDE__ENGINE__CONCURRENCY");
    assert!(origin("engine.lease").ends_with("a.toml:3:1"));
    assert!(origin("engine.drain").contains("built in"));
    let unknown =
        load(&LoadRequest { env: Some("prod".into()), ..request(dir.path()) }).expect_err("no such environment");
    assert!(unknown.to_string().contains("known are the folders local, test"), "{unknown}");
}

#[test]
fn a_copy_of_the_defaults_lies_below_every_other_file_whatever_their_names() {
    let files =
        [("a.toml", "[engine]\nconcurrency = 7\n"), ("default.toml", include_str!("../../../../conf/default.toml"))];
    let loaded = loaded(&files);
    assert_eq!(loaded.config.engine.concurrency, 7);
    assert!(loaded.files[0].ends_with("default.toml"), "{:?}", loaded.files);
}

#[test]
fn later_files_and_then_flags_win_and_lists_replace() {
    let dir = folder(&[
        (
            "a.toml",
            "[schedule.x]\nhandler = \"a/b\"\nmanual = true\ninput = { list = [1, 2], a = 1, deep = { a = 1 } }\n",
        ),
        ("b.toml", "[schedule.x.input]\nlist = [3]\ndeep = { b = 2 }\n"),
    ]);
    let vars = BTreeMap::from([
        ("NOONTIDE__SCHEDULE__X__INPUT__A".to_owned(), "7\nconcurrency = 1".to_owned()),
        ("NOONTIDE__ENGINE__CONCURRENCY".to_owned(), "5".to_owned()),
    ]);
    let overrides = vec![("engine.concurrency".to_owned(), "6".to_owned())];
    let loaded = load(&LoadRequest { vars, overrides, ..request(dir.path()) }).expect("loaded");
    assert_eq!(loaded.config.engine.concurrency, 6);
    let wanted = serde_json::json!({"list": [3], "a": "7\nconcurrency = 1", "deep": {"a": 1, "b": 2}});
    assert_eq!(loaded.config.schedules[0].input, wanted);
}

#[test]
fn a_mistake_in_a_variable_or_a_flag_is_told_under_its_name() {
    let dir = folder(&[]);
    let vars = BTreeMap::from([("NOONTIDE__HTTP__LISTN".to_owned(), "off".to_owned())]);
    let overrides = vec![("log.level".to_owned(), "loud".to_owned())];
    let refused = load(&LoadRequest { vars, overrides, ..request(dir.path()) }).expect_err("refused").to_string();
    assert_eq!(
        refused,
        "NOONTIDE__HTTP__LISTN: unknown key `listn` — did you mean `listen`?\n\
         flag for log.level: `level`: `loud` is no level; error, warn, info, debug, trace, off are known"
    );
}

#[test]
fn a_path_is_relative_to_the_file_that_sets_it() {
    let dir = folder(&[
        ("a.toml", "[ledger]\nurl = \"sqlite:../store/n.db\"\n"),
        ("local/b.toml", "[plugins]\ndir = \"../../dist\"\n[plugin.x]\nfolders = { \"/in\" = \"in\" }\n"),
    ]);
    let config = load(&request(&dir.path().join("."))).expect("loaded").config;
    let parent = dir.path().parent().expect("a parent");
    assert_eq!(config.ledger_url.reveal(), format!("sqlite://{}", parent.join("store/n.db").display()));
    assert_eq!(config.plugins.dir, parent.join("dist"));
    assert_eq!(config.data_dir, parent.join("data"));
    assert_eq!(config.grants[&"x".parse().expect("a name")].folders["/in"].path, dir.path().join("local/in"));
}

#[test]
fn without_a_ledger_of_its_own_a_host_keeps_it_in_the_data_folder() {
    let config = loaded(&[("a.toml", "[data]\ndir = \"/var/lib/noontide\"\n")]).config;
    assert_eq!(config.ledger_url.reveal(), "sqlite:///var/lib/noontide/noontide.db");
}

#[test]
fn what_is_shown_is_toml_as_written_and_resolves_nothing() {
    let text =
        "[plugin.\"a.b\"]\nfolders = { \"/logs\" = \"${LOGS:-x}\" }\nsecrets = { KEY = { env = \"THE_KEY\" } }\n";
    let dir = folder(&[("a.toml", text)]);
    let vars = BTreeMap::from([("THE_KEY".to_owned(), "geheim".to_owned()), ("LOGS".to_owned(), "geheim".to_owned())]);
    let loaded = load(&LoadRequest { vars, ..request(dir.path()) }).expect("loaded");
    let lines: Vec<_> = loaded.shown.iter().map(|shown| format!("{} = {}", shown.key, shown.value)).collect();
    assert!(lines.contains(&r#"plugin."a.b".folders."/logs" = "${LOGS:-x}""#.to_owned()), "{lines:?}");
    assert!(lines.contains(&r#"plugin."a.b".secrets.KEY.env = "THE_KEY""#.to_owned()), "{lines:?}");
    assert!(!format!("{lines:?}").contains("geheim"));
}

#[test]
fn the_last_of_three_thousand_schedules_has_its_place_too() {
    let count = 3_000;
    let text: String =
        (0..count).map(|i| format!("[schedule.s{i}]\nhandler = \"a/b\"\nevery = 5\nodd = 1\n")).collect();
    let found = problems(&[("a.toml", &text)], &[]);
    let last = format!("a.toml:{}:1: schedule `s{}`: unknown key `odd`", count * 4, count - 1);
    assert_eq!(found.len(), count);
    assert!(found[count - 1].starts_with(&last), "{}", found[count - 1]);
}
