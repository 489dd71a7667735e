//! Do the pods of drained nodes find another place, by their requests? First fit, the biggest first.
//! Optimistic on purpose: it never counts anti-affinity or spread, so what it cannot place has no place.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::placement::{HOSTNAME, VolumesByClaim, may_use, reaches};
use crate::domain::ids::NodeName;
use crate::domain::survey::{NodeFact, PodFact, Resources};

/// Pods by the node they are on; finished ones are left out, they hold nothing.
pub(crate) struct PodsByNode<'a>(BTreeMap<&'a NodeName, Vec<&'a PodFact>>);

impl<'a> PodsByNode<'a> {
    /// Sorts all pods.
    pub(crate) fn new(pods: &'a [PodFact]) -> Self {
        let mut by_node: BTreeMap<&NodeName, Vec<&PodFact>> = BTreeMap::new();
        for pod in pods {
            if let Some(node) = &pod.pod.node
                && !matches!(pod.pod.phase.as_str(), "Succeeded" | "Failed")
            {
                by_node.entry(node).or_default().push(pod);
            }
        }
        Self(by_node)
    }

    /// Those on one node.
    pub(crate) fn on(&self, node: &NodeName) -> &[&'a PodFact] {
        self.0.get(node).map_or(&[], Vec::as_slice)
    }

    /// What the pods of a node ask for together.
    fn requested(&self, node: &NodeName) -> Resources {
        sum(self.on(node).iter().copied())
    }
}

fn sum<'a>(pods: impl Iterator<Item = &'a PodFact>) -> Resources {
    pods.fold(Resources::default(), |sum, pod| Resources {
        cpu_millis: sum.cpu_millis.saturating_add(pod.requests.cpu_millis),
        memory_bytes: sum.memory_bytes.saturating_add(pod.requests.memory_bytes),
    })
}

/// The fullest nodes of some, by the scarcer of CPU and memory; fullest first.
pub(crate) fn fullest<'a>(nodes: &[&'a NodeFact], pods: &PodsByNode<'_>, count: usize) -> Vec<&'a NodeFact> {
    let mut nodes = nodes.to_vec();
    nodes.sort_by_cached_key(|node| {
        let asked = pods.requested(&node.node.name);
        let share = |asked: u64, of: u64| asked.saturating_mul(1000) / of.max(1);
        let fullness = share(asked.cpu_millis, node.allocatable.cpu_millis)
            .max(share(asked.memory_bytes, node.allocatable.memory_bytes));
        (Reverse(fullness), node.node.name.clone())
    });
    nodes.truncate(count);
    nodes
}

/// Room on one node.
struct Space<'a> {
    node: &'a NodeFact,
    /// An empty node like this one, that has another name.
    is_twin: bool,
    free: Resources,
    pods: u64,
}

impl<'a> Space<'a> {
    fn left_of(node: &'a NodeFact, pods: &[&PodFact], is_twin: bool) -> Self {
        let asked = sum(pods.iter().copied());
        Self {
            node,
            is_twin,
            free: Resources {
                cpu_millis: node.allocatable.cpu_millis.saturating_sub(asked.cpu_millis),
                memory_bytes: node.allocatable.memory_bytes.saturating_sub(asked.memory_bytes),
            },
            pods: node.allocatable_pods.saturating_sub(pods.len() as u64),
        }
    }

    fn has_room(&self, pod: &PodFact) -> bool {
        self.pods > 0
            && self.free.cpu_millis >= pod.requests.cpu_millis
            && self.free.memory_bytes >= pod.requests.memory_bytes
    }

    fn take(&mut self, pod: &PodFact) {
        self.free.cpu_millis -= pod.requests.cpu_millis;
        self.free.memory_bytes -= pod.requests.memory_bytes;
        self.pods -= 1;
    }
}

/// The pods of `drained` nodes that find no place on `standing` nodes and on `surge` empty nodes like the drained ones.
///
/// Daemon set pods, static pods and pods nobody makes anew are not looked for.
pub(crate) fn unplaced<'a>(
    drained: &[&'a NodeFact],
    standing: &[&'a NodeFact],
    surge: usize,
    pods: &PodsByNode<'a>,
    volumes: &VolumesByClaim<'_>,
) -> Vec<&'a PodFact> {
    let stays = |pod: &&&PodFact| !pod.pod.holds_drain();
    let twins = drained.iter().cycle().take(if drained.is_empty() { 0 } else { surge });
    let mut spaces: Vec<Space<'_>> = twins
        .map(|node| {
            let staying: Vec<&PodFact> = pods.on(&node.node.name).iter().filter(stays).copied().collect();
            Space::left_of(node, &staying, true)
        })
        .chain(
            standing
                .iter()
                .map(|node| Space::left_of(node, pods.on(&node.node.name), false)),
        )
        .collect();
    let mut movers: Vec<&PodFact> = drained
        .iter()
        .flat_map(|node| pods.on(&node.node.name))
        .filter(|pod| pod.pod.holds_drain() && pod.pod.owner.is_some())
        .copied()
        .collect();
    movers.sort_by_key(|pod| Reverse((pod.requests.cpu_millis, pod.requests.memory_bytes)));
    movers
        .into_iter()
        .filter(|pod| {
            let claimed = volumes.of(pod);
            let place = spaces.iter_mut().find(|space| {
                space.has_room(pod)
                    && may_use(pod, space.node)
                    && reaches(&claimed, space.node)
                    && !(space.is_twin && pod.node_selector.contains_key(HOSTNAME))
            });
            match place {
                Some(space) => {
                    space.take(pod);
                    false
                }
                None => true,
            }
        })
        .collect()
}
