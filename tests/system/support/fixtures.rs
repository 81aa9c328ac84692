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

/// The fixture `upgrade` with `kind` written into it: a version, and words for how it differs.
pub fn upgrade(kind: &str) -> Vec<u8> {
    const MARK: &[u8] = b"noontide-fixture-kind=";
    const ROOM: usize = 42;
    let mut bytes = std::fs::read(wasm("upgrade")).expect("the fixture can be read");
    let at = bytes.windows(MARK.len()).position(|part| part == MARK).expect("the fixture has its mark") + MARK.len();
    bytes[at..at + ROOM].copy_from_slice(format!("{kind:ROOM$}").as_bytes());
    bytes
}

/// The compiler that this repository is built with: in folders elsewhere, rustup would take another.
pub fn toolchain() -> String {
    let file = std::fs::read_to_string(repository().join("rust-toolchain.toml")).expect("rust-toolchain.toml");
    let file: toml::Table = file.parse().expect("TOML");
    file["toolchain"]["channel"].as_str().expect("a channel").to_owned()
}
