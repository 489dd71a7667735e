//! What the settings say about notices, as the room that sends them takes it.

use crate::config::notify as wished;
use crate::notify::{Desktop, NoticeKind, NotifySettings, Shape, Webhook};

/// The channels of the settings.
pub(super) fn channels(wished: &wished::NotifySettings) -> NotifySettings {
    NotifySettings {
        bell: wished.bell,
        desktop: match wished.desktop {
            wished::Desktop::Off => Desktop::Off,
            wished::Desktop::Auto => Desktop::Auto,
            wished::Desktop::Osc9 => Desktop::Osc9,
            wished::Desktop::Osc777 => Desktop::Osc777,
        },
        webhooks: wished.webhook.iter().filter_map(webhook).collect(),
        command: wished.command.clone().unwrap_or_default(),
        on: wished.on.iter().copied().map(kind).collect(),
    }
}

/// `None` where the address is none: the settings were checked, so that does not happen.
fn webhook(wished: &wished::Webhook) -> Option<Webhook> {
    Some(Webhook {
        url: wished.url.reveal().to_owned().try_into().ok()?,
        shape: match wished.shape {
            wished::Shape::Json => Shape::Json,
            wished::Shape::Slack => Shape::Slack,
            wished::Shape::Teams => Shape::Teams,
        },
        on: None,
    })
}

fn kind(occasion: wished::Occasion) -> NoticeKind {
    match occasion {
        wished::Occasion::Blocked => NoticeKind::Blocked,
        wished::Occasion::Waiting => NoticeKind::Waiting,
        wished::Occasion::Failed => NoticeKind::Failed,
        wished::Occasion::Done => NoticeKind::Done,
    }
}
