//! Waits for controls that were asked for, and takes them when they are handed over. Never takes them otherwise.

use std::sync::{Arc, PoisonError};

use super::super::command::Person;
use super::EngineHandle;
use super::board::Views;
use crate::domain::ids::ExecutionId;

/// What the views say to one who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    NotYet,
    Given,
    Over,
}

impl EngineHandle {
    /// Drives the execution once it is handed over to this person; one waiter per execution is enough.
    pub(super) fn wait_for_controls(&self, execution: &ExecutionId, me: Person) {
        let waiting = || self.0.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiting().insert(execution.clone()) {
            return;
        }
        let (engine, leave) = (Arc::downgrade(&self.0), self.0.leave.clone());
        let (mut views, id) = (self.subscribe(), execution.clone());
        tokio::spawn(async move {
            loop {
                let answer = answer(&views.borrow_and_update(), &id, &me);
                let Some(engine) = engine.upgrade().map(EngineHandle) else {
                    return;
                };
                let is_done = match answer {
                    Answer::NotYet => false,
                    Answer::Over => true,
                    // Somebody who was quicker is seen by the next view.
                    Answer::Given => engine.drive(&id).await.is_ok(),
                };
                if is_done {
                    engine
                        .0
                        .asking
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .remove(&id);
                    return;
                }
                drop(engine);
                tokio::select! {
                    () = leave.cancelled() => return,
                    changed = views.changed() => if changed.is_err() { return },
                }
            }
        });
    }
}

fn answer(views: &Views, execution: &ExecutionId, me: &Person) -> Answer {
    let Some(view) = views.iter().find(|view| view.id == *execution) else {
        return Answer::NotYet;
    };
    if view.state.is_final() {
        return Answer::Over;
    }
    match (&view.driver, &view.handed_to) {
        (None, Some(to)) if to == me => Answer::Given,
        _ => Answer::NotYet,
    }
}
