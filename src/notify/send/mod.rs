//! Sends notices to webhooks and to the person's command: each once on this machine, each tried a few times, and what
//! cannot be delivered said in one line. No line ever holds the address of a webhook.

mod claims;
mod command;
mod webhook;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

use self::claims::Claims;
use self::webhook::Client;
use super::notice::Notice;
use super::notifier::{Heard, Order};
use super::settings::NotifySettings;

/// Deliveries at a time.
const AT_ONCE: usize = 8;

/// What is needed to send.
#[derive(Debug)]
pub(super) struct Sender {
    channels: Arc<NotifySettings>,
    claims: Claims,
    client: Client,
    heard: broadcast::Sender<Heard>,
}

impl Sender {
    pub(super) fn new(channels: Arc<NotifySettings>, directory: PathBuf, heard: broadcast::Sender<Heard>) -> Self {
        Self {
            channels,
            claims: Claims::new(directory),
            client: Client::default(),
            heard,
        }
    }
}

/// One place a notice goes to: the number of a webhook, or the command.
#[derive(Clone, Copy, Debug)]
enum Channel {
    Webhook(usize),
    Command,
}

/// Sends until nobody can order anything any more, and what is under way then.
pub(super) async fn run(sender: Sender, mut orders: mpsc::Receiver<Order>) {
    let sender = Arc::new(sender);
    let mut under_way = JoinSet::new();
    while let Some(order) = orders.recv().await {
        while under_way.try_join_next().is_some() {}
        match order {
            Order::Send(notice) => {
                let notice = Arc::new(*notice);
                for channel in wanted(&sender.channels, &notice) {
                    while under_way.len() >= AT_ONCE {
                        under_way.join_next().await;
                    }
                    under_way.spawn(deliver(Arc::clone(&sender), Arc::clone(&notice), channel));
                }
            }
            Order::Flush(done) => {
                while under_way.join_next().await.is_some() {}
                // Whoever asked may have gone meanwhile.
                let _ = done.send(());
            }
        }
    }
    while under_way.join_next().await.is_some() {}
}

fn wanted(channels: &NotifySettings, notice: &Notice) -> Vec<Channel> {
    let hooks = channels.webhooks.iter().enumerate().filter_map(|(number, hook)| {
        let is_wanted = hook.on.as_ref().is_none_or(|kinds| kinds.contains(&notice.kind));
        is_wanted.then_some(Channel::Webhook(number))
    });
    let command = (!channels.command.is_empty()).then_some(Channel::Command);
    hooks.chain(command).collect()
}

async fn deliver(sender: Arc<Sender>, notice: Arc<Notice>, channel: Channel) {
    let place = match channel {
        Channel::Webhook(number) => format!("webhook-{}", number + 1),
        Channel::Command => "command".to_owned(),
    };
    if !sender.claims.take(&format!("{place}/{}", notice.key)) {
        tracing::debug!(key = notice.key, place, "another process has sent this notice");
        return;
    }
    let delivered = match channel {
        Channel::Webhook(number) => sender.client.send(&sender.channels.webhooks[number], &notice).await,
        Channel::Command => command::run(&sender.channels.command, &notice).await,
    };
    match delivered {
        Ok(()) => tracing::info!(key = notice.key, place, "notice delivered"),
        Err(why) => {
            tracing::warn!(key = notice.key, place, why, "notice not delivered");
            let text = format!("Not told ({place}): {}: {why}", notice.title);
            // Without a listener the log alone has it.
            let _ = sender.heard.send(Heard::NotDelivered(text));
        }
    }
}
