//! Follows the journal, so that executions of any process on this machine can be watched. Reads, never writes.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::super::command::Person;
use super::super::driver::blocking;
use super::super::machine::apply;
use super::super::machine::state::State;
use super::super::record::Record;
use super::super::recovery;
use super::board::Board;
use crate::clock::Clock;
use crate::domain::ids::ExecutionId;
use crate::journal::drivers::DriverRow;
use crate::journal::reader::RecordRow;
use crate::journal::{Journal, JournalError, Mode};

/// How often the journal is asked for news while somebody watches, in wall time.
const INTERVAL: Duration = Duration::from_millis(500);

/// The journal's executions as far as they were read.
pub(super) struct Follower {
    path: PathBuf,
    /// `None` until there is a journal to read.
    journal: Option<Journal>,
    board: Board,
    states: HashMap<String, Followed>,
    /// The last record read.
    last: i64,
}

/// What the board shows of an execution.
#[derive(PartialEq)]
enum Shown {
    /// Not its newest state.
    Old,
    /// Its newest state, with this driver.
    Newest { driver: Option<Person> },
}

struct Followed {
    state: State,
    shown: Shown,
}

impl Follower {
    pub(super) fn new(path: PathBuf, journal: Option<Journal>, board: Board) -> Self {
        Self {
            path,
            journal,
            board,
            states: HashMap::new(),
            last: 0,
        }
    }

    /// Reads what is new and shows it.
    pub(super) fn catch_up(&mut self) -> Result<(), JournalError> {
        if self.journal.is_none() && self.path.exists() {
            self.journal = Some(Journal::open(&self.path, Mode::ReadOnly)?);
        }
        let Some(journal) = &self.journal else {
            return Ok(());
        };
        let (last, states) = (&mut self.last, &mut self.states);
        journal.each_record_after(*last, |row| {
            *last = row.id.max(*last);
            fold(states, row);
        })?;
        let drivers = journal.drivers(Clock::wall().now())?;
        for (id, followed) in &mut self.states {
            let driver = live_driver(&drivers, id).filter(|_| !followed.state.execution.is_final());
            let shown = Shown::Newest { driver };
            if followed.shown == shown {
                continue;
            }
            let mut view = followed.state.view();
            if let Shown::Newest { driver } = &shown {
                view.driver.clone_from(driver);
            }
            if self.board.show_from_journal(view) {
                followed.shown = shown;
            }
        }
        Ok(())
    }

    /// Follows for as long as the engine lives; asks only while somebody watches.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut tick = interval(INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            if !self.board.has_subscribers() {
                continue;
            }
            let read = blocking(move || {
                let result = self.catch_up();
                Ok((self, result))
            });
            let Ok((follower, result)) = read.await else { return };
            self = follower;
            if let Err(error) = result {
                tracing::debug!(%error, "the journal could not be followed this time");
            }
        }
    }
}

fn fold(states: &mut HashMap<String, Followed>, row: RecordRow) {
    let record = Record::from_json(row.version, &row.json);
    if let Some(followed) = states.get_mut(&row.execution) {
        apply(&mut followed.state, &record, row.at);
        followed.shown = Shown::Old;
        return;
    }
    match recovery::restore(&ExecutionId::new(&row.execution), [(row.at, &record)]) {
        Ok(state) => {
            let shown = Shown::Old;
            states.insert(row.execution, Followed { state, shown });
        }
        Err(error) => tracing::warn!(%error, "an execution cannot be shown"),
    }
}

pub(super) fn live_driver(drivers: &[DriverRow], execution: &str) -> Option<Person> {
    drivers
        .iter()
        .find(|driver| driver.is_live && driver.execution == execution)
        .map(|driver| Person {
            name: driver.person.clone(),
            host: driver.host.clone(),
        })
}
