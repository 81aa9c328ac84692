//! What a handler takes, as a table of fields: JSON Schema for people.

use serde_json::Value;

/// Fields within fields are shown so deep.
const DEPTH: usize = 4;
/// And so many: a schema is a guest's word.
const FIELDS: usize = 200;

/// A field of the input.
#[derive(Debug, PartialEq)]
pub(super) struct Field {
    /// `files[].name`.
    pub(super) path: String,
    pub(super) kind: String,
    pub(super) is_required: bool,
    /// As JSON.
    pub(super) default: Option<String>,
    pub(super) words: String,
}

/// Fields in the order of their names, with those within them.
pub(super) fn fields(schema: &Value) -> Vec<Field> {
    let mut all = Vec::new();
    below(schema, schema, "", DEPTH, &mut all);
    all
}

fn below(root: &Value, schema: &Value, path: &str, depth: usize, all: &mut Vec<Field>) {
    let schema = resolved(root, schema);
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        if depth == 0 || all.len() == FIELDS {
            return;
        }
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let target = resolved(root, field);
        let words = field["description"].as_str().or(target["description"].as_str()).unwrap_or_default();
        all.push(Field {
            kind: kind(root, field),
            is_required: required.iter().any(|one| one == name.as_str()),
            default: field.get("default").filter(|default| !default.is_null()).map(ToString::to_string),
            words: words.to_owned(),
            path: path.clone(),
        });
        below(root, target, &path, depth - 1, all);
        below(root, &target["items"], &format!("{path}[]"), depth - 1, all);
    }
}

/// A reference within the schema, followed once.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    target.and_then(|pointer| root.pointer(pointer)).unwrap_or(schema)
}

fn kind(root: &Value, field: &Value) -> String {
    let field = resolved(root, field);
    let words = |values: &[Value]| values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
    if let Some(values) = field["enum"].as_array() {
        return words(values);
    }
    if let Some(value) = field.get("const") {
        return value.to_string();
    }
    if let Some(kinds) = field["oneOf"].as_array().or(field["anyOf"].as_array()) {
        let kinds: Vec<_> = kinds.iter().map(|one| kind(root, one)).filter(|kind| kind != "null").collect();
        return kinds.join(" | ");
    }
    let own = match &field["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect::<Vec<_>>().join(" | ")
        }
        _ => "anything".to_owned(),
    };
    match field.get("items").filter(|_| own == "array") {
        Some(items) => format!("list of {}", kind(root, items)),
        None => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schema_is_told_field_by_field() {
        let schema = json!({
            "type": "object",
            "required": ["files"],
            "properties": {
                "end": { "$ref": "#/$defs/End", "default": "well" },
                "fails": { "type": ["integer", "null"], "description": "So often" },
                "files": { "type": "array", "items": { "$ref": "#/$defs/File" } },
            },
            "$defs": {
                "End": { "oneOf": [{ "const": "well" }, { "const": "trap" }] },
                "File": { "type": "object", "properties": { "name": { "type": "string" } } },
            },
        });
        let told: Vec<_> =
            fields(&schema).into_iter().map(|one| format!("{} {} {}", one.path, one.kind, one.words)).collect();
        assert_eq!(
            told,
            [r#"end "well" | "trap" "#, "fails integer So often", "files list of object ", "files[].name string "]
        );
        assert!(fields(&schema)[2].is_required && fields(&schema)[0].default.as_deref() == Some("\"well\""));
    }

    #[test]
    fn a_schema_that_holds_itself_comes_to_an_end() {
        let schema = json!({ "properties": { "again": { "$ref": "#" } } });
        assert_eq!(fields(&schema).len(), DEPTH);
    }
}
