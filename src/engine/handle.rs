//! The way to the engine: start a plan, send commands, watch all executions of this journal.
//! Never acts by itself: every execution has a driver, in this process or in another one.

mod asking;
pub(super) mod board;
mod driving;
mod error;
mod follower;
mod foreign;
mod machines;
mod paces;
mod reading;
mod repairs;
mod settings;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::command::{Command, Person};
use super::driver::api_server::ApiServer;
use super::driver::blocking;
use super::lease::LeaseTimes;
use super::machine::refusal;
use super::machine::state::State;
use super::view::ExecutionState;
use crate::domain::change::{Change, RequestPreview};
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::journal::{Journal, JournalError, Mode};
use board::{Board, Views};
use driving::{Purpose, is_lost, is_under_way};
use follower::Follower;

pub use error::EngineError;
pub use settings::{EngineSettings, ForeignOperation, KubernetesSource, LiveSource, Preparation, TargetSink};

/// A clonable way to the engine. When the last clone is dropped, its drivers leave.
#[derive(Clone)]
pub struct EngineHandle(Arc<Inner>);

struct Inner {
    settings: EngineSettings,
    lease_times: LeaseTimes,
    /// `None` in a read-only session without a journal.
    journal: Option<Journal>,
    /// Why nothing may be written, where the journal itself forbids it.
    newer: Option<u32>,
    board: Board,
    // These are held for a moment at a time and never across an await.
    drivers: Mutex<HashMap<ExecutionId, Local>>,
    api_servers: Mutex<HashMap<ClusterId, ApiServer>>,
    /// Executions whose controls this process waits for.
    asking: Mutex<HashSet<ExecutionId>>,
    /// Numbers of repairs this process makes or takes back right now.
    repairs_at_work: Mutex<HashSet<i64>>,
    leave: CancellationToken,
    _stop_with_the_last_handle: DropGuard,
}

/// A driver in this process.
struct Local {
    bell: Arc<Notify>,
    /// True once it takes no commands any more.
    is_leaving: Arc<AtomicBool>,
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
        Self::open_with(settings, LeaseTimes::default())
    }

    /// Opens the journal with other durations of the Lease than the usual ones. All machines must use the same.
    ///
    /// # Errors
    /// As [`EngineHandle::open`].
    pub fn open_with(settings: EngineSettings, lease_times: LeaseTimes) -> Result<Self, EngineError> {
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
            lease_times,
            journal,
            newer,
            board,
            drivers: Mutex::default(),
            api_servers: Mutex::default(),
            asking: Mutex::default(),
            repairs_at_work: Mutex::default(),
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

    /// Sends a command: to the driver in this process, else through the journal to the one elsewhere, else takes
    /// the driver's place. A resume of an execution that lost its driver in the middle just drives it on.
    ///
    /// Who asks for the controls gets them by this handle, while it lives, when they are handed over.
    ///
    /// # Errors
    /// When the session is read-only, the execution is unknown or cannot do this now, another machine drives the
    /// cluster, or the journal cannot be written.
    pub async fn send(&self, execution: &ExecutionId, command: Command, by: Person) -> Result<(), EngineError> {
        let journal = self.writable()?;
        let (state, has_driver) = self.look_up(execution).await?;
        if state.unreadable > 0 {
            return Err(EngineError::NewerRecords { id: execution.clone() });
        }
        let is_wish_to_drive = match command {
            Command::Resume => is_under_way(&state) && !matches!(state.execution, ExecutionState::Pausing { .. }),
            Command::AskForControls => !state.execution.is_final(),
            _ => false,
        };
        if is_wish_to_drive && !has_driver {
            return self.drive(execution).await;
        }
        let purpose = if is_given_up_at_rest(&state, &command) {
            Purpose::GivingUp
        } else {
            Purpose::Driving
        };
        if !has_driver && purpose == Purpose::Driving && self.0.settings.azure.is_none() {
            return Err(EngineError::NoAzure);
        }
        if refusal(&state.execution, &command).is_some() {
            return Err(EngineError::NotNow {
                id: execution.clone(),
                command: command.word(),
                state: state.execution.word(),
            });
        }
        if command == Command::AskForControls {
            self.wait_for_controls(execution, by.clone());
        }
        let json = serde_json::to_string(&command).unwrap_or_default();
        let (id, at) = (execution.clone(), self.0.settings.clock.now());
        let store = journal.clone();
        let number = blocking(move || store.push_command(id.as_str(), &by.name, &by.host, &json, at)).await?;
        if let Some(local) = self.drivers().get(execution) {
            local.bell.notify_one();
        }
        if has_driver {
            return Ok(());
        }
        match self.drive_for(execution, purpose).await {
            // Whoever was quicker will find the command in the journal.
            Err(EngineError::DrivenElsewhere { .. }) => Ok(()),
            // Or has found it already, and the execution has ended by it.
            Err(ended @ EngineError::NotNow { .. }) => {
                let id = execution.clone();
                let waiting = blocking(move || journal.pending_commands(id.as_str())).await?;
                if waiting.iter().any(|command| command.id == number) {
                    return Err(ended);
                }
                Ok(())
            }
            other => other,
        }
    }

    /// All executions of the journal, newest first, and a signal when one changes. Executions driven by other
    /// processes are followed while a receiver lives.
    pub fn subscribe(&self) -> watch::Receiver<Views> {
        self.0.board.subscribe()
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

    /// True while a driver in this process has the execution.
    pub fn is_driven_here(&self, execution: &ExecutionId) -> bool {
        self.drivers()
            .get(execution)
            .is_some_and(|local| !local.task.is_finished())
    }

    fn drivers(&self) -> MutexGuard<'_, HashMap<ExecutionId, Local>> {
        self.0.drivers.lock().unwrap_or_else(PoisonError::into_inner)
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
}

/// True where nothing of the execution is in Azure, so that giving it up needs nobody but the journal: at rest, or
/// while another machine drives the cluster.
fn is_given_up_at_rest(state: &State, command: &Command) -> bool {
    *command == Command::Abort && (!is_under_way(state) || (is_lost(state) && state.has_nothing_in_azure()))
}

#[cfg(test)]
mod tests;
