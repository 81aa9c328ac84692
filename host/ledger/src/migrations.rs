//! The steps from an empty database to today's schema. Each database has a folder, and in each the files have equal names:
//! what one step does, it does everywhere.

/// A step.
#[derive(Clone, Copy)]
pub(crate) struct File {
    pub version: i64,
    pub name: &'static str,
    pub sql: &'static str,
}

/// How many they are.
pub(crate) const COUNT: usize = 17;

/// The newest schema this binary knows.
pub(crate) const KNOWN: i64 = COUNT as i64;

/// All of a folder, in their order.
macro_rules! migrations {
    ($folder:literal) => {
        [
            $crate::migrations::File {
                version: 1,
                name: "ledger",
                sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $folder, "/0001_ledger.sql")),
            },
            $crate::migrations::File {
                version: 2,
                name: "policies",
                sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $folder, "/0002_policies.sql")),
            },
            $crate::migrations::File {
                version: 3,
                name: "items",
                sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $folder, "/0003_items.sql")),
            },
            $crate::migrations::File {
                version: 4,
                name: "calls",
                sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $folder, "/0004_calls.sql")),
            },
            $crate::migrations::File {
                version: 5,
                name: "chains",
                sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $folder, "/0005_chains.sql")),
            },
            $crate::migrations::File {
                version: 6,
                name: "task_tables",
                sql: include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/migrations/",
                    $folder,
                    "/0006_task_tables.sql"
                )),
            },
            $crate::migrations::File {
                version: 7,
                name: "artifacts",
                sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $folder, "/0007_artifacts.sql")),
            },
            $crate::migrations::File {
                version: 8,
                name: "submissions",
                sql: include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/migrations/",
                    $folder,
                    "/0008_submissions.sql"
                )),
            },
            $crate::migrations::File {
                version: 9,
                name: "state",
                sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $folder, "/0009_state.sql")),
            },
            $crate::migrations::File {
                version: 10,
                name: "outbox",
                sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $folder, "/0010_outbox.sql")),
            },
            $crate::migrations::File {
                version: 11,
                name: "plugin_versions",
                sql: include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/migrations/",
                    $folder,
                    "/0011_plugin_versions.sql"
                )),
            },
            $crate::migrations::File {
                version: 12,
                name: "plugin_records",
                sql: include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/migrations/",
                    $folder,
                    "/0012_plugin_records.sql"
                )),
            },
            $crate::migrations::File {
                version: 13,
                name: "provenance",
                sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $folder, "/0013_provenance.sql")),
            },
            $crate::migrations::File {
                version: 14,
                name: "terms",
                sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $folder, "/0014_terms.sql")),
            },
            $crate::migrations::File {
                version: 15,
                name: "limits",
                sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $folder, "/0015_limits.sql")),
            },
            $crate::migrations::File {
                version: 16,
                name: "hosts",
                sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $folder, "/0016_hosts.sql")),
            },
            $crate::migrations::File {
                version: 17,
                name: "receipts",
                sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $folder, "/0017_receipts.sql")),
            },
        ]
    };
}
pub(crate) use migrations;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_numbered_by_its_place() {
        for files in [migrations!("sqlite"), migrations!("postgres"), migrations!("mysql")] {
            let numbers: Vec<_> = files.iter().map(|file| file.version).collect();
            assert_eq!(numbers, (1..=KNOWN).collect::<Vec<_>>());
        }
    }
}
