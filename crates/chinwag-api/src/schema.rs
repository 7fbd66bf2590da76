//! The contract as a document for programs: `OpenRPC` with JSON Schema.
//!
//! Source: <https://spec.open-rpc.org>.

use serde_json::{Value, json};

use crate::event::Event;
use crate::method;

/// The `OpenRPC` document of all methods, and of the notification `event`.
pub fn openrpc(program_version: &str) -> Value {
    let settings = schemars::generate::SchemaSettings::draft07()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let methods: Vec<Value> = method::table(&mut generator).iter().map(described).collect();
    let event = generator.subschema_for::<Event>();
    let schemas = generator.take_definitions(true);
    json!({
        "openrpc": "1.3.2",
        "info": {
            "title": "chinwag",
            "version": crate::VERSION,
            "description": format!(
                "The local API of chinwag {program_version}: JSON-RPC 2.0, one object a line. \
                 Ignore fields, kinds and values that you don't know."
            ),
        },
        "methods": methods,
        "x-notifications": [{ "name": crate::wire::EVENT, "params": event }],
        "components": { "schemas": schemas },
    })
}

fn described(method: &method::Described) -> Value {
    json!({
        "name": method.name,
        "summary": method.doc,
        "paramStructure": "by-name",
        "params": [{ "name": "params", "schema": method.params }],
        "result": { "name": "result", "schema": method.answer },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_in_the_schema_once() {
        let document = openrpc("0");
        let methods = document["methods"].as_array().unwrap();
        let names: Vec<_> = methods.iter().map(|m| m["name"].as_str().unwrap()).collect();
        assert_eq!(names, method::NAMES);
        let mut distinct = names.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), names.len());
    }

    #[test]
    fn every_reference_in_the_schema_leads_somewhere() {
        let document = openrpc("0");
        let text = document.to_string();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is nowhere");
        }
    }
}
