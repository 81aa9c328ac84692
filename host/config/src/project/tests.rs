use serde_json::json;

use super::*;

const GOOD: &str = r#"
[plugin]
name = "order-count"
language = "rust"

[build]
command = ["make", "-s"]
output  = "out/x.wasm"
watch   = ["src"]
needs   = [{ command = "make", hint = "apt-get install make" }, { file = "node_modules/x", hint = "npm install" }]

[try]
handler = "count"
input   = { suffix = ".json" }
"#;

fn read(text: &str) -> Result<Project, Refused> {
    Project::parse(Path::new("x/noontide.toml"), text)
}

#[test]
fn a_project_says_how_it_is_built_and_tried() {
    let project = read(GOOD).expect("it is right");
    assert_eq!((project.name.as_str(), project.language.as_deref()), ("order-count", Some("rust")));
    assert_eq!(project.command, ["make", "-s"]);
    assert_eq!((project.output, project.watch), (PathBuf::from("out/x.wasm"), vec![PathBuf::from("src")]));
    assert_eq!(project.needs[0].what, Needed::Command("make".to_owned()));
    assert_eq!(project.needs[1], Need { what: Needed::File("node_modules/x".into()), hint: "npm install".to_owned() });
    assert_eq!((project.handler.as_deref(), project.input), (Some("count"), Some(json!({"suffix": ".json"}))));
}

#[test]
fn all_that_is_wrong_is_told_at_once_with_its_place() {
    let text = GOOD.replace("language", "langauge").replace("out/x.wasm", "../x.wasm").replace("hint", "hnt");
    let told = read(&text).expect_err("it is wrong").to_string();
    for line in [
        "x/noontide.toml:4:1: [plugin] unknown key `langauge` — did you mean `language`?",
        "x/noontide.toml:8:11: [build] `output`: `../x.wasm` is no path within the plugin's folder",
        "x/noontide.toml:10:32: [build] `needs`: unknown key `hnt`",
    ] {
        assert!(told.contains(line), "{told}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let told = read("[plugin]\nlanguage = \"c\"\n").expect_err("it is wrong").to_string();
    assert!(told.contains("[plugin] `name` is missing") && told.contains("the table [build] is missing"), "{told}");
    let told = read("[plugin]\nname = \"a b\"\n[build]\ncommand = []\n").expect_err("it is wrong").to_string();
    for part in ["`a b` holds", "`command` is empty", "`output` is missing"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let told = read("[plugin").expect_err("it is wrong").to_string();
    assert!(told.starts_with("x/noontide.toml:1:") && told.contains("this is not TOML"), "{told}");
}
