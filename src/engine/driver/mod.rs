//! The only async part of the engine: one task per execution that writes first, then acts, then observes.
//! Stops acting while the journal cannot be written; never drops a request that is on its way.

mod acting;
mod observing;
mod pace;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::command::{Command, Person};
use super::effect::{Effect, Input, effects};
use super::handle::board::Claim;
use super::machine::state::State;
use super::machine::{apply, decide};
use super::record::{RECORD_VERSION, Record};
use crate::azure::client::AzureClient;
use crate::clock::Clock;
use crate::journal::writer::{Append, NewAnswer, NewRequest, NewRow};
use crate::journal::{Journal, JournalError};
use crate::progress::picture::LivePicture;
use pace::{Key, Pace};

/// How often commands from other processes are looked for, in wall time.
const COMMAND_INTERVAL: Duration = Duration::from_millis(250);

/// How often the driver says that it is alive, in wall time; well below `journal::drivers::STALE_AFTER`.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(5);

/// How long a driver that leaves waits for the answer to a request that is on its way, in wall time.
const LAST_ANSWER: Duration = Duration::from_secs(10);

/// How long to wait before a failed write is tried again, in wall time.
const WRITE_AGAIN: Duration = Duration::from_secs(2);

/// What a driver needs of the world.
pub(super) struct Tools {
    pub(super) journal: Journal,
    /// The driver's place in the journal.
    pub(super) token: String,
    pub(super) azure: Option<AzureClient>,
    pub(super) clock: Clock,
    pub(super) person: Person,
    pub(super) live: watch::Receiver<Arc<LivePicture>>,
    /// In the clock's time.
    pub(super) poll_interval: Duration,
    /// Where the views go; says that this process drives the execution while it lives.
    pub(super) claim: Claim,
    pub(super) leave: CancellationToken,
    /// Rung when a command was put into the journal by this process.
    pub(super) bell: Arc<Notify>,
}

/// Why a driver ended before the execution did.
enum Ended {
    /// This process is leaving.
    Leaving,
    /// The place is somebody else's.
    Lost,
}

/// A task that answers an effect.
struct Done {
    key: Key,
    input: Input,
    pace: Pace,
}

/// The driver of one execution.
///
/// ```text
/// commands (journal) --+                                    +-> views (board)
/// answers (tasks) -----+-> decide -> append, sync -> apply --+
/// the live picture ----+                                    +-> effects -> tasks -> Azure
/// ```
pub(super) struct Driver {
    tools: Tools,
    state: State,
    tasks: JoinSet<Done>,
    running: pace::Running,
    /// Request ids this process has sent: none is sent twice.
    sent: HashSet<Uuid>,
    observer: observing::Observer,
}

impl Driver {
    pub(super) fn new(tools: Tools, state: State) -> Self {
        let observer = observing::Observer::new(tools.live.clone());
        Self {
            tools,
            state,
            tasks: JoinSet::new(),
            running: pace::Running::default(),
            sent: HashSet::new(),
            observer,
        }
    }

    /// Drives until the execution has ended, the process leaves, or another driver took over.
    pub(super) async fn run(mut self) {
        let ended = self.drive().await;
        if let Err(Ended::Leaving) = ended {
            self.take_leave().await;
        }
        self.running.keep_only(&[]);
        // A request that is still on its way goes on; the next driver looks for what became of it.
        self.tasks.detach_all();
        let Tools { journal, token, .. } = &self.tools;
        let (journal, token, id) = (journal.clone(), token.clone(), self.state.id.clone());
        if let Err(error) = blocking(move || journal.leave_place(id.as_str(), &token)).await {
            tracing::warn!(%error, "the driver's place could not be given free; it ends by itself");
        }
    }

    async fn drive(&mut self) -> Result<(), Ended> {
        let taken = Input::Taken {
            by: self.tools.person.clone(),
            pid: std::process::id(),
        };
        self.turn(&taken, Vec::new()).await?;
        self.take_commands().await?;
        self.turn(&Input::Begin, Vec::new()).await?;
        let mut command_tick = interval(COMMAND_INTERVAL);
        command_tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut heartbeat = interval(HEARTBEAT_INTERVAL);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let leave = self.tools.leave.clone();
        let bell = Arc::clone(&self.tools.bell);
        while !self.state.execution.is_final() {
            self.start_effects();
            tokio::select! {
                biased;
                () = leave.cancelled() => return Err(Ended::Leaving),
                Some(done) = self.tasks.join_next() => self.done(done).await?,
                () = bell.notified() => self.take_commands().await?,
                _ = command_tick.tick() => {
                    self.take_commands().await?;
                    self.observe().await;
                }
                _ = heartbeat.tick() => self.say_alive().await?,
            }
        }
        Ok(())
    }

    /// Starts what is to be done, and drops reads that are of no use any more.
    fn start_effects(&mut self) {
        let wanted = effects(&self.state);
        self.running.keep_only(&wanted);
        for effect in wanted {
            let key = Key::of(&effect);
            if self.running.has(key) {
                continue;
            }
            let pace = self.running.pace(key);
            let may_send = match &effect {
                Effect::Send { request_id, .. } => self.sent.insert(*request_id),
                _ => true,
            };
            let actor = acting::Actor {
                azure: self.tools.azure.clone(),
                clock: self.tools.clock.clone(),
                live: self.tools.live.clone(),
                poll_interval: self.tools.poll_interval,
            };
            let task = self.tasks.spawn(async move {
                let (input, pace) = actor.perform(effect, pace, may_send).await;
                Done { key, input, pace }
            });
            self.running.started(key, task);
        }
    }

    async fn done(&mut self, done: Result<Done, JoinError>) -> Result<(), Ended> {
        match done {
            Ok(Done { key, input, pace }) => {
                self.running.ended(key, pace);
                self.turn(&input, Vec::new()).await
            }
            // A dropped read, or one that panicked: it is started again if it is still wanted.
            Err(error) => {
                if error.is_panic() {
                    tracing::error!(%error, "an effect ended in a panic");
                }
                self.running.forget(error.id());
                Ok(())
            }
        }
    }

    async fn take_commands(&mut self) -> Result<(), Ended> {
        let (journal, id) = (self.tools.journal.clone(), self.state.id.clone());
        let Ok(waiting) = blocking(move || journal.pending_commands(id.as_str())).await else {
            // Reading again comes soon; what cannot be written is said by the next write.
            return Ok(());
        };
        for row in waiting {
            let by = Person {
                name: row.person,
                host: row.host,
            };
            match serde_json::from_str::<Command>(&row.json) {
                Ok(command) => self.turn(&Input::Command { command, by }, vec![row.id]).await?,
                Err(error) => {
                    tracing::warn!(%error, "a command of a newer version is left out");
                    self.write(Vec::new(), vec![row.id]).await?;
                }
            }
        }
        Ok(())
    }

    async fn say_alive(&self) -> Result<(), Ended> {
        let Tools { journal, token, .. } = &self.tools;
        let (journal, token, id) = (journal.clone(), token.clone(), self.state.id.clone());
        match blocking(move || journal.heartbeat(id.as_str(), &token, Clock::wall().now())).await {
            Err(JournalError::DriverLost { .. }) => Err(Ended::Lost),
            // A write that fails for another reason is said where it matters: at the next record.
            _ => Ok(()),
        }
    }

    /// Keeps the cluster's own words, which are gone there after an hour.
    async fn observe(&mut self) {
        let seen = self.observer.new_events(self.tools.clock.now());
        if seen.is_empty() {
            return;
        }
        let (journal, id) = (self.tools.journal.clone(), self.state.id.clone());
        if let Err(error) = blocking(move || journal.observe(id.as_str(), &seen)).await {
            tracing::warn!(%error, "events could not be kept");
        }
    }

    /// One input: decide, write, apply, show.
    async fn turn(&mut self, input: &Input, takes: Vec<i64>) -> Result<(), Ended> {
        let records = decide(&self.state, input, self.tools.clock.now());
        self.write(records, takes).await
    }

    /// Makes records durable and then true. Waits here, acting no further, while the journal cannot be written.
    async fn write(&mut self, records: Vec<Record>, takes: Vec<i64>) -> Result<(), Ended> {
        if records.is_empty() && takes.is_empty() {
            return Ok(());
        }
        let now = self.tools.clock.now();
        let append = self.append_of(&records, takes, now);
        loop {
            let (journal, append) = (self.tools.journal.clone(), append.clone());
            match blocking(move || journal.append(&append)).await {
                Ok(()) => break,
                Err(error @ (JournalError::DriverLost { .. } | JournalError::OutOfTurn { .. })) => {
                    tracing::warn!(%error, "this driver has lost its place");
                    return Err(Ended::Lost);
                }
                Err(error) => self.say_unwritable(&error).await?,
            }
        }
        for record in &records {
            apply(&mut self.state, record, now);
        }
        self.tools.claim.show(self.state.view());
        Ok(())
    }

    fn append_of(&self, records: &[Record], takes: Vec<i64>, at: Timestamp) -> Append {
        Append {
            execution: self.state.id.to_string(),
            token: self.tools.token.clone(),
            first_seq: self.state.records,
            rows: records
                .iter()
                .map(|record| NewRow {
                    at,
                    version: RECORD_VERSION,
                    json: record.to_json(),
                })
                .collect(),
            takes,
            requests: records.iter().filter_map(|record| request_of(record, at)).collect(),
            answers: records.iter().filter_map(|record| answer_of(record, at)).collect(),
            closes_at: records.iter().any(Record::is_final).then_some(at),
        }
    }

    /// Nothing further is done until the journal can be written again.
    async fn say_unwritable(&self, error: &JournalError) -> Result<(), Ended> {
        tracing::error!(%error, "the journal cannot be written");
        let mut view = self.state.view();
        view.message = Some(format!(
            "{error}; nothing further is done until it can be written. What runs in Azure goes on"
        ));
        self.tools.claim.show(view);
        tokio::select! {
            () = self.tools.leave.cancelled() => Err(Ended::Leaving),
            () = tokio::time::sleep(WRITE_AGAIN) => Ok(()),
        }
    }

    /// Waits a moment for answers to what was sent, and writes down that nobody drives any more.
    async fn take_leave(&mut self) {
        let deadline = Instant::now() + LAST_ANSWER;
        self.running.keep_only(&[]);
        while self.running.is_sending() {
            let Ok(Some(done)) = timeout_at(deadline, self.tasks.join_next()).await else {
                break;
            };
            if self.done(done).await.is_err() {
                return;
            }
        }
        let left = Input::Left {
            by: self.tools.person.clone(),
            why: "the program was left".to_owned(),
        };
        // Without this record the next driver finds out by the silence.
        let _ = self.turn(&left, Vec::new()).await;
    }
}

/// A request as the journal lists it.
fn request_of(record: &Record, at: Timestamp) -> Option<NewRequest> {
    match record {
        Record::Intent {
            request_id, request, ..
        } => Some(NewRequest {
            id: request_id.to_string(),
            at,
            method: request.method.clone(),
            path: request.path.clone(),
        }),
        _ => None,
    }
}

fn answer_of(record: &Record, at: Timestamp) -> Option<NewAnswer> {
    let (id, answer) = match record {
        Record::Accepted { request_id, .. } => (request_id, "accepted".to_owned()),
        Record::NotSent { request_id, error, .. } => (request_id, format!("not taken: {error}")),
        Record::Refused { request_id, error } => (request_id, format!("refused: {error}")),
        Record::AnswerLost { request_id, why } => (request_id, format!("lost: {why}")),
        _ => return None,
    };
    Some(NewAnswer {
        id: id.to_string(),
        at,
        answer,
    })
}

/// Runs a call to the journal where it may block.
pub(super) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, JournalError> {
    match tokio::task::spawn_blocking(call).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime is shutting down: nothing may be assumed to be written.
        Err(_) => Err(JournalError::Closing),
    }
}
