//! What was applied in which API version: the copy `kubectl apply` leaves in an annotation. Its content is not kept.

use serde::Deserialize;

use super::{Metadata, or_default};
use crate::domain::survey::StoredManifest;
use crate::domain::text::printable;

/// An object of which only the metadata were asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimApplied {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata<serde::de::IgnoredAny, Applied>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Applied {
    #[serde(
        rename = "kubectl.kubernetes.io/last-applied-configuration",
        deserialize_with = "or_default"
    )]
    manifest: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    api_version: String,
    kind: String,
}

impl SlimApplied {
    /// The version it was applied in; `None` where it was not, or not in a way that can be read.
    pub(in crate::kubernetes) fn into_manifest(self) -> Option<StoredManifest> {
        let metadata = self.metadata;
        let written: Written = serde_json::from_str(&metadata.annotations.manifest).ok()?;
        Some(StoredManifest {
            api_version: printable(&written.api_version),
            kind: printable(&written.kind),
            namespace: printable(&metadata.namespace),
            name: printable(&metadata.name),
            origin: "last-applied-configuration".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn only_version_and_kind_are_taken_from_what_was_applied() {
        let read = |annotations: Value| {
            let object = json!({ "kind": "PartialObjectMetadata",
                "metadata": { "name": "web", "namespace": "shop", "annotations": annotations } });
            serde_json::from_value::<SlimApplied>(object).unwrap().into_manifest()
        };
        let key = "kubectl.kubernetes.io/last-applied-configuration";
        let found =
            read(json!({ key: r#"{"apiVersion":"autoscaling/v2beta2","kind":"HorizontalPodAutoscaler","spec":{}}"# }));
        let found = found.unwrap();
        assert_eq!(
            (found.api_version.as_str(), found.kind.as_str()),
            ("autoscaling/v2beta2", "HorizontalPodAutoscaler")
        );
        assert_eq!((found.namespace.as_str(), found.name.as_str()), ("shop", "web"));
        for nothing in [json!(null), json!({}), json!({ key: "x" }), json!({ key: "{}" })] {
            assert_eq!(read(nothing), None);
        }
    }
}
