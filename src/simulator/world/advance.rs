//! How time passes over a cluster: its operations at work, what an abort left behind, and how each of them ends.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use super::cluster::{EXPIRY_EVERY, PendingAbort, SimulatedCluster, Surroundings, is_force_valid};
use super::hindrance::{Hold, addons_not_ready};
use super::incident::Turn;
use super::node_work::{NodeWork, Progress, Site, seconds};
use super::operation::{
    Action, Author, Operation, OperationError, OperationStatus, Outcome, ResourceState, Target, guid,
};
use super::roll::PoolRoll;
use super::run::{Active, ControlPlaneUpgrade, Run, Stage};
use crate::simulator::kubernetes::objects::fields;
use crate::simulator::kubernetes::objects::kinds::Kind;

/// How long AKS waits for its own pods after the control plane's step.
const ADD_ONS_MAY_TAKE: Duration = Duration::from_mins(20);

impl SimulatedCluster {
    /// When something happens next.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        if self.is_stopped {
            return None;
        }
        let runs = self.runs.iter().filter_map(|run| run.next_due(self.now));
        let leftovers = self.leftovers.iter().filter_map(NodeWork::next_due);
        let aborts = self.aborts.iter().map(|abort| abort.due);
        // Controllers that are due at once are run once a second at most, so that time always goes on.
        let controllers = self
            .objects
            .next_due()
            .map(|due| due.max(self.now + Duration::from_secs(1)));
        runs.chain(leftovers)
            .chain(aborts)
            .chain(controllers)
            .chain([self.next_expiry])
            .chain(self.away_until)
            .min()
    }

    /// Lets everything happen that is due at `now`.
    pub(super) fn advance(&mut self, now: Timestamp, surroundings: &mut Surroundings<'_>) {
        self.now = self.now.max(now);
        if self.is_stopped {
            return;
        }
        self.objects.advance_to(self.now);
        self.look_for_relief();
        if self.next_expiry <= self.now {
            self.objects.expire_events(self.now);
            self.next_expiry = self.now + EXPIRY_EVERY;
        }
        self.step_leftovers(surroundings);
        let mut runs = std::mem::take(&mut self.runs);
        for run in &mut runs {
            self.step_run(run, surroundings);
        }
        for run in &runs {
            if let Some(outcome) = &run.outcome {
                self.finish(&run.operation, &run.target, outcome);
                if *outcome == Outcome::Succeeded {
                    self.complete(&run.operation, &run.target, surroundings);
                }
                self.turns.extend(run.has_moved.then(|| Turn::end_of(&run.target)));
            }
        }
        runs.retain(|run| run.outcome.is_none());
        self.runs = runs;
        self.finish_aborts();
        self.look_for_api_server();
    }

    fn step_run(&mut self, run: &mut Run, surroundings: &mut Surroundings<'_>) {
        if run.next_due(self.now).is_none_or(|due| due > self.now) {
            return;
        }
        let ended = match &mut run.active {
            None => Some(Outcome::Succeeded),
            Some(Active::Settle(until)) => (*until <= self.now).then_some(Outcome::Succeeded),
            Some(Active::ControlPlane(upgrade)) => {
                if upgrade.until <= self.now {
                    self.step_control_plane(upgrade)
                } else {
                    None
                }
            }
            Some(Active::Pool(roll)) => {
                let name = roll.pool.clone();
                match self.site(&name, surroundings) {
                    Some(mut site) => roll.step(&mut site),
                    None => Some(Outcome::Succeeded),
                }
            }
        };
        match ended {
            None => {}
            Some(Outcome::Succeeded) => match run.stages.pop_front() {
                Some(stage) => {
                    let turn = Turn::begin_of(&stage);
                    run.has_moved |= turn.is_some();
                    self.turns.extend(turn);
                    run.active = self.start_stage(stage, surroundings);
                }
                None => run.outcome = Some(Outcome::Succeeded),
            },
            Some(other) => run.outcome = Some(other),
        }
        run.since = self.now;
    }

    /// The new API server begins to serve, unless something holds it; then AKS waits for its own pods.
    fn step_control_plane(&mut self, upgrade: &mut ControlPlaneUpgrade) -> Option<Outcome> {
        if let Some(hold) = self.hindrances.control_plane_held().filter(|_| !upgrade.is_serving) {
            upgrade.until = self.now + Duration::from_mins(1);
            let Hold::FailsAfter(minutes, error) = hold else {
                return None;
            };
            let is_over = upgrade.began + Duration::from_mins(u64::from(minutes)) <= self.now;
            return is_over.then_some(Outcome::Failed(error));
        }
        if !upgrade.is_serving {
            upgrade.is_serving = true;
            upgrade.served_since = self.now;
            self.control_plane.running = upgrade.to;
            self.objects.set_server_version(&upgrade.to.to_string());
        }
        let waiting = self.system_pods_not_ready();
        if waiting.is_empty() {
            return Some(Outcome::Succeeded);
        }
        upgrade.until = self.now + Duration::from_secs(30);
        (upgrade.served_since + ADD_ONS_MAY_TAKE <= self.now).then(|| Outcome::Failed(addons_not_ready(&waiting)))
    }

    /// Names of AKS's own pods that should run and do not.
    fn system_pods_not_ready(&self) -> Vec<String> {
        let pods = self.objects.store().iter(Kind::Pod);
        pods.filter(|pod| fields::namespace(pod) == "kube-system" && fields::is_active(pod) && !fields::is_ready(pod))
            .map(|pod| fields::name(pod).to_owned())
            .collect()
    }

    /// The API server is away in part of a control plane's upgrade, and when an incident says so.
    fn look_for_api_server(&mut self) {
        self.away_until = self.away_until.filter(|until| *until > self.now);
        let is_upgraded_away = self
            .runs
            .iter()
            .any(|run| matches!(&run.active, Some(Active::ControlPlane(upgrade)) if upgrade.is_away(self.now)));
        let is_kept_away = is_upgraded_away || self.away_until.is_some();
        // Only at the edges: a scenario or a test may have sent it away by hand.
        if is_kept_away != self.is_kept_away {
            self.is_kept_away = is_kept_away;
            self.is_api_server_away = is_kept_away;
        }
    }

    fn start_stage(&mut self, stage: Stage, surroundings: &mut Surroundings<'_>) -> Option<Active> {
        match stage {
            Stage::Settle(time) => Some(Active::Settle(self.now + time)),
            Stage::ControlPlane(to) => {
                let length = seconds(&mut self.rng, (300, 470));
                let away = self.profile.away_during_upgrade;
                let from = self.now + Duration::from_mins(1);
                Some(Active::ControlPlane(ControlPlaneUpgrade {
                    to,
                    began: self.now,
                    is_serving: false,
                    served_since: self.now,
                    until: self.now + length.max(away + Duration::from_secs(90)),
                    away: (away > Duration::ZERO).then(|| (from, from + away)),
                }))
            }
            Stage::Pool {
                name,
                goal,
                before,
                is_rollback,
            } => {
                let (taken_over, others) = std::mem::take(&mut self.leftovers)
                    .into_iter()
                    .partition(|work| work.pool == name);
                self.leftovers = others;
                let mut site = self.site(&name, surroundings)?;
                Some(Active::Pool(Box::new(PoolRoll::starting(
                    goal,
                    before,
                    is_rollback,
                    taken_over,
                    &mut site,
                ))))
            }
        }
    }

    fn step_leftovers(&mut self, surroundings: &mut Surroundings<'_>) {
        let mut leftovers = std::mem::take(&mut self.leftovers);
        for work in &mut leftovers {
            let name = work.pool.clone();
            if let Some(mut site) = self.site(&name, surroundings) {
                work.step(&mut site);
            }
        }
        leftovers.retain(|work| matches!(work.progress(), Progress::Working));
        self.leftovers = leftovers;
    }

    fn site<'a>(&'a mut self, pool: &str, surroundings: &'a mut Surroundings<'_>) -> Option<Site<'a>> {
        Some(Site {
            objects: &mut self.objects,
            pool: self.pools.iter_mut().find(|candidate| candidate.name == pool)?,
            rng: &mut self.rng,
            quotas: surroundings.quotas,
            landscape: &mut self.landscape,
            hindrances: &mut self.hindrances,
            subscription: &self.profile.subscription,
            location: &self.profile.location,
            now: self.now,
            is_forced: is_force_valid(self.force_upgrade, self.now),
        })
    }

    /// Writes down how an operation ended, on it and on its resources.
    pub(super) fn finish(&mut self, operation: &str, target: &Target, outcome: &Outcome) {
        self.close_operation(operation, outcome.operation_status(), outcome.error());
        match target {
            Target::Pool(name) => {
                if let Some(pool) = self.pool_mut(name) {
                    pool.state = outcome.resource_state();
                    pool.error = outcome.error();
                    pool.is_unfinished |= *outcome != Outcome::Succeeded && !pool.runs(pool.claimed);
                }
            }
            Target::Cluster => {
                self.state = outcome.resource_state();
                self.error = outcome.error();
                for pool in &mut self.pools {
                    let is_whole = pool.runs(pool.claimed) && *outcome != Outcome::Canceled(None);
                    let (state, error) = if is_whole {
                        (ResourceState::Succeeded, None)
                    } else {
                        (outcome.resource_state(), outcome.error())
                    };
                    pool.state = state;
                    pool.error = error;
                    pool.is_unfinished |= !is_whole && *outcome != Outcome::Succeeded;
                }
                self.take_back_claims();
            }
        }
    }

    /// A control plane that did not get there, and pools that never started, go back to what they are.
    fn take_back_claims(&mut self) {
        let running = self.control_plane.running;
        if running == self.control_plane.claimed {
            return;
        }
        self.control_plane.claimed = running;
        self.control_plane.wanted = running.to_string();
        for pool in self.pools.iter_mut().filter(|pool| pool.claimed > running) {
            pool.claimed = pool.oldest_version();
            pool.wanted = pool.claimed.to_string();
        }
    }

    pub(super) fn close_operation(&mut self, id: &str, status: OperationStatus, error: Option<OperationError>) {
        let now = self.now;
        if let Some(operation) = self.operations.iter_mut().find(|operation| operation.id == id) {
            operation.status = status;
            operation.error = error;
            operation.ended = Some(now);
        }
    }

    fn finish_aborts(&mut self) {
        let (due, pending) = std::mem::take(&mut self.aborts)
            .into_iter()
            .partition(|abort| abort.due <= self.now);
        self.aborts = pending;
        let due: Vec<PendingAbort> = due;
        for abort in due {
            self.close_operation(&abort.operation, OperationStatus::Succeeded, None);
            self.finish(&abort.aborted, &abort.target, &Outcome::Canceled(None));
        }
    }

    /// Writes down an accepted operation and gives the changed resources new eTags.
    pub(super) fn open_operation(&mut self, target: &Target, action: Action, now: Timestamp) -> String {
        self.now = self.now.max(now);
        let id = guid(&mut self.rng);
        self.operations.push(Operation {
            id: id.clone(),
            target: target.clone(),
            action,
            author: Author::default(),
            status: OperationStatus::InProgress,
            started: now,
            ended: None,
            error: None,
        });
        self.renew_etags(target);
        id
    }

    /// A cluster's change renews the eTags of its pools too (AKS docs "Enhance concurrency control with eTags", 2026).
    fn renew_etags(&mut self, target: &Target) {
        if *target == Target::Cluster {
            self.etag = guid(&mut self.rng);
        }
        for pool in &mut self.pools {
            if *target == Target::Cluster || *target == Target::Pool(pool.name.clone()) {
                pool.etag = guid(&mut self.rng);
            }
        }
    }

    /// Puts an accepted operation to work.
    pub(super) fn start_run(&mut self, operation: &str, target: Target, stages: Vec<Stage>) {
        self.runs.push(Run {
            operation: operation.to_owned(),
            target,
            stages: VecDeque::from(stages),
            active: None,
            since: self.now,
            has_moved: false,
            outcome: None,
        });
    }

    /// Stops an operation at once; what cannot be left as it is goes on by itself.
    pub(super) fn stop_run(&mut self, operation: &str) {
        let (stopped, going): (Vec<Run>, Vec<Run>) = std::mem::take(&mut self.runs)
            .into_iter()
            .partition(|run| run.operation == operation);
        self.runs = going;
        for run in stopped {
            if let Some(Active::Pool(roll)) = run.active {
                self.leftovers.extend(roll.abandon());
            }
        }
    }
}
