//! Watches nodes, budgets, events, and the pods of nodes that drain; relists without blinking.
//!
//! ```text
//! nodes    --follow--+                      +--> updates (to the owner of the ClusterWatch)
//! budgets  --follow--+                      |
//! node events --------+--> reports --> hub --+
//! pool events -------+                 ^    +--> starts and ends the pods' followers
//! pods of a node ----+                 |
//!                                   pods_of (from the owner)
//! ```
//!
//! A follower reads one list and keeps it fresh; the hub alone knows them all. Both channels are bounded.

mod follow;
mod hub;
mod joined_events;
mod pauses;
mod settings;
mod states;

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use super::client::KubernetesClient;
use crate::domain::disruption::DisruptionBudget;
use crate::domain::event::ClusterEvent;
use crate::domain::ids::NodeName;
use crate::domain::node::Node;
use crate::domain::pod::Pod;

pub use settings::WatchSettings;

/// Updates that may wait for the owner: a moment's worth of a busy cluster, so that the watches rarely stall.
const WAITING_UPDATES: usize = 512;

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Watched {
    Nodes,
    Budgets,
    Events,
    Pods,
}

/// How one watch stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchState {
    Connecting,
    Live,
    /// It broke and is tried again; what was read stays.
    Broken {
        why: String,
        retry_in: Duration,
    },
    /// The login lacks a right, or is refused as a whole; tried again rarely.
    Denied {
        /// For instance `list and watch nodes`, or `the login`.
        right: String,
        why: String,
    },
}

/// One change of what the cluster holds. `Replaced` swaps the whole set at once, so that nothing blinks.
#[derive(Clone, Debug)]
pub enum WatchUpdate {
    NodesReplaced(Vec<Node>),
    NodeApplied(Node),
    NodeRemoved(NodeName),
    BudgetsReplaced(Vec<DisruptionBudget>),
    BudgetApplied(DisruptionBudget),
    BudgetRemoved {
        namespace: String,
        name: String,
    },
    /// Events that ended since are left out; Kubernetes keeps them for about an hour.
    EventsReplaced(Vec<ClusterEvent>),
    EventApplied(ClusterEvent),
    PodsReplaced {
        node: NodeName,
        pods: Vec<Pod>,
    },
    PodApplied {
        node: NodeName,
        pod: Pod,
    },
    PodRemoved {
        node: NodeName,
        namespace: String,
        name: String,
    },
    /// The node's pods are no longer watched.
    PodsForgotten {
        node: NodeName,
    },
    /// Told when it changes. Where several watches serve one kind, the worst of them counts.
    State {
        watched: Watched,
        state: WatchState,
    },
}

/// Running watches of one cluster; dropping it ends them.
#[derive(Debug)]
pub struct ClusterWatch {
    /// Bounded: a slow reader slows the watches, and loses nothing.
    pub updates: mpsc::Receiver<WatchUpdate>,
    /// Nodes whose pods are wanted.
    pub pods_of: watch::Sender<BTreeSet<NodeName>>,
    _tasks: AbortOnDropHandle<()>,
}

impl KubernetesClient {
    /// Starts watching; must be called inside a tokio runtime.
    pub fn watch(&self) -> ClusterWatch {
        self.watch_with(WatchSettings::default())
    }

    /// Starts watching with other waits than the usual ones.
    pub fn watch_with(&self, settings: WatchSettings) -> ClusterWatch {
        let (update_sender, updates) = mpsc::channel(WAITING_UPDATES);
        let (pods_of, wanted_pods) = watch::channel(BTreeSet::new());
        let hub = hub::Hub::new(self.clone(), settings, update_sender, wanted_pods);
        ClusterWatch {
            updates,
            pods_of,
            _tasks: AbortOnDropHandle::new(tokio::spawn(hub.run())),
        }
    }
}
