//! A call with what follows it as clients write it, read into a [`Chain`]. Every refusal names the path.

use noontide_domain::Chain;
use noontide_domain::chain::{Branch, DEPTH, First, branch_of};
use serde_json::{Map, Value};

use crate::errand::{self, MOST, Wrong, kind, text};

/// What a group may say. How its members are carried out they say themselves.
const OF_GROUP: [&str; 4] = ["group", "key", "then", "on-failure"];

/// What a call that says nothing else has from the one before it.
const PASSED_ON: [&str; 3] = ["priority", "queue", "headers"];

/// Reads a call or a group with what follows. `room` is how many calls the request may still have.
///
/// # Errors
/// The first field that is wrong, with its path: `then[0].group[3].handler`.
pub(crate) fn read(value: Value, room: &mut usize) -> Result<Chain, Wrong> {
    Reader { room }.chain(value, "", &Map::new(), 0)
}

struct Reader<'a> {
    room: &'a mut usize,
}

impl Reader<'_> {
    fn chain(&mut self, value: Value, path: &str, before: &Map<String, Value>, depth: usize) -> Result<Chain, Wrong> {
        if depth > DEPTH {
            return Err(Wrong::new(path, format!("more than {DEPTH} levels of `then` and `group` are too deep")));
        }
        let mut call = match value {
            Value::Object(call) => call,
            other => {
                let reason = format!("{} is no call; send an object with a `handler` or a `group`", kind(&other));
                return Err(Wrong::new(path, reason));
            }
        };
        let nexts = [Branch::Then, Branch::OnFailure].map(|branch| (branch, call.remove(branch.as_str())));
        let inherited: Map<_, _> = PASSED_ON
            .iter()
            .filter_map(|field| {
                let said = call.get(*field).filter(|value| !value.is_null()).or_else(|| before.get(*field))?;
                Some(((*field).to_owned(), said.clone()))
            })
            .collect();
        let first = if call.contains_key("group") {
            self.group(call, path, &inherited, depth)?
        } else {
            call.extend(inherited.clone());
            self.call(call, path)?
        };
        let mut chain = Chain { first, then: Vec::new(), on_failure: Vec::new() };
        for (branch, next) in nexts {
            let into = match branch {
                Branch::Then => &mut chain.then,
                Branch::OnFailure => &mut chain.on_failure,
            };
            *into = self.list(next, &branch_of(path, branch), &inherited, depth)?;
        }
        Ok(chain)
    }

    fn call(&mut self, call: Map<String, Value>, path: &str) -> Result<First, Wrong> {
        let Some(left) = self.room.checked_sub(1) else {
            return Err(Wrong::new(
                path,
                format!("one call too many; a request has at most {MOST}, with all that follows"),
            ));
        };
        *self.room = left;
        let errand =
            errand::read(Value::Object(call)).map_err(|wrong| Wrong { field: at(path, &wrong.field), ..wrong })?;
        Ok(First::Call(Box::new(errand)))
    }

    fn group(
        &mut self,
        mut call: Map<String, Value>,
        path: &str,
        inherited: &Map<String, Value>,
        depth: usize,
    ) -> Result<First, Wrong> {
        let known = |field: &&String| !OF_GROUP.contains(&field.as_str()) && !PASSED_ON.contains(&field.as_str());
        if let Some(unknown) = call.keys().find(known) {
            let reason = "a group does not know this; it has group, key, then, on-failure, and for its members priority, \
                          queue, headers";
            return Err(Wrong::new(&at(path, unknown), reason));
        }
        let key = text(&call, "key").map_err(|wrong| Wrong { field: at(path, "key"), ..wrong })?.map(str::to_owned);
        let members = self.list(call.remove("group"), &format!("{}[", at(path, "group")), inherited, depth)?;
        Ok(First::Group { key, members })
    }

    /// `begin` is the path of each, as far as its number. One alone needs no list.
    fn list(
        &mut self,
        value: Option<Value>,
        begin: &str,
        before: &Map<String, Value>,
        depth: usize,
    ) -> Result<Vec<Chain>, Wrong> {
        let values = match value {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(values)) => values,
            Some(one) => vec![one],
        };
        let read = |(i, value)| self.chain(value, &format!("{begin}{i}]"), before, depth + 1);
        values.into_iter().enumerate().map(read).collect()
    }
}

fn at(path: &str, field: &str) -> String {
    match (path, field) {
        ("", field) => field.to_owned(),
        (path, "") => path.to_owned(),
        (path, field) => format!("{path}.{field}"),
    }
}

#[cfg(test)]
mod tests {
    use noontide_domain::{Errand, Priority};
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<Chain, Wrong> {
        super::read(value, &mut MOST.clone())
    }

    fn errand(chain: &Chain) -> &Errand {
        match &chain.first {
            First::Call(errand) => errand,
            First::Group { .. } => panic!("a group"),
        }
    }

    #[test]
    fn what_follows_has_priority_queue_and_headers_from_what_it_follows_unless_it_says_otherwise() {
        let chain = read(json!({
            "handler": "a", "priority": 7, "queue": "mail", "headers": { "tenant": "ana" },
            "then": [{ "group": [{ "handler": "b" }, { "handler": "c", "queue": "slow" }], "priority": 8, "then": { "handler": "d" } }],
            "on-failure": { "handler": "e", "priority": 9 },
        }));
        let chain = chain.expect("a chain");
        let said = |chain: &Chain| {
            let errand = errand(chain);
            (errand.handler.to_string(), errand.priority, errand.queue.to_string(), errand.headers.is_empty())
        };
        let expected =
            |name: &str, priority, queue: &str| (name.to_owned(), Priority(priority), queue.to_owned(), false);
        let group = &chain.then[0];
        let First::Group { members, .. } = &group.first else { panic!("no group") };
        assert_eq!([said(&members[0]), said(&members[1])], [expected("b", 8, "mail"), expected("c", 8, "slow")]);
        assert_eq!(said(&group.then[0]), expected("d", 8, "mail"));
        assert_eq!(said(&chain.on_failure[0]), expected("e", 9, "mail"));
    }

    #[test]
    fn every_refusal_names_its_path() {
        let a = || json!({ "handler": "a" });
        let wrong = [
            (json!({ "handler": "a", "then": 7 }), "then[0]", "a number is no call"),
            (json!({ "handler": "a", "then": [a(), { "handler": "x/y/z" }] }), "then[1].handler", "plugin/handler"),
            (json!({ "group": [a(), { "handler": "a", "delai": 1 }] }), "group[1].delai", "did you mean `delay`?"),
            (
                json!({ "handler": "a", "on-failure": [{ "group": [a()], "input": {} }] }),
                "on-failure[0].input",
                "a group",
            ),
            (
                json!({ "handler": "a", "then": [{ "group": [a(), a(), a(), { "handler": 7 }] }] }),
                "then[0].group[3].handler",
                "a string",
            ),
        ];
        for (call, path, words) in wrong {
            let refused = read(call.clone()).expect_err(&call.to_string());
            assert!(refused.field == path && refused.reason.contains(words), "{call}: {refused:?}");
        }
    }

    #[test]
    fn a_request_has_room_for_so_many_calls_and_no_more() {
        let group = json!({ "group": [{ "handler": "a" }, { "handler": "a", "then": { "handler": "b" } }] });
        assert!(super::read(group.clone(), &mut 3).is_ok());
        assert_eq!(super::read(group, &mut 2).expect_err("refused").field, "group[1].then[0]");
    }
}
