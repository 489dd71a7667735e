//! Everything that can wake the cockpit, on one page.

use std::sync::Arc;

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use super::command::Ticket;
use crate::domain::change::RequestPreview;
use crate::domain::ids::ExecutionId;
use crate::engine::view::ExecutionView;
use crate::inventory::snapshot::FleetSnapshot;
use crate::plan::step::Plan;
use crate::problem::Problem;

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
    /// A plan was made, and its requests were prepared as far as that was possible.
    Prepared(Ticket, Result<Prepared, Problem>),
    /// One request was prepared.
    Previewed(Ticket, Result<RequestPreview, Problem>),
    /// The engine took a plan, or did not.
    Started(Result<ExecutionId, Problem>),
    /// The engine took a command, or did not; `String` says in a few words what was asked for.
    Sent(String, Result<(), Problem>),
}

/// A plan with the requests of its steps, in order.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) plan: Plan,
    /// One for each step; a step's request that could not be prepared says why.
    pub(crate) requests: Vec<Result<RequestPreview, Problem>>,
}
