//! A cluster that tests change bit by bit and look at through `observe`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::facts::{Facts, KubernetesFacts, Target};
use super::observe;
use super::picture::LivePicture;
use super::samples::{at, cluster, node, pod, upgrader};
use crate::domain::cluster::Cluster;
use crate::domain::disruption::DisruptionBudget;
use crate::domain::event::ClusterEvent;
use crate::domain::ids::NodeName;
use crate::domain::node::{Node, Readiness};
use crate::domain::pod::Pod;
use crate::domain::survey::WindowFact;

/// A cluster that is changed bit by bit and looked at.
pub(super) struct Story {
    pub(super) azure: Option<Cluster>,
    pub(super) nodes: BTreeMap<NodeName, Node>,
    pub(super) pods: BTreeMap<NodeName, Vec<Pod>>,
    pub(super) budgets: Option<Vec<DisruptionBudget>>,
    pub(super) events: Vec<ClusterEvent>,
    pub(super) target: Option<Target>,
    pub(super) has_kubernetes: bool,
    pub(super) windows: Option<Vec<WindowFact>>,
    pub(super) picture: LivePicture,
}

impl Story {
    /// Two nodes `n1` and `n2` at 1.33.5 in a pool of two; looked at once while nothing ran, ten minutes before.
    pub(super) fn idle() -> Self {
        let mut story = Self::unseen();
        story.look(-600);
        story
    }

    /// The same, not looked at yet.
    pub(super) fn unseen() -> Self {
        Self {
            azure: Some(cluster("Succeeded", "1.33.5", 2)),
            nodes: ["n1", "n2"]
                .into_iter()
                .map(|name| (name.into(), node(name, "1.33.5")))
                .collect(),
            pods: BTreeMap::new(),
            budgets: Some(Vec::new()),
            events: Vec::new(),
            target: None,
            has_kubernetes: true,
            windows: None,
            picture: LivePicture::empty(at(-1000)),
        }
    }

    pub(super) fn azure(&mut self, state: &str, version: &str) {
        self.azure = Some(cluster(state, version, 2));
    }

    pub(super) fn say(&mut self, reason: &str, message: &str, seconds: i64) {
        let uid = format!("e{}", self.events.len());
        self.events.push(upgrader(&uid, reason, message, seconds));
    }

    pub(super) fn node(&mut self, name: &str) -> &mut Node {
        self.nodes.get_mut(&NodeName::new(name)).unwrap()
    }

    /// The node's object comes back, or comes for the first time, at that second.
    pub(super) fn register(&mut self, name: &str, version: &str, seconds: i64) {
        let mut new = node(name, version);
        new.uid = format!("{name}-at-{seconds}");
        new.created_at = Some(at(seconds));
        new.readiness = Readiness::Unknown;
        self.nodes.insert(name.into(), new);
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.nodes.remove(&NodeName::new(name));
        self.pods.remove(&NodeName::new(name));
    }

    pub(super) fn ready(&mut self, name: &str) {
        self.node(name).readiness = Readiness::Ready;
    }

    pub(super) fn pods(&mut self, name: &str, pods: &[&str]) {
        let pods = pods
            .iter()
            .map(|name| pod(name, name.trim_end_matches(['0', '1', '-'])))
            .collect();
        self.pods.insert(name.into(), pods);
    }

    pub(super) fn facts(&self) -> Facts {
        Facts {
            cluster: self.azure.clone().map(Arc::new),
            kubernetes: self.has_kubernetes.then(|| KubernetesFacts {
                nodes: Arc::new(
                    self.nodes
                        .iter()
                        .map(|(name, node)| (name.clone(), Arc::new(node.clone())))
                        .collect(),
                ),
                pods: Arc::new(
                    self.pods
                        .iter()
                        .map(|(name, pods)| (name.clone(), pods.iter().cloned().map(Arc::new).collect()))
                        .collect(),
                ),
                budgets: self.budgets.clone().map(Arc::new),
                events: Arc::new(self.events.iter().cloned().map(Arc::new).collect()),
            }),
            target: self.target.clone(),
            usual: crate::domain::pace::UsualPace::default(),
            windows: self.windows.clone().map(Arc::new),
        }
    }

    pub(super) fn look(&mut self, seconds: i64) -> &LivePicture {
        self.picture = observe(&self.picture, &self.facts(), at(seconds));
        &self.picture
    }

    /// Looks, and gives the phases as `n1 draining, n2 waiting`.
    pub(super) fn phases(&mut self, seconds: i64) -> String {
        let words: Vec<String> = self
            .look(seconds)
            .nodes
            .values()
            .map(|node| format!("{} {}", node.name, node.phase.as_str()))
            .collect();
        words.join(", ")
    }

    pub(super) fn since(&self, name: &str) -> jiff::Timestamp {
        self.picture.nodes[&NodeName::new(name)].since
    }
}
