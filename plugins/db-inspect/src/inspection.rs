//! One connection, asked check by check.

use std::cmp::Reverse;

use noontide_sdk::sql::{Rows, Sql};
use noontide_sdk::{Call, Failure, StateError, Window, params};

use crate::answer::Trouble;
use crate::check::{Area, Check, Covers, Need, On};
use crate::finding::{Finding, Reading, Severity};
use crate::input::Input;
use crate::level::Level;
use crate::memory::Memory;
use crate::phrase::phrase;
use crate::rule::{Basis, Rule};
use crate::server::{Make, Server};
use crate::unit::Unit;
use crate::{mysql, postgresql};

/// What came of one connection.
#[derive(Debug)]
pub struct Inspection {
    pub connection: String,
    /// None if it was never reached.
    pub server: Option<Server>,
    pub results: Vec<Checked>,
    /// Why it was not reached, or lost half way.
    pub trouble: Option<Trouble>,
    /// For the next inspection.
    pub memory: Memory,
}

/// A check with what came of it.
#[derive(Debug)]
pub struct Checked {
    pub check: &'static Check,
    pub findings: Vec<Finding>,
}

/// Rows of one answer that a report shows.
const ROWS: usize = 50;

/// That there is an answer at all is the first check.
static REACHED: Check = Check {
    id: "reached",
    level: Level::Daily,
    area: Area::State,
    covers: Covers::Now,
    title: phrase("Database reached", "数据库可连接"),
    ask: &[(On::Every, "")],
    needs: Need::Nothing,
    rule: Rule::Told(Unit::Count),
    advice: phrase(
        "Is it running, and are address, account and grant right?",
        "请确认其是否在运行，地址、账号与授权是否正确。",
    ),
};

/// Asks one connection all that belongs to the level.
pub fn inspect(call: &Call, name: &str, input: &Input, window: Window) -> Result<Inspection, Failure> {
    let database = call.sql(name);
    let mut inspection = Inspection {
        connection: name.to_owned(),
        server: None,
        results: Vec::new(),
        trouble: None,
        memory: Memory::empty(call.fired_at()),
    };
    let server = match Server::meet(&database) {
        Ok(server) => server,
        Err(trouble) => {
            inspection.lose(trouble);
            return Ok(inspection);
        }
    };
    let previous = remembered(call, name)?;
    let basis = Basis { thresholds: &input.thresholds, previous: previous.as_ref() };
    let reached = Finding::new(Severity::Ok, "", Reading::Text(server.banner.clone()));
    inspection.note(&REACHED, reached);
    let checks = chosen(&server, input);
    for (done, check) in (0_u64..).zip(&checks) {
        call.stop_if_cancelled()?;
        call.progress(done, checks.len() as u64, format!("{name}: {}", check.id));
        match ask(&database, &server, check, window) {
            Ok(rows) => inspection.judge(check, rows, &basis),
            Err(Trouble::Refused(reason)) => inspection.note(check, Finding::hidden(check, reason)),
            Err(Trouble::Unanswered(reason)) => inspection.note(check, Finding::unanswered(reason)),
            Err(trouble) => {
                inspection.lose(trouble);
                break;
            }
        }
    }
    inspection.server = Some(server);
    Ok(inspection)
}

/// A memory that does not read was written by another version, and is no memory.
fn remembered(call: &Call, name: &str) -> Result<Option<Memory>, Failure> {
    match call.state().get(&key(name)) {
        Err(StateError::Mismatch(_)) => Ok(None),
        read => Ok(read?),
    }
}

/// Where the memory of a connection lies in the schedule's state.
pub fn key(connection: &str) -> String {
    format!("connection/{connection}")
}

fn chosen(server: &Server, input: &Input) -> Vec<&'static Check> {
    let checks: Vec<_> = match server.make {
        Make::PostgreSql => postgresql::checks().collect(),
        Make::MariaDb | Make::MySql => mysql::checks().collect(),
    };
    let wanted = |check: &&Check| input.level.includes(check.level) && !input.skip.iter().any(|id| id == check.id);
    checks.into_iter().filter(wanted).filter(|check| check.statement(server).is_some()).collect()
}

/// What is known to be hidden is not asked for: some servers answer then with less instead of a refusal.
fn ask(database: &Sql, server: &Server, check: &Check, window: Window) -> Result<Rows, Trouble> {
    if let Need::Sight(sight) = check.needs
        && server.hidden.contains(&sight)
    {
        return Err(Trouble::Refused(String::new()));
    }
    let statement = server.worded(check.statement(server).unwrap_or_default());
    let parameters = match check.covers {
        Covers::Window => params![window.from.timestamp(), window.to.timestamp()],
        Covers::Now | Covers::SinceStart => params![],
    };
    // SHOW takes no limit, and what is shown that way is short.
    let limit = if statement.starts_with("SHOW") { String::new() } else { format!("\nlimit {}", ROWS + 1) };
    Ok(database.query(&format!("{statement}{limit}"), parameters)?)
}

impl Inspection {
    fn judge(&mut self, check: &'static Check, rows: Rows, basis: &Basis) {
        check.rule.remember(check, &rows, &mut self.memory);
        let mut findings = check.rule.judge(check, &rows, basis);
        if rows.len() > ROWS {
            findings.truncate(ROWS);
            findings.push(Finding::new(Severity::Ok, "", Reading::More(ROWS)));
        }
        self.results.push(Checked { check, findings });
    }

    fn note(&mut self, check: &'static Check, finding: Finding) {
        self.results.push(Checked { check, findings: vec![finding] });
    }

    /// It is the first thing to be told, whatever was found before.
    fn lose(&mut self, trouble: Trouble) {
        let lost = Finding::new(Severity::Critical, "", Reading::Unreachable(trouble.reason().to_owned()));
        self.results.retain(|result| result.check.id != REACHED.id);
        self.results.insert(0, Checked { check: &REACHED, findings: vec![lost] });
        self.trouble = Some(trouble);
    }

    /// All findings with their checks, the worst first.
    pub fn worst_first(&self) -> Vec<(&'static Check, &Finding)> {
        let all = self.results.iter().flat_map(|result| result.findings.iter().map(|finding| (result.check, finding)));
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|(_, finding)| Reverse(finding.severity));
        all
    }

    pub fn count(&self, severity: Severity) -> usize {
        self.results.iter().flat_map(|result| &result.findings).filter(|finding| finding.severity == severity).count()
    }
}
