//! Knows all followers of a cluster: starts them, joins what they tell, and keeps the state of each kind.
//! Keeps no objects itself, and decides nothing about them.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use super::WatchUpdate;
use super::follow::{Change, Finding, Follower, Target};
use super::joined_events::JoinedEvents;
use super::settings::WatchSettings;
use super::states::{Source, States};
use crate::domain::disruption::DisruptionBudget;
use crate::domain::event::ClusterEvent;
use crate::domain::ids::NodeName;
use crate::domain::node::Node;
use crate::domain::pod::Pod;
use crate::kubernetes::client::KubernetesClient;
use crate::kubernetes::wire::{SlimBudget, SlimEvent, SlimNode, SlimObject, SlimPod};

/// Reports that may wait for the hub: few, since the hub only passes them on.
const WAITING_REPORTS: usize = 64;

/// What a follower found, with its kind.
#[derive(Debug)]
enum Found {
    Nodes(Finding<Node>),
    Budgets(Finding<DisruptionBudget>),
    Events(Finding<ClusterEvent>),
    Pods(Finding<Pod>),
}

struct Report {
    source: Source,
    found: Found,
}

struct PodWatch {
    turn: u64,
    _task: AbortOnDropHandle<()>,
}

/// Nobody reads the updates any more.
struct Unread;

/// Owns the followers; dropping its future ends them.
pub(super) struct Hub {
    client: KubernetesClient,
    settings: WatchSettings,
    updates: mpsc::Sender<WatchUpdate>,
    wanted_pods: watch::Receiver<BTreeSet<NodeName>>,
    report_sender: mpsc::Sender<Report>,
    reports: mpsc::Receiver<Report>,
    followers: Vec<AbortOnDropHandle<()>>,
    pods: BTreeMap<NodeName, PodWatch>,
    turns: u64,
    events: JoinedEvents,
    states: States,
}

impl Hub {
    pub(super) fn new(
        client: KubernetesClient,
        settings: WatchSettings,
        updates: mpsc::Sender<WatchUpdate>,
        wanted_pods: watch::Receiver<BTreeSet<NodeName>>,
    ) -> Self {
        let (report_sender, reports) = mpsc::channel(WAITING_REPORTS);
        Self {
            client,
            settings,
            updates,
            wanted_pods,
            report_sender,
            reports,
            followers: Vec::new(),
            pods: BTreeMap::new(),
            turns: 0,
            events: JoinedEvents::default(),
            states: States::default(),
        }
    }

    /// Runs until nobody reads the updates.
    pub(super) async fn run(mut self) {
        self.start_followers();
        let mut pods_can_change = true;
        // The set may have changed before this task came to run.
        self.wanted_pods.mark_changed();
        loop {
            let done = tokio::select! {
                changed = self.wanted_pods.changed(), if pods_can_change => {
                    pods_can_change = changed.is_ok();
                    if pods_can_change { self.settle_pods().await } else { Ok(()) }
                }
                Some(report) = self.reports.recv() => self.pass_on(report).await,
                () = self.updates.closed() => Err(Unread),
            };
            if done.is_err() {
                return;
            }
        }
    }

    fn start_followers(&mut self) {
        let nodes = Target {
            path: "/api/v1/nodes",
            fields: None,
            right: "list and watch nodes",
        };
        let budgets = Target {
            path: "/apis/policy/v1/poddisruptionbudgets",
            fields: None,
            right: "list and watch poddisruptionbudgets",
        };
        // AKS's upgrader writes into the namespace `default` (AKS docs "Upgrade options", 2026).
        let events = |fields: &str| Target {
            path: "/api/v1/namespaces/default/events",
            fields: Some(fields.to_owned()),
            right: "list and watch events in namespace default",
        };
        let followers = [
            self.follow::<SlimNode>(nodes, Source::Nodes, Found::Nodes),
            self.follow::<SlimBudget>(budgets, Source::Budgets, Found::Budgets),
            self.follow::<SlimEvent>(events("involvedObject.kind=Node"), Source::NodeEvents, Found::Events),
            self.follow::<SlimEvent>(
                events("involvedObject.kind!=Node,reason=Upgrade"),
                Source::PoolEvents,
                Found::Events,
            ),
        ];
        self.followers.extend(followers);
    }

    fn follow<K: SlimObject>(
        &self,
        target: Target,
        source: Source,
        found: fn(Finding<K::Value>) -> Found,
    ) -> AbortOnDropHandle<()> {
        let tell = move |finding| Report {
            source: source.clone(),
            found: found(finding),
        };
        let follower: Follower<K, Report> = Follower::new(
            self.client.clone(),
            self.settings.clone(),
            target,
            self.report_sender.clone(),
            tell,
        );
        AbortOnDropHandle::new(tokio::spawn(follower.run()))
    }

    /// Starts and ends followers so that exactly the wanted nodes' pods are watched.
    async fn settle_pods(&mut self) -> Result<(), Unread> {
        let wanted = self.wanted_pods.borrow_and_update().clone();
        let unwanted: Vec<NodeName> = self
            .pods
            .keys()
            .filter(|node| !wanted.contains(*node))
            .cloned()
            .collect();
        for node in unwanted {
            if let Some(PodWatch { turn, .. }) = self.pods.remove(&node) {
                let change = self.states.forget(&Source::Pods {
                    node: node.clone(),
                    turn,
                });
                self.send(WatchUpdate::PodsForgotten { node }).await?;
                self.send_all(change).await?;
            }
        }
        for node in wanted {
            if self.pods.contains_key(&node) {
                continue;
            }
            self.turns += 1;
            let turn = self.turns;
            let target = Target {
                path: "/api/v1/pods",
                fields: Some(format!("spec.nodeName={node}")),
                right: "list and watch pods",
            };
            let source = Source::Pods {
                node: node.clone(),
                turn,
            };
            let task = self.follow::<SlimPod>(target, source, Found::Pods);
            self.pods.insert(node, PodWatch { turn, _task: task });
        }
        Ok(())
    }

    async fn pass_on(&mut self, Report { source, found }: Report) -> Result<(), Unread> {
        let update = match (found, &source) {
            (Found::Nodes(Finding::Change(change)), _) => Some(of_nodes(change)),
            (Found::Budgets(Finding::Change(change)), _) => Some(of_budgets(change)),
            (Found::Events(Finding::Change(change)), _) => self.events.join(&source, change),
            // An ended follower may have left words behind.
            (Found::Pods(_), Source::Pods { node, turn })
                if self.pods.get(node).is_none_or(|pods| pods.turn != *turn) =>
            {
                None
            }
            (Found::Pods(Finding::Change(change)), Source::Pods { node, .. }) => Some(of_pods(node.clone(), change)),
            (Found::Pods(Finding::Change(_)), _) => None,
            (
                Found::Nodes(Finding::State(state))
                | Found::Budgets(Finding::State(state))
                | Found::Events(Finding::State(state))
                | Found::Pods(Finding::State(state)),
                _,
            ) => self.states.set(source, state),
        };
        self.send_all(update).await
    }

    async fn send_all(&self, updates: impl IntoIterator<Item = WatchUpdate>) -> Result<(), Unread> {
        for update in updates {
            self.send(update).await?;
        }
        Ok(())
    }

    async fn send(&self, update: WatchUpdate) -> Result<(), Unread> {
        self.updates.send(update).await.map_err(|_| Unread)
    }
}

fn of_nodes(change: Change<Node>) -> WatchUpdate {
    match change {
        Change::All(nodes) => WatchUpdate::NodesReplaced(nodes),
        Change::Applied(node) => WatchUpdate::NodeApplied(node),
        Change::Removed(node) => WatchUpdate::NodeRemoved(node.name),
    }
}

fn of_budgets(change: Change<DisruptionBudget>) -> WatchUpdate {
    match change {
        Change::All(budgets) => WatchUpdate::BudgetsReplaced(budgets),
        Change::Applied(budget) => WatchUpdate::BudgetApplied(budget),
        Change::Removed(DisruptionBudget { namespace, name, .. }) => WatchUpdate::BudgetRemoved { namespace, name },
    }
}

fn of_pods(node: NodeName, change: Change<Pod>) -> WatchUpdate {
    match change {
        Change::All(pods) => WatchUpdate::PodsReplaced { node, pods },
        Change::Applied(pod) => WatchUpdate::PodApplied { node, pod },
        Change::Removed(Pod { namespace, name, .. }) => WatchUpdate::PodRemoved { node, namespace, name },
    }
}
