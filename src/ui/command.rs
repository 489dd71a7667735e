//! What the cockpit wants done outside: data, carried out by `runtime.rs`, answered by messages.

use std::sync::Arc;

use super::checking::Goal;
use super::drafting::{PlanFacts, Wish};
use super::inquiry::Surveyed;
use super::remembered::Remembered;
use super::symptoms::KnownErrors;
use crate::diagnosis::cause::Cause;
use crate::domain::change::Change;
use crate::domain::ids::{ClusterId, ExecutionId, NodePoolName};
use crate::engine::command::Command as EngineCommand;
use crate::engine::handle::{ForeignOperation, Preparation};
use crate::engine::repair::RepairPreview;
use crate::engine::view::ExecutionView;
use crate::plan::builder::Intent;
use crate::plan::step::Plan;
use crate::preflight::question::Planned;
use crate::progress::picture::LivePicture;

/// Ties an answer to its question, so that a late one is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(pub(crate) u64);

/// What is to be started, before its requests are prepared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Proposal {
    Intent { facts: PlanFacts, intent: Intent },
    Plan(Box<Plan>),
}

/// What a diagnosis is made from, beside the live picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Look {
    /// A survey taken now.
    Survey,
    /// One that was taken before.
    Again(Surveyed),
    /// The live picture alone.
    PictureOnly,
}

/// What is to be mended: the cause, and the survey that shows what is there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ailment {
    pub(crate) cluster: ClusterId,
    pub(crate) cause: Cause,
    pub(crate) survey: Surveyed,
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
    Start {
        plan: Box<Plan>,
        /// What the checks said before, and why it is started in spite of blockers.
        preparation: Preparation,
    },
    /// Surveys a cluster, unless a survey is given, and makes the checks; answered by `Message::Checked`.
    Check {
        ticket: Ticket,
        cluster: ClusterId,
        goal: Goal,
        planned: Box<Planned>,
        survey: Option<Surveyed>,
    },
    /// Surveys a cluster, unless a survey is given, and finds causes; answered by `Message::Diagnosed`.
    Diagnose {
        ticket: Ticket,
        cluster: ClusterId,
        picture: Option<Arc<LivePicture>>,
        errors: Box<KnownErrors>,
        look: Look,
    },
    /// Nobody waits for this answer any more.
    Forget(Ticket),
    /// Makes a remedy exact and prepares its requests; answered by `Message::RepairPlanned`.
    PlanRepair {
        ticket: Ticket,
        remedy: String,
        ailment: Box<Ailment>,
    },
    /// Answered by `Message::Repaired`.
    ApplyRepair(Box<RepairPreview>),
    /// The requests that would take a repair back; answered by `Message::RepairPlanned`.
    PreviewUndo {
        ticket: Ticket,
        id: String,
    },
    /// Answered by `Message::Repaired`.
    UndoRepair {
        cluster: ClusterId,
        id: String,
    },
    /// Answered by `Message::RepairsRead`.
    ReadRepairs(ClusterId),
    /// Gives the terminal to the shell until the person comes back.
    Suspend,
    /// Puts text into the clipboard of the person's terminal, where it lets us.
    Copy(String),
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
    /// Answered by `Message::RecordingRead`.
    ReadRecording(ExecutionId),
    /// Answered by `Message::Beat` when a moment has passed.
    Beat(Ticket),
    /// Answered by `Message::Briefed` before anything else happens.
    Brief {
        execution: Arc<ExecutionView>,
        live: Option<Arc<LivePicture>>,
    },
    /// Reads the settings file again; answered by `Message::SettingsRead`.
    ReadSettings,
    /// Writes down what the next cockpit is to know; not answered.
    Remember(Box<Remembered>),
    /// Asks Azure's activity log who changed a cluster and these pools; answered by `Message::ChangesRead`.
    ReadChanges {
        cluster: ClusterId,
        pools: Vec<NodePoolName>,
    },
    /// Answered by `Message::Requests` before anything else happens.
    ReadRequests,
}
