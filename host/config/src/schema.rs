//! The keys of a configuration as JSON Schema, which editors read. It is written by hand, for people; the tests compare it
//! with what the readers ask for, table by table, and with every example there is.

/// JSON Schema, draft 7: what Taplo and Even Better TOML understand.
pub const SCHEMA: &str = include_str!("../schema.json");

/// What a file with it is called beside a configuration folder; a TOML file names it as `#:schema ../noontide.schema.json`.
pub const SCHEMA_FILE: &str = "noontide.schema.json";
