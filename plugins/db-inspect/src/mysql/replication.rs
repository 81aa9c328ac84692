//! Where this replica stands, and who reads from this server.

use noontide_sdk::sql::{Row, Rows};

use crate::answer::Reads;
use crate::check::{Area, Check, Covers, Need, On};
use crate::finding::{Finding, Reading, Severity, Threshold};
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::{Basis, Rule};
use crate::server::Sight;
use crate::unit::Unit;

pub const CHECKS: &[Check] = &[
    Check {
        id: "my-replica",
        level: Level::Daily,
        area: Area::Replication,
        covers: Covers::Now,
        title: phrase("This replica", "本从库"),
        ask: &[
            (On::MariaDb, "SHOW ALL SLAVES STATUS"),
            (On::From(80_022), "SHOW REPLICA STATUS"),
            (On::MySql, "SHOW SLAVE STATUS"),
        ],
        needs: Need::Sight(Sight::Replication),
        rule: Rule::Judged(replica),
        advice: phrase(
            "SHOW REPLICA STATUS names the error; mend it and START REPLICA.",
            "SHOW REPLICA STATUS 会显示错误；修复后执行 START REPLICA。",
        ),
    },
    Check {
        id: "my-replicas",
        level: Level::Daily,
        area: Area::Replication,
        covers: Covers::Now,
        title: phrase("Replicas that read from here", "连接到本库的从库"),
        ask: &[(
            On::Every,
            "select concat(user, '@', host) as subject, null as value, concat_ws(' · ', command, state) as detail
             from information_schema.processlist where command like 'Binlog Dump%' order by 1",
        )],
        needs: Need::Sight(Sight::Processes),
        rule: Rule::Told(Unit::Count),
        advice: phrase("", ""),
    },
];

/// Columns are named after the words of their time: replica and source, or slave and master.
fn replica(rows: &Rows, basis: &Basis) -> Vec<Finding> {
    rows.iter().map(|row| standing(row, basis)).collect()
}

fn standing(row: Row, basis: &Basis) -> Finding {
    let either =
        |new: &str, old: &str| Some(row.text(new)).filter(|text| !text.is_empty()).unwrap_or_else(|| row.text(old));
    let source = either("Source_Host", "Master_Host");
    let threads =
        [either("Replica_IO_Running", "Slave_IO_Running"), either("Replica_SQL_Running", "Slave_SQL_Running")];
    let limit = basis.thresholds.lag;
    let threshold =
        Threshold { warning: limit.warning, critical: limit.critical, unit: Unit::Seconds, downwards: false };
    let lag = either("Seconds_Behind_Source", "Seconds_Behind_Master").parse::<f64>().ok();
    let runs = threads.iter().all(|thread| thread == "Yes");
    let (severity, reading) = match lag {
        Some(lag) if runs => (threshold.judge(lag), Reading::Number(lag, Unit::Seconds)),
        _ => (Severity::Critical, Reading::Text(format!("IO {}, SQL {}", threads[0], threads[1]))),
    };
    let errors = [row.text("Last_IO_Error"), row.text("Last_SQL_Error")];
    let detail = errors.into_iter().filter(|error| !error.is_empty()).collect::<Vec<_>>().join(" · ");
    Finding { detail, threshold: Some(threshold), ..Finding::new(severity, source, reading) }
}

#[cfg(test)]
mod tests {
    use noontide_sdk::params;

    use super::*;
    use crate::threshold::Thresholds;

    fn status(columns: [&str; 4], values: [&str; 4]) -> Rows {
        let [source, io, sql, lag] = values;
        Rows::new(columns).with(params![source, io, sql, lag])
    }

    #[test]
    fn a_replica_is_understood_in_the_words_of_old_and_of_new() {
        let thresholds = Thresholds::default();
        let basis = Basis { thresholds: &thresholds, previous: None };
        let old = ["Master_Host", "Slave_IO_Running", "Slave_SQL_Running", "Seconds_Behind_Master"];
        let new = ["Source_Host", "Replica_IO_Running", "Replica_SQL_Running", "Seconds_Behind_Source"];
        for words in [old, new] {
            let severity = |values| replica(&status(words, values), &basis)[0].severity;
            assert_eq!(severity(["db1", "Yes", "Yes", "3"]), Severity::Ok);
            assert_eq!(severity(["db1", "Yes", "Yes", "90"]), Severity::Warning);
            assert_eq!(severity(["db1", "Yes", "No", ""]), Severity::Critical);
        }
    }
}
