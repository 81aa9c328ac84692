//! Tells the binary which wasmtime it is built with, for `--version` (the lock file knows), and gives it the templates
//! of `plugin new` and the plugin of `init`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// What building leaves in a template's folder.
const LEFTOVERS: [&str; 7] = ["target", "node_modules", "__pycache__", "dist", "build", ".venv", ".mypy_cache"];

fn main() {
    wasmtime();
    templates();
    hello();
}

/// The plugin that `init` gives away, if it is built: 240 KiB. Without it `init` says how to get one.
fn hello() {
    let built = package().join("../../plugins/dist/hello.wasm");
    println!("cargo::rerun-if-changed={}", built.display());
    let text = if built.exists() { format!("Some(include_bytes!({built:?}))") } else { "None".to_owned() };
    write("hello.rs", &text);
}

/// Asked while it runs, not when it was compiled: clones that share a target folder share this program.
fn package() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR").into()
}

fn write(name: &str, text: &str) {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join(name);
    fs::write(out, text).expect("OUT_DIR takes files");
}

fn wasmtime() {
    let lock = package().join("../../Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    let text = fs::read_to_string(&lock).unwrap_or_default();
    let wasmtime = text
        .split("[[package]]")
        .find(|package| package.contains("name = \"wasmtime\"\n"))
        .and_then(|package| package.split("version = \"").nth(1)?.split('"').next())
        .unwrap_or("unknown");
    println!("cargo::rustc-env=NOONTIDE_WASMTIME={wasmtime}");
}

/// Each folder in `templates/` is a language. Links within lead to what is shared, such as the SDK: what they lead to is
/// embedded as if it lay there.
fn templates() {
    let mut table = String::from("&[\n");
    for folder in entries(&package().join("templates")) {
        let language = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let _ = writeln!(table, "    Template {{ language: {language:?}, files: &[");
        for file in files(&folder) {
            let name = file.strip_prefix(&folder).unwrap_or(&file).to_string_lossy().into_owned();
            let _ = writeln!(table, "        ({name:?}, include_bytes!({file:?})),");
        }
        table.push_str("    ] },\n");
    }
    table.push_str("]\n");
    write("templates.rs", &table);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let of = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    entries(folder).into_iter().flat_map(of).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| is_source(path)).collect();
    paths.sort();
    paths
}

fn is_source(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    !LEFTOVERS.contains(&&*name) && !name.ends_with(".pyc")
}
