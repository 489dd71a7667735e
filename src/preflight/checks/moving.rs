//! The pools that move, each with its details, where it goes and what its upgrade asks for.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::told::{read, unknown};
use crate::domain::cluster::Cluster;
use crate::domain::ids::NodePoolName;
use crate::domain::node_pool::{NodePool, PoolMode};
use crate::domain::subject::Subject;
use crate::domain::survey::{ClusterDetails, NodeFact, PodFact, PoolDetails};
use crate::domain::version::KubernetesVersion;
use crate::preflight::arithmetic::surge_nodes::{Gain, gain};
use crate::preflight::finding::Said;
use crate::preflight::question::Question;

static NO_DETAILS: LazyLock<PoolDetails> = LazyLock::new(PoolDetails::default);

/// A pool that moves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moving<'a> {
    pub(super) pool: &'a NodePool,
    pub(super) details: &'a PoolDetails,
    /// `None` where it only gets a new node image.
    pub(super) to: Option<KubernetesVersion>,
    pub(super) gain: Gain,
}

impl Moving<'_> {
    /// The version its nodes run afterwards, where it is known.
    pub(super) fn version_after(&self) -> Option<KubernetesVersion> {
        self.to.or(self.pool.version)
    }

    /// True where the pool passes that minor of Kubernetes 1: below it before, at or above it afterwards.
    pub(super) fn crosses(&self, minor: u16) -> bool {
        let line = KubernetesVersion::new(1, minor, 0);
        self.pool.version.is_some_and(|version| version < line) && self.to.is_some_and(|to| to >= line)
    }

    pub(super) fn is_windows(&self) -> bool {
        self.pool.os_type.eq_ignore_ascii_case("Windows")
    }
}

/// The pools that move, in the cluster's order; an unknown where cluster or details were not read.
pub(super) fn moving<'a>(question: &Question<'a>) -> Result<Vec<Moving<'a>>, Box<Said>> {
    let azure = &question.survey.azure;
    read(&azure.cluster, "the cluster in Azure")?;
    let details = read(&azure.details, "the cluster's details in Azure")?;
    Ok(question
        .moving_pools()
        .map(|pool| {
            let known = details_of(details, pool);
            let to = question.planned.pools.get(&pool.name).copied().flatten();
            Moving {
                pool,
                details: known,
                to,
                gain: gain(pool, pool.count, known.upgrade_strategy.as_deref(), to),
            }
        })
        .collect())
}

/// The rest of a pool's properties; empty where Azure sent none.
pub(super) fn details_of<'a>(details: &'a ClusterDetails, pool: &NodePool) -> &'a PoolDetails {
    details.pools.get(&pool.name).unwrap_or(&NO_DETAILS)
}

/// Cluster and details, or the unknown that says which was not read.
pub(super) fn cluster_and_details<'a>(question: &Question<'a>) -> Result<(&'a Cluster, &'a ClusterDetails), Box<Said>> {
    let azure = &question.survey.azure;
    Ok((
        read(&azure.cluster, "the cluster in Azure")?,
        read(&azure.details, "the cluster's details in Azure")?,
    ))
}

/// Every pod on a node of a pool that moves, or the unknown that says what was not read.
pub(super) fn pods_on_moving_nodes<'q, 'a>(question: &'q Question<'a>) -> Result<&'q [&'a PodFact], Box<Said>> {
    question
        .pods_on_moving_nodes()
        .map_err(|unread| Box::new(unknown(Subject::Cluster, "pods", unread)))
}

/// Names of the pools that move, whether Azure was read or not.
pub(super) fn names<'a>(question: &Question<'a>) -> BTreeSet<&'a NodePoolName> {
    question.planned.pools.keys().collect()
}

/// True where the node belongs to a pool that moves.
pub(super) fn is_on_moving_pool(node: &NodeFact, moving: &BTreeSet<&NodePoolName>) -> bool {
    node.node.pool.as_ref().is_some_and(|pool| moving.contains(pool))
}

/// Remedies that make an upgrade ask for less; the first two only where the pool's mode allows them.
pub(super) fn smaller(pool: &NodePool, gain: Gain, further: &[&'static str]) -> Vec<&'static str> {
    let mut remedies = Vec::new();
    if gain.nodes > 1 {
        remedies.push("lower-surge");
    }
    if pool.mode != PoolMode::System {
        remedies.push("in-place");
    }
    remedies.extend(further);
    remedies
}
