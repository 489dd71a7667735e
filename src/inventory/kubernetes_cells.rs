//! Folds watch updates into what one cluster holds now. Pure; says how the watches stand as one source.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::disruption::DisruptionBudget;
use crate::domain::event::ClusterEvent;
use crate::domain::ids::NodeName;
use crate::domain::node::Node;
use crate::domain::pod::Pod;
use crate::kubernetes::watch::{WatchState, WatchUpdate, Watched};
use crate::progress::facts::KubernetesFacts;

use super::snapshot::SourceState;

/// Events kept: an hour of an upgrade of about 500 nodes. Older ones go first.
const MAX_EVENTS: usize = 5000;

/// What the watches of one cluster have brought together.
#[derive(Debug, Default)]
pub(super) struct KubernetesCells {
    nodes: Option<Arc<BTreeMap<NodeName, Arc<Node>>>>,
    pods: Arc<BTreeMap<NodeName, Vec<Arc<Pod>>>>,
    budgets: Option<Arc<Vec<DisruptionBudget>>>,
    /// By uid. Kubernetes forgets events after an hour; a relist does not take them away here.
    events: BTreeMap<String, Arc<ClusterEvent>>,
    /// The events in order of time; `None` after a change.
    in_order: Option<Arc<Vec<Arc<ClusterEvent>>>>,
    watches: BTreeMap<Watched, WatchState>,
    /// Set while there is no watch.
    not_watched: Option<SourceState>,
}

impl KubernetesCells {
    /// Says why there is no watch; what was read stays.
    pub(super) fn set_not_watched(&mut self, state: SourceState) {
        self.watches.clear();
        self.not_watched = Some(state);
    }

    /// Forgets the pods of all other nodes: nobody keeps them up to date.
    pub(super) fn keep_pods_of(&mut self, nodes: &BTreeSet<NodeName>) {
        Arc::make_mut(&mut self.pods).retain(|node, _| nodes.contains(node));
    }

    /// Takes one update in.
    pub(super) fn fold(&mut self, update: WatchUpdate) {
        match update {
            WatchUpdate::NodesReplaced(nodes) => {
                let nodes = nodes.into_iter().map(|node| (node.name.clone(), Arc::new(node)));
                self.nodes = Some(Arc::new(nodes.collect()));
            }
            WatchUpdate::NodeApplied(node) => {
                let nodes = self.nodes.get_or_insert_default();
                Arc::make_mut(nodes).insert(node.name.clone(), Arc::new(node));
            }
            WatchUpdate::NodeRemoved(name) => {
                if let Some(nodes) = &mut self.nodes {
                    Arc::make_mut(nodes).remove(&name);
                }
            }
            WatchUpdate::BudgetsReplaced(_) | WatchUpdate::BudgetApplied(_) | WatchUpdate::BudgetRemoved { .. } => {
                self.fold_budgets(update);
            }
            WatchUpdate::EventsReplaced(events) => {
                for event in events {
                    self.add_event(event);
                }
            }
            WatchUpdate::EventApplied(event) => self.add_event(event),
            WatchUpdate::PodsReplaced { .. }
            | WatchUpdate::PodApplied { .. }
            | WatchUpdate::PodRemoved { .. }
            | WatchUpdate::PodsForgotten { .. } => self.fold_pods(update),
            WatchUpdate::State { watched, state } => {
                self.not_watched = None;
                let known = self.watches.entry(watched).or_insert(WatchState::Connecting);
                // Trying again does not mend what is broken.
                if state != WatchState::Connecting {
                    *known = state;
                }
            }
        }
    }

    fn fold_budgets(&mut self, update: WatchUpdate) {
        if let WatchUpdate::BudgetsReplaced(budgets) = update {
            self.budgets = Some(Arc::new(budgets));
            return;
        }
        let budgets = Arc::make_mut(self.budgets.get_or_insert_default());
        match update {
            WatchUpdate::BudgetApplied(budget) => {
                let known = budgets
                    .iter_mut()
                    .find(|known| known.namespace == budget.namespace && known.name == budget.name);
                match known {
                    Some(known) => *known = budget,
                    None => budgets.push(budget),
                }
            }
            WatchUpdate::BudgetRemoved { namespace, name } => {
                budgets.retain(|known| known.namespace != namespace || known.name != name);
            }
            _ => {}
        }
    }

    fn fold_pods(&mut self, update: WatchUpdate) {
        let by_node = Arc::make_mut(&mut self.pods);
        match update {
            WatchUpdate::PodsReplaced { node, pods } => {
                by_node.insert(node, pods.into_iter().map(Arc::new).collect());
            }
            WatchUpdate::PodApplied { node, pod } => {
                let pods = by_node.entry(node).or_default();
                let pod = Arc::new(pod);
                let known = pods
                    .iter_mut()
                    .find(|known| known.namespace == pod.namespace && known.name == pod.name);
                match known {
                    Some(known) => *known = pod,
                    None => pods.push(pod),
                }
            }
            WatchUpdate::PodRemoved { node, namespace, name } => {
                if let Some(pods) = by_node.get_mut(&node) {
                    pods.retain(|known| known.namespace != namespace || known.name != name);
                }
            }
            WatchUpdate::PodsForgotten { node } => {
                by_node.remove(&node);
            }
            _ => {}
        }
    }

    /// Keeps the event unless a later state of it is known.
    fn add_event(&mut self, event: ClusterEvent) {
        let is_older = self
            .events
            .get(&event.uid)
            .is_some_and(|known| (known.count, known.last_seen) >= (event.count, event.last_seen));
        if !is_older {
            self.events.insert(event.uid.clone(), Arc::new(event));
            self.in_order = None;
        }
    }

    /// What is known, for the picture; `None` while there is nothing to say about nodes or events.
    pub(super) fn facts(&mut self) -> Option<KubernetesFacts> {
        let may_not_read_nodes = matches!(self.watches.get(&Watched::Nodes), Some(WatchState::Denied { .. }));
        if self.nodes.is_none() && !may_not_read_nodes {
            return None;
        }
        Some(KubernetesFacts {
            nodes: self.nodes.clone().unwrap_or_default(),
            pods: Arc::clone(&self.pods),
            budgets: self.budgets.clone(),
            events: self.events_in_order(),
        })
    }

    fn events_in_order(&mut self) -> Arc<Vec<Arc<ClusterEvent>>> {
        if let Some(events) = &self.in_order {
            return Arc::clone(events);
        }
        let mut events: Vec<Arc<ClusterEvent>> = self.events.values().cloned().collect();
        events.sort_by_key(|event| event.last_seen.or(event.first_seen));
        let surplus = events.len().saturating_sub(MAX_EVENTS);
        for old in events.drain(..surplus) {
            self.events.remove(&old.uid);
        }
        let events = Arc::new(events);
        self.in_order = Some(Arc::clone(&events));
        events
    }

    /// How Kubernetes stands as a source: the watch on nodes decides, a missing right elsewhere is named.
    pub(super) fn state(&self) -> SourceState {
        if let Some(state) = &self.not_watched {
            return match state {
                SourceState::Failed { why } if self.nodes.is_some() => SourceState::Stale { why: why.clone() },
                other => other.clone(),
            };
        }
        match self.watches.get(&Watched::Nodes) {
            Some(WatchState::Denied { right, why }) => SourceState::Denied {
                right: right.clone(),
                why: why.clone(),
            },
            Some(WatchState::Broken { why, .. }) if self.nodes.is_some() => SourceState::Stale { why: why.clone() },
            Some(WatchState::Broken { why, .. }) => SourceState::Failed { why: why.clone() },
            Some(WatchState::Live) => self.denied_elsewhere().unwrap_or(SourceState::Fresh),
            Some(WatchState::Connecting) if self.nodes.is_some() => SourceState::Fresh,
            Some(WatchState::Connecting) | None => SourceState::Loading,
        }
    }

    /// True when the watches have brought all they will bring soon, with the pods of these nodes; a list that cannot be
    /// read is waited for no longer.
    ///
    /// The nodes alone come first and show no drain yet: that takes events, budgets and pods.
    pub(super) fn are_settled(&self, pods_of: &BTreeSet<NodeName>) -> bool {
        if let Some(state) = &self.not_watched {
            return state.is_settled();
        }
        let is_unreadable = |watched: Watched| {
            let state = self.watches.get(&watched);
            matches!(state, Some(WatchState::Broken { .. } | WatchState::Denied { .. }))
        };
        let is_live = |watched: Watched| self.watches.get(&watched) == Some(&WatchState::Live);
        let lists = [Watched::Nodes, Watched::Budgets, Watched::Events];
        lists
            .into_iter()
            .all(|watched| is_live(watched) || is_unreadable(watched))
            && (is_unreadable(Watched::Pods) || pods_of.iter().all(|node| self.pods.contains_key(node)))
    }

    fn denied_elsewhere(&self) -> Option<SourceState> {
        self.watches.values().find_map(|state| match state {
            WatchState::Denied { right, why } => Some(SourceState::Denied {
                right: right.clone(),
                why: why.clone(),
            }),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::domain::event::EventKind;
    use crate::domain::node::Readiness;

    fn node(name: &str) -> Node {
        Node {
            name: name.into(),
            uid: name.into(),
            pool: None,
            version: None,
            version_text: String::new(),
            node_image: None,
            readiness: Readiness::Ready,
            is_cordoned: false,
            is_quarantined: false,
            zone: None,
            created_at: None,
            boot_id: String::new(),
        }
    }

    fn event(uid: &str, count: u32, seconds: i64) -> ClusterEvent {
        ClusterEvent {
            uid: uid.into(),
            kind: EventKind::Normal,
            reason: "Drain".into(),
            message: String::new(),
            source: "upgrader".into(),
            object_kind: "Node".into(),
            object_name: "n1".into(),
            first_seen: None,
            last_seen: Timestamp::from_second(seconds).ok(),
            count,
        }
    }

    fn pod(name: &str) -> Pod {
        Pod {
            namespace: "shop".into(),
            name: name.into(),
            uid: name.into(),
            node: None,
            phase: "Running".into(),
            is_ready: true,
            owner: None,
            labels: BTreeMap::new(),
            deletion_at: None,
            finalizers: Vec::new(),
            is_mirror: false,
        }
    }

    #[test]
    fn nodes_are_replaced_whole_and_changed_singly() {
        let mut cells = KubernetesCells::default();
        assert!(cells.facts().is_none(), "nothing was read yet");
        cells.fold(WatchUpdate::NodesReplaced(vec![node("n1"), node("n2")]));
        cells.fold(WatchUpdate::NodeRemoved("n1".into()));
        let mut changed = node("n2");
        changed.is_cordoned = true;
        cells.fold(WatchUpdate::NodeApplied(changed));
        let facts = cells.facts().unwrap();
        assert_eq!(facts.nodes.len(), 1);
        assert!(facts.nodes[&NodeName::new("n2")].is_cordoned);
        assert!(facts.budgets.is_none(), "not read is not empty");
    }

    #[test]
    fn pods_belong_to_their_node() {
        let mut cells = KubernetesCells::default();
        cells.fold(WatchUpdate::NodesReplaced(Vec::new()));
        let node = NodeName::new("n1");
        cells.fold(WatchUpdate::PodsReplaced {
            node: node.clone(),
            pods: vec![pod("a"), pod("b")],
        });
        cells.fold(WatchUpdate::PodApplied {
            node: node.clone(),
            pod: pod("b"),
        });
        cells.fold(WatchUpdate::PodRemoved {
            node: node.clone(),
            namespace: "shop".into(),
            name: "a".into(),
        });
        assert_eq!(cells.facts().unwrap().pods[&node].len(), 1);
        cells.fold(WatchUpdate::PodsForgotten { node });
        assert!(cells.facts().unwrap().pods.is_empty());
    }

    #[test]
    fn events_outlive_a_relist_and_only_grow() {
        let mut cells = KubernetesCells::default();
        cells.fold(WatchUpdate::NodesReplaced(Vec::new()));
        cells.fold(WatchUpdate::EventsReplaced(vec![event("b", 1, 20), event("a", 2, 10)]));
        let first = cells.facts().unwrap().events;
        assert!(
            Arc::ptr_eq(&first, &cells.facts().unwrap().events),
            "unchanged is not rebuilt"
        );
        cells.fold(WatchUpdate::EventApplied(event("a", 1, 5)));
        assert!(
            Arc::ptr_eq(&first, &cells.facts().unwrap().events),
            "an older state changes nothing"
        );
        cells.fold(WatchUpdate::EventsReplaced(vec![event("a", 3, 30)]));
        let order: Vec<(String, u32)> = cells
            .facts()
            .unwrap()
            .events
            .iter()
            .map(|event| (event.uid.clone(), event.count))
            .collect();
        assert_eq!(order, [("b".to_owned(), 1), ("a".to_owned(), 3)]);
        for number in 0..=i64::try_from(MAX_EVENTS).unwrap() {
            cells.fold(WatchUpdate::EventApplied(event(&number.to_string(), 1, 100 + number)));
        }
        assert_eq!(cells.facts().unwrap().events.len(), MAX_EVENTS);
    }

    #[test]
    fn the_watches_are_one_source() {
        let mut cells = KubernetesCells::default();
        assert_eq!(cells.state(), SourceState::Loading);
        let mut state = |watched, state| {
            cells.fold(WatchUpdate::State { watched, state });
            cells.state()
        };
        let broken = || WatchState::Broken {
            why: "gone".into(),
            retry_in: Duration::ZERO,
        };
        let denied = || WatchState::Denied {
            right: "list pods".into(),
            why: "forbidden".into(),
        };
        assert!(matches!(state(Watched::Nodes, broken()), SourceState::Failed { .. }));
        assert_eq!(state(Watched::Nodes, WatchState::Live), SourceState::Fresh);
        assert!(matches!(state(Watched::Pods, denied()), SourceState::Denied { right, .. } if right == "list pods"));
        state(Watched::Pods, WatchState::Live);
        cells.fold(WatchUpdate::NodesReplaced(Vec::new()));
        cells.fold(WatchUpdate::State {
            watched: Watched::Nodes,
            state: broken(),
        });
        assert_eq!(cells.state(), SourceState::Stale { why: "gone".into() });
        cells.set_not_watched(SourceState::Unavailable { why: "private".into() });
        assert_eq!(cells.state(), SourceState::Unavailable { why: "private".into() });
    }

    #[test]
    fn the_picture_is_settled_when_every_list_was_read_or_cannot_be() {
        let node_one = BTreeSet::from([NodeName::new("n1")]);
        let none = BTreeSet::new();
        let mut cells = KubernetesCells::default();
        let mut tell = |watched, state| {
            cells.fold(WatchUpdate::State { watched, state });
            (cells.are_settled(&none), cells.are_settled(&node_one))
        };
        let broken = || WatchState::Broken {
            why: "gone".into(),
            retry_in: Duration::ZERO,
        };
        assert_eq!(tell(Watched::Nodes, WatchState::Live), (false, false));
        assert_eq!(tell(Watched::Budgets, broken()), (false, false));
        assert_eq!(tell(Watched::Events, WatchState::Connecting), (false, false));
        assert_eq!(
            tell(Watched::Events, WatchState::Live),
            (true, false),
            "the pods are wanted"
        );
        assert_eq!(tell(Watched::Pods, WatchState::Connecting), (true, false));
        assert_eq!(
            tell(Watched::Pods, broken()),
            (true, true),
            "nobody waits for what cannot be read"
        );
        tell(Watched::Pods, WatchState::Live);
        assert!(!cells.are_settled(&node_one));
        cells.fold(WatchUpdate::PodsReplaced {
            node: "n1".into(),
            pods: Vec::new(),
        });
        assert!(cells.are_settled(&node_one));
        cells.set_not_watched(SourceState::Loading);
        assert!(!cells.are_settled(&none));
        cells.set_not_watched(SourceState::Unavailable { why: "private".into() });
        assert!(cells.are_settled(&none));
    }

    #[test]
    fn events_alone_are_facts_where_nodes_are_denied() {
        let mut cells = KubernetesCells::default();
        cells.fold(WatchUpdate::State {
            watched: Watched::Nodes,
            state: WatchState::Denied {
                right: "list nodes".into(),
                why: String::new(),
            },
        });
        cells.fold(WatchUpdate::EventApplied(event("a", 1, 5)));
        assert_eq!(cells.facts().unwrap().events.len(), 1);
    }
}
