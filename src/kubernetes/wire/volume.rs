//! PersistentVolumes and their attachments: what ties data to a zone or to a machine.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::pod::NodeSelector;
use super::{Metadata, or_default, some_text};
use crate::domain::ids::NodeName;
use crate::domain::survey::{AttachmentFact, VolumeFact};
use crate::domain::text::printable;

/// Keys that name a zone (AKS docs "Use Azure Disks", 2026; the last two are older).
const ZONE_KEYS: [&str; 4] = [
    "topology.kubernetes.io/zone",
    "topology.disk.csi.azure.com/zone",
    "failure-domain.beta.kubernetes.io/zone",
    "topology.gke.io/zone",
];
/// The key that names a machine.
const HOST_KEY: &str = "kubernetes.io/hostname";

/// The used part of a core/v1 PersistentVolume.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimVolume {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata,
    #[serde(deserialize_with = "or_default")]
    spec: VolumeSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct VolumeSpec {
    claim_ref: Option<ClaimRef>,
    #[serde(deserialize_with = "or_default")]
    access_modes: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    node_affinity: NodeAffinity,
    csi: Option<Csi>,
    azure_disk: Option<IgnoredAny>,
    azure_file: Option<IgnoredAny>,
    nfs: Option<IgnoredAny>,
    local: Option<IgnoredAny>,
    host_path: Option<IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ClaimRef {
    #[serde(deserialize_with = "or_default")]
    namespace: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct NodeAffinity {
    #[serde(deserialize_with = "or_default")]
    required: NodeSelector,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Csi {
    #[serde(deserialize_with = "or_default")]
    driver: String,
}

impl From<SlimVolume> for VolumeFact {
    fn from(volume: SlimVolume) -> Self {
        let SlimVolume { metadata, spec } = volume;
        let values = |is_key: &dyn Fn(&str) -> bool| -> Vec<String> {
            let mut found: Vec<String> = spec
                .node_affinity
                .required
                .node_selector_terms
                .iter()
                .flat_map(|term| &term.match_expressions)
                .filter(|expression| expression.operator == "In" && is_key(&expression.key))
                .flat_map(|expression| expression.values.iter().filter_map(|value| some_text(value)))
                .collect();
            found.sort_unstable();
            found.dedup();
            found
        };
        let is_single = |mode: &String| mode == "ReadWriteOnce" || mode == "ReadWriteOncePod";
        Self {
            name: printable(&metadata.name),
            claim: spec
                .claim_ref
                .as_ref()
                .map(|claim| format!("{}/{}", printable(&claim.namespace), printable(&claim.name))),
            driver: spec.driver(),
            // A disk without a zone has one that is empty.
            zones: values(&|key| ZONE_KEYS.contains(&key)),
            nodes: values(&|key| key == HOST_KEY).into_iter().map(NodeName::new).collect(),
            is_single_writer: !spec.access_modes.is_empty() && spec.access_modes.iter().all(is_single),
        }
    }
}

impl VolumeSpec {
    fn driver(&self) -> String {
        if let Some(csi) = &self.csi {
            return printable(&csi.driver);
        }
        let sources = [
            (&self.azure_disk, "kubernetes.io/azure-disk"),
            (&self.azure_file, "kubernetes.io/azure-file"),
            (&self.nfs, "kubernetes.io/nfs"),
            (&self.local, "kubernetes.io/local-volume"),
            (&self.host_path, "kubernetes.io/host-path"),
        ];
        let found = sources.into_iter().find(|(source, _)| source.is_some());
        found.map_or_else(String::new, |(_, name)| name.to_owned())
    }
}

/// The used part of a storage.k8s.io/v1 VolumeAttachment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimAttachment {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata,
    #[serde(deserialize_with = "or_default")]
    spec: AttachmentSpec,
    #[serde(deserialize_with = "or_default")]
    status: AttachmentStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AttachmentSpec {
    #[serde(deserialize_with = "or_default")]
    node_name: String,
    #[serde(deserialize_with = "or_default")]
    source: AttachmentSource,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AttachmentSource {
    #[serde(deserialize_with = "or_default")]
    persistent_volume_name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AttachmentStatus {
    #[serde(deserialize_with = "or_default")]
    attached: bool,
    attach_error: Option<AttachmentError>,
    detach_error: Option<AttachmentError>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct AttachmentError {
    #[serde(deserialize_with = "or_default")]
    message: String,
}

impl From<SlimAttachment> for AttachmentFact {
    fn from(attachment: SlimAttachment) -> Self {
        let SlimAttachment { metadata, spec, status } = attachment;
        let error = status.detach_error.or(status.attach_error);
        Self {
            name: printable(&metadata.name),
            volume: printable(&spec.source.persistent_volume_name),
            node: NodeName::new(printable(&spec.node_name)),
            is_attached: status.attached,
            is_being_deleted: metadata.deletion_timestamp.is_some(),
            error: error.map(|error| printable(&error.message)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn volume(spec: &Value) -> VolumeFact {
        let object = json!({ "metadata": { "name": "pv-1" }, "spec": spec });
        serde_json::from_value::<SlimVolume>(object).unwrap().into()
    }

    fn affinity(key: &str, values: &[&str]) -> Value {
        json!({ "required": { "nodeSelectorTerms": [
            { "matchExpressions": [{ "key": key, "operator": "In", "values": values }] },
        ] } })
    }

    #[test]
    fn a_disk_has_a_zone_a_claim_and_one_writer() {
        let fact = volume(&json!({
            "csi": { "driver": "disk.csi.azure.com" }, "accessModes": ["ReadWriteOnce"],
            "claimRef": { "namespace": "shop", "name": "data" },
            "nodeAffinity": affinity("topology.disk.csi.azure.com/zone", &["westeurope-2", ""]),
        }));
        assert_eq!(fact.claim.as_deref(), Some("shop/data"));
        assert_eq!(
            (fact.driver.as_str(), fact.zones),
            ("disk.csi.azure.com", vec!["westeurope-2".to_owned()])
        );
        assert!(fact.is_single_writer && fact.nodes.is_empty());
    }

    #[test]
    fn other_volumes_are_read_too() {
        let local =
            volume(&json!({ "local": { "path": "/x" }, "nodeAffinity": affinity("kubernetes.io/hostname", &["n1"]) }));
        assert_eq!(
            (local.nodes, local.driver.as_str()),
            (vec![NodeName::new("n1")], "kubernetes.io/local-volume")
        );
        let file = volume(&json!({ "azureFile": {}, "accessModes": ["ReadWriteMany", "ReadWriteOnce"] }));
        assert_eq!(
            (file.driver.as_str(), file.is_single_writer),
            ("kubernetes.io/azure-file", false)
        );
        let bare = volume(&json!(null));
        assert!(bare.driver.is_empty() && !bare.is_single_writer && bare.claim.is_none());
    }

    #[test]
    fn an_attachment_says_what_went_wrong() {
        let read = |object| AttachmentFact::from(serde_json::from_value::<SlimAttachment>(object).unwrap());
        let fact = read(json!({
            "metadata": { "name": "csi-1", "deletionTimestamp": "2026-11-23T10:00:00Z" },
            "spec": { "attacher": "disk.csi.azure.com", "nodeName": "n1", "source": { "persistentVolumeName": "pv-1" } },
            "status": { "attached": true, "detachError": { "message": "disk is\nbusy", "time": "x" } },
        }));
        assert!(fact.is_attached && fact.is_being_deleted);
        assert_eq!((fact.volume.as_str(), fact.node), ("pv-1", NodeName::new("n1")));
        assert_eq!(fact.error.as_deref(), Some("disk is busy"));
        assert_eq!(
            read(json!({ "metadata": { "name": "csi-2" }, "status": null })).error,
            None
        );
    }
}
