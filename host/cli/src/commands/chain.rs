//! What a chain looks like in a terminal, and taking back what has yet to come of it.

use clap::Args;
use serde_json::{Value, json};

use super::show::{lines, word};
use crate::args::Global;
use crate::exit::{Done, Exit, Stop};
use crate::reach::{Reach, segment};

/// Of a chain, as much is drawn below a run; `runs --chain` and the API have all of it.
const DRAWN: usize = 200;

/// What follows a call, as flags say it: one handler after the other.
#[derive(Debug, Args)]
pub struct Following {
    /// Called after a success of what stands before it; again for the next one. --file takes what is not a line
    #[arg(long, value_name = "PLUGIN/HANDLER")]
    then: Vec<String>,
    /// Called after whichever of them fails
    #[arg(long, value_name = "PLUGIN/HANDLER")]
    on_failure: Option<String>,
}

impl Following {
    /// The call with what follows it.
    pub fn after(&self, call: Value) -> Value {
        let calls = std::iter::once(call).chain(self.then.iter().map(|handler| json!({ "handler": handler })));
        let calls: Vec<_> = calls.collect();
        let join = |next: Option<Value>, mut call: Value| {
            if let Some(handler) = &self.on_failure {
                call["on-failure"] = json!([{ "handler": handler }]);
            }
            if let Some(next) = next {
                call["then"] = json!([next]);
            }
            Some(call)
        };
        calls.into_iter().rev().fold(None, join).unwrap_or_default()
    }
}

/// The chain around a run as a tree; `None` if there is none.
///
/// # Errors
/// The host does not answer.
pub async fn around(reach: &Reach, run: &Value) -> Result<Option<String>, Stop> {
    let Some(chain) = run["chain"]["id"].as_str() else { return Ok(None) };
    // One more tells whether that is all.
    let mut links = reach.pages(&format!("/chains/{}", segment(chain)), &[], DRAWN + 1).await?;
    let more = links.len() > DRAWN;
    links.truncate(DRAWN);
    let mut drawn = tree(&links, &word(run, "id"));
    if more {
        drawn.push_str(&format!("\n… and more: noontide runs --chain {chain}"));
    }
    Ok(Some(drawn))
}

/// `cancel --chain ID`
///
/// # Errors
/// Nothing of a chain has that id (4); the host does not answer (5).
pub async fn cancel(global: &Global, id: &str, reason: Option<&str>) -> Done {
    let answer =
        Reach::to(global)?.post(&format!("/chains/{}/cancel", segment(id)), &json!({ "reason": reason })).await?;
    global.output().thing(&answer, || lines(&answer))?;
    Ok(Exit::Ok)
}

/// A line for each call and group, indented below what it comes after; `own` is marked.
fn tree(links: &[Value], own: &str) -> String {
    let line = |link: &Value| {
        let path = word(link, "path");
        let depth = if path.is_empty() { 0 } else { 1 + path.matches('.').count() };
        let seat = if path.is_empty() { "chain" } else { path.rsplit('.').next().unwrap_or_default() };
        let what = match link["missing"].as_u64() {
            Some(missing) => format!("group, {missing} to go"),
            None => word(link, "handler"),
        };
        let mark = if word(link, "id") == own { "  ← this run" } else { "" };
        let why = link["why"].as_str().map(|why| format!(" ({why})")).unwrap_or_default();
        format!("{}{seat}  {what}  {}{why}  {}{mark}", "  ".repeat(depth), word(link, "state"), word(link, "id"))
    };
    links.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_make_a_line_of_calls_and_say_what_comes_after_whichever_fails() {
        let following = Following { then: vec!["b".into(), "c".into()], on_failure: Some("d".into()) };
        let failed = json!([{ "handler": "d" }]);
        let c = json!({ "handler": "c", "on-failure": failed });
        let b = json!({ "handler": "b", "on-failure": failed, "then": [c] });
        let a = json!({ "handler": "a", "input": 1, "on-failure": failed, "then": [b] });
        assert_eq!(following.after(json!({ "handler": "a", "input": 1 })), a);
        let alone = Following { then: Vec::new(), on_failure: None };
        assert_eq!(alone.after(json!({ "handler": "a" })), json!({ "handler": "a" }));
    }

    #[test]
    fn a_chain_is_drawn_below_what_it_begins_with() {
        let link = |id: &str, path: &str, state: &str| json!({ "id": id, "path": path, "handler": "mail/send", "missing": null, "state": state, "why": null });
        let mut links =
            vec![link("a", "", "succeeded"), link("b", "then[0]", "ready"), link("c", "on-failure[0]", "unreached")];
        links[2]["why"] = "run a succeeded".into();
        links.insert(2, json!({ "id": "g", "path": "then[0].then[0]", "missing": 3, "state": "waiting" }));
        let expected = "chain  mail/send  succeeded  a\n  then[0]  mail/send  ready  b  ← this run\n    then[0]  group, 3 to go  waiting  g\n  \
                        on-failure[0]  mail/send  unreached (run a succeeded)  c";
        assert_eq!(tree(&links, "b"), expected);
    }
}
