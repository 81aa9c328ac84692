//! What is asked of PostgreSQL, 13 and later. One file per area; each statement works for an account with `pg_monitor`.
//!
//! Sessions, settings and accounts are the whole server's; objects are those of the database that was connected to.

mod backup;
mod objects;
mod parameters;
mod performance;
mod replication;
mod security;
mod sizes;
mod state;
mod waiting;

use std::collections::BTreeSet;

use noontide_sdk::params;
use noontide_sdk::sql::Sql;

use crate::answer::{Reads, Trouble};
use crate::check::Check;
use crate::server::{Make, Server, Sight};

/// All checks, in the order of a report.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    [
        state::CHECKS,
        waiting::CHECKS,
        backup::CHECKS,
        replication::CHECKS,
        sizes::CHECKS,
        objects::CHECKS,
        security::CHECKS,
        parameters::CHECKS,
        performance::CHECKS,
    ]
    .into_iter()
    .flatten()
}

const FACTS: &str = "
select current_setting('server_version_num')::int as version,
       'PostgreSQL ' || current_setting('server_version') as banner,
       pg_has_role(current_user, 'pg_monitor', 'usage') as monitors,
       (select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
         where e.extname = 'pg_stat_statements') as statements";

/// Asks the server what it is.
pub fn meet(database: &Sql) -> Result<Server, Trouble> {
    let rows = database.query(FACTS, params![])?;
    let facts = rows.first().ok_or_else(|| Trouble::Refused("the server does not say what it is".to_owned()))?;
    let statements = facts.text("statements");
    let hidden = [(Sight::Monitor, facts.is_true("monitors")), (Sight::StatementTimes, !statements.is_empty())];
    Ok(Server {
        make: Make::PostgreSql,
        version: facts.number("version").unwrap_or_default() as u32,
        banner: facts.text("banner"),
        hidden: hidden.into_iter().filter(|(_, seen)| !seen).map(|(sight, _)| sight).collect::<BTreeSet<_>>(),
        names: vec![("{statements}", statements)],
    })
}
