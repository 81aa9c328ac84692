//! `token …`: who may ask over TCP, and for what.

use clap::{Args, Subcommand};
use noontide_domain::Scope;
use serde_json::{Value, json};

use super::show::{instant, word};
use crate::args::Global;
use crate::exit::{Done, Exit, Stop};
use crate::output::Rows;
use crate::reach::{Reach, query, segment};
use crate::zone;

/// What may be asked about tokens.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token; it is shown now and never again
    New(New),
    /// All tokens: what each opens, when it was shown last
    Ls,
    /// Take a token back; it opens nothing from then on
    Rm(Rm),
}

/// A token to make.
#[derive(Debug, Args)]
pub struct New {
    /// What people call it, such as the program that will have it
    name: String,
    /// What it opens: read (look), operate (and fire, pause, cancel), admin (everything), plugin-upload (kept for handing over plugin files)
    #[arg(long, value_name = "SCOPE")]
    scope: Scope,
    /// It ends after so long, such as 30d
    #[arg(long, value_name = "DURATION")]
    expires: Option<String>,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// A token to take back.
#[derive(Debug, Args)]
pub struct Rm {
    /// The token's name
    name: String,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Does what is asked.
///
/// # Errors
/// No such token (4), the name is taken (6), not an admin (7), the host does not answer (5).
pub async fn run(global: &Global, asked: &Token) -> Done {
    match asked {
        Token::New(asked) => new(global, asked).await,
        Token::Ls => ls(global).await,
        Token::Rm(asked) => rm(global, asked).await,
    }
}

async fn new(global: &Global, asked: &New) -> Done {
    let body = json!({
        "name": asked.name, "scope": asked.scope.as_str(), "expires": asked.expires, "reason": asked.reason,
    });
    let answer = Reach::to(global)?.post("/tokens", &body).await?;
    let token = answer["token"].as_str().ok_or_else(|| Stop::failed("the host shows no token"))?;
    global.output().thing(&answer, || token.to_owned())?;
    global.output().hint("keep it now: it is not shown again");
    Ok(Exit::Ok)
}

async fn ls(global: &Global) -> Done {
    let tokens = Reach::to(global)?.list("/tokens").await?;
    if tokens.is_empty() {
        global.output().hint("no tokens; `noontide token new` makes one");
    }
    let zone = global.zone()?.unwrap_or(chrono_tz::UTC);
    global.output().list(&tokens, |tokens| table(tokens, zone))?;
    Ok(Exit::Ok)
}

async fn rm(global: &Global, asked: &Rm) -> Done {
    let reason = query(&[("reason", asked.reason.clone())]);
    Reach::to(global)?.delete(&format!("/tokens/{}{reason}", segment(&asked.name))).await?;
    global.output().hint(&format!("{} opens nothing any more", asked.name));
    Ok(Exit::Ok)
}

fn table(tokens: &[Value], zone: chrono_tz::Tz) -> Rows {
    let mut rows = Rows::of(["name", "scope", "state", "made by", "made", "ends", "used"]);
    let wall = |token: &Value, key| instant(token, key).map_or("-".to_owned(), |at| zone::wall(at, zone));
    for token in tokens {
        rows.push([
            word(token, "name"),
            word(token, "scope"),
            word(token, "state"),
            word(token, "created_by"),
            wall(token, "created_at"),
            wall(token, "expires_at"),
            wall(token, "used_at"),
        ]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_what_a_token_opens_and_until_when() {
        let token = json!({
            "name": "ci", "scope": "operate", "state": "good", "created_by": "user 1000",
            "created_at": "2026-07-01T08:00:00Z", "expires_at": "2026-07-31T08:00:00Z", "used_at": null
        });
        let drawn = table(&[token], chrono_tz::UTC).drawn();
        for part in ["ci", "operate", "good", "user 1000", "2026-07-01 08:00:00", "2026-07-31 08:00:00"] {
            assert!(drawn.contains(part), "{part} is not in: {drawn}");
        }
    }
}
