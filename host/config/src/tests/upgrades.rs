//! How new versions of plugins are taken.

use noontide_domain::UpgradePolicy;
use noontide_domain::plugin::upgrade::Canary;

use super::*;

fn policy(text: &str) -> UpgradePolicy {
    let loaded = loaded(&[("a.toml", &format!("[plugin.mail]\n{text}"))]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    loaded.config.grants[&"mail".parse().expect("a name")].upgrade
}

#[test]
fn a_plugin_says_how_its_new_versions_are_taken() {
    let usual = UpgradePolicy::default();
    assert_eq!(policy(""), usual);
    assert_eq!(policy("canary = '10%'").canary, Some(Canary { share: 10, runs: 20 }));
    assert_eq!(policy("canary = 7").canary, Some(Canary { share: 100, runs: 7 }));
    let all = "rollback-after = 0\non-wider = 'take'\non-incompatible = 'replace'\n";
    assert_eq!(
        policy(all),
        UpgradePolicy { rollback_after: 0, take_wider: true, take_incompatible: true, canary: None }
    );
    assert_eq!(policy("on-wider = 'hold'\non-incompatible = 'keep'\nrollback-after = 3\n"), usual);
}

#[test]
fn what_says_nothing_about_versions_is_refused_where_it_stands() {
    let wrong = "[plugin.mail]\ncanary = '100%'\nrollback-after = -1\non-wider = 'keep'\non-incompatible = 'hold'\nrollback-aftr = 2\n";
    let found = problems(&[("a.toml", wrong)], &[]);
    let expected = [
        "a.toml:2:10: plugin `mail`: `canary` is a share of the runs from \"1%\" to \"99%\", or how many runs a new version has to do well, as in 20",
        "a.toml:3:18: plugin `mail`: `rollback-after` is -1; at least 0 is needed",
        "a.toml:4:12: plugin `mail`: `on-wider` is `keep`; hold or take is expected",
        "a.toml:5:19: plugin `mail`: `on-incompatible` is `hold`; keep or replace is expected",
        "a.toml:6:1: plugin `mail`: unknown key `rollback-aftr` — did you mean `rollback-after`?",
    ];
    assert_eq!(found, expected);
    let found = problems(&[("a.toml", "[plugins]\nkeep-versions = 1\n")], &[]);
    assert_eq!(found, ["a.toml:2:17: `keep-versions` is 1; at least 2 is needed"]);
}
