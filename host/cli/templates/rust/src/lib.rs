//! A plugin for Noontide: what it is called, what it offers, and a function for each of its handlers.

use noontide_sdk::{Call, Failure, info, plugin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

plugin! {
    name: "noontide-template",
    summary: "Greets, and counts its greetings.",
    handlers: {
        "run" => run { summary: "Greets whom its input names.", example: { "name": "Ada" }, timeout: "30s" },
    }
}

/// What a schedule gives as `input`. These comments become descriptions in the JSON Schema, by which the host checks it.
#[derive(Deserialize, JsonSchema)]
struct Input {
    /// Whom to greet; the world if it is left out.
    #[serde(default = "world")]
    name: String,
}

/// What becomes the result of the run.
#[derive(Serialize)]
struct Greeted {
    greeting: String,
    /// How many greetings the schedule has seen, this one included.
    count: u64,
}

/// `?` on any error is a failure that the schedule's `retry` may try again.
fn run(call: &Call, input: Input) -> Result<Greeted, Failure> {
    // Kept from run to run, and written only if this one ends well.
    let count = call.state().get::<u64>("count")?.unwrap_or(0) + 1;
    call.state().set("count", &count)?;

    let greeting = format!("Hello, {}!", input.name);
    info!(call, count = count; "{greeting}");
    Ok(Greeted { greeting, count })
}

fn world() -> String {
    "world".to_owned()
}

/// `cargo test` needs no host: a test's call remembers what the handler did.
#[cfg(test)]
mod tests {
    use noontide_sdk::json;

    use super::*;

    #[test]
    fn greetings_are_counted() {
        let call = Call::test().state_before("count", json!(2));
        let greeted = run(&call, Input { name: "Ada".into() }).unwrap();
        assert_eq!((greeted.greeting.as_str(), greeted.count), ("Hello, Ada!", 3));
        assert_eq!(call.state_after("count"), Some(json!(3)));
        assert_eq!(call.lines()[0].message, "Hello, Ada!");
    }
}
