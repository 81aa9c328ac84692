//! What shells and readers of manuals get from the binary.

use std::process::Command;

use super::support::Place;
use super::support::place::binary;

/// What bash offers for a line that is being typed, the last word of it begun.
fn offered(place: &Place, typed: &[&str]) -> Vec<String> {
    let line: Vec<_> = typed.iter().map(|word| format!("{word:?}")).collect();
    let script = format!(
        "source <(noontide completions bash); COMP_WORDS=({}); COMP_CWORD={}; COMP_TYPE=9; \
         _clap_complete_noontide noontide {:?}; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        line.join(" "),
        typed.len() - 1,
        typed.last().expect("a word")
    );
    let program = binary();
    let mut path = vec![program.parent().expect("a folder").to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", &script]).current_dir(place.path("."));
    let said = bash.env("PATH", std::env::join_paths(path).expect("a path")).output().expect("bash");
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    println!("{typed:?}: {text}{}", String::from_utf8_lossy(&said.stderr));
    text.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn bash_completes_verbs_and_flags_and_asks_the_host_for_the_names_of_schedules() {
    let place = Place::new();
    place.plugin("hello");
    place.schedules(
        "[schedule.nightly]\nhandler = \"hello/greet\"\nmanual = true\n[schedule.noon]\nhandler = \"hello/greet\"\nmanual = true\n",
    );
    assert_eq!(offered(&place, &["noontide", "heal"]), ["healthcheck"]);
    assert!(offered(&place, &["noontide", "serve", "--r"]).contains(&"--role".to_owned()));
    assert_eq!(offered(&place, &["noontide", "fire", "n"]), [""; 0], "nobody is there to be asked, and it is no error");
    let host = place.serve().await;
    assert_eq!(offered(&place, &["noontide", "fire", "n"]), ["nightly", "noon"]);
    assert_eq!(offered(&place, &["noontide", "why", "ni"]), ["nightly"]);
    drop(host);
}

#[test]
fn each_shell_has_a_script_and_each_verb_a_page() {
    let place = Place::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let said = place.noontide(&["completions", shell]);
        assert!(said.code == 0 && said.out.contains("NOONTIDE_COMPLETE"), "{said:?}");
    }
    assert_eq!(place.noontide(&["completions", "cmd"]).code, 2);
    let said = place.noontide(&["man", "pages"]);
    assert_eq!(said.code, 0, "{said:?}");
    let page = |name: &str| std::fs::read_to_string(place.path("pages").join(name)).unwrap_or_default();
    for name in ["noontide.1", "noontide-serve.1", "noontide-plugin-new.1", "noontide-import-crontab.1"] {
        assert!(page(name).contains(".TH"), "{name} is missing");
    }
    assert!(place.noontide(&["man"]).out.contains("noontide"));
}

#[test]
fn the_schema_of_the_configuration_is_json_schema() {
    let schema = Place::new().noontide(&["config", "schema"]).json();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert!(schema["properties"]["schedule"].is_object());
}
