//! The live picture: every node's phase, every pool's progress, what holds, and how long it may take.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::claim::Gap;
use super::eta::EtaRange;
use super::facts::Target;
use super::held::HeldDrain;
use super::memory::Memory;
use super::window::WindowFit;
use crate::domain::disruption::Hold;
use crate::domain::event::ClusterEvent;
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::provisioning::ProvisioningState;
use crate::domain::time_text;
use crate::domain::version::{KubernetesVersion, NodeImageVersion};

/// How long something may hold a node before the upgrade is called stuck: evicted pods need a moment to come back.
const HOLD_PATIENCE: SignedDuration = SignedDuration::from_mins(2);

/// What a node is doing. The words are part of the JSON contract (`as_str`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodePhase {
    /// Will be upgraded, not touched yet; or nothing is going on with it at all.
    Waiting,
    /// A node that exists only while the upgrade runs.
    Surge,
    Cordoned,
    Draining,
    Drained,
    /// Empty, and AKS waits on purpose.
    Soaking,
    /// The Node object is gone or the machine is being rebuilt.
    Reimaging,
    /// Registered again, not ready yet.
    Joining,
    Upgraded,
    /// A surge node on its way out.
    Leaving,
    /// AKS gave up draining it and left it cordoned.
    Quarantined,
    /// No movement for longer than its phase may take.
    Stuck,
    /// Draining, deleting or reimaging it failed.
    Failed,
}

impl NodePhase {
    /// All phases, in the order a node passes them, trouble last.
    pub const ALL: [Self; 13] = [
        Self::Waiting,
        Self::Surge,
        Self::Cordoned,
        Self::Draining,
        Self::Drained,
        Self::Soaking,
        Self::Reimaging,
        Self::Joining,
        Self::Upgraded,
        Self::Leaving,
        Self::Quarantined,
        Self::Stuck,
        Self::Failed,
    ];

    /// The word on screen and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Surge => "surge",
            Self::Cordoned => "cordoned",
            Self::Draining => "draining",
            Self::Drained => "drained",
            Self::Soaking => "soaking",
            Self::Reimaging => "reimaging",
            Self::Joining => "joining",
            Self::Upgraded => "upgraded",
            Self::Leaving => "leaving",
            Self::Quarantined => "quarantined",
            Self::Stuck => "stuck",
            Self::Failed => "failed",
        }
    }

    /// True between cordon and ready: an abort now would leave the node half done.
    pub fn is_in_flight(self) -> bool {
        matches!(
            self,
            Self::Cordoned
                | Self::Draining
                | Self::Drained
                | Self::Soaking
                | Self::Reimaging
                | Self::Joining
                | Self::Stuck
        )
    }

    /// True where a person should look.
    pub fn is_trouble(self) -> bool {
        matches!(self, Self::Quarantined | Self::Stuck | Self::Failed)
    }
}

/// A drain in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrainProgress {
    pub since: Timestamp,
    /// When the pool's drain timeout ends it; `None` outside AKS.
    pub deadline: Option<Timestamp>,
    /// `None` while the node's pods have not been read or may not be.
    pub pods_left: Option<usize>,
    pub pods_at_start: Option<usize>,
    /// Pods that stay, each with what keeps it; most telling first.
    pub holds: Vec<Hold>,
    /// Pod names the upgrader's events call blocked while no budget is known to hold them.
    pub blocked_by_event: Vec<String>,
}

/// One node in the picture. It stays while the Node object is away for its reimage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeProgress {
    pub name: NodeName,
    pub pool: Option<NodePoolName>,
    pub phase: NodePhase,
    /// When the phase began, as far as seen; events and conditions are believed before our own looking.
    pub since: Timestamp,
    pub is_surge: bool,
    pub version: Option<KubernetesVersion>,
    /// The kubelet's own text, for builds `version` cannot read.
    pub version_text: String,
    pub node_image: Option<NodeImageVersion>,
    /// `None` while the Node object does not exist.
    pub is_ready: Option<bool>,
    pub is_cordoned: bool,
    /// Set while draining and while stuck in a drain; after a failed drain, as it was last seen.
    pub drain: Option<DrainProgress>,
    /// The last thing an event said about it.
    pub last_event: Option<String>,
    /// As the node's topology label has it, for instance `westeurope-1`.
    pub zone: Option<String>,
}

/// One pool in the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolProgress {
    pub name: NodePoolName,
    /// What Azure says; `None` without Azure.
    pub state: Option<ProvisioningState>,
    pub target: Option<KubernetesVersion>,
    /// Nodes that already run the target, surge nodes not counted.
    pub done: usize,
    /// Nodes that will run it in the end.
    pub total: usize,
    pub surge: usize,
    pub in_flight: usize,
    pub ready: usize,
}

/// Who holds up an upgrade, counted over nodes: the line that is read aloud on a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocker {
    /// For instance `PodDisruptionBudget shop/cart-pdb allows no eviction`.
    pub what: String,
    pub nodes: Vec<NodeName>,
    pub since: Timestamp,
    /// The earliest drain deadline among the nodes.
    pub deadline: Option<Timestamp>,
}

/// The whole picture of one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivePicture {
    pub as_of: Timestamp,
    /// True while Azure runs an upgrade; where Azure is not known, while the upgrader's events tell of one
    /// or a node is being drained.
    pub is_running: bool,
    /// When the running upgrade was first seen or said to have begun.
    pub running_since: Option<Timestamp>,
    pub target: Option<Target>,
    /// In name order.
    pub nodes: BTreeMap<NodeName, NodeProgress>,
    /// In Azure's order, then by name.
    pub pools: Vec<PoolProgress>,
    /// Longest held first.
    pub blockers: Vec<Blocker>,
    /// Where Azure's claim and the nodes differ.
    pub gaps: Vec<Gap>,
    /// Newest first, at most `MAX_EVENTS`.
    pub events: Vec<ClusterEvent>,
    /// Time left; `None` where nothing runs. Its careful end counts held drains until their timeout.
    pub eta: Option<EtaRange>,
    /// The held drain that times out first.
    pub held: Option<HeldDrain>,
    /// Whether the rest fits the maintenance window; `None` where it runs in none, or none is read.
    pub window: Option<WindowFit>,
    /// Time each finished node took from cordon to ready in this upgrade.
    pub node_times: Vec<Duration>,
    /// What the next look needs; nothing to show.
    pub memory: Memory,
}

impl LivePicture {
    /// Events kept in the picture.
    pub const MAX_EVENTS: usize = 500;

    /// A picture of nothing yet.
    pub fn empty(now: Timestamp) -> Self {
        Self {
            as_of: now,
            is_running: false,
            running_since: None,
            target: None,
            nodes: BTreeMap::new(),
            pools: Vec::new(),
            blockers: Vec::new(),
            gaps: Vec::new(),
            events: Vec::new(),
            eta: None,
            held: None,
            window: None,
            node_times: Vec::new(),
            memory: Memory::default(),
        }
    }

    /// True where a node is in trouble, or something has held one for longer than evicted pods need to come back.
    pub fn is_stuck(&self, now: Timestamp) -> bool {
        let is_held = |blocker: &Blocker| now.duration_since(blocker.since) >= HOLD_PATIENCE;
        let is_in_trouble = |node: &NodeProgress| matches!(node.phase, NodePhase::Stuck | NodePhase::Failed);
        self.blockers.iter().any(is_held) || self.nodes.values().any(is_in_trouble)
    }

    /// The time left in words: `18 to 25 min left`; of what is held, `18 to 25 min left once freed`. `None` where
    /// nothing runs.
    pub fn time_left(&self) -> Option<String> {
        match (&self.held, self.eta) {
            (Some(held), Some(_)) => Some(format!("{} left once freed", time_text::range(held.rest))),
            (None, Some(eta)) => Some(format!("{} left", time_text::range(eta))),
            (_, None) => None,
        }
    }

    /// Nodes done and nodes in all, over the pools that move.
    pub fn progress(&self) -> (usize, usize) {
        self.pools
            .iter()
            .filter(|pool| pool.target.is_some())
            .fold((0, 0), |(done, total), pool| (done + pool.done, total + pool.total))
    }

    /// True when no node is between cordon and ready: the moment at which an abort leaves nothing half done.
    ///
    /// Never true while no node can be seen. Surge nodes do not count: they are removed, not repaired.
    pub fn is_at_node_boundary(&self) -> bool {
        let is_half_done = |node: &NodeProgress| node.phase.is_in_flight() && !node.is_surge;
        !self.nodes.is_empty() && !self.nodes.values().any(is_half_done)
    }
}
