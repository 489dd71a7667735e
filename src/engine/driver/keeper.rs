//! Keeps the Lease while a driver drives: renews it, tells on it how the execution stands, and reports changes.
//! A task of its own, so that a slow API server never holds up the driver. Never decides what a change means.

use std::future::pending;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::super::command::Person;
use super::super::lease::{LeaseNote, asked_by, holder_of, is_mine, released, renewed, stopped};
use super::super::record::LeaseState;
use super::api_server::ApiServerError;
use super::fence::{Fence, Moment};
use super::leasing::{Contender, Outcome};
use crate::clock::Clock;
use crate::domain::ids::ExecutionId;
use crate::domain::lease::LeaseObject;
use crate::kubernetes::lease::LeaseWrite;

/// How long the last word on the Lease may take, in wall time; without it the Lease expires.
const LAST_WORD: Duration = Duration::from_secs(5);

/// Tries of a last word that others write in between of.
const LAST_TRIES: u32 = 5;

/// What became of the Lease.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum News {
    Held,
    Unavailable {
        why: String,
    },
    /// Somebody else has it, for this execution.
    Lost {
        holder: Person,
        execution: ExecutionId,
    },
    /// Somebody on another machine wants the controls.
    Asked {
        by: Person,
    },
}

/// What a driver that ends leaves behind.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LastWord {
    /// The Lease is free, for this person where it was handed over.
    Release { to: Option<Person> },
    /// It is somebody else's, who may go on: this driver has stopped.
    Stopped,
    /// Another driver of this execution goes on with it.
    Nothing,
}

/// A driver's hold on the Lease.
pub(in crate::engine) struct Keeper {
    first: Option<LeaseState>,
    fence: Fence,
    news: mpsc::UnboundedReceiver<News>,
    note: watch::Sender<Option<LeaseNote>>,
    last_word: Option<oneshot::Sender<LastWord>>,
    task: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Keeps the Lease that was taken, or tries to get it while it cannot be had.
    pub(in crate::engine) fn start(contender: Contender, taken: Result<LeaseObject, String>) -> Self {
        let (news_sender, news) = mpsc::unbounded_channel();
        let (note, note_receiver) = watch::channel(None);
        let (last_word, end) = oneshot::channel();
        let first = match &taken {
            Ok(_) => Some(LeaseState::Held),
            Err(why) => Some(LeaseState::Unavailable { why: why.clone() }),
        };
        let fence = contender.fence.clone();
        let task = contender.api.is_there().then(|| {
            let work = Work {
                contender,
                may_be_ours: taken.is_ok(),
                lease: taken.ok(),
                note: note_receiver,
                news: news_sender,
                failures: 0,
                is_lasting: false,
                is_told_away: false,
                asked: None,
                is_lost: false,
            };
            tokio::spawn(work.run(end))
        });
        Self {
            first,
            fence,
            news,
            note,
            last_word: Some(last_word),
            task,
        }
    }

    /// Stands in for the Lease where nothing is sent any more; `first` is what is to be said of it, if anything.
    pub(in crate::engine) fn of_nothing(first: Option<LeaseState>) -> Self {
        Self {
            first,
            fence: Fence::closed(),
            news: mpsc::unbounded_channel().1,
            note: watch::channel(None).0,
            last_word: None,
            task: None,
        }
    }

    /// How the Lease stood when the driver began; `None` where that is of no interest.
    pub(super) fn first(&self) -> Option<&LeaseState> {
        self.first.as_ref()
    }

    /// What says whether something may be sent now.
    pub(super) fn fence(&self) -> &Fence {
        &self.fence
    }

    /// Waits for the next change.
    pub(super) async fn news(&mut self) -> News {
        match self.news.recv().await {
            Some(news) => news,
            None => pending().await,
        }
    }

    /// Puts on the Lease how the execution stands.
    pub(super) fn tell(&self, note: LeaseNote) {
        self.note.send_replace(Some(note));
    }

    /// Gives the Lease back where there is nothing to drive after all.
    pub(in crate::engine) async fn give_back(self) {
        self.end(LastWord::Release { to: None }).await;
    }

    /// Ends keeping with a last word; returns when it is said, or cannot be.
    pub(super) async fn end(mut self, word: LastWord) {
        let (Some(last_word), Some(task)) = (self.last_word.take(), self.task.take()) else {
            return;
        };
        // A task that has ended has nothing to say any more.
        let _ = last_word.send(word);
        let abort = task.abort_handle();
        if tokio::time::timeout(LAST_WORD, task).await.is_err() {
            tracing::warn!("the Lease could not be given free in time; it expires by itself");
            abort.abort();
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// The task's own state.
struct Work {
    contender: Contender,
    /// As it was last written or read while it was ours.
    lease: Option<LeaseObject>,
    /// True once a write of ours may have reached it.
    may_be_ours: bool,
    note: watch::Receiver<Option<LeaseNote>>,
    news: mpsc::UnboundedSender<News>,
    /// Calls that failed in a row.
    failures: u32,
    is_lasting: bool,
    /// True while the driver was told that it cannot be renewed.
    is_told_away: bool,
    /// Whose wish for the controls was told last.
    asked: Option<Person>,
    is_lost: bool,
}

impl Work {
    async fn run(mut self, mut end: oneshot::Receiver<LastWord>) {
        loop {
            tokio::select! {
                word = &mut end => {
                    if let Ok(word) = word {
                        self.say(word).await;
                    }
                    return;
                }
                () = self.turn() => {}
            }
        }
    }

    /// One pause and one look. May be dropped at any point: what was written then is found by reading.
    async fn turn(&mut self) {
        self.pause().await;
        match self.lease.clone() {
            Some(lease) => self.renew(&lease).await,
            None => self.try_to_take().await,
        }
    }

    async fn pause(&mut self) {
        let every = self.contender.times.renew_every;
        if self.is_lost {
            return pending().await;
        }
        let pause = match (&self.lease, self.failures) {
            (Some(_), 0) => every,
            (Some(_), _) => every / 4,
            (None, _) if self.is_lasting => every * 32,
            (None, failures) => every * (1 << failures.min(5)),
        };
        let is_kept = self.lease.is_some() && self.failures == 0;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // Where the driver is gone, the last word comes next.
            Ok(()) = self.note.changed(), if is_kept => tokio::time::sleep(every / 10).await,
        }
    }

    async fn renew(&mut self, lease: &LeaseObject) {
        let now = Moment::now();
        let note = self.note.borrow_and_update().clone();
        let renewed = renewed(lease, now.wall, note.as_ref());
        match self.contender.api.write_lease(&renewed).await {
            Ok(LeaseWrite::Written(lease)) => {
                self.contender.fence.renewed(now, self.contender.times);
                self.held(lease);
            }
            Ok(LeaseWrite::Conflict) => self.look_again().await,
            Err(error) => self.troubled(&error),
        }
    }

    /// Somebody else wrote: to ask for the controls, to take them, or to take the Lease away altogether.
    async fn look_again(&mut self) {
        let found = match self.contender.api.read_lease().await {
            Ok(found) => found,
            Err(error) => return self.troubled(&error),
        };
        if let Some(lease) = found.as_ref().filter(|lease| is_mine(lease, &self.contender.me)) {
            let asked = asked_by(lease);
            if asked != self.asked
                && let Some(by) = &asked
            {
                self.tell(News::Asked { by: by.clone() });
            }
            self.asked = asked;
            self.lease = Some(lease.clone());
            // Renewed by the next turn, which comes soon.
            self.failures += 1;
            return;
        }
        self.lease = None;
        let holder = found.and_then(|lease| holder_of(&lease, Clock::wall().now(), self.contender.times));
        match holder {
            Some(holder) => self.lost(holder.person, holder.execution),
            // Deleted or given free by hand: it is taken again.
            None => self.try_to_take().await,
        }
    }

    async fn try_to_take(&mut self) {
        self.may_be_ours = true;
        match self.contender.take().await {
            Outcome::Got(lease) => {
                self.is_told_away = true;
                self.held(*lease);
            }
            Outcome::HeldBy { holder, .. } => self.lost(holder.person, holder.execution),
            Outcome::Unavailable { is_lasting, .. } => {
                self.failures = self.failures.saturating_add(1);
                self.is_lasting = is_lasting;
            }
        }
    }

    fn held(&mut self, lease: LeaseObject) {
        self.lease = Some(lease);
        self.may_be_ours = true;
        self.failures = 0;
        if std::mem::take(&mut self.is_told_away) {
            self.tell(News::Held);
        }
    }

    /// The API server does not answer. While nobody else can have taken the Lease that changes nothing.
    fn troubled(&mut self, error: &ApiServerError) {
        self.failures = self.failures.saturating_add(1);
        if self.contender.fence.may_send() || std::mem::replace(&mut self.is_told_away, true) {
            return;
        }
        let why = format!(
            "{}. Another machine may have taken the Lease meanwhile, so nothing new is sent to Azure until it can be \
             renewed; what runs there is still followed. To go on without it: leave, and resume",
            error.sentence()
        );
        self.tell(News::Unavailable { why });
    }

    fn lost(&mut self, holder: Person, execution: ExecutionId) {
        self.contender.fence.close();
        self.is_lost = true;
        self.tell(News::Lost { holder, execution });
    }

    fn tell(&self, news: News) {
        // A driver that has ended needs no news.
        let _ = self.news.send(news);
    }

    async fn say(&mut self, word: LastWord) {
        if word == LastWord::Nothing || !self.may_be_ours {
            return;
        }
        for _ in 0..LAST_TRIES {
            let Ok(Some(found)) = self.contender.api.read_lease().await else {
                return;
            };
            let is_mine = is_mine(&found, &self.contender.me);
            let last = match (&word, is_mine) {
                (LastWord::Release { to }, true) => released(&with_note(&found, &self.note), to.as_ref()),
                (LastWord::Stopped, false) => stopped(&found, &self.contender.me),
                _ => return,
            };
            match self.contender.api.write_lease(&last).await {
                Ok(LeaseWrite::Conflict) => {}
                Ok(LeaseWrite::Written(_)) | Err(_) => return,
            }
        }
    }
}

/// The Lease with the newest story, which stays when its holder leaves.
fn with_note(lease: &LeaseObject, note: &watch::Receiver<Option<LeaseNote>>) -> LeaseObject {
    let renewed_at = lease.renewed_at.unwrap_or_else(|| Clock::wall().now());
    renewed(lease, renewed_at, note.borrow().as_ref())
}
