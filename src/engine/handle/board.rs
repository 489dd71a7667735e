//! The executions as everyone sees them: one list, swapped whole, fed by this process's drivers and by the follower.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::super::view::ExecutionView;
use crate::domain::ids::ExecutionId;

/// All executions, newest first.
pub(in crate::engine) type Views = Arc<Vec<Arc<ExecutionView>>>;

/// Where views are shown; clones share it.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Board {
    views: Arc<watch::Sender<Views>>,
    /// Executions driven in this process, with the number of their drivers, as one may come before the last has gone:
    /// they know more than the journal's followers.
    local: Arc<Mutex<HashMap<ExecutionId, u32>>>,
}

impl Board {
    pub(in crate::engine) fn subscribe(&self) -> watch::Receiver<Views> {
        self.views.subscribe()
    }

    pub(in crate::engine) fn has_subscribers(&self) -> bool {
        self.views.receiver_count() > 0
    }

    /// Shows an execution that is driven elsewhere, or by nobody; false where a driver here shows it.
    pub(in crate::engine) fn show_from_journal(&self, view: ExecutionView) -> bool {
        let local = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = !local.contains_key(&view.id);
        if is_free {
            self.put(view);
        }
        is_free
    }

    /// Says that this process drives the execution, until the claim is dropped.
    pub(in crate::engine) fn claim(&self, id: ExecutionId) -> Claim {
        *self
            .local
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(id.clone())
            .or_default() += 1;
        Claim {
            board: self.clone(),
            id,
        }
    }

    fn put(&self, view: ExecutionView) {
        self.views.send_if_modified(|views| {
            let place = views.iter().position(|present| present.id == view.id);
            if place.is_some_and(|place| *views[place] == view) {
                return false;
            }
            let all = Arc::make_mut(views);
            if let Some(place) = place {
                all[place] = Arc::new(view);
            } else {
                all.push(Arc::new(view));
                all.sort_by(|a, b| (b.started_at, &b.id).cmp(&(a.started_at, &a.id)));
            }
            true
        });
    }
}

/// A driver's right to show its execution.
#[derive(Debug)]
pub(in crate::engine) struct Claim {
    board: Board,
    id: ExecutionId,
}

impl Claim {
    pub(in crate::engine) fn show(&self, view: ExecutionView) {
        self.board.put(view);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut local = self.board.local.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(drivers) = local.get_mut(&self.id) {
            *drivers -= 1;
            if *drivers == 0 {
                local.remove(&self.id);
            }
        }
    }
}
