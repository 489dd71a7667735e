//! What is asked: may this cluster make these moves, at that time?

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;

use super::cluster_index::ClusterIndex;
use super::reference::Reference;
use super::thresholds::Thresholds;
use crate::domain::cluster::Cluster;
use crate::domain::disruption::DisruptionBudget;
use crate::domain::ids::NodePoolName;
use crate::domain::node_pool::NodePool;
use crate::domain::surge::batch_of;
use crate::domain::survey::{BudgetFact, PodFact, Survey, Unread, WorkloadFact};
use crate::domain::version::KubernetesVersion;

/// What is wanted. Taken from a plan, or from a bare target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    /// `None` leaves the control plane where it is.
    pub control_plane: Option<KubernetesVersion>,
    /// Pools that move, with where to; a pool that only gets a new node image has `None`.
    pub pools: BTreeMap<NodePoolName, Option<KubernetesVersion>>,
    pub begins_at: Option<Timestamp>,
    /// The plan's own estimate, least and most.
    pub takes: Option<(Duration, Duration)>,
}

impl Planned {
    /// Control plane and every pool to one version: the whole cluster.
    pub fn whole(cluster: &Cluster, to: KubernetesVersion) -> Self {
        Self {
            control_plane: Some(to),
            pools: cluster.pools.iter().map(|pool| (pool.name.clone(), Some(to))).collect(),
            begins_at: None,
            takes: None,
        }
    }

    /// The version the cluster is headed for: the control plane's, or else the newest of the pools.
    pub fn target(&self) -> Option<KubernetesVersion> {
        self.control_plane
            .or_else(|| self.pools.values().flatten().max().copied())
    }
}

/// Nodes of a pool that are drained at the same time.
pub(super) fn drained_together(pool: &NodePool) -> usize {
    batch_of(&pool.upgrade_settings, pool.count, pool.version).width() as usize
}

/// A question with all a check may look at.
#[derive(Debug)]
pub struct Question<'a> {
    pub survey: &'a Survey,
    pub planned: &'a Planned,
    pub(super) reference: &'a Reference,
    pub(super) thresholds: Thresholds,
    pub(super) ignored: BTreeSet<String>,
    /// Made at the first look, then kept.
    index: OnceLock<ClusterIndex<'a>>,
    /// Pods on nodes of moving pools, made at the first look.
    moving: OnceLock<Vec<&'a PodFact>>,
}

impl<'a> Question<'a> {
    /// Asks about a survey, with the tables and the thresholds that come with the program.
    pub fn new(survey: &'a Survey, planned: &'a Planned) -> Self {
        Self {
            survey,
            planned,
            reference: Reference::shipped(),
            thresholds: Thresholds::default(),
            ignored: BTreeSet::new(),
            index: OnceLock::new(),
            moving: OnceLock::new(),
        }
    }

    /// The same question, judged by other numbers.
    #[must_use]
    pub fn judged_by(mut self, thresholds: Thresholds) -> Self {
        self.thresholds = thresholds;
        self
    }

    /// The same question without the checks of these codes; the report says that they were left out.
    #[must_use]
    pub fn ignoring(mut self, codes: BTreeSet<String>) -> Self {
        self.ignored = codes;
        self
    }

    /// The pools that move, as Azure claims them; empty while the cluster was not read.
    pub fn moving_pools(&self) -> impl Iterator<Item = &'a NodePool> {
        let planned = self.planned;
        self.survey
            .azure
            .cluster
            .iter()
            .flat_map(|cluster| &cluster.pools)
            .filter(move |pool| planned.pools.contains_key(&pool.name))
    }

    /// The version a pool has afterwards: where it goes, or what it has.
    pub(super) fn version_afterwards(&self, pool: &NodePool) -> Option<KubernetesVersion> {
        self.planned.pools.get(&pool.name).copied().flatten().or(pool.version)
    }

    /// Pods a budget is about, whatever their state.
    pub(super) fn pods_of_budget(&self, budget: &DisruptionBudget) -> Vec<&'a PodFact> {
        budget.selector.as_ref().map_or_else(Vec::new, |selector| {
            self.index().pods_of_selector(&budget.namespace, selector)
        })
    }

    /// Pods a workload's selector matches, whatever their state.
    pub(super) fn pods_of_workload(&self, workload: &WorkloadFact) -> Vec<&'a PodFact> {
        self.index().pods_of_selector(&workload.namespace, &workload.selector)
    }

    /// The budgets that cover a workload's pods.
    pub(super) fn budgets_of_workload(&self, workload: &WorkloadFact) -> Vec<&'a BudgetFact> {
        self.index().budgets_over(&workload.namespace, &workload.pod_labels)
    }

    /// The budgets that cover a pod.
    pub(super) fn budgets_of_pod(&self, pod: &PodFact) -> Vec<&'a BudgetFact> {
        self.index().budgets_over(&pod.pod.namespace, &pod.pod.labels)
    }

    /// Every pod on a node of a pool that moves, daemons and finished ones too; empty where no pool moves.
    pub(super) fn pods_on_moving_nodes(&self) -> Result<&[&'a PodFact], &'a Unread> {
        if self.planned.pools.is_empty() {
            return Ok(&[]);
        }
        let kubernetes = &self.survey.kubernetes;
        let pods = kubernetes.pods.as_ref()?;
        kubernetes.nodes.as_ref()?;
        Ok(self
            .moving
            .get_or_init(|| pods.iter().filter(|pod| self.is_on_moving_node(pod)).collect()))
    }

    /// Pods that a drain of the moving pools has to evict.
    pub(super) fn pods_to_evict(&self) -> Result<impl Iterator<Item = &'a PodFact>, &'a Unread> {
        let pods = self.pods_on_moving_nodes()?;
        Ok(pods.iter().copied().filter(|pod| pod.pod.holds_drain()))
    }

    /// True where a drain of the moving pools has to evict this pod.
    pub(super) fn is_to_evict(&self, pod: &PodFact) -> bool {
        pod.pod.holds_drain() && self.is_on_moving_node(pod)
    }

    /// The pool of a pod's node.
    pub(super) fn pool_of(&self, pod: &PodFact) -> Option<&'a NodePoolName> {
        self.index().pool_of(pod)
    }

    fn is_on_moving_node(&self, pod: &PodFact) -> bool {
        self.pool_of(pod)
            .is_some_and(|pool| self.planned.pools.contains_key(pool))
    }

    fn index(&self) -> &ClusterIndex<'a> {
        self.index.get_or_init(|| ClusterIndex::of(self.survey))
    }
}
