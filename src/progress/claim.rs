//! Azure's claim beside what the nodes run: the named gap.

use std::collections::BTreeMap;

use super::picture::NodeProgress;
use crate::domain::cluster::Cluster;
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::node_pool::NodePool;

/// One difference between claim and reality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    pub pool: NodePoolName,
    /// What Azure says, for instance `1.34.2`.
    pub claimed: String,
    /// What some nodes run instead.
    pub real: String,
    pub nodes: Vec<NodeName>,
}

/// Compares each pool's claim with its nodes, surge nodes aside.
///
/// During an upgrade Azure claims the target from the start, so every node still to come is in a gap.
/// A node with another version is named for that alone; images are compared where the versions agree and nothing is
/// being changed: while a pool moves, the image Azure names is the one it came from.
/// In Azure's order of pools, then by what the nodes run.
pub(super) fn gaps(cluster: &Cluster, nodes: &BTreeMap<NodeName, NodeProgress>) -> Vec<Gap> {
    let mut by_pool: BTreeMap<&NodePoolName, BTreeMap<(String, String), Vec<NodeName>>> = BTreeMap::new();
    for node in nodes.values().filter(|node| !node.is_surge && node.is_ready.is_some()) {
        let Some(pool) = node.pool.as_ref().and_then(|pool| cluster.pool(pool)) else {
            continue;
        };
        if let Some(difference) = difference(pool, node) {
            by_pool
                .entry(&pool.name)
                .or_default()
                .entry(difference)
                .or_default()
                .push(node.name.clone());
        }
    }
    cluster
        .pools
        .iter()
        .filter_map(|pool| Some((pool, by_pool.remove(&pool.name)?)))
        .flat_map(|(pool, differences)| {
            differences.into_iter().map(|((claimed, real), nodes)| Gap {
                pool: pool.name.clone(),
                claimed,
                real,
                nodes,
            })
        })
        .collect()
}

/// What is claimed and what is real, where they differ.
fn difference(pool: &NodePool, node: &NodeProgress) -> Option<(String, String)> {
    match (pool.version, node.version) {
        (Some(claimed), Some(real)) if claimed != real => return Some((claimed.to_string(), real.to_string())),
        _ => {}
    }
    match (&pool.node_image, &node.node_image) {
        (Some(claimed), Some(real)) if pool.provisioning_state.is_terminal() && !claimed.is_same_image(real) => {
            Some((claimed.to_string(), real.to_string()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::version::NodeImageVersion;
    use crate::progress::facts::{Facts, KubernetesFacts};
    use crate::progress::observe;
    use crate::progress::picture::LivePicture;
    use crate::progress::samples::{at, cluster, node};

    fn gaps_of(image: Option<&str>, versions: &[(&str, &str)]) -> Vec<(String, String, usize)> {
        let mut azure = cluster("Succeeded", "1.34.2", 3);
        if let Some(pool) = azure.pools.first_mut() {
            pool.node_image = image.map(NodeImageVersion::new);
        }
        let facts = Facts {
            cluster: Some(Arc::new(azure)),
            kubernetes: Some(KubernetesFacts {
                nodes: Arc::new(
                    versions
                        .iter()
                        .map(|(name, version)| (NodeName::new(name), Arc::new(node(name, version))))
                        .collect(),
                ),
                ..KubernetesFacts::default()
            }),
            target: None,
            ..Facts::default()
        };
        observe(&LivePicture::empty(at(0)), &facts, at(1))
            .gaps
            .into_iter()
            .map(|gap| (gap.claimed, gap.real, gap.nodes.len()))
            .collect()
    }

    #[test]
    fn nodes_behind_the_claim_are_named_by_what_they_run() {
        assert!(gaps_of(None, &[("n1", "1.34.2")]).is_empty());
        assert_eq!(
            gaps_of(None, &[("n1", "1.34.2"), ("n2", "1.33.5"), ("n3", "1.33.5")]),
            [("1.34.2".to_owned(), "1.33.5".to_owned(), 2)]
        );
    }

    #[test]
    fn images_count_where_versions_agree() {
        let newer = "AKSUbuntu-2204gen2containerd-202608.01.0";
        let same = "AKSUbuntu-2204gen2containerd-202607.01.0-2026.07.15";
        assert_eq!(gaps_of(Some(newer), &[("n1", "1.34.2")]).len(), 1);
        assert!(gaps_of(Some(same), &[("n1", "1.34.2")]).is_empty());
    }
}
