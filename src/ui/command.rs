//! What the cockpit wants done outside: data, carried out by `runtime.rs`, answered by messages.

use std::sync::Arc;

use crate::domain::change::Change;
use crate::domain::cluster::{Cluster, ClusterUpgrades};
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::engine::command::Command as EngineCommand;
use crate::plan::builder::Intent;
use crate::plan::step::Plan;

/// Ties an answer to its question, so that a late one is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(pub(crate) u64);

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Quit,
    Focus(ClusterId),
    Unfocus(ClusterId),
    /// One cluster, or the list.
    Refresh(Option<ClusterId>),
    /// Makes a plan and prepares its requests; answered by `Message::Prepared`.
    Prepare {
        ticket: Ticket,
        cluster: Arc<Cluster>,
        upgrades: Arc<ClusterUpgrades>,
        intent: Intent,
    },
    /// Prepares one request; answered by `Message::Previewed`.
    Preview {
        ticket: Ticket,
        change: Change,
    },
    /// Answered by `Message::Started`.
    Start(Box<Plan>),
    /// Answered by `Message::Sent`.
    Send {
        execution: ExecutionId,
        command: EngineCommand,
        /// What is asked for, in a few words.
        what: String,
    },
}
