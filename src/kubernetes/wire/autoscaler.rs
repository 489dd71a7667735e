//! HorizontalPodAutoscalers: what they scale, and between which bounds.

use serde::Deserialize;

use super::management::{Marks, managed_by};
use super::{Metadata, or_default};
use crate::domain::pod::Owner;
use crate::domain::survey::AutoscalerFact;
use crate::domain::text::printable;

/// The used part of an autoscaling/v2 HorizontalPodAutoscaler.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimAutoscaler {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata<Marks, Marks>,
    #[serde(deserialize_with = "or_default")]
    spec: Spec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    #[serde(deserialize_with = "or_default")]
    scale_target_ref: Target,
    min_replicas: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    max_replicas: u32,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Target {
    #[serde(deserialize_with = "or_default")]
    kind: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
}

impl From<SlimAutoscaler> for AutoscalerFact {
    fn from(autoscaler: SlimAutoscaler) -> Self {
        let SlimAutoscaler { metadata, spec } = autoscaler;
        Self {
            namespace: printable(&metadata.namespace),
            name: printable(&metadata.name),
            target: Owner {
                kind: printable(&spec.scale_target_ref.kind),
                name: printable(&spec.scale_target_ref.name),
            },
            // Absent means one (Kubernetes API reference, autoscaling/v2).
            min: spec.min_replicas.unwrap_or(1),
            max: spec.max_replicas,
            managed_by: managed_by(&metadata),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bounds_and_target_are_read() {
        let read = |object| AutoscalerFact::from(serde_json::from_value::<SlimAutoscaler>(object).unwrap());
        let fact = read(json!({ "metadata": { "name": "web", "namespace": "shop" },
            "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "web" }, "minReplicas": 2, "maxReplicas": 9 } }));
        assert_eq!(
            (fact.target.to_string().as_str(), fact.min, fact.max),
            ("Deployment/web", 2, 9)
        );
        let bare = read(json!({ "metadata": { "name": "web" }, "spec": { "minReplicas": null, "maxReplicas": 3 } }));
        assert_eq!((bare.min, bare.max), (1, 3));
    }
}
