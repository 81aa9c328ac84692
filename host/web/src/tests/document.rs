//! The OpenAPI document.

use std::path::Path;

use super::*;

/// The copy in the tree, for whoever reads or generates without a host.
const COPY: &str = "docs/openapi.json";

fn parsed() -> Value {
    serde_json::from_str(&crate::document()).expect("JSON")
}

/// Every operation, as `GET /path`.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let items = document["paths"].as_object().expect("paths");
    let of = |(path, item): (&String, &'_ Value)| {
        let methods = item.as_object().expect("an item").clone();
        methods.into_iter().map(|(method, _)| format!("{} {path}", method.to_uppercase())).collect::<Vec<_>>()
    };
    let names = items.iter().flat_map(of);
    let find = |name: String| {
        let (method, path) = name.split_once(' ').expect("two words");
        let operation = &items[path][method.to_lowercase()];
        (name, operation)
    };
    names.map(find).collect()
}

#[test]
fn the_copy_in_the_tree_is_the_one_that_is_served() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(COPY);
    if std::env::var_os("NOONTIDE_WRITE").is_some() {
        std::fs::write(&file, crate::document()).expect("written");
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(there == crate::document(), "{COPY} is not of these routes; `make openapi` writes it anew");
}

#[tokio::test]
async fn the_document_is_served_as_it_stands_in_the_tree() {
    let world = world(Access::Loopback).await;
    assert_eq!(world.client.get("/openapi.json").await.expect("a document"), parsed());
}

#[test]
fn every_operation_has_a_name_of_its_own_a_tag_a_sentence_and_says_how_it_refuses() {
    let document = parsed();
    let mut ids = std::collections::BTreeSet::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{name} has no operationId"));
        assert!(ids.insert(id.to_owned()), "{id} is there twice");
        assert!(operation["summary"].is_string() && operation["tags"][0].is_string(), "{name}: {operation}");
        let refuses = !operation["responses"]["default"].is_null();
        assert_eq!(refuses, !["GET /livez", "GET /readyz"].contains(&name.as_str()), "{name}");
        let (_, path) = name.split_once(' ').expect("two words");
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let named = parameters.filter(|one| one["in"] == "path").count();
        assert_eq!(named, path.matches('{').count(), "{name}");
    }
    assert!(ids.len() > 25, "{ids:?}");
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|field| walk(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let document = parsed();
    let mut found = Vec::new();
    walk(&document, &mut found);
    for reference in found {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
    }
}

/// [`crate::errand`] reads calls field by field; the document lists the same.
#[test]
fn the_document_lists_the_fields_that_a_call_may_have() {
    let document = parsed();
    let listed = document["components"]["schemas"]["Call"]["properties"].as_object().expect("properties");
    let mut known = crate::errand::FIELDS.to_vec();
    known.sort_unstable();
    assert_eq!(listed.keys().map(String::as_str).collect::<Vec<_>>(), known);
}
