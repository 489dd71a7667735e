//! Puts a driver at the controls: place in the journal first, then the cluster's Lease, then the task.
//! Never leaves a place or a Lease behind where one of them could not be had.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use super::super::command::Person;
use super::super::driver::api_server::ApiServer;
#[cfg(debug_assertions)]
use super::super::driver::drill;
use super::super::driver::fence::Fence;
use super::super::driver::keeper::Keeper;
use super::super::driver::leasing::{Contender, Outcome};
use super::super::driver::{Driver, Tools, blocking};
use super::super::effect::Input;
use super::super::lease::Claimant;
use super::super::machine::state::State;
use super::super::machine::{apply, decide};
use super::super::record::{LeaseState, Origin, RECORD_VERSION, Record};
use super::super::replay::{ESTIMATE, estimate_json};
use super::super::target::target_of;
use super::super::view::ExecutionState;
use super::settings::BASELINE;
use super::{EngineError, EngineHandle, Local, Preparation};
use crate::clock::Clock;
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::domain::lease::LeaseObject;
use crate::journal::drivers::NewDriver;
use crate::journal::writer::{NewObservation, NewRow};
use crate::journal::{Journal, JournalError};
use crate::plan::step::Plan;

/// How long a driver that has written that it goes may take to be gone, in wall time: it says a last word on the Lease.
const LEAVING: Duration = Duration::from_secs(8);

/// How soon its place is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What a driver is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Driving,
    /// To end an execution of which nothing is in Azure: that needs neither Azure nor the Lease.
    GivingUp,
}

impl EngineHandle {
    /// Makes the plan durable and drives it in this process.
    ///
    /// # Errors
    /// When the session is read-only, there is no Azure, the journal cannot be written, the cluster has an execution
    /// that is not final, or another machine drives it. Nothing was sent then, and nothing is left open.
    pub async fn start(&self, plan: Plan, by: Person) -> Result<ExecutionId, EngineError> {
        self.start_from(plan, by, None, Preparation::default()).await
    }

    /// Starts a plan after its checks: what they found is kept for the time after the upgrade.
    ///
    /// # Errors
    /// As [`EngineHandle::start`].
    pub async fn start_prepared(
        &self,
        plan: Plan,
        by: Person,
        preparation: Preparation,
    ) -> Result<ExecutionId, EngineError> {
        self.start_from(plan, by, None, preparation).await
    }

    pub(super) async fn start_from(
        &self,
        plan: Plan,
        by: Person,
        origin: Option<Origin>,
        preparation: Preparation,
    ) -> Result<ExecutionId, EngineError> {
        let id = self.begin(&plan.cluster).await?;
        let contender = self.contender(&id, &plan.cluster).await?;
        let keeper = take_lease(contender, &plan.cluster).await?;
        self.create(id, plan, by, origin, preparation, keeper).await
    }

    /// Takes the place of an execution's driver that is gone, and goes on by the recovery path: what was under way
    /// is looked at in Azure first. Nothing happens where this process drives it already.
    ///
    /// # Errors
    /// When the session is read-only, the execution is unknown, has ended, is driven elsewhere, or the journal
    /// cannot be written.
    pub async fn drive(&self, execution: &ExecutionId) -> Result<(), EngineError> {
        self.drive_for(execution, Purpose::Driving).await
    }

    /// A driver that is on its way out is waited for.
    pub(super) async fn drive_for(&self, execution: &ExecutionId, purpose: Purpose) -> Result<(), EngineError> {
        let journal = self.writable()?;
        let deadline = Instant::now() + LEAVING;
        loop {
            if self.is_driven_here(execution) && !self.is_left_here(execution) {
                return Ok(());
            }
            let (person, store, id) = (self.0.settings.person.clone(), journal.clone(), execution.clone());
            let answer =
                blocking(move || store.take_place(id.as_str(), &person.name, &person.host, Clock::wall().now())).await;
            let token = match answer {
                Ok(token) => token,
                Err(JournalError::AlreadyDriven(_)) if Instant::now() < deadline && self.is_left(execution).await? => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let (journal, reason) = (journal, None);
            return self.sit_down(execution, purpose, Seat { journal, token, reason }).await;
        }
    }

    /// True where the execution's last driver has written that it goes.
    async fn is_left(&self, execution: &ExecutionId) -> Result<bool, EngineError> {
        Ok(self.look_up(execution).await?.0.driver.is_none())
    }

    /// The same of a driver in this process.
    fn is_left_here(&self, execution: &ExecutionId) -> bool {
        self.drivers()
            .get(execution)
            .is_some_and(|local| local.is_leaving.load(Ordering::Acquire))
    }

    /// Takes the controls from a driver on this machine that is alive; the reason is recorded.
    ///
    /// # Errors
    /// As [`EngineHandle::drive`], except that a live driver is no error.
    pub async fn take_over(&self, execution: &ExecutionId, reason: String) -> Result<(), EngineError> {
        let journal = self.writable()?;
        if self.is_driven_here(execution) {
            return Ok(());
        }
        let (state, _) = self.look_up(execution).await?;
        self.check(&state, Purpose::Driving)?;
        let (person, store, id) = (self.0.settings.person.clone(), journal.clone(), execution.clone());
        let token =
            blocking(move || store.take_place_by_force(id.as_str(), &person.name, &person.host, Clock::wall().now()))
                .await?;
        let reason = Some(reason);
        self.sit_down(execution, Purpose::Driving, Seat { journal, token, reason })
            .await
    }

    /// Drives on from a place that was taken, or gives it back.
    async fn sit_down(&self, execution: &ExecutionId, purpose: Purpose, seat: Seat) -> Result<(), EngineError> {
        match self.prepare_to_drive(execution, purpose).await {
            Ok((state, keeper)) => {
                self.spawn_driver(seat, keeper, state);
                Ok(())
            }
            Err(error) => {
                let Seat { journal, token, .. } = seat;
                let id = execution.clone();
                // Where that fails too, the place ends with this process.
                let _ = blocking(move || journal.leave_place(id.as_str(), &token)).await;
                Err(error)
            }
        }
    }

    /// Reads the execution, from now on nobody else writes it, and takes the Lease.
    async fn prepare_to_drive(
        &self,
        execution: &ExecutionId,
        purpose: Purpose,
    ) -> Result<(State, Keeper), EngineError> {
        let (state, _) = self.look_up(execution).await?;
        self.check(&state, purpose)?;
        let cluster = state.plan.cluster.clone();
        let keeper = match purpose {
            Purpose::Driving => take_lease(self.contender(execution, &cluster).await?, &cluster).await?,
            Purpose::GivingUp => Keeper::of_nothing(is_lost(&state).then(|| LeaseState::Unavailable {
                why: "it is given up here, and nothing is sent any more".to_owned(),
            })),
        };
        Ok((state, keeper))
    }

    fn check(&self, state: &State, purpose: Purpose) -> Result<(), EngineError> {
        if state.unreadable > 0 {
            return Err(EngineError::NewerRecords { id: state.id.clone() });
        }
        if state.execution.is_final() {
            return Err(EngineError::NotNow {
                id: state.id.clone(),
                command: "be driven",
                state: state.execution.word(),
            });
        }
        let acts_at_once = is_under_way(state) || state.execution == ExecutionState::Planned;
        if purpose == Purpose::Driving && acts_at_once && self.0.settings.azure.is_none() {
            return Err(EngineError::NoAzure);
        }
        Ok(())
    }

    /// Checks that an execution may be made on the cluster, and names it.
    pub(super) async fn begin(&self, cluster: &ClusterId) -> Result<ExecutionId, EngineError> {
        let journal = self.writable()?;
        if self.0.settings.azure.is_none() {
            return Err(EngineError::NoAzure);
        }
        if let Some(id) = self.open_execution(journal, cluster).await? {
            return Err(EngineError::ClusterBusy {
                cluster: cluster.name().to_owned(),
                id,
            });
        }
        Ok(new_id())
    }

    /// The cluster's execution that is not final.
    pub(super) async fn open_execution(
        &self,
        journal: Journal,
        cluster: &ClusterId,
    ) -> Result<Option<ExecutionId>, EngineError> {
        let subject = subject_of(cluster);
        let all = blocking(move || journal.executions()).await?;
        Ok(all
            .into_iter()
            .find(|row| row.closed_at.is_none() && row.subject == subject)
            .map(|row| ExecutionId::new(row.id)))
    }

    /// Makes an execution with its driver's place in one write, and drives it.
    pub(super) async fn create(
        &self,
        id: ExecutionId,
        plan: Plan,
        by: Person,
        origin: Option<Origin>,
        preparation: Preparation,
        keeper: Keeper,
    ) -> Result<ExecutionId, EngineError> {
        let journal = self.writable()?;
        let subject = subject_of(&plan.cluster);
        let estimate = preparation
            .estimate
            .as_ref()
            .map(|estimate| estimate_json(&plan, estimate));
        let at = self.0.settings.clock.now();
        let (state, rows) = first_rows(&id, Arc::new(plan), by, origin, preparation.despite, at);
        let baseline = preparation.baseline.map(|report| (BASELINE, report));
        let prepared: Vec<NewObservation> = baseline
            .into_iter()
            .chain(estimate.map(|json| (ESTIMATE, json)))
            .map(|(kind, json)| NewObservation {
                at,
                kind: kind.to_owned(),
                key: "before".to_owned(),
                json,
            })
            .collect();
        let driver = NewDriver {
            person: self.0.settings.person.name.clone(),
            host: self.0.settings.person.host.clone(),
            now: Clock::wall().now(),
        };
        let (store, execution) = (journal.clone(), id.clone());
        let created = blocking(move || {
            #[cfg(debug_assertions)]
            drill::before(0, &rows);
            let token = store.create_driven(execution.as_str(), &subject, at, &rows, &driver)?;
            #[cfg(debug_assertions)]
            drill::after(0, &rows);
            store.observe(execution.as_str(), &prepared)?;
            Ok(token)
        })
        .await;
        match created {
            Ok(token) => {
                let reason = None;
                self.spawn_driver(Seat { journal, token, reason }, keeper, state);
                Ok(id)
            }
            Err(error) => {
                keeper.give_back().await;
                Err(error.into())
            }
        }
    }

    /// One driver's way to the cluster's Lease.
    pub(super) async fn contender(
        &self,
        execution: &ExecutionId,
        cluster: &ClusterId,
    ) -> Result<Contender, EngineError> {
        let journal = self.writable()?;
        let gone = blocking(move || gone(&journal)).await?;
        Ok(Contender {
            api: self.api_server(cluster),
            me: Claimant {
                person: self.0.settings.person.clone(),
                execution: execution.clone(),
                driver: Uuid::new_v4().to_string(),
            },
            times: self.0.lease_times,
            fence: Fence::without_limit(),
            gone,
        })
    }

    /// The cluster's API server; all drivers and questions share one connection.
    pub(super) fn api_server(&self, cluster: &ClusterId) -> ApiServer {
        let mut servers = self.0.api_servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers
            .entry(cluster.clone())
            .or_insert_with(|| ApiServer::new(self.0.settings.kubernetes.clone(), cluster.clone()))
            .clone()
    }

    fn spawn_driver(&self, seat: Seat, keeper: Keeper, state: State) {
        let settings = &self.0.settings;
        let id = state.id.clone();
        let bell = Arc::new(Notify::new());
        let is_leaving = Arc::new(AtomicBool::new(false));
        let tools = Tools {
            journal: seat.journal,
            token: seat.token,
            reason: seat.reason,
            azure: settings.azure.clone(),
            api: self.api_server(&state.plan.cluster),
            smoke: settings.smoke.clone(),
            clock: settings.clock.clone(),
            person: settings.person.clone(),
            live: (settings.live)(&state.plan.cluster),
            poll_interval: settings.poll_interval,
            claim: self.0.board.claim(id.clone()),
            leave: self.0.leave.child_token(),
            bell: Arc::clone(&bell),
            is_leaving: Arc::clone(&is_leaving),
        };
        let targets = Arc::clone(&settings.targets);
        let cluster = state.plan.cluster.clone();
        let target = target_of(&state.plan);
        let task = tokio::spawn(async move {
            targets(&cluster, Some(target));
            Driver::new(tools, keeper, state).run().await;
            targets(&cluster, None);
        });
        let local = Local { bell, is_leaving, task };
        self.drivers().insert(id, local);
    }
}

/// A driver's place in the journal.
struct Seat {
    journal: Journal,
    token: String,
    reason: Option<String>,
}

/// True while the execution is neither at rest nor over, whoever may act on it.
pub(super) fn is_under_way(state: &State) -> bool {
    matches!(
        state.execution,
        ExecutionState::Running
            | ExecutionState::Pausing { .. }
            | ExecutionState::Waiting { .. }
            | ExecutionState::Aborting
    )
}

/// True while another machine drives the cluster, as far as was known last.
pub(super) fn is_lost(state: &State) -> bool {
    matches!(state.lease, Some(LeaseState::Lost { .. }))
}

/// Takes the Lease; where it cannot be had the driver goes on without, and says so.
async fn take_lease(contender: Contender, cluster: &ClusterId) -> Result<Keeper, EngineError> {
    let taken = match contender.take().await {
        Outcome::Got(lease) => Ok(*lease),
        Outcome::HeldBy { holder, since } => return Err(EngineError::lease_held(cluster, *holder, since)),
        Outcome::Unavailable { why, .. } => Err(format!("{why}; Azure's own refusals are relied on")),
    };
    Ok(keep(contender, taken))
}

pub(super) fn keep(mut contender: Contender, taken: Result<LeaseObject, String>) -> Keeper {
    // What was gone when the driver began may be back later.
    contender.gone.clear();
    Keeper::start(contender, taken)
}

/// Executions that nobody on this machine drives, so that a Lease in their name is free.
fn gone(journal: &Journal) -> Result<HashSet<ExecutionId>, JournalError> {
    let drivers = journal.drivers(Clock::wall().now())?;
    let is_driven = |id: &str| drivers.iter().any(|driver| driver.is_live && driver.execution == id);
    Ok(journal
        .executions()?
        .into_iter()
        .filter(|row| row.closed_at.is_some() || !is_driven(&row.id))
        .map(|row| ExecutionId::new(row.id))
        .collect())
}

/// Azure's ids compare without case; the journal compares texts.
fn subject_of(cluster: &ClusterId) -> String {
    cluster.as_str().to_ascii_lowercase()
}

/// The plan and the beginning of its first step, written together: what was started is never seen standing still.
fn first_rows(
    id: &ExecutionId,
    plan: Arc<Plan>,
    by: Person,
    origin: Option<Origin>,
    despite: Option<String>,
    at: Timestamp,
) -> (State, Vec<NewRow>) {
    let mut state = State::created(id.clone(), Arc::clone(&plan), by.clone(), origin.clone(), at);
    let begun = decide(&state, &Input::Begin, at);
    for record in &begun {
        apply(&mut state, record, at);
    }
    let rows = std::iter::once(Record::Created {
        plan,
        by,
        origin,
        despite,
    })
    .chain(begun)
    .map(|record| NewRow {
        at,
        version: RECORD_VERSION,
        json: record.to_json(),
    })
    .collect();
    (state, rows)
}

/// Short enough to type, long enough to be alone in one journal.
fn new_id() -> ExecutionId {
    let mut text = Uuid::new_v4().simple().to_string();
    text.truncate(8);
    ExecutionId::new(text)
}
