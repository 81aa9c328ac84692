//! The repository's own rules: what `ARCHITECTURE.md` says and a compiler cannot see.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// Who alone may use what. A name that ends in `*` stands for all that begin so.
const KEPT: [(&str, &[&str]); 15] = [
    ("sqlx", &["ledger", "connections"]),
    ("redis", &["connections"]),
    ("wasmtime*", &["sandbox"]),
    ("wasmparser", &["sandbox"]),
    ("hyper", &["sandbox", "web"]),
    ("rustls", &["sandbox", "web"]),
    ("axum", &["web"]),
    ("reqwest", &["web"]),
    ("toml*", &["config"]),
    ("clap", &["cli"]),
    ("cron", &["domain"]),
    ("solar-positioning", &["domain"]),
    ("icalendar", &["config", "web"]),
    ("askama", &["web"]),
    ("hmac", &["sinks"]),
];

/// Names that say nothing.
const NO_NAMES: [&str; 5] = ["utils", "common", "helpers", "misc", "types"];

/// Longer files hold more than one thought.
const LINES: usize = 400;

#[test]
fn rooms_import_what_the_table_of_the_architecture_says_and_nothing_else() {
    let table = table();
    let rooms = rooms();
    assert_eq!(table.keys().collect::<Vec<_>>(), rooms.keys().collect::<Vec<_>>(), "rooms in the table and on disk");
    for (room, manifest) in &rooms {
        let all = || rooms.keys().filter(|other| *other != room && *other != "testkit").cloned().collect();
        let allowed: BTreeSet<String> = match table[room].as_str() {
            "–" => BTreeSet::new(),
            "all but testkit" => all(),
            list => list.split(',').map(|name| name.trim().to_owned()).collect(),
        };
        assert_eq!(ours(manifest, "dependencies"), allowed, "{room}: [dependencies] of ours and the table");
        let for_tests: BTreeSet<_> = ours(manifest, "dev-dependencies").difference(&allowed).cloned().collect();
        let testkit = BTreeSet::from(["testkit".to_owned()]);
        assert!(for_tests.is_subset(&testkit), "{room}: [dev-dependencies] may add testkit only: {for_tests:?}");
    }
}

#[test]
fn each_heavy_crate_is_kept_to_its_room() {
    for (room, manifest) in rooms() {
        let used = ["dependencies", "dev-dependencies", "build-dependencies"];
        let used = used.into_iter().flat_map(|kind| dependencies(&manifest, kind));
        for name in used {
            let rule = KEPT.iter().find(|(kept, _)| covers(kept, &name));
            if let Some((kept, owners)) = rule {
                assert!(owners.contains(&&*room), "host/{room}/Cargo.toml uses {name}; {kept} is kept to {owners:?}");
            }
        }
    }
}

#[test]
fn no_file_and_no_module_has_a_name_that_says_nothing() {
    for path in rust_files() {
        let parts = path.with_extension("");
        let parts = parts.iter().map(|part| part.to_string_lossy().into_owned());
        for part in parts {
            assert!(!NO_NAMES.contains(&part.as_str()), "{}: `{part}` says nothing", path.display());
        }
        for (number, line) in read(&root().join(&path)).lines().enumerate() {
            let name = line.trim_start_matches("pub ").trim_start_matches("pub(crate) ").strip_prefix("mod ");
            let name = name.map(|name| name.trim_end_matches([';', '{', ' ']));
            assert!(
                !name.is_some_and(|name| NO_NAMES.contains(&name)),
                "{}:{}: the name says nothing",
                path.display(),
                number + 1
            );
        }
    }
}

#[test]
fn no_rust_file_is_over_four_hundred_lines() {
    let long: Vec<_> = rust_files()
        .into_iter()
        .map(|path| (read(&root().join(&path)).lines().count(), path))
        .filter(|(lines, _)| *lines > LINES)
        .collect();
    assert!(long.is_empty(), "over {LINES} lines: {long:?}");
}

#[test]
fn what_the_contract_imports_and_the_sandbox_offers_have_the_same_names() {
    let world = read(&root().join("wit/world.wit"));
    let imports = world.lines().filter_map(|line| line.trim().strip_prefix("import "));
    let imports: BTreeSet<_> = imports.map(|name| name.trim_end_matches(';').trim().to_owned()).collect();
    assert!(!imports.is_empty(), "wit/world.wit imports nothing");
    for name in &imports {
        assert!(root().join(format!("wit/{name}.wit")).exists(), "wit/{name}.wit is missing");
    }
    let mut offered = names(&root().join("host/sandbox/src/imports"), "rs");
    offered.remove("mod");
    assert_eq!(offered, imports, "host/sandbox/src/imports and wit/world.wit");
}

#[test]
fn every_database_has_migrations_of_the_same_names_counted_without_a_gap() {
    let folder = root().join("host/ledger/migrations");
    let databases: Vec<_> = entries(&folder).into_iter().filter(|path| path.is_dir()).collect();
    assert!(!databases.is_empty(), "no migrations in {}", folder.display());
    let of = |path: &PathBuf| names(path, "sql");
    for database in &databases {
        assert_eq!(of(database), of(&databases[0]), "{} and {}", database.display(), databases[0].display());
        assert!(!of(database).is_empty(), "{} is empty", database.display());
        for (index, name) in of(database).iter().enumerate() {
            let number = format!("{:04}_", index + 1);
            assert!(name.starts_with(&number), "{}: {name} should begin with {number}", database.display());
        }
    }
}

#[test]
fn every_relative_link_of_a_page_leads_somewhere() {
    let mut pages: Vec<_> = entries(root()).into_iter().chain(entries(&root().join("docs"))).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    for page in pages {
        let text = read(&page);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let path = page.parent().expect("a page lies in a folder").join(target);
            assert!(path.exists(), "{}: the link to {target} leads nowhere", page.display());
        }
    }
}

#[test]
fn the_checklist_has_every_row_and_names_tests_that_there_are() {
    let page = read(&root().join("docs/checklist.md"));
    let rows: Vec<Vec<&str>> = page.lines().map(|line| line.split(" | ").collect()).collect();
    let numbers: Vec<_> = rows.iter().filter_map(|row| row[0].strip_prefix("| ")).filter(|n| n.contains('.')).collect();
    let all = [36, 27, 19, 31, 18]
        .into_iter()
        .zip(0..)
        .flat_map(|(last, part): (u32, u32)| (1..=last).map(move |number| format!("{part}.{number}")));
    assert_eq!(numbers, all.collect::<Vec<_>>());
    let shown = rows.iter().filter(|row| row.len() == 4).flat_map(|row| row[3].split([',', ';']));
    for shown in shown.filter(|shown| !shown.contains('?')) {
        for file in shown.split('`').skip(1).step_by(2).filter(|file| file.ends_with(".rs")) {
            let there = [root().join(file), root().join("tests/system").join(file)].iter().any(|path| path.exists());
            assert!(there, "docs/checklist.md: {file} is not there");
        }
    }
}

#[test]
fn the_page_on_security_names_files_and_tests_that_there_are() {
    // What cargo wants between a room and its files is left out on the page.
    let short = |path: &str| path.replace("src/", "").replace("tests/", "");
    let page = read(&root().join("docs/security.md"));
    let files = rust_files();
    let paths: Vec<_> = files.iter().map(|path| format!("/{}", short(&path.to_string_lossy()))).collect();
    let code: String = files.iter().map(|path| read(&root().join(path))).collect();
    let mut tests = 0;
    for word in page.split('`').skip(1).step_by(2) {
        let is_name = word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if word.ends_with(".rs") {
            let end = format!("/{}", short(word));
            assert!(paths.iter().any(|path| path.ends_with(&end)), "docs/security.md: {word} is not there");
        } else if is_name && word.matches('_').count() > 2 {
            assert!(code.contains(&format!("fn {word}(")), "docs/security.md: there is no test {word}");
            tests += 1;
        }
    }
    assert!(tests > 20, "looked for the wrong thing: {tests}");
}

// ---- how they look -------------------------------------------------------------------------------------------------

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// Stems of the files in `folder` with that extension.
fn names(folder: &Path, extension: &str) -> BTreeSet<String> {
    let files = entries(folder).into_iter().filter(|path| path.extension().is_some_and(|found| found == extension));
    files.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect()
}

/// Relative to the repository.
fn rust_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<_> = ["host", "plugins", "tests", "fuzz"].map(|name| root().join(name)).into();
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            let built = path.file_name().is_some_and(|name| name == "target" || name == "dist");
            if path.is_dir() && !built {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path.strip_prefix(root()).expect("within the repository").to_owned());
            }
        }
    }
    assert!(found.len() > 50, "looked in the wrong place: {found:?}");
    found
}

/// Room -> what the table allows it to import.
fn table() -> BTreeMap<String, String> {
    let page = read(&root().join("ARCHITECTURE.md"));
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `host/"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        (cells[0].trim_end_matches('`').to_owned(), cells[2].to_owned())
    })
    .collect()
}

/// Room -> manifest.
fn rooms() -> BTreeMap<String, Table> {
    let folders = entries(&root().join("host")).into_iter().filter(|path| path.join("Cargo.toml").exists());
    folders
        .map(|path| {
            let manifest = path.join("Cargo.toml");
            let table = read(&manifest).parse().unwrap_or_else(|error| panic!("{}: {error}", manifest.display()));
            (path.file_name().expect("a name").to_string_lossy().into_owned(), table)
        })
        .collect()
}

/// Names of the crates, also those under `[target.'…']`.
fn dependencies(manifest: &Table, kind: &str) -> BTreeSet<String> {
    let of = |table: &Table| -> Vec<String> {
        table.get(kind).and_then(Value::as_table).into_iter().flat_map(|table| table.keys().cloned()).collect()
    };
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    targets.filter_map(Value::as_table).flat_map(of).chain(of(manifest)).collect()
}

/// Those of this house, without the prefix.
fn ours(manifest: &Table, kind: &str) -> BTreeSet<String> {
    dependencies(manifest, kind).iter().filter_map(|name| name.strip_prefix("noontide-").map(str::to_owned)).collect()
}

fn covers(kept: &str, name: &str) -> bool {
    kept.strip_suffix('*').map_or(kept == name, |prefix| name.starts_with(prefix))
}
