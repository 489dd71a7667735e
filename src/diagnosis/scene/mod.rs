//! The symptoms with their indices: what every rule asks first. Built once for each diagnosis, linear in the survey.

mod drains;
mod pods;
mod situation;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::catalogue::Catalogue;
use super::cause::{Evidence, EvidenceSource};
use super::symptoms::Symptoms;
pub(super) use drains::Drain;
pub(super) use pods::{Trouble, trouble_of};
pub(super) use situation::Situation;
pub(super) use texts::{Origin, Text};

use crate::domain::cluster::Cluster;
use crate::domain::event::ClusterEvent;
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::node_pool::NodePool;
use crate::domain::provisioning::ProvisioningState;
use crate::domain::subject::Subject;
use crate::domain::survey::{NodeFact, PodFact, ScaleSetMachine, WorkloadFact};
use crate::domain::version::KubernetesVersion;
use crate::progress::picture::{LivePicture, NodeProgress};

/// Everything the rules look at.
pub(super) struct Scene<'a> {
    pub(super) symptoms: &'a Symptoms<'a>,
    pub(super) catalogue: &'a Catalogue,
    pub(super) situation: Situation,
    /// Nodes that are being drained, or whose drain failed, with what keeps their pods.
    pub(super) drains: Vec<Drain>,
    /// All texts of Azure, inner before outer, newest error first.
    pub(super) texts: Vec<Text>,
    nodes: BTreeMap<&'a NodeName, &'a NodeFact>,
    pods_by_node: BTreeMap<&'a NodeName, Vec<&'a PodFact>>,
    new_nodes: BTreeSet<&'a NodeName>,
}

impl<'a> Scene<'a> {
    pub(super) fn of(symptoms: &'a Symptoms<'a>, catalogue: &'a Catalogue) -> Self {
        let kubernetes = &symptoms.survey.kubernetes;
        let nodes = kubernetes
            .nodes
            .iter()
            .flatten()
            .map(|fact| (&fact.node.name, fact))
            .collect();
        let mut pods_by_node: BTreeMap<&NodeName, Vec<&PodFact>> = BTreeMap::new();
        for fact in kubernetes.pods.iter().flatten() {
            if let Some(node) = &fact.pod.node {
                pods_by_node.entry(node).or_default().push(fact);
            }
        }
        let mut scene = Self {
            symptoms,
            catalogue,
            situation: situation::judge(symptoms),
            drains: Vec::new(),
            texts: Vec::new(),
            nodes,
            pods_by_node,
            new_nodes: BTreeSet::new(),
        };
        scene.new_nodes = scene.find_new_nodes();
        scene.drains = drains::collect(&scene);
        scene.texts = texts::collect(&scene);
        scene
    }

    pub(super) fn now(&self) -> Timestamp {
        self.symptoms.now
    }

    /// How long ago that was; zero for the future.
    pub(super) fn age(&self, at: Timestamp) -> SignedDuration {
        self.now().duration_since(at).max(SignedDuration::ZERO)
    }

    /// True where it was longer ago than so many minutes; unknown times were not.
    pub(super) fn is_older(&self, at: Option<Timestamp>, minutes: i64) -> bool {
        at.is_some_and(|at| self.age(at) > SignedDuration::from_mins(minutes))
    }

    pub(super) fn picture(&self) -> Option<&'a LivePicture> {
        self.symptoms.picture
    }

    pub(super) fn cluster(&self) -> Option<&'a Cluster> {
        self.symptoms.survey.azure.cluster.as_ref().ok()
    }

    pub(super) fn pools(&self) -> &'a [NodePool] {
        self.cluster().map_or(&[], |cluster| &cluster.pools)
    }

    pub(super) fn pool(&self, name: &NodePoolName) -> Option<&'a NodePool> {
        self.pools().iter().find(|pool| pool.name == *name)
    }

    /// Nodes that exist now; none where they were not read.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &'a NodeFact> + '_ {
        self.nodes.values().copied()
    }

    pub(super) fn node(&self, name: &NodeName) -> Option<&'a NodeFact> {
        self.nodes.get(name).copied()
    }

    pub(super) fn are_nodes_read(&self) -> bool {
        self.symptoms.survey.kubernetes.nodes.is_ok()
    }

    pub(super) fn are_pods_read(&self) -> bool {
        self.symptoms.survey.kubernetes.pods.is_ok()
    }

    pub(super) fn pods(&self) -> &'a [PodFact] {
        self.symptoms.survey.kubernetes.pods.as_deref().unwrap_or(&[])
    }

    pub(super) fn pods_on(&self, node: &NodeName) -> &[&'a PodFact] {
        self.pods_by_node.get(node).map_or(&[], Vec::as_slice)
    }

    pub(super) fn machines(&self) -> &'a [ScaleSetMachine] {
        self.symptoms.survey.azure.machines.as_deref().unwrap_or(&[])
    }

    pub(super) fn workload(&self, namespace: &str, name: &str) -> Option<&'a WorkloadFact> {
        let workloads = self.symptoms.survey.kubernetes.workloads.as_ref().ok()?;
        workloads
            .iter()
            .find(|workload| workload.namespace == namespace && workload.name == name)
    }

    /// Events with their namespace; those of the picture where the survey could not read them.
    pub(super) fn events(&self) -> impl Iterator<Item = (&'a str, &'a ClusterEvent)> + '_ {
        let read = self.symptoms.survey.kubernetes.events.as_ref().ok();
        let seen = self.picture().filter(|_| read.is_none());
        let read = read
            .into_iter()
            .flatten()
            .map(|fact| (fact.namespace.as_str(), &fact.event));
        let seen = seen
            .into_iter()
            .flat_map(|picture| &picture.events)
            .map(|event| ("default", event));
        read.chain(seen)
    }

    /// Events not older than so many minutes.
    pub(super) fn recent_events(&self, minutes: i64) -> impl Iterator<Item = (&'a str, &'a ClusterEvent)> + '_ {
        self.events().filter(move |(_, event)| {
            last_seen(event).is_some_and(|at| self.age(at) <= SignedDuration::from_mins(minutes))
        })
    }

    /// The picture's row of a node.
    pub(super) fn progress(&self, name: &NodeName) -> Option<&'a NodeProgress> {
        self.picture()?.nodes.get(name)
    }

    /// True for a node made or rebuilt by the upgrade that runs or failed.
    pub(super) fn is_new(&self, name: &NodeName) -> bool {
        self.new_nodes.contains(name)
    }

    /// A pool's version as it was asked for or is claimed, whichever is newer.
    pub(super) fn goal(&self, pool: &NodePool) -> Option<KubernetesVersion> {
        let asked = pool.requested_version.as_deref().and_then(|text| text.parse().ok());
        let own = self
            .picture()
            .and_then(|picture| picture.target.as_ref()?.pools.get(&pool.name)?.version);
        own.or(pool.version.max(asked))
    }

    /// True where the pool is being upgraded: Azure says so, or without Azure its nodes are in work.
    pub(super) fn is_upgrading(&self, pool: &NodePoolName) -> bool {
        match self.pool(pool) {
            Some(pool) => pool.provisioning_state.is_upgrading() || self.situation.is_whole_cluster_upgrading(),
            None => self.cluster().is_none() && self.situation.is_running,
        }
    }

    /// True where the last operation on the pool, or on the cluster, failed.
    pub(super) fn is_failed(&self, pool: &NodePoolName) -> bool {
        let is_failed = |state: &ProvisioningState| *state == ProvisioningState::Failed;
        self.pool(pool).is_some_and(|pool| is_failed(&pool.provisioning_state))
            || self
                .cluster()
                .is_some_and(|cluster| is_failed(&cluster.provisioning_state))
    }

    /// A piece of evidence that an object shows now.
    pub(super) fn shown(&self, subject: Subject, words: impl Into<String>) -> Evidence {
        Evidence {
            source: EvidenceSource::Object,
            subject,
            words: words.into(),
            at: Some(self.now()),
        }
    }

    /// A piece of evidence that Azure claims now.
    pub(super) fn claimed(&self, subject: Subject, words: impl Into<String>) -> Evidence {
        Evidence {
            source: EvidenceSource::AzureState,
            ..self.shown(subject, words)
        }
    }

    /// A piece of evidence that was seen over time.
    pub(super) fn watched(&self, subject: Subject, words: impl Into<String>) -> Evidence {
        Evidence {
            source: EvidenceSource::Watched,
            ..self.shown(subject, words)
        }
    }

    fn find_new_nodes(&self) -> BTreeSet<&'a NodeName> {
        let since = self.situation.since.filter(|_| self.situation.is_running);
        let mut newest: BTreeMap<&NodePoolName, (Option<KubernetesVersion>, Option<KubernetesVersion>)> =
            BTreeMap::new();
        for fact in self.nodes() {
            if let (Some(pool), Some(version)) = (&fact.node.pool, fact.node.version) {
                let (low, high) = newest.entry(pool).or_insert((Some(version), Some(version)));
                *low = (*low).min(Some(version));
                *high = (*high).max(Some(version));
            }
        }
        let is_new = |fact: &&NodeFact| {
            let is_young = matches!((since, fact.node.created_at), (Some(since), Some(created)) if created >= since);
            let is_ahead = fact
                .node
                .pool
                .as_ref()
                .and_then(|pool| newest.get(pool))
                .is_some_and(|(low, high)| low != high && fact.node.version == *high);
            let is_surge = self.progress(&fact.node.name).is_some_and(|progress| progress.is_surge);
            is_young || is_ahead || is_surge
        };
        self.nodes().filter(is_new).map(|fact| &fact.node.name).collect()
    }
}

/// When an event was seen last.
pub(super) fn last_seen(event: &ClusterEvent) -> Option<Timestamp> {
    event.last_seen.or(event.first_seen)
}

/// An event as evidence, with the object it is about.
pub(super) fn event_evidence(namespace: &str, event: &ClusterEvent) -> Evidence {
    let subject = if event.object_kind == "Node" {
        Subject::node(&NodeName::new(&event.object_name))
    } else {
        let api_version = if event.object_kind == "ReplicaSet" {
            "apps/v1"
        } else {
            "v1"
        };
        Subject::object(api_version, &event.object_kind, namespace, &event.object_name)
    };
    Evidence {
        source: EvidenceSource::Event,
        subject,
        words: format!("{}: {}", event.reason, event.message),
        at: last_seen(event),
    }
}
