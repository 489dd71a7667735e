//! Everything that can wake the cockpit, on one page.

use std::collections::BTreeSet;
use std::sync::Arc;

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use super::command::Ticket;
use super::drafting::Draft;
use super::inquiry::{Checked, Diagnosed};
use super::remembered::Remembered;
use crate::config::settings::Settings;
use crate::domain::change::RequestPreview;
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::engine::brief::Brief;
use crate::engine::handle::ForeignOperation;
use crate::engine::lease::LeaseHolder;
use crate::engine::repair::{RepairEntry, RepairPreview};
use crate::engine::replay::Recording;
use crate::engine::timeline::Entry;
use crate::engine::view::ExecutionView;
use crate::inventory::snapshot::{FleetSnapshot, SeenChange, Sourced};
use crate::notify::Notice;
use crate::plan::step::Plan;
use crate::problem::Problem;
use crate::requests::log::Picture;

/// One thing that happened.
#[derive(Debug)]
pub(crate) enum Message {
    Key(KeyEvent),
    Paste(String),
    /// The terminal's size: columns and rows.
    Resized(u16, u16),
    /// A second of the wall clock has passed; the cockpit's own time with it.
    Tick(Timestamp),
    Fleet(Arc<FleetSnapshot>),
    /// All executions of the journal, newest first.
    Executions(Arc<Vec<Arc<ExecutionView>>>),
    /// The executions that are driven in this process, whenever that changes.
    DrivenHere(BTreeSet<ExecutionId>),
    /// A plan was made, and its requests were prepared as far as that was possible.
    Prepared(Ticket, Result<Prepared, Problem>),
    /// The plan on the editor's screen, made, changed or assessed.
    Drafted(Result<Box<Draft>, Problem>),
    /// Into which file, or why not.
    PlanSaved(Result<String, Problem>),
    PlanLoaded(Result<Box<Plan>, Problem>),
    /// One request was prepared.
    Previewed(Ticket, Result<RequestPreview, Problem>),
    /// The engine took a plan, or did not.
    Started(Result<ExecutionId, Problem>),
    /// The engine took a command, or did not; `String` says in a few words what was asked for.
    Sent(String, Result<(), Problem>),
    /// What runs on a cluster that nobody here started; `None` where nothing does that could be steered.
    ForeignFound(Ticket, Result<Option<Box<ForeignOperation>>, Problem>),
    /// Who drives a cluster by its Lease; `None` where nobody does.
    LeaseFound(Ticket, Result<Option<Box<LeaseHolder>>, Problem>),
    /// An execution is driven from here now, or could not be taken.
    Taken(Result<ExecutionId, Problem>),
    TimelineRead(ExecutionId, Result<Vec<Entry>, Problem>),
    Briefed(ExecutionId, Box<Brief>),
    Checked(Ticket, ClusterId, Result<Box<Checked>, Problem>),
    Diagnosed(Ticket, ClusterId, Result<Box<Diagnosed>, Problem>),
    /// A repair, or what takes one back, with its requests; or why there is none.
    RepairPlanned(Ticket, Result<Box<RepairPreview>, Problem>),
    /// A repair was made or taken back, or was not even written down.
    Repaired(ClusterId, Result<Box<RepairEntry>, Problem>),
    /// Newest first.
    RepairsRead(ClusterId, Result<Vec<RepairEntry>, Problem>),
    /// Nothing is driven here any more; what could not be handed on says why.
    HandedToBackground(Result<(), Problem>),
    /// The settings as they are now, because the file changed or somebody asked.
    SettingsRead(Result<Box<Settings>, Problem>),
    /// What an earlier cockpit remembered, or a sentence that says why that cannot be read.
    Remembered(Result<Box<Remembered>, String>),
    /// What Azure's activity log tells of a cluster, newest first; or why it was not read.
    ChangesRead(ClusterId, Sourced<Vec<SeenChange>>),
    /// What the log of requests holds now.
    Requests(Arc<Picture>),
    /// Something was told that needs a person.
    Noticed(Box<Notice>),
    /// A notice could not be delivered; says which, where to, and why.
    NotTold(String),
    /// All that was kept of an execution.
    RecordingRead(ExecutionId, Result<Arc<Recording>, Problem>),
    /// A moment of a replay that plays has passed.
    Beat(Ticket),
}

/// A plan with the requests of its steps.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) plan: Plan,
    /// One for each step, in order. `None` for a step that sends nothing, or that cannot be prepared before an
    /// earlier one is done; one that could not be prepared says why.
    pub(crate) requests: Vec<Option<Result<RequestPreview, Problem>>>,
}
