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
pub(crate) const COUNT: usize = 22;

/// The newest schema this binary knows.
pub(crate) const KNOWN: i64 = COUNT as i64;

/// All of a folder, in their order.
macro_rules! migrations {
    ($folder:literal) => {
        $crate::migrations::files! {
            $folder;
            1 "0001" "ledger";
            2 "0002" "policies";
            3 "0003" "items";
            4 "0004" "calls";
            5 "0005" "chains";
            6 "0006" "task_tables";
            7 "0007" "artifacts";
            8 "0008" "submissions";
            9 "0009" "state";
            10 "0010" "outbox";
            11 "0011" "plugin_versions";
            12 "0012" "plugin_records";
            13 "0013" "provenance";
            14 "0014" "terms";
            15 "0015" "limits";
            16 "0016" "hosts";
            17 "0017" "receipts";
            18 "0018" "access";
            19 "0019" "rollups";
            20 "0020" "alerts";
            21 "0021" "changes";
            22 "0022" "keyed";
        }
    };
}
pub(crate) use migrations;

macro_rules! files {
    ($folder:literal; $($version:literal $number:literal $name:literal;)+) => {
        [$($crate::migrations::File {
            version: $version,
            name: $name,
            sql: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"), "/migrations/", $folder, "/", $number, "_", $name, ".sql"
            )),
        }),+]
    };
}
pub(crate) use files;

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
