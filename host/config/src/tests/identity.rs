//! `[host]`.

use noontide_domain::{Role, Roles};

use super::*;

#[test]
fn a_host_does_everything_and_is_nothing_in_particular_unless_told() {
    let own = loaded(&[]).config.host;
    assert_eq!((own.name.as_str(), &own.roles), ("", &Roles::default()));
    assert!(own.labels.is_empty());
}

#[test]
fn a_host_has_a_name_roles_and_labels() {
    let text = "[host]\nname = 'one'\nroles = ['worker', 'api']\nlabels = { gpu = 'true', zone = 'a' }\n";
    let own = loaded(&[("a.toml", text)]).config.host;
    assert_eq!((own.name.as_str(), own.labels.to_string().as_str()), ("one", "gpu=true, zone=a"));
    assert_eq!(own.roles, [Role::Worker, Role::Api].into_iter().collect());
}

#[test]
fn what_is_no_role_or_no_label_is_refused_with_its_place() {
    for (text, expected) in [
        ("roles = ['wroker']", "did you mean `worker`?"),
        ("roles = []", "would do nothing"),
        ("roles = 'worker'", "a list is expected"),
        ("labels = { gpu = true }", "a string is expected"),
        ("role = ['worker']", "did you mean `roles`?"),
    ] {
        let found = problems(&[("a.toml", &format!("[host]\n{text}\n"))], &[]).join("\n");
        assert!(found.contains("a.toml:2:") && found.contains(expected), "{text}: {found}");
    }
}

#[test]
fn how_often_others_leavings_are_looked_for_depends_on_the_ledger_unless_told() {
    assert_eq!(loaded(&[]).config.engine.poll, None);
    let told = loaded(&[("a.toml", "[engine]\npoll = '50ms'\n")]).config.engine.poll;
    assert_eq!(told, Some(std::time::Duration::from_millis(50)));
}
