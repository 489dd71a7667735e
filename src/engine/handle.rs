//! The way to the engine: start a plan, send commands, watch all executions of this journal.
//! Never acts by itself: every execution has a driver, in this process or in another one.

pub(super) mod board;
mod follower;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::command::{Command, Person};
use super::driver::{Driver, Tools, blocking};
use super::effect::Input;
use super::machine::state::State;
use super::machine::{decide, refusal};
use super::record::{RECORD_VERSION, Record};
use super::recovery;
use super::target::target_of;
use super::view::ExecutionState;
use crate::azure::client::AzureClient;
use crate::azure::error::AzureError;
use crate::clock::Clock;
use crate::domain::change::{Change, RequestPreview};
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::journal::writer::NewRow;
use crate::journal::{Journal, JournalError, Mode};
use crate::plan::step::Plan;
use crate::progress::facts::Target;
use crate::progress::picture::LivePicture;
use board::{Board, Views};
use follower::{Follower, live_driver};

/// Where the live picture of a cluster comes from.
pub type LiveSource = Arc<dyn Fn(&ClusterId) -> watch::Receiver<Arc<LivePicture>> + Send + Sync>;

/// Where it is said what an execution driven here is heading for; `None` when it is not driven here any more.
pub type TargetSink = Arc<dyn Fn(&ClusterId, Option<Target>) + Send + Sync>;

/// What the engine works with.
#[derive(Clone)]
pub struct EngineSettings {
    pub journal_path: PathBuf,
    /// `None` where there is no Azure: executions can be watched, not driven.
    pub azure: Option<AzureClient>,
    pub clock: Clock,
    /// Who drives in this process.
    pub person: Person,
    pub live: LiveSource,
    pub targets: TargetSink,
    /// Pause between two polls where Azure does not ask for another one, in the clock's time; usually 10 seconds.
    pub poll_interval: Duration,
    /// True where nothing may be changed, not even the journal.
    pub read_only: bool,
}

/// Why the engine did not take an order.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("the journal does not work")]
    Journal(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("no execution {0}")]
    NoSuchExecution(String),
    #[error("several executions begin with {prefix}")]
    Ambiguous {
        prefix: String,
        candidates: Vec<ExecutionId>,
    },
    #[error("{id} cannot {command} while it is {state}")]
    NotNow {
        id: ExecutionId,
        command: &'static str,
        state: &'static str,
    },
    #[error(transparent)]
    Azure(#[from] AzureError),
    #[error("{cluster} already has the execution {id}")]
    ClusterBusy { cluster: String, id: ExecutionId },
    #[error("{id} is driven by {} on {}", by.name, by.host)]
    DrivenElsewhere { id: ExecutionId, by: Person },
    /// It can be watched, not driven or told anything.
    #[error("a newer aks-cockpit wrote a part of {id}")]
    NewerRecords { id: ExecutionId },
    #[error("this is a read-only session")]
    ReadOnly,
    #[error("there is no access to Azure here")]
    NoAzure,
}

impl From<JournalError> for EngineError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::NoSuchExecution(id) => Self::NoSuchExecution(id),
            JournalError::SubjectBusy { subject, execution } => Self::ClusterBusy {
                cluster: ClusterId::new(subject).name().to_owned(),
                id: ExecutionId::new(execution),
            },
            JournalError::AlreadyDriven(driver) => Self::DrivenElsewhere {
                id: ExecutionId::new(&driver.execution),
                by: Person {
                    name: driver.person.clone(),
                    host: driver.host.clone(),
                },
            },
            other => Self::Journal(Box::new(other)),
        }
    }
}

/// A clonable way to the engine. When the last clone is dropped, its drivers leave.
#[derive(Clone)]
pub struct EngineHandle(Arc<Inner>);

struct Inner {
    settings: EngineSettings,
    /// `None` in a read-only session without a journal.
    journal: Option<Journal>,
    /// Why nothing may be written, where the journal itself forbids it.
    newer: Option<u32>,
    board: Board,
    // Held for a moment at a time and never across an await.
    drivers: Mutex<HashMap<ExecutionId, Local>>,
    leave: CancellationToken,
    _stop_with_the_last_handle: DropGuard,
}

/// A driver in this process.
struct Local {
    bell: Arc<Notify>,
    task: JoinHandle<()>,
}

impl fmt::Debug for EngineHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EngineHandle")
            .field("journal", &self.0.settings.journal_path)
            .field("read_only", &self.0.settings.read_only)
            .finish_non_exhaustive()
    }
}

impl EngineHandle {
    /// Opens the journal and shows its executions; drives none of them by itself. Needs a tokio runtime.
    ///
    /// A journal of a newer version is opened for reading: it can be watched.
    ///
    /// # Errors
    /// When the journal cannot be opened or read.
    pub fn open(settings: EngineSettings) -> Result<Self, EngineError> {
        let path = settings.journal_path.clone();
        let (journal, newer) = match settings.read_only {
            true if path.exists() => (Some(Journal::open(&path, Mode::ReadOnly)?), None),
            true => (None, None),
            false => match Journal::open(&path, Mode::ReadWrite) {
                Ok(journal) => (Some(journal), None),
                Err(JournalError::NewerVersion { found, .. }) => {
                    (Some(Journal::open(&path, Mode::ReadOnly)?), Some(found))
                }
                Err(error) => return Err(error.into()),
            },
        };
        let board = Board::default();
        let mut follower = Follower::new(path, journal.clone(), board.clone());
        follower.catch_up()?;
        let leave = CancellationToken::new();
        tokio::spawn(follower.run(leave.clone()));
        Ok(Self(Arc::new(Inner {
            settings,
            journal,
            newer,
            board,
            drivers: Mutex::default(),
            _stop_with_the_last_handle: leave.clone().drop_guard(),
            leave,
        })))
    }

    /// The exact request a change would send now, for a person to look at before saying yes.
    ///
    /// # Errors
    /// When there is no Azure, or it cannot be read.
    pub async fn preview(&self, change: &Change) -> Result<RequestPreview, EngineError> {
        let azure = self.0.settings.azure.as_ref().ok_or(EngineError::NoAzure)?;
        Ok(azure.prepare(change).await?)
    }

    /// Makes the plan durable and drives it in this process.
    ///
    /// # Errors
    /// When the session is read-only, there is no Azure, the journal cannot be written, or the cluster has an
    /// execution that is not final.
    pub async fn start(&self, plan: Plan, by: Person) -> Result<ExecutionId, EngineError> {
        let journal = self.writable()?;
        if self.0.settings.azure.is_none() {
            return Err(EngineError::NoAzure);
        }
        let id = new_id();
        // Azure's ids compare without case; the journal compares texts.
        let subject = plan.cluster.as_str().to_ascii_lowercase();
        let at = self.0.settings.clock.now();
        let rows = first_rows(&id, Arc::new(plan), by, at);
        let execution = id.clone();
        blocking(move || journal.create(execution.as_str(), &subject, at, &rows)).await?;
        self.drive(&id).await?;
        Ok(id)
    }

    /// Sends a command: to the driver in this process, else through the journal to the one elsewhere, else takes
    /// the driver's place. A resume of an execution that lost its driver in the middle just drives it on.
    ///
    /// # Errors
    /// When the session is read-only, the execution is unknown or cannot do this now, or the journal cannot be
    /// written.
    pub async fn send(&self, execution: &ExecutionId, command: Command, by: Person) -> Result<(), EngineError> {
        let journal = self.writable()?;
        let (state, has_driver) = self.look_up(execution).await?;
        if state.unreadable > 0 {
            return Err(EngineError::NewerRecords { id: execution.clone() });
        }
        if command == Command::Resume && !has_driver && state.is_acting() {
            return self.drive(execution).await;
        }
        // At rest, giving up needs nobody but the journal.
        let needs_azure = state.is_acting() || command != Command::Abort;
        if !has_driver && needs_azure && self.0.settings.azure.is_none() {
            return Err(EngineError::NoAzure);
        }
        if refusal(&state.execution, &command).is_some() {
            return Err(EngineError::NotNow {
                id: execution.clone(),
                command: command.word(),
                state: state.execution.word(),
            });
        }
        let json = serde_json::to_string(&command).unwrap_or_default();
        let (id, at) = (execution.clone(), self.0.settings.clock.now());
        blocking(move || journal.push_command(id.as_str(), &by.name, &by.host, &json, at)).await?;
        if let Some(local) = self.drivers().get(execution) {
            local.bell.notify_one();
        }
        if has_driver {
            return Ok(());
        }
        match self.drive(execution).await {
            // Whoever was quicker will find the command in the journal.
            Err(EngineError::DrivenElsewhere { .. }) => Ok(()),
            other => other,
        }
    }

    /// Takes the place of an execution's driver that is gone, and goes on by the recovery path: what was under way
    /// is looked at in Azure first. Nothing happens where this process drives it already.
    ///
    /// # Errors
    /// When the session is read-only, the execution is unknown, has ended, is driven elsewhere, or the journal
    /// cannot be written.
    pub async fn drive(&self, execution: &ExecutionId) -> Result<(), EngineError> {
        let journal = self.writable()?;
        if self.is_driven_here(execution) {
            return Ok(());
        }
        let (state, _) = self.look_up(execution).await?;
        if state.unreadable > 0 {
            return Err(EngineError::NewerRecords { id: execution.clone() });
        }
        if state.execution.is_final() {
            return Err(EngineError::NotNow {
                id: execution.clone(),
                command: "be driven",
                state: state.execution.word(),
            });
        }
        let acts_at_once = state.is_acting() || state.execution == ExecutionState::Planned;
        if acts_at_once && self.0.settings.azure.is_none() {
            return Err(EngineError::NoAzure);
        }
        let person = self.0.settings.person.clone();
        let (id, store) = (execution.clone(), journal.clone());
        let token =
            blocking(move || store.take_place(id.as_str(), &person.name, &person.host, Clock::wall().now())).await?;
        // Read after the place was taken: from now on nobody else writes.
        let (state, _) = self.look_up(execution).await?;
        self.spawn_driver(journal, token, state);
        Ok(())
    }

    /// All executions of the journal, newest first, and a signal when one changes. Executions driven by other
    /// processes are followed while a receiver lives.
    pub fn subscribe(&self) -> watch::Receiver<Views> {
        self.0.board.subscribe()
    }

    /// Finds an execution by its id, the beginning of its id, or `last`.
    ///
    /// # Errors
    /// When there is none, several begin so, or the journal cannot be read.
    pub async fn find(&self, prefix: &str) -> Result<ExecutionId, EngineError> {
        let missing = || EngineError::NoSuchExecution(prefix.to_owned());
        let journal = self.0.journal.clone().ok_or_else(missing)?;
        let ids: Vec<String> = blocking(move || journal.executions())
            .await?
            .into_iter()
            .map(|row| row.id)
            .collect();
        if let (true, Some(newest)) = (prefix == "last", ids.first()) {
            return Ok(ExecutionId::new(newest));
        }
        if ids.iter().any(|id| id == prefix) {
            return Ok(ExecutionId::new(prefix));
        }
        let mut candidates: Vec<ExecutionId> = ids
            .iter()
            .filter(|id| !prefix.is_empty() && id.starts_with(prefix))
            .map(ExecutionId::new)
            .collect();
        match candidates.len() {
            0 => Err(missing()),
            1 => Ok(candidates.remove(0)),
            _ => Err(EngineError::Ambiguous {
                prefix: prefix.to_owned(),
                candidates,
            }),
        }
    }

    /// Stops driving everything in this process for good, and returns when the journal says so. What runs in Azure
    /// goes on.
    pub async fn leave(&self) {
        self.0.leave.cancel();
        let drivers: Vec<Local> = self.drivers().drain().map(|(_, local)| local).collect();
        for driver in drivers {
            if let Err(error) = driver.task.await {
                tracing::error!(%error, "a driver did not end well");
            }
        }
    }

    fn drivers(&self) -> MutexGuard<'_, HashMap<ExecutionId, Local>> {
        self.0.drivers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True while a driver in this process has the execution.
    pub fn is_driven_here(&self, execution: &ExecutionId) -> bool {
        self.drivers()
            .get(execution)
            .is_some_and(|local| !local.task.is_finished())
    }

    fn writable(&self) -> Result<Journal, EngineError> {
        if self.0.settings.read_only {
            return Err(EngineError::ReadOnly);
        }
        if let Some(found) = self.0.newer {
            return Err(JournalError::NewerVersion {
                path: self.0.settings.journal_path.clone(),
                found,
                known: crate::journal::schema::FORMAT,
            }
            .into());
        }
        self.0.journal.clone().ok_or(EngineError::ReadOnly)
    }

    /// The execution as the journal has it, and whether it has a live driver.
    async fn look_up(&self, execution: &ExecutionId) -> Result<(State, bool), EngineError> {
        let missing = || EngineError::NoSuchExecution(execution.to_string());
        let journal = self.0.journal.clone().ok_or_else(missing)?;
        let id = execution.clone();
        let (rows, drivers) = blocking(move || {
            Ok((
                journal.read_from(id.as_str(), 0)?,
                journal.drivers(Clock::wall().now())?,
            ))
        })
        .await?;
        if rows.is_empty() {
            return Err(missing());
        }
        let records: Vec<_> = rows
            .iter()
            .map(|row| (row.at, Record::from_json(row.version, &row.json)))
            .collect();
        let state = recovery::restore(execution, records.iter().map(|(at, record)| (*at, record)))
            .map_err(|_| EngineError::NewerRecords { id: execution.clone() })?;
        Ok((state, live_driver(&drivers, execution.as_str()).is_some()))
    }

    fn spawn_driver(&self, journal: Journal, token: String, state: State) {
        let settings = &self.0.settings;
        let id = state.id.clone();
        let bell = Arc::new(Notify::new());
        let tools = Tools {
            journal,
            token,
            azure: settings.azure.clone(),
            clock: settings.clock.clone(),
            person: settings.person.clone(),
            live: (settings.live)(&state.plan.cluster),
            poll_interval: settings.poll_interval,
            claim: self.0.board.claim(id.clone()),
            leave: self.0.leave.child_token(),
            bell: Arc::clone(&bell),
        };
        let targets = Arc::clone(&settings.targets);
        let cluster = state.plan.cluster.clone();
        let target = target_of(&state.plan);
        let task = tokio::spawn(async move {
            targets(&cluster, Some(target));
            Driver::new(tools, state).run().await;
            targets(&cluster, None);
        });
        self.drivers().insert(id, Local { bell, task });
    }
}

/// The plan and the beginning of its first step, written together: what was started is never seen standing still.
fn first_rows(id: &ExecutionId, plan: Arc<Plan>, by: Person, at: Timestamp) -> Vec<NewRow> {
    let planned = State::created(id.clone(), Arc::clone(&plan), by.clone(), at);
    let begun = decide(&planned, &Input::Begin, at);
    std::iter::once(Record::Created { plan, by })
        .chain(begun)
        .map(|record| NewRow {
            at,
            version: RECORD_VERSION,
            json: record.to_json(),
        })
        .collect()
}

/// Short enough to type, long enough to be alone in one journal.
fn new_id() -> ExecutionId {
    let mut text = uuid::Uuid::new_v4().simple().to_string();
    text.truncate(8);
    ExecutionId::new(text)
}

#[cfg(test)]
mod tests;
