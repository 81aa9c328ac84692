//! JSON Schemas of inputs: compiled once when the plugin is loaded, asked before each run.

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use crate::journal::harmless;

/// Of one reason, in bytes: an input may be large, a message is a line.
const REASON: usize = 300;

/// A handler's compiled schema.
pub(crate) struct Schema(Validator);

impl Schema {
    /// Compiles what a plugin says. Patterns run on a linear engine, so that no pattern can hang the host; nothing is
    /// fetched.
    ///
    /// # Errors
    /// Why it is no JSON Schema.
    pub(crate) fn new(schema: &Value) -> Result<Self, String> {
        let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
        options.build(schema).map(Self).map_err(|error| {
            let (path, reason) = (error.instance_path().to_string(), harmless(&error.to_string(), REASON));
            if path.is_empty() { reason } else { format!("at `{path}`: {reason}") }
        })
    }

    /// # Errors
    /// Where the input does not fit, and why.
    pub(crate) fn check(&self, input: &Value) -> Result<(), String> {
        let Err(error) = self.0.validate(input) else { return Ok(()) };
        let path = error.instance_path().to_string();
        let place = if path.is_empty() { "the whole".to_owned() } else { format!("`{path}`") };
        Err(format!("{place}: {}", harmless(&error.to_string(), REASON)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_input_is_named_by_path_and_reason() {
        let schema = json!({"type": "object", "properties": {"days": {"type": "integer"}}, "required": ["url"]});
        let schema = Schema::new(&schema).expect("a schema");
        assert_eq!(schema.check(&json!({"url": "x", "days": 3})), Ok(()));
        let wrong = schema.check(&json!({"url": "x", "days": "three"})).expect_err("a text is no integer");
        assert_eq!(wrong, "`/days`: \"three\" is not of type \"integer\"");
        let missing = schema.check(&json!({})).expect_err("url is missing");
        assert_eq!(missing, "the whole: \"url\" is a required property");
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        let refused = Schema::new(&json!({"type": "text"})).err().expect("no such type");
        assert!(refused.contains("/type"), "{refused}");
        assert!(Schema::new(&json!({"$ref": "http://127.0.0.1:1/schema"})).is_err(), "nothing is fetched");
    }
}
