//! Slim copies of Kubernetes objects: only the fields used, into domain values.
//! Lenient: absent, null and unknown things are read as nothing. All text is made printable here.

mod autoscaler;
mod budget;
mod event;
mod helm;
mod machinery;
mod management;
mod manifest;
mod node;
mod pod;
mod quantity;
mod selector;
mod volume;
mod webhook;
mod workload;
mod workload_fact;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use crate::domain::pod::Owner;
use crate::domain::text::printable;

pub use autoscaler::SlimAutoscaler;
pub use budget::SlimBudget;
pub use event::SlimEvent;
pub use helm::SlimHelmSecret;
pub use machinery::{
    SlimApiService, SlimDefinition, SlimEndpointSlice, SlimGroups, SlimNamed, SlimNamespace, SlimResources,
    SlimSigningRequest,
};
pub use manifest::SlimApplied;
pub use node::{SlimNode, SlimNodeFact};
pub use pod::{SlimPod, SlimPodFact};
pub use volume::{SlimAttachment, SlimVolume};
pub use webhook::SlimWebhooks;
pub use workload::{SlimController, SlimDaemonSet, SlimPendingPod};
pub use workload_fact::SlimWorkload;

/// A slim object that can be listed and watched.
pub(super) trait SlimObject: Clone + DeserializeOwned + Send + 'static {
    /// The domain value it becomes.
    type Value: From<Self> + Send + 'static;

    /// The object's `metadata.resourceVersion`; empty where the server gave none.
    fn resource_version(&self) -> &str;
}

/// One page of a list.
#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(super) struct Page<T> {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) metadata: PageMetadata,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) items: Vec<T>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PageMetadata {
    #[serde(deserialize_with = "or_default")]
    pub(super) resource_version: String,
    /// Names the next page; empty on the last one.
    #[serde(rename = "continue", deserialize_with = "or_default")]
    pub(super) next: String,
}

/// The used part of `metadata`; labels and annotations are read as far as the kind of object needs them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[serde(bound = "L: Default + Deserialize<'de>, A: Default + Deserialize<'de>")]
struct Metadata<L = IgnoredAny, A = IgnoredAny> {
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    namespace: String,
    #[serde(deserialize_with = "or_default")]
    uid: String,
    #[serde(deserialize_with = "or_default")]
    resource_version: String,
    #[serde(deserialize_with = "time")]
    creation_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    deletion_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "or_default")]
    labels: L,
    #[serde(deserialize_with = "or_default")]
    annotations: A,
    #[serde(deserialize_with = "or_default")]
    finalizers: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    owner_references: Vec<OwnerReference>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct OwnerReference {
    #[serde(deserialize_with = "or_default")]
    kind: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    controller: bool,
}

/// One entry of `status.conditions`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type", deserialize_with = "or_default")]
    kind: String,
    #[serde(deserialize_with = "or_default")]
    status: String,
    #[serde(deserialize_with = "or_default")]
    reason: String,
    #[serde(deserialize_with = "or_default")]
    message: String,
    #[serde(rename = "lastTransitionTime", deserialize_with = "time")]
    since: Option<Timestamp>,
}

impl From<Condition> for crate::domain::survey::Condition {
    fn from(condition: Condition) -> Self {
        Self {
            kind: printable(&condition.kind),
            status: printable(&condition.status),
            reason: printable(&condition.reason),
            message: printable(&condition.message),
            since: condition.since,
        }
    }
}

/// Printable copies of labels.
fn printable_map(map: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    map.iter()
        .map(|(key, value)| (printable(key), printable(value)))
        .collect()
}

/// A text that says something.
fn some_text(text: &str) -> Option<String> {
    Some(printable(text)).filter(|text| !text.is_empty())
}

/// The controller among the owners.
fn controller(owners: &[OwnerReference]) -> Option<Owner> {
    owners.iter().find(|owner| owner.controller).map(|owner| Owner {
        kind: printable(&owner.kind),
        name: printable(&owner.name),
    })
}

/// Finds the Ready condition.
fn ready_condition(conditions: &[Condition]) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.kind == "Ready")
}

/// Reads null as the default.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads an RFC 3339 time; anything else is no time.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.and_then(|text| text.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_items_is_read() {
        for text in [
            r#"{"metadata":{"resourceVersion":"7","continue":null},"items":null}"#,
            r#"{"kind":"NodeList","metadata":{"resourceVersion":"7"}}"#,
        ] {
            let page: Page<SlimNode> = serde_json::from_str(text).unwrap();
            assert_eq!(page.metadata.resource_version, "7");
            assert!(page.items.is_empty() && page.metadata.next.is_empty());
        }
        assert!(serde_json::from_str::<Page<SlimNode>>("[1]").is_err());
    }

    #[test]
    fn times_that_are_none_are_left_out() {
        let read = |text: &str| -> Option<Timestamp> {
            let object = format!(r#"{{"creationTimestamp":{text}}}"#);
            serde_json::from_str::<Metadata>(&object).unwrap().creation_timestamp
        };
        assert_eq!(read(r#""2026-11-23T10:00:00Z""#).unwrap().as_second(), 1_795_428_000);
        assert!(read(r#""2026-11-23T10:00:00.123456Z""#).is_some());
        assert_eq!(read("null"), None);
        assert_eq!(read(r#""yesterday""#), None);
    }
}
