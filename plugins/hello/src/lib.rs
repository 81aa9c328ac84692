//! The smallest plugin: one handler, one optional input.

use noontide_sdk::{Call, Failure, info, plugin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

plugin! {
    name: "hello",
    summary: "Greets whom its input names.",
    handlers: {
        "greet" => greet { summary: "Says hello.", example: { "name": "Ada" }, timeout: "10s" },
    }
}

/// Whom to greet.
#[derive(Deserialize, JsonSchema)]
struct Guest {
    /// A name; the world if there is none.
    #[serde(default = "world")]
    name: String,
}

#[derive(Debug, Serialize)]
struct Greeted {
    greeting: String,
}

fn greet(call: &Call, guest: Guest) -> Result<Greeted, Failure> {
    let greeting = format!("Hello, {}!", guest.name);
    info!(call, attempt = call.attempt(); "{greeting}");
    Ok(Greeted { greeting })
}

fn world() -> String {
    "world".to_owned()
}

#[cfg(test)]
mod tests {
    use noontide_sdk::{Outcome, json};

    use super::*;

    #[test]
    fn a_name_is_greeted_and_the_greeting_is_logged() {
        let call = Call::test();
        let greeted = greet(&call, Guest { name: "Ada".into() }).unwrap();
        assert_eq!(greeted.greeting, "Hello, Ada!");
        assert_eq!(call.lines()[0].message, "Hello, Ada!");
    }

    #[test]
    fn without_a_name_the_world_is_greeted() {
        let call = Call::test().handler("greet").input(json!({}));
        assert_eq!(plugin().run(&call), Ok(Outcome::Done(r#"{"greeting":"Hello, world!"}"#.into())));
    }
}
