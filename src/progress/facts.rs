//! What is known about a cluster at one moment, from whichever sources answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::cluster::Cluster;
use crate::domain::disruption::DisruptionBudget;
use crate::domain::event::ClusterEvent;
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::node::Node;
use crate::domain::pace::UsualPace;
use crate::domain::pod::Pod;
use crate::domain::survey::WindowFact;
use crate::domain::version::{KubernetesVersion, NodeImageVersion};

/// The Kubernetes side; `None` in `Facts` where the API server cannot be reached.
#[derive(Clone, Debug, Default)]
pub struct KubernetesFacts {
    pub nodes: Arc<BTreeMap<NodeName, Arc<Node>>>,
    /// Pods of nodes that are cordoned or draining, by node; a node without entry has not been asked for.
    pub pods: Arc<BTreeMap<NodeName, Vec<Arc<Pod>>>>,
    /// `None` while not read yet or not allowed.
    pub budgets: Option<Arc<Vec<DisruptionBudget>>>,
    /// Upgrader and node events, oldest first; may hold the same event again with a higher count.
    pub events: Arc<Vec<Arc<ClusterEvent>>>,
}

/// What an upgrade is heading for, as far as anybody said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    pub control_plane: Option<KubernetesVersion>,
    /// Pools that are to move, with the version their nodes will run.
    pub pools: BTreeMap<NodePoolName, PoolTarget>,
}

/// Where one pool is heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolTarget {
    pub version: Option<KubernetesVersion>,
    pub node_image: Option<NodeImageVersion>,
}

/// All that is known at one moment.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub cluster: Option<Arc<Cluster>>,
    pub kubernetes: Option<KubernetesFacts>,
    /// The target of our own execution; a foreign upgrade's is taken from what Azure claims.
    pub target: Option<Target>,
    /// How long this cluster took before.
    pub usual: UsualPace,
    /// Its maintenance windows; `None` while they are not read.
    pub windows: Option<Arc<Vec<WindowFact>>>,
}
