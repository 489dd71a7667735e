//! What the API server serves, in the plain forms every client understands (Kubernetes docs "The Kubernetes API", 2026).

use axum::response::{IntoResponse as _, Response};
use http::Method;
use serde_json::{Value, json};

use super::failure::Failure;
use super::route::Route;
use super::{Cluster, Trouble, openapi};
use crate::simulator::kubernetes::objects::kinds::{Description, Kind};

/// Answers every path that is not about objects.
pub(super) fn answer(cluster: &Cluster, route: &Route, method: &Method) -> Result<Response, Trouble> {
    if *method != Method::GET {
        let failure = if *route == Route::Unknown {
            Failure::unknown_path()
        } else {
            Failure::method_not_allowed()
        };
        return Err(failure.into());
    }
    let served: Vec<Kind> = cluster.look(|objects| {
        let is_served = |kind: &Kind| objects.is_served(kind.describe().plural);
        Kind::ALL.into_iter().filter(is_served).collect()
    })?;
    let body = match route {
        Route::Version => version(&cluster.look(|objects| objects.server_version().to_owned())?),
        Route::CoreVersions => json!({
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [],
        }),
        Route::Groups => json!({
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": groups(&served).into_iter().map(group).collect::<Vec<_>>(),
        }),
        Route::Group(name) => {
            let known = groups(&served).into_iter().find(|(known, _)| known == name);
            let mut body = group(known.ok_or_else(Failure::unknown_path)?);
            if let Some(fields) = body.as_object_mut() {
                fields.insert("kind".to_owned(), "APIGroup".into());
                fields.insert("apiVersion".to_owned(), "v1".into());
            }
            body
        }
        Route::Resources { group, version } => resources(&served, group, version).ok_or_else(Failure::unknown_path)?,
        Route::OpenApiIndex => openapi::index(),
        Route::OpenApi(place) => openapi::document(place).ok_or_else(Failure::unknown_path)?,
        Route::Objects(_) | Route::Health(_) | Route::Metrics | Route::Unknown => {
            return Err(Failure::unknown_path().into());
        }
    };
    Ok(axum::Json(body).into_response())
}

fn version(text: &str) -> Value {
    let mut parts = text.trim_start_matches('v').split('.');
    json!({
        "major": parts.next().unwrap_or_default(),
        "minor": parts.next().unwrap_or_default(),
        "gitVersion": text,
        "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z",
        "goVersion": "go1.24",
        "compiler": "gc",
        "platform": "linux/amd64",
    })
}

/// Named groups with their version, each once.
fn groups(served: &[Kind]) -> Vec<(&'static str, &'static str)> {
    let mut groups: Vec<_> = served
        .iter()
        .map(|kind| kind.describe())
        .filter(|described| !described.group.is_empty())
        .map(|described| (described.group, described.version))
        .collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

fn group((name, version): (&str, &str)) -> Value {
    let version = json!({ "groupVersion": format!("{name}/{version}"), "version": version });
    json!({ "name": name, "versions": [version], "preferredVersion": version })
}

fn resources(served: &[Kind], group: &str, version: &str) -> Option<Value> {
    let served: Vec<&Description> = served
        .iter()
        .map(|kind| kind.describe())
        .filter(|described| described.group == group && described.version == version)
        .collect();
    if served.is_empty() {
        return None;
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    let all: Vec<Value> = served
        .into_iter()
        .flat_map(|described| {
            let subresources = described.subresources.iter();
            std::iter::once(resource(described)).chain(subresources.map(|word| subresource(described, word)))
        })
        .collect();
    Some(json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": all,
    }))
}

fn resource(described: &Description) -> Value {
    json!({
        "name": described.plural,
        "singularName": described.singular,
        "namespaced": described.is_namespaced,
        "kind": described.word,
        "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
        "shortNames": described.short_names,
        "categories": if described.is_in_all { json!(["all"]) } else { json!([]) },
    })
}

fn subresource(described: &Description, word: &str) -> Value {
    let mut resource = json!({
        "name": format!("{}/{word}", described.plural),
        "singularName": "",
        "namespaced": described.is_namespaced,
        "kind": described.word,
        "verbs": ["get", "patch", "update"],
    });
    let foreign = match word {
        "eviction" => Some(("policy", "v1", "Eviction", json!(["create"]))),
        "scale" => Some(("autoscaling", "v1", "Scale", json!(["get", "patch", "update"]))),
        _ => None,
    };
    if let (Some((group, version, kind, verbs)), Some(fields)) = (foreign, resource.as_object_mut()) {
        fields.insert("group".to_owned(), group.into());
        fields.insert("version".to_owned(), version.into());
        fields.insert("kind".to_owned(), kind.into());
        fields.insert("verbs".to_owned(), verbs);
    }
    resource
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_listed_under_its_group() {
        let core = resources(&Kind::ALL, "", "v1").unwrap();
        let names: Vec<&str> = core["resources"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|resource| resource["name"].as_str())
            .collect();
        assert!(names.contains(&"nodes") && names.contains(&"pods/eviction"));
        assert_eq!(
            groups(&[Kind::Lease, Kind::Deployment, Kind::DaemonSet, Kind::Pod]),
            [("apps", "v1"), ("coordination.k8s.io", "v1")]
        );
        assert!(resources(&Kind::ALL, "apps", "v2").is_none());
        assert!(resources(&[Kind::Pod], "apps", "v1").is_none());
        assert_eq!(version("v1.33.5")["minor"], "33");
    }
}
