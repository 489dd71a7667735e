//! The way to all channels: what is told here reaches this terminal through listeners, and webhooks and the command
//! through a task that never holds anybody up.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot};

use super::notice::Notice;
use super::send::{self, Sender};
use super::settings::NotifySettings;
use super::terminal;

/// Notices wait here while others are sent; a whole estate does not have so many in a minute.
const WAITING: usize = 256;
/// How long the end of a process waits for what is under way.
const LAST_WORDS: Duration = Duration::from_secs(20);

/// What a notifier works with.
#[derive(Clone, Debug)]
pub struct NotifierSettings {
    pub channels: NotifySettings,
    /// Where it is written down what was sent, so that no other process on this machine sends it too.
    pub directory: PathBuf,
    /// True in a simulated world: what happens there is told in this terminal and nowhere else.
    pub is_simulated: bool,
}

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Notice(Box<Notice>),
    /// Something could not be delivered: what, where to, why.
    NotDelivered(String),
}

pub(super) enum Order {
    Send(Box<Notice>),
    /// Answered when all that came before is delivered or given up.
    Flush(oneshot::Sender<()>),
}

/// A clonable way to all channels.
#[derive(Clone, Debug)]
pub struct Notifier {
    channels: Arc<NotifySettings>,
    orders: Option<mpsc::Sender<Order>>,
    heard: broadcast::Sender<Heard>,
}

/// Hears what this terminal is to show.
#[derive(Debug)]
pub struct Listener {
    heard: broadcast::Receiver<Heard>,
    channels: Arc<NotifySettings>,
}

impl Notifier {
    /// Starts the task that sends, where something is to be sent; must be called inside a tokio runtime.
    pub fn start(settings: NotifierSettings) -> Self {
        let (heard, _) = broadcast::channel(WAITING);
        let channels = Arc::new(settings.channels);
        let has_remote = !channels.webhooks.is_empty() || !channels.command.is_empty();
        let orders = (has_remote && !settings.is_simulated).then(|| {
            let (orders, ordered) = mpsc::channel(WAITING);
            let sender = Sender::new(Arc::clone(&channels), settings.directory, heard.clone());
            tokio::spawn(send::run(sender, ordered));
            orders
        });
        Self {
            channels,
            orders,
            heard,
        }
    }

    /// Tells it wherever it is wanted; returns at once.
    pub fn tell(&self, notice: Notice) {
        if !self.channels.on.contains(&notice.kind) {
            return;
        }
        tracing::info!(
            key = notice.key,
            kind = notice.kind.as_str(),
            title = notice.title,
            "notice"
        );
        if let Some(orders) = &self.orders
            && orders.try_send(Order::Send(Box::new(notice.clone()))).is_err()
        {
            tracing::warn!(key = notice.key, "too many notices wait: this one is not sent");
        }
        // Without a listener there is no terminal to tell.
        let _ = self.heard.send(Heard::Notice(Box::new(notice)));
    }

    /// Hears everything from now on.
    pub fn listen(&self) -> Listener {
        Listener {
            heard: self.heard.subscribe(),
            channels: Arc::clone(&self.channels),
        }
    }

    /// Waits until what was told is delivered or given up, but not for long.
    pub async fn finish(&self) {
        let Some(orders) = &self.orders else {
            return;
        };
        let (done, is_done) = oneshot::channel();
        let flushed = async {
            if orders.send(Order::Flush(done)).await.is_ok() {
                // An error means that the task is gone, and then nothing is under way.
                let _ = is_done.await;
            }
        };
        if tokio::time::timeout(LAST_WORDS, flushed).await.is_err() {
            tracing::warn!("notices are still under way and are left behind");
        }
    }
}

impl Listener {
    /// Waits for the next one; for ever where none can come any more. Safe to drop and call again.
    pub async fn next(&mut self) -> Heard {
        loop {
            match self.heard.recv().await {
                Ok(heard) => return heard,
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// What has been heard and not fetched yet.
    pub fn waiting(&mut self) -> Option<Heard> {
        self.heard.try_recv().ok()
    }

    /// What is to be written to this terminal for a notice.
    pub fn sequence(&self, notice: &Notice) -> String {
        terminal::sequence(notice, &self.channels, |name| std::env::var(name).ok())
    }
}
