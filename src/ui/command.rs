//! What the cockpit wants done outside: data, carried out by `runtime.rs`, answered by messages.

use std::sync::Arc;

use super::drafting::{PlanFacts, Wish};
use crate::domain::change::Change;
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::engine::command::Command as EngineCommand;
use crate::engine::handle::ForeignOperation;
use crate::engine::view::ExecutionView;
use crate::plan::builder::Intent;
use crate::plan::step::Plan;
use crate::progress::picture::LivePicture;

/// Ties an answer to its question, so that a late one is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(pub(crate) u64);

/// What is to be started, before its requests are prepared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Proposal {
    Intent { facts: PlanFacts, intent: Intent },
    Plan(Box<Plan>),
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    Quit,
    /// Stops driving here, lets a background process go on with each of these, then leaves; answered by
    /// `Message::HandedToBackground`.
    HandToBackground(Vec<ExecutionId>),
    Focus(ClusterId),
    Unfocus(ClusterId),
    /// One cluster, or the list.
    Refresh(Option<ClusterId>),
    /// Makes a plan and prepares its requests; answered by `Message::Prepared`.
    Prepare {
        ticket: Ticket,
        proposal: Proposal,
    },
    /// Makes, changes or assesses a plan; answered by `Message::Drafted` before anything else happens.
    Draft {
        wish: Wish,
        /// What it is compared with.
        base: Option<Box<Plan>>,
        facts: PlanFacts,
    },
    /// Answered by `Message::PlanSaved`.
    SavePlan {
        path: String,
        plan: Box<Plan>,
    },
    /// Reads the plan for a cluster from a file; answered by `Message::PlanLoaded`.
    LoadPlan {
        path: String,
        cluster: ClusterId,
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
    /// Whose upgrade runs there; answered by `Message::ForeignFound`.
    LookUpForeign {
        ticket: Ticket,
        cluster: ClusterId,
    },
    /// Adopts an upgrade and gives it a first order; answered by `Message::Sent`.
    Adopt {
        foreign: Box<ForeignOperation>,
        command: EngineCommand,
        what: String,
    },
    /// Who holds the cluster's Lease; answered by `Message::LeaseFound`.
    LookUpLease {
        ticket: Ticket,
        cluster: ClusterId,
    },
    /// Answered by `Message::Sent`.
    AskForLease {
        cluster: ClusterId,
        what: String,
    },
    /// Answered by `Message::Taken`.
    TakeLease {
        cluster: ClusterId,
        reason: String,
    },
    /// Drives an execution from here, with a reason where somebody else does; answered by `Message::Taken`.
    TakeControls {
        execution: ExecutionId,
        reason: Option<String>,
    },
    /// Answered by `Message::TimelineRead`.
    ReadTimeline(ExecutionId),
    /// Answered by `Message::Briefed` before anything else happens.
    Brief {
        execution: Arc<ExecutionView>,
        live: Option<Arc<LivePicture>>,
    },
}
