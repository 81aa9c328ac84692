//! What a plugin wants and was not granted: often why it failed.

use noontide_domain::{Grant, PluginName, Wants};

/// A line for people; `None` if nothing is missing.
pub fn told(name: &PluginName, wants: &Wants, grant: Option<&Grant>) -> Option<String> {
    let none = Grant::default();
    let grant = grant.unwrap_or(&none);
    let mut missing = Vec::new();
    let mut note = |kind: &str, wanted: &[String], has: &dyn Fn(&str) -> bool| {
        // A wish for a connection may say how: `shop read-write`.
        let names = wanted.iter().filter_map(|wish| wish.split_whitespace().next());
        missing.extend(names.filter(|name| !has(name)).map(|name| format!("{kind} {name}")));
    };
    note("folders", &wants.folders, &|path| grant.folders.contains_key(path));
    note("env", &wants.env, &|name| grant.env.contains_key(name));
    note("secrets", &wants.secrets, &|name| grant.secrets.contains_key(name));
    note("sql", &wants.sql, &|name| grant.sql.keys().any(|key| key == name));
    note("kv", &wants.kv, &|name| grant.kv.keys().any(|key| key == name));
    let remedy = "in the configuration grants it; --conf DIR says which configuration";
    (!missing.is_empty())
        .then(|| format!("it wants, and was not granted: {}; [plugin.{name}] {remedy}", missing.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_wanted_and_not_granted_is_told_with_the_place_to_grant_it() {
        let wants = Wants {
            folders: vec!["/in".into(), "/out".into()],
            sql: vec!["shop read-write".into()],
            ..Wants::default()
        };
        let mut grant = Grant::default();
        grant.folders.insert("/in".into(), noontide_domain::FolderGrant { path: "in".into(), write: false });
        let name: PluginName = "orders".parse().unwrap();
        let line = told(&name, &wants, Some(&grant)).unwrap();
        assert!(line.starts_with("it wants, and was not granted: folders /out, sql shop; [plugin.orders] "), "{line}");
        assert_eq!(told(&name, &Wants::default(), None), None);
    }
}
