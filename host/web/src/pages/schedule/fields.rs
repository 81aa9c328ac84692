//! Fields for the input of a handler, by the JSON Schema it declares. What a field cannot ask for is asked for as JSON.

use serde_json::Value;

/// Objects in objects, at most so deep; deeper ones are asked for as JSON.
const DEEP: usize = 4;

/// A field of the form. Its name is the path that the value has in the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    /// For people.
    pub(super) label: String,
    pub(super) about: String,
    pub(super) is_required: bool,
    /// In objects: 0 for none.
    pub(super) depth: usize,
    pub(super) kind: Kind,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// The title of an object; what is in it follows.
    Group,
    /// A line, with what may be written by the schema.
    Text { value: String, longest: Option<u64> },
    /// A number, sent as one.
    Number { value: String, step: &'static str, least: String, most: String },
    /// One of several, each as JSON; the chosen one.
    Choice { values: Vec<String>, chosen: String },
    /// Anything, as JSON.
    Json { value: String },
}

impl Field {
    /// What the template asks.
    pub(super) fn is_group(&self) -> bool {
        self.kind == Kind::Group
    }
}

/// Fields below `input`, filled with what `input` holds; one field for all of it where the schema names none.
pub(super) fn fields(schema: Option<&Value>, input: &Value) -> Vec<Field> {
    let mut fields = Vec::new();
    match schema {
        Some(schema) if is_plain_object(schema) => object(schema, input, "input", 0, &mut fields),
        _ => fields.push(Field {
            name: "input".to_owned(),
            label: "Input, as JSON".to_owned(),
            about: String::new(),
            is_required: false,
            depth: 0,
            kind: Kind::Json { value: pretty(input) },
        }),
    }
    fields
}

/// Names without dots: these part the paths of fields.
fn is_plain_object(schema: &Value) -> bool {
    let keys = schema["properties"].as_object();
    keys.is_some_and(|keys| !keys.is_empty() && keys.keys().all(|key| !key.contains('.') && !key.starts_with("__")))
}

fn object(schema: &Value, input: &Value, path: &str, depth: usize, fields: &mut Vec<Field>) {
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
        let name = format!("{path}.{key}");
        let value = input.get(key).or_else(|| inner.get("default")).cloned().unwrap_or(Value::Null);
        let is_group = is_plain_object(inner) && depth < DEEP;
        fields.push(Field {
            name: name.clone(),
            label: inner["title"].as_str().unwrap_or(key).to_owned(),
            about: about(inner),
            is_required: required.contains(&key.as_str()),
            depth,
            kind: if is_group { Kind::Group } else { kind(inner, &value) },
        });
        if is_group {
            object(inner, &value, &name, depth + 1, fields);
        }
    }
}

fn about(schema: &Value) -> String {
    let example = schema["examples"].as_array().and_then(|examples| examples.first());
    let example = example.map(|example| format!("for example {example}"));
    let words = schema["description"].as_str().map(str::to_owned);
    words.into_iter().chain(example).collect::<Vec<_>>().join("; ")
}

fn kind(schema: &Value, value: &Value) -> Kind {
    if let Some(values) = schema["enum"].as_array() {
        return choice(values.iter().map(Value::to_string), value);
    }
    let number = |key: &str| schema[key].as_f64().map(|bound| bound.to_string()).unwrap_or_default();
    let as_number = |step| {
        let value = if value.is_null() { String::new() } else { value.to_string() };
        Kind::Number { value, step, least: number("minimum"), most: number("maximum") }
    };
    match schema["type"].as_str() {
        Some("string") if value.is_null() || value.is_string() => {
            let value = value.as_str().unwrap_or_default().to_owned();
            Kind::Text { value, longest: schema["maxLength"].as_u64() }
        }
        Some("integer") => as_number("1"),
        Some("number") => as_number("any"),
        Some("boolean") => choice(["true", "false"].map(str::to_owned), value),
        _ => Kind::Json { value: pretty(value) },
    }
}

fn choice(values: impl IntoIterator<Item = String>, value: &Value) -> Kind {
    let chosen = if value.is_null() { String::new() } else { value.to_string() };
    Kind::Choice { values: values.into_iter().collect(), chosen }
}

fn pretty(value: &Value) -> String {
    if value.is_null() { String::new() } else { serde_json::to_string_pretty(value).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_property_is_a_field_of_its_kind_filled_with_what_the_schedule_says() {
        let schema = json!({
            "type": "object",
            "required": ["to"],
            "properties": {
                "to": { "type": "string", "description": "who gets it", "examples": ["ops"] },
                "copies": { "type": "integer", "minimum": 1, "default": 2 },
                "urgent": { "type": "boolean" },
                "level": { "enum": ["low", "high"] },
                "tags": { "type": "array", "items": { "type": "string" } },
                "relay": { "type": "object", "properties": { "port": { "type": "number" } } },
            },
        });
        let fields =
            fields(Some(&schema), &json!({ "to": "ana", "tags": ["a"], "level": "high", "relay": { "port": 25 } }));
        let of = |name: &str| fields.iter().find(|field| field.name == name).expect(name);
        assert_eq!(of("input.to").kind, Kind::Text { value: "ana".to_owned(), longest: None });
        assert!(of("input.to").is_required && !of("input.copies").is_required);
        assert_eq!(of("input.to").about, r#"who gets it; for example "ops""#);
        let (value, least) = ("2".to_owned(), "1".to_owned());
        assert_eq!(of("input.copies").kind, Kind::Number { value, step: "1", least, most: String::new() });
        assert!(matches!(&of("input.urgent").kind, Kind::Choice { chosen, .. } if chosen.is_empty()));
        assert!(matches!(&of("input.level").kind, Kind::Choice { chosen, .. } if chosen == r#""high""#));
        assert!(matches!(&of("input.tags").kind, Kind::Json { value } if value.contains("\"a\"")));
        assert!(of("input.relay").is_group());
        assert!(matches!(&of("input.relay.port").kind, Kind::Number { value, .. } if value == "25"));
    }

    #[test]
    fn without_a_schema_that_names_properties_all_of_it_is_json() {
        for schema in [None, Some(json!(true)), Some(json!({ "properties": { "a.b": {} } }))] {
            let fields = fields(schema.as_ref(), &json!({ "a": 1 }));
            assert_eq!(fields.len(), 1);
            assert!(matches!(&fields[0].kind, Kind::Json { value } if value.contains("\"a\": 1")));
        }
    }
}
