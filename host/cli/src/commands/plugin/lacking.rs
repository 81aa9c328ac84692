//! What a plugin wants and was not granted: often why it failed.

use noontide_domain::{PluginName, Wish};

/// A line for people; `None` if nothing is missing.
pub fn told(name: &PluginName, wishes: &[Wish]) -> Option<String> {
    let missing = wishes.iter().filter(|wish| wish.is_missing());
    let missing: Vec<_> = missing.map(|wish| format!("{} {}", wish.kind.as_str(), wish.name)).collect();
    let remedy = "in the configuration grants it; --conf DIR says which configuration";
    (!missing.is_empty())
        .then(|| format!("it wants, and was not granted: {}; [plugin.{name}] {remedy}", missing.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use noontide_domain::plugin::wants::compare;
    use noontide_domain::{Grant, Wants};

    #[test]
    fn what_was_wanted_and_not_granted_is_told_with_the_place_to_grant_it() {
        let wants = Wants {
            folders: vec!["/out".into()],
            env: vec!["HOME".into()],
            sql: vec!["shop read-write".into()],
            ..Wants::default()
        };
        let mut grant = Grant::default();
        grant.env.insert("HOME".into(), "/".into());
        let name: PluginName = "orders".parse().unwrap();
        let line = told(&name, &compare(&wants, Some(&grant))).unwrap();
        assert!(line.starts_with("it wants, and was not granted: folders /out, sql shop; [plugin.orders] "), "{line}");
        assert_eq!(told(&name, &[]), None);
    }
}
