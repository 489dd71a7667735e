//! What the picture remembers from one look to the next, beside what it shows.
//! Opaque to every other room: only `observe` reads or writes it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::blockers::BlockerKey;
use super::event_marks::EventMemory;
use super::facts::Target;
use super::picture::NodePhase;
use super::run::Run;
use crate::domain::ids::NodeName;

/// Carried inside a picture, for the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The upgrade that runs, or the last one.
    pub(super) run: Option<Run>,
    /// Where our own execution was heading.
    pub(super) own_target: Option<Target>,
    /// When Azure was last seen to run nothing.
    pub(super) idle_as_of: Option<Timestamp>,
    pub(super) nodes: BTreeMap<NodeName, NodeMemory>,
    pub(super) events: EventMemory,
    /// What holds now, with the time it was first seen.
    pub(super) held: BTreeMap<BlockerKey, Timestamp>,
}

/// What is remembered of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NodeMemory {
    /// Of the object last seen; empty while none was.
    pub(super) uid: String,
    /// The object existed before the run began.
    pub(super) was_here: bool,
    /// When the object came back under another uid in this run.
    pub(super) reborn_at: Option<Timestamp>,
    pub(super) is_surge: bool,
    /// The phase without `Stuck`, which lies over it.
    pub(super) phase: NodePhase,
    pub(super) since: Timestamp,
    pub(super) cordoned_since: Option<Timestamp>,
    /// When it was made schedulable again; what events said before that is over.
    pub(super) uncordoned_at: Option<Timestamp>,
    pub(super) gone_since: Option<Timestamp>,
    /// Cordoned when the last run ended: nobody drains it any more.
    pub(super) is_leftover: bool,
    /// When work on it began in this run.
    pub(super) began: Option<Timestamp>,
    /// When it was done in this run; final.
    pub(super) finished: Option<Timestamp>,
    pub(super) pods: PodMemory,
}

/// How a node's evictable pods moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PodMemory {
    pub(super) at_start: Option<usize>,
    pub(super) left: Option<usize>,
    /// When one last went.
    pub(super) moved_at: Option<Timestamp>,
}

impl NodeMemory {
    /// A node nothing is known of yet.
    pub(super) fn first_seen(now: Timestamp, was_here: bool) -> Self {
        Self {
            uid: String::new(),
            was_here,
            reborn_at: None,
            is_surge: false,
            phase: NodePhase::Waiting,
            since: now,
            cordoned_since: None,
            uncordoned_at: None,
            gone_since: None,
            is_leftover: false,
            began: None,
            finished: None,
            pods: PodMemory::default(),
        }
    }

    /// The same node at the beginning of another run.
    pub(super) fn into_new_run(mut self) -> Self {
        self.was_here = !self.uid.is_empty() && self.gone_since.is_none();
        self.reborn_at = None;
        self.is_surge = false;
        self.is_leftover = false;
        self.began = None;
        self.finished = None;
        self.uncordoned_at = None;
        self
    }

    /// The same node after its run ended: what was being drained is only cordoned from now on.
    pub(super) fn into_settled(mut self) -> Self {
        self.is_leftover = self.cordoned_since.is_some();
        self.pods.at_start = self.pods.left;
        self
    }
}
