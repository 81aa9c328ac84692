//! The compiled plugins of this repository.

use std::path::{Path, PathBuf};

/// The repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository")
}

/// `plugins/dist/<name>.wasm`, or the fixture of that name.
pub fn wasm(name: &str) -> PathBuf {
    let dist = repository().join("plugins/dist");
    let candidates = [dist.join(format!("fixtures/{name}.wasm")), dist.join(format!("{name}.wasm"))];
    let found = candidates.into_iter().find(|path| path.exists());
    found.unwrap_or_else(|| panic!("plugin `{name}` is not built; run `make plugins`"))
}

/// The compiler that this repository is built with: in folders elsewhere, rustup would take another.
pub fn toolchain() -> String {
    let file = std::fs::read_to_string(repository().join("rust-toolchain.toml")).expect("rust-toolchain.toml");
    let file: toml::Table = file.parse().expect("TOML");
    file["toolchain"]["channel"].as_str().expect("a channel").to_owned()
}
