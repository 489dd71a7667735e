//! What the upgrader does to one machine, step by step: cordon, drain, soak, delete, reimage, join; or bring a
//! surge node, or take it away. Knows nothing of the other machines of the pool.

use std::time::Duration;

use jiff::Timestamp;

use super::drain::{Drain, Round};
use super::hindrance::{Bootstrap, Hindrances, node_not_deleted, reimage_failed};
use super::landscape::Landscape;
use super::operation::OperationError;
use super::pool::{Goal, SimulatedPool};
use super::quota::Quotas;
use super::{mishap, narration};
use crate::simulator::kubernetes::objects::ObjectStore;

/// What one step may read and change.
pub(super) struct Site<'a> {
    pub(super) objects: &'a mut ObjectStore,
    pub(super) pool: &'a mut SimulatedPool,
    pub(super) rng: &'a mut fastrand::Rng,
    pub(super) quotas: &'a mut Quotas,
    pub(super) landscape: &'a mut Landscape,
    pub(super) hindrances: &'a mut Hindrances,
    pub(super) subscription: &'a str,
    pub(super) location: &'a str,
    pub(super) now: Timestamp,
    /// The upgrade drains past budgets.
    pub(super) is_forced: bool,
}

/// Why the machine is worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    /// Reimage in place.
    Replace,
    /// A surge node comes.
    Arrive,
    /// A surge node goes; where `is_forced`, its pods go with it after two minutes.
    Leave { is_forced: bool },
}

#[derive(Clone, Debug)]
enum Stage {
    CreatingMachine,
    Cordoning,
    StartingDrain,
    Draining(Drain),
    Soaking,
    Deleting,
    Removing,
    Reimaging,
    /// The machine is there and does not become a node.
    Bootstrapping,
    Booting,
    Confirming,
    /// The upgrader says `Draining node` once more after all is done.
    Echoing,
    Done,
    DrainFailed(String),
    Failed(OperationError),
}

/// How long the upgrader tries the same again before it gives up, as seen in operations of 2024 to 2026.
const PATIENCE: Patience = Patience {
    bootstrap: Duration::from_mins(24),
    silence: Duration::from_mins(45),
    removal: Duration::from_mins(14),
};

struct Patience {
    bootstrap: Duration,
    silence: Duration,
    removal: Duration,
}

/// The work on one machine.
#[derive(Clone, Debug)]
pub(super) struct NodeWork {
    pub(super) node: String,
    pub(super) pool: String,
    goal: Goal,
    is_forced: bool,
    purpose: Purpose,
    stage: Stage,
    due: Timestamp,
    /// Since when the same step is tried.
    trying_since: Option<Timestamp>,
}

/// How the work stands.
pub(super) enum Progress<'a> {
    Working,
    Done,
    DrainFailed(&'a str),
    Failed(&'a OperationError),
}

impl NodeWork {
    /// Upgrades a machine in place.
    pub(super) fn replace(node: &str, goal: &Goal, site: &mut Site<'_>) -> Self {
        Self::starting(node, goal, Purpose::Replace, Stage::Cordoning, (1, 4), site)
    }

    /// Creates a surge machine and waits until its node is ready.
    pub(super) fn arrive(node: &str, goal: &Goal, site: &mut Site<'_>) -> Self {
        Self::starting(node, goal, Purpose::Arrive, Stage::CreatingMachine, (90, 130), site)
    }

    /// Drains and removes a surge machine.
    pub(super) fn leave(node: &str, goal: &Goal, is_forced: bool, site: &mut Site<'_>) -> Self {
        let purpose = Purpose::Leave { is_forced };
        Self::starting(node, goal, purpose, Stage::Cordoning, (2, 6), site)
    }

    fn starting(
        node: &str,
        goal: &Goal,
        purpose: Purpose,
        stage: Stage,
        wait: (u64, u64),
        site: &mut Site<'_>,
    ) -> Self {
        Self {
            node: node.to_owned(),
            pool: site.pool.name.clone(),
            goal: goal.clone(),
            is_forced: site.is_forced,
            purpose,
            stage,
            due: site.now + seconds(site.rng, wait),
            trying_since: None,
        }
    }

    /// When it goes on; `None` when it is over.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        (!matches!(self.stage, Stage::Done | Stage::DrainFailed(_) | Stage::Failed(_))).then_some(self.due)
    }

    pub(super) fn progress(&self) -> Progress<'_> {
        match &self.stage {
            Stage::Done => Progress::Done,
            Stage::DrainFailed(why) => Progress::DrainFailed(why),
            Stage::Failed(error) => Progress::Failed(error),
            _ => Progress::Working,
        }
    }

    /// True while the machine is still whole, so that the work can simply be dropped.
    pub(super) fn can_be_dropped(&self) -> bool {
        matches!(
            self.stage,
            Stage::Cordoning
                | Stage::StartingDrain
                | Stage::Draining(_)
                | Stage::Soaking
                | Stage::Deleting
                | Stage::DrainFailed(_)
                | Stage::Done
        )
    }

    /// True for the upgrade of a machine, false for a surge node that comes or goes.
    pub(super) fn is_replacement(&self) -> bool {
        self.purpose == Purpose::Replace
    }

    /// Does what is due.
    pub(super) fn step(&mut self, site: &mut Site<'_>) {
        if self.next_due().is_none_or(|due| due > site.now) {
            return;
        }
        let (stage, wait) = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::CreatingMachine | Stage::Reimaging | Stage::Bootstrapping => self.come_up(site),
            Stage::Cordoning => self.cordon(site),
            Stage::StartingDrain => self.start_drain(site),
            Stage::Draining(drain) => self.drain(drain, site),
            Stage::Soaking => (Stage::Deleting, seconds(site.rng, (1, 4))),
            Stage::Deleting => {
                narration::deleting(site.objects, site.now, &self.node);
                (Stage::Removing, seconds(site.rng, (3, 8)))
            }
            Stage::Removing => self.remove(site),
            Stage::Booting => self.boot(site),
            Stage::Confirming => {
                narration::upgraded(site.objects, site.now, &self.node);
                (Stage::Echoing, seconds(site.rng, (1, 3)))
            }
            Stage::Echoing => {
                narration::draining(site.objects, site.now, &self.node);
                (Stage::Done, Duration::ZERO)
            }
            over @ (Stage::Done | Stage::DrainFailed(_) | Stage::Failed(_)) => (over, Duration::ZERO),
        };
        self.stage = stage;
        self.due = site.now + wait;
    }

    fn cordon(&self, site: &mut Site<'_>) -> (Stage, Duration) {
        if self.purpose != Purpose::Replace {
            narration::surge_removing(site.objects, site.now, &self.node);
        }
        if site.objects.has_node(&self.node) {
            site.objects
                .label_node(&self.node, super::QUARANTINE_LABEL, None, site.now);
            site.objects.set_cordoned(&self.node, true, site.now);
            narration::cordoning(site.objects, site.now, &self.node);
        }
        if let Some(node) = site.pool.node_mut(&self.node) {
            node.is_quarantined = false;
        }
        (Stage::StartingDrain, seconds(site.rng, (1, 3)))
    }

    fn start_drain(&self, site: &mut Site<'_>) -> (Stage, Duration) {
        narration::draining(site.objects, site.now, &self.node);
        let timeout = match self.purpose {
            Purpose::Leave { is_forced: true } => Duration::from_mins(2),
            _ => site.pool.settings.drain_timeout(),
        };
        (
            Stage::Draining(Drain::starting(site.now, timeout, self.is_forced)),
            Duration::from_secs(1),
        )
    }

    fn drain(&self, mut drain: Drain, site: &mut Site<'_>) -> (Stage, Duration) {
        match drain.round(&self.node, site.objects, site.rng, site.now) {
            Round::Again(pause) => (Stage::Draining(drain), pause),
            Round::Empty => self.drained(site),
            Round::TimedOut(_) if self.purpose == (Purpose::Leave { is_forced: true }) => self.drained(site),
            Round::TimedOut(why) => {
                narration::drain_failed(site.objects, site.now, &self.node, &why);
                (Stage::DrainFailed(why), Duration::ZERO)
            }
        }
    }

    fn drained(&self, site: &mut Site<'_>) -> (Stage, Duration) {
        let soak = site.pool.settings.soak();
        match self.purpose {
            Purpose::Replace if soak > Duration::ZERO => {
                narration::soaking(site.objects, site.now, &self.node, soak.as_secs() / 60);
                (Stage::Soaking, soak)
            }
            Purpose::Replace => (Stage::Deleting, seconds(site.rng, (1, 4))),
            Purpose::Arrive | Purpose::Leave { .. } => (Stage::Removing, seconds(site.rng, (5, 15))),
        }
    }

    fn remove(&mut self, site: &mut Site<'_>) -> (Stage, Duration) {
        if mishap::is_node_held(site.objects, &self.node) {
            site.objects.mark_node_deleted(&self.node, site.now);
            narration::deletion_failed(site.objects, site.now, &self.node);
            if self.is_out_of_patience(PATIENCE.removal, site.now) {
                return (Stage::Failed(node_not_deleted(&self.node)), Duration::ZERO);
            }
            return (Stage::Removing, Duration::from_secs(30));
        }
        if !self.is_replacement()
            && let Some(error) = site.refuse_deletion()
        {
            return (Stage::Failed(error), Duration::ZERO);
        }
        self.trying_since = None;
        if site.objects.has_node(&self.node) {
            narration::schedulable_before_removal(site.objects, site.now, &self.node);
            site.objects.remove_node(&self.node, site.now);
            narration::removed(site.objects, site.now, &self.node);
        }
        if self.is_replacement() {
            narration::reimaging(site.objects, site.now, &self.node);
            return (Stage::Reimaging, seconds(site.rng, (120, 220)));
        }
        site.pool.remove_machine(&self.node);
        site.quotas
            .release(site.subscription, site.location, &site.pool.vm_size, 1);
        site.give_back_machine();
        (Stage::Done, Duration::ZERO)
    }

    /// True when the same step has been tried for longer than this.
    fn is_out_of_patience(&mut self, patience: Duration, now: Timestamp) -> bool {
        now >= *self.trying_since.get_or_insert(now) + patience
    }

    /// The machine is made or rebuilt and runs its bootstrap script; what fails is tried again for a while.
    fn come_up(&mut self, site: &mut Site<'_>) -> (Stage, Duration) {
        let is_first = self.trying_since.is_none();
        if self.is_replacement()
            && let Some(why) = site.hindrances.reimage_failure(&self.pool, &self.node)
        {
            narration::reimage_failed(site.objects, site.now, &self.node);
            if self.is_out_of_patience(PATIENCE.removal, site.now) {
                return (
                    Stage::Failed(reimage_failed(&self.pool, &self.node, &why)),
                    Duration::ZERO,
                );
            }
            return (Stage::Reimaging, Duration::from_mins(2));
        }
        let patience = match site.hindrances.bootstrap(&self.pool) {
            Bootstrap::Works | Bootstrap::NotReady(_) => return self.register(site),
            Bootstrap::Fails => PATIENCE.bootstrap,
            Bootstrap::Silent => PATIENCE.silence,
        };
        if is_first && self.purpose == Purpose::Arrive {
            narration::surge_created(site.objects, site.now, &self.node, &self.pool);
        }
        if !is_first {
            site.hindrances.mark_machine(&self.pool, &self.node, site.landscape);
        }
        if self.is_out_of_patience(patience, site.now) {
            let error = site.hindrances.bootstrap_error(&self.pool, &self.node);
            return (Stage::Failed(error), Duration::ZERO);
        }
        (Stage::Bootstrapping, seconds(site.rng, (50, 70)))
    }

    /// The kubelet becomes ready, or says why not.
    fn boot(&mut self, site: &mut Site<'_>) -> (Stage, Duration) {
        if let Bootstrap::NotReady(message) = site.hindrances.bootstrap(&self.pool) {
            mishap::explain_unready(site.objects, &self.node, &message, site.now);
            if self.is_out_of_patience(PATIENCE.silence, site.now) {
                let error = site.hindrances.bootstrap_error(&self.pool, &self.node);
                return (Stage::Failed(error), Duration::ZERO);
            }
            return (Stage::Booting, Duration::from_secs(30));
        }
        self.trying_since = None;
        site.objects.set_node_ready(&self.node, true, site.now);
        narration::ready(site.objects, site.now, &self.node);
        match self.purpose {
            Purpose::Replace => (Stage::Confirming, seconds(site.rng, (2, 9))),
            Purpose::Arrive | Purpose::Leave { .. } => (Stage::Done, Duration::ZERO),
        }
    }

    /// The machine boots with the goal's version and its Node object appears, not ready yet.
    fn register(&mut self, site: &mut Site<'_>) -> (Stage, Duration) {
        let goal = self.goal.clone();
        if let Some(node) = site.pool.node_mut(&self.node) {
            node.version = goal.version;
            node.image = goal.image;
            let node = node.clone();
            if site.objects.has_node(&node.name) {
                site.objects.remove_node(&node.name, site.now);
            }
            site.objects.add_node(&site.pool.node_spec(&node, false), site.now);
        }
        site.landscape.failed_bootstraps.remove(&self.node);
        site.landscape.failed_machines.remove(&self.node);
        narration::starting(site.objects, site.now, &self.node);
        if self.trying_since.take().is_none() && self.purpose == Purpose::Arrive {
            narration::surge_created(site.objects, site.now, &self.node, &self.pool);
        }
        (Stage::Booting, seconds(site.rng, (20, 60)))
    }
}

/// A wait between two numbers of seconds, both included.
pub(super) fn seconds(rng: &mut fastrand::Rng, (least, most): (u64, u64)) -> Duration {
    Duration::from_secs(rng.u64(least..=most))
}
