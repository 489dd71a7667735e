//! Actions about this session rather than a cluster: its requests, its settings, and the shell behind it.

use super::list::{movement, view};
use super::places::SCREENS;
use super::{Action, ActionId, Place};

pub(super) const REQUESTS: Action = movement(
    ActionId::Requests,
    "requests",
    "Show every request this session made to Azure and Kubernetes, and the request budget.",
    &["@", "8"],
    SCREENS,
);
pub(super) const COPY_COMMAND: Action = view(
    ActionId::CopyCommand,
    "copy-command",
    "copy command",
    "Copy the command that makes the selected read by hand: az rest, kubectl get --raw or curl.",
    &["o"],
    &[Place::Requests],
);
pub(super) const NEXT_VIEW: Action = view(
    ActionId::NextView,
    "next-view",
    "view",
    "Show the next view of your settings: a filter and a sort with a name; after the last one, everything.",
    &["v"],
    &[Place::Clusters],
);
pub(super) const SETTINGS: Action = movement(
    ActionId::GoToSettings,
    "screen-settings",
    "Go to the settings: every key with its value, where that came from, and what it is for.",
    &["9", ","],
    SCREENS,
);
pub(super) const SUSPEND: Action = movement(
    ActionId::Suspend,
    "suspend",
    "Back to the shell until `fg`. What is driven from here waits meanwhile.",
    &["ctrl-z"],
    &Place::ALL,
);
