//! As much of `/openapi/v3` as `kubectl create` and `apply` need: that the server checks fields itself. No schemas.

use serde_json::{Map, Value, json};

use crate::simulator::kubernetes::objects::kinds::{Description, Kind};

/// The group versions there are documents for.
pub(super) fn index() -> Value {
    let mut paths = Map::new();
    for kind in Kind::ALL {
        let place = place(kind.describe());
        let url = json!({ "serverRelativeURL": format!("/openapi/v3/{place}") });
        paths.insert(place, url);
    }
    json!({ "paths": paths })
}

/// The document of one group version, such as `apis/apps/v1`.
pub(super) fn document(wanted: &str) -> Option<Value> {
    let paths: Map<String, Value> = Kind::ALL
        .into_iter()
        .map(Kind::describe)
        .filter(|described| place(described) == wanted)
        .map(|described| (object_path(described), patch_of(described)))
        .collect();
    (!paths.is_empty()).then(|| {
        json!({
            "openapi": "3.0.0",
            "info": { "title": "Kubernetes", "version": "unversioned" },
            "paths": paths,
            "components": { "schemas": {} },
        })
    })
}

fn place(described: &Description) -> String {
    if described.group.is_empty() {
        format!("api/{}", described.version)
    } else {
        format!("apis/{}/{}", described.group, described.version)
    }
}

fn object_path(described: &Description) -> String {
    let namespace = if described.is_namespaced {
        "namespaces/{namespace}/"
    } else {
        ""
    };
    format!("/{}/{namespace}{}/{{name}}", place(described), described.plural)
}

fn patch_of(described: &Description) -> Value {
    json!({ "patch": {
        "parameters": [{ "name": "fieldValidation", "in": "query", "schema": { "type": "string" } }],
        "responses": { "200": { "description": "OK" } },
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": {
            "group": described.group,
            "version": described.version,
            "kind": described.word,
        },
    } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_document() {
        let index = index();
        assert_eq!(
            index["paths"]["apis/policy/v1"]["serverRelativeURL"],
            "/openapi/v3/apis/policy/v1"
        );
        let core = document("api/v1").unwrap();
        assert!(core["paths"]["/api/v1/namespaces/{namespace}/pods/{name}"]["patch"].is_object());
        assert!(core["paths"]["/api/v1/nodes/{name}"]["patch"].is_object());
        assert!(document("apis/none/v1").is_none());
    }
}
