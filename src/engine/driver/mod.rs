//! The only async part of the engine: one task per execution that writes first, then acts, then observes.
//! Stops acting while the journal cannot be written; never drops a request that is on its way.
//!
//! Two drivers of one cluster never act at once. On one machine the journal decides: an intent is appended in the
//! transaction that checks the driver's place, and the place is looked at again right before the request leaves.
//! Between machines the Lease decides, see `engine/lease.rs`. The window that is left is a request already on its way
//! when the place is lost: it goes on, its intent is in the journal with its request id, and whoever drives next looks
//! at the resource before sending anything. Azure refuses the rest: another operation runs (409), or the resource is
//! not as it was read (412, by the `If-Match` of every change).

mod acting;
pub(super) mod api_server;
mod authors;
#[cfg(debug_assertions)]
pub(super) mod drill;
pub(super) mod fence;
pub(super) mod keeper;
pub(super) mod leasing;
mod observing;
mod pace;
mod writing;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::command::{Command, Person};
use super::effect::{Effect, Input, effects};
use super::handle::board::Claim;
use super::machine::decide;
use super::machine::state::State;
use super::record::LeaseState;
use crate::azure::client::AzureClient;
use crate::clock::Clock;
use crate::journal::{Journal, JournalError};
use crate::progress::picture::LivePicture;
use crate::smoke::SmokeRunner;
use api_server::ApiServer;
use authors::Authors;
use keeper::{Keeper, LastWord, News};
use pace::{Key, Pace};

pub(super) use writing::blocking;

/// How often commands from other processes are looked for, in wall time.
const COMMAND_INTERVAL: Duration = Duration::from_millis(250);

/// How often the driver says that it is alive, in wall time; well below `journal::drivers::STALE_AFTER`.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(5);

/// How long a driver that leaves waits for the answer to a request that is on its way, in wall time.
const LAST_ANSWER: Duration = Duration::from_secs(10);

/// What a driver needs of the world.
pub(super) struct Tools {
    pub(super) journal: Journal,
    /// The driver's place in the journal.
    pub(super) token: String,
    /// Why the place was taken from a driver that was alive.
    pub(super) reason: Option<String>,
    pub(super) azure: Option<AzureClient>,
    pub(super) api: ApiServer,
    pub(super) smoke: SmokeRunner,
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
    /// Set when the driver takes no commands any more.
    pub(super) is_leaving: Arc<AtomicBool>,
}

/// Why a driver ended before the execution did.
enum Ended {
    /// This process is leaving.
    Leaving,
    /// The controls were given away.
    HandedOver { to: Person },
    /// A driver on another machine has the cluster's Lease.
    LeaseLost { holder: Person },
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
/// the Lease (keeper) --+                                    +-> what the Lease tells
/// ```
pub(super) struct Driver {
    tools: Tools,
    state: State,
    keeper: Keeper,
    tasks: JoinSet<Done>,
    running: pace::Running,
    /// Request ids this process has sent: none is sent twice.
    sent: HashSet<Uuid>,
    observer: observing::Observer,
    authors: Authors,
    /// What was told on the Lease last: steps over, state and headline.
    told: Option<(usize, &'static str, String)>,
}

impl Driver {
    pub(super) fn new(tools: Tools, keeper: Keeper, state: State) -> Self {
        let observer = observing::Observer::new(tools.live.clone());
        Self {
            tools,
            state,
            keeper,
            tasks: JoinSet::new(),
            running: pace::Running::default(),
            sent: HashSet::new(),
            observer,
            authors: Authors::default(),
            told: None,
        }
    }

    /// Drives until the execution has ended, the controls are given away, or another driver took over.
    pub(super) async fn run(mut self) {
        let ended = self.drive().await;
        self.tools.is_leaving.store(true, Ordering::Release);
        let last_word = self.take_leave(ended).await;
        self.running.keep_only(&[]);
        // A request that is still on its way goes on; the next driver looks for what became of it.
        self.tasks.detach_all();
        // The Lease first: whoever takes the place next finds it free.
        self.keeper.end(last_word).await;
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
            reason: self.tools.reason.clone(),
        };
        self.turn(&taken, Vec::new()).await?;
        if let Some(lease) = self.keeper.first().cloned() {
            self.note_lease(lease).await?;
        }
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
                news = self.keeper.news() => self.hear(news).await?,
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

    /// Starts what is to be done, and drops reads that are of no use any more. While the Lease may be somebody
    /// else's, nothing is sent, and nothing is prepared to be sent.
    fn start_effects(&mut self) {
        let wanted = effects(&self.state);
        self.running.keep_only(&wanted);
        let may_send = self.keeper.fence().may_send();
        for effect in wanted {
            let key = Key::of(&effect);
            let is_fenced = !may_send && matches!(effect, Effect::Send { .. } | Effect::Prepare { .. });
            if is_fenced || self.running.has(key) {
                continue;
            }
            let pace = self.running.pace(key);
            let is_first = match &effect {
                Effect::Send { request_id, .. } => self.sent.insert(*request_id),
                _ => true,
            };
            let actor = self.actor();
            let task = self.tasks.spawn(async move {
                let (input, pace) = actor.perform(effect, pace, is_first).await;
                Done { key, input, pace }
            });
            self.running.started(key, task);
        }
    }

    fn actor(&self) -> acting::Actor {
        acting::Actor {
            azure: self.tools.azure.clone(),
            api: self.tools.api.clone(),
            smoke: self.tools.smoke.clone(),
            clock: self.tools.clock.clone(),
            live: self.tools.live.clone(),
            poll_interval: self.tools.poll_interval,
            cluster: self.state.plan.cluster.clone(),
            authors: self.authors.clone(),
            seat: acting::Seat {
                journal: self.tools.journal.clone(),
                execution: self.state.id.clone(),
                token: self.tools.token.clone(),
                fence: self.keeper.fence().clone(),
            },
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
                self.running.failed(error.id());
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
                Ok(command) => self.obey(command, by, vec![row.id]).await?,
                Err(error) => {
                    tracing::warn!(%error, "a command of a newer version is left out");
                    self.write(Vec::new(), vec![row.id]).await?;
                }
            }
        }
        Ok(())
    }

    async fn obey(&mut self, command: Command, by: Person, takes: Vec<i64>) -> Result<(), Ended> {
        let receiver = match &command {
            Command::HandOver { to } => Some(to.clone()),
            _ => None,
        };
        self.turn(&Input::Command { command, by }, takes).await?;
        match receiver {
            Some(to) if self.state.handed_to.as_ref() == Some(&to) => Err(Ended::HandedOver { to }),
            _ => Ok(()),
        }
    }

    /// What became of the Lease.
    async fn hear(&mut self, news: News) -> Result<(), Ended> {
        match news {
            News::Held => self.note_lease(LeaseState::Held).await,
            News::Unavailable { why } => self.note_lease(LeaseState::Unavailable { why }).await,
            News::Asked { by } => self.obey(Command::AskForControls, by, Vec::new()).await,
            News::Lost { holder, execution } => {
                if execution == self.state.id {
                    // On this machine the journal says which driver of the execution may go on.
                    self.say_alive().await?;
                }
                Err(Ended::LeaseLost { holder })
            }
        }
    }

    /// Writes down how the Lease stands, where that is new.
    async fn note_lease(&mut self, lease: LeaseState) -> Result<(), Ended> {
        if self.state.lease.as_ref() == Some(&lease) {
            return Ok(());
        }
        self.turn(&Input::Lease { lease }, Vec::new()).await
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

    /// Keeps what is seen of the cluster: its own words, which are gone there after an hour, and how its nodes stand.
    async fn observe(&mut self) {
        let seen = self.observer.news(self.tools.clock.now());
        if seen.is_empty() {
            return;
        }
        let (journal, id) = (self.tools.journal.clone(), self.state.id.clone());
        if let Err(error) = blocking(move || journal.observe(id.as_str(), &seen)).await {
            tracing::warn!(%error, "what was seen could not be kept");
            self.observer.forget();
        }
    }

    /// One input: decide, write, apply, show.
    async fn turn(&mut self, input: &Input, takes: Vec<i64>) -> Result<(), Ended> {
        let records = decide(&self.state, input, self.tools.clock.now());
        self.write(records, takes).await
    }

    /// Writes down why this driver goes, and says what it leaves behind on the Lease.
    async fn take_leave(&mut self, ended: Result<(), Ended>) -> LastWord {
        let (why, to, last_word) = match ended {
            Ok(()) => return LastWord::Release { to: None },
            Err(Ended::Lost) => return LastWord::Nothing,
            Err(Ended::Leaving) => ("the program was left".to_owned(), None, LastWord::Release { to: None }),
            Err(Ended::HandedOver { to }) => {
                let word = LastWord::Release { to: Some(to.clone()) };
                (format!("handed over to {} on {}", to.name, to.host), Some(to), word)
            }
            Err(Ended::LeaseLost { holder }) => {
                let why = format!(
                    "{} on {} drives the cluster now, as its Lease says",
                    holder.name, holder.host
                );
                if self.note_lease(LeaseState::Lost { holder }).await.is_err() {
                    return LastWord::Nothing;
                }
                (why, None, LastWord::Stopped)
            }
        };
        match self.leave_place(why, to).await {
            Ok(()) => last_word,
            Err(_) => LastWord::Nothing,
        }
    }

    /// Waits a moment for answers to what was sent, and writes down that nobody drives any more.
    async fn leave_place(&mut self, why: String, to: Option<Person>) -> Result<(), Ended> {
        let deadline = Instant::now() + LAST_ANSWER;
        self.running.keep_only(&[]);
        while self.running.is_sending() {
            let Ok(Some(done)) = timeout_at(deadline, self.tasks.join_next()).await else {
                break;
            };
            self.done(done).await?;
        }
        let left = Input::Left {
            by: self.tools.person.clone(),
            why,
            to,
        };
        // Without this record the next driver finds out by the silence.
        match self.turn(&left, Vec::new()).await {
            Err(Ended::Lost) => Err(Ended::Lost),
            _ => Ok(()),
        }
    }
}
