//! The files of a folder that works.

use noontide_config::{SCHEMA, SCHEMA_FILE};

/// The plugin that the schedules call, if it was built before this program was. Written by `build.rs`.
static HELLO: Option<&[u8]> = include!(concat!(env!("OUT_DIR"), "/hello.rs"));

/// Their names and contents.
pub fn files() -> Vec<(&'static str, &'static [u8])> {
    let mut files = vec![
        ("conf/host.toml", include_bytes!("example/conf/host.toml").as_slice()),
        ("conf/schedules.toml", include_bytes!("example/conf/schedules.toml")),
        ("conf/local/host.toml", include_bytes!("example/conf/local/host.toml")),
        ("conf/online/host.toml", include_bytes!("example/conf/online/host.toml")),
        (SCHEMA_FILE, SCHEMA.as_bytes()),
        (".gitignore", include_bytes!("example/gitignore")),
    ];
    files.extend(HELLO.map(|hello| ("plugins/hello.wasm", hello)));
    files
}

/// Whether the schedules have what they call.
pub fn has_plugin() -> bool {
    HELLO.is_some()
}
