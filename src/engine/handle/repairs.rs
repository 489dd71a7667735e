//! Repairs: shown, written down, made, and taken back, also after a restart.
//! Each request is written down with what was there before, before it leaves; none is sent twice.

mod bench;
mod turn;

use std::sync::PoisonError;

use super::super::command::Person;
use super::super::driver::blocking;
use super::super::repair::note::{Head, Note, Turn, VERSION};
use super::super::repair::story::Story;
use super::super::repair::{RepairEntry, RepairPreview};
use super::{EngineError, EngineHandle};
use crate::domain::ids::ClusterId;
use crate::journal::repairs::{NewRepair, RepairNoteRow, RepairRow};
use crate::journal::writer::NewRow;
use crate::journal::{Journal, JournalError};
use crate::remedy::repair::{Repair, Undo};
use bench::{Overlay, Prepared, Task};

impl EngineHandle {
    /// The exact requests a repair would send now, for a person to look at before saying yes.
    ///
    /// # Errors
    /// When Azure or the API server cannot be read, or what is to be repaired is not there any more.
    pub async fn preview_repair(&self, repair: &Repair) -> Result<RepairPreview, EngineError> {
        let tasks = repair.steps.iter().cloned().map(Task::Step).collect();
        self.preview_of(repair, tasks).await
    }

    /// Makes a repair that was shown: written down first, with what was there before.
    ///
    /// # Errors
    /// When the session is read-only, or it could not be written down; what Azure or the API server refused, and what
    /// has changed since it was shown, is in the entry's state.
    pub async fn apply_repair(&self, preview: RepairPreview) -> Result<RepairEntry, EngineError> {
        let journal = self.writable()?;
        let RepairPreview { repair, requests } = preview;
        let at = self.0.settings.clock.now();
        let by = self.0.settings.person.clone();
        let tasks = repair.steps.iter().cloned().map(Task::Step).collect();
        let head = Head { repair, requests };
        let new = NewRepair {
            cluster: head.repair.cluster.to_string(),
            cause: head.repair.cause.clone(),
            remedy: head.repair.remedy.clone(),
            person: by.name.clone(),
            host: by.host.clone(),
            at,
            version: VERSION,
            json: serde_json::to_string(&head).map_err(not_written)?,
        };
        let rows = journal.clone();
        let number = blocking(move || rows.add_repair(&new)).await?;
        let _at_work = AtWork::begin(self, number)?;
        let process = journal.process().to_owned();
        let mut story = Story::new(number, head, at, by, process);
        self.run(&journal, &mut story, tasks).await?;
        Ok(story.entry())
    }

    /// The exact requests that would take a repair back.
    ///
    /// # Errors
    /// When there is no such repair, nothing of it can be taken back, or something cannot be read.
    pub async fn preview_undo(&self, id: &str) -> Result<RepairPreview, EngineError> {
        let journal = self.0.journal.clone().ok_or_else(|| no_such(id))?;
        let story = load(&journal, id).await?;
        self.refuse_at_work(&journal, &story)?;
        let tasks = undo_tasks(&story)?;
        self.preview_of(&story.head.repair, tasks).await
    }

    /// Takes a repair back, the last change first. What somebody else has changed since stays.
    ///
    /// # Errors
    /// As [`EngineHandle::preview_undo`], and where somebody else takes it back right now; what was refused is in the
    /// entry's state.
    pub async fn undo_repair(&self, id: &str) -> Result<RepairEntry, EngineError> {
        let journal = self.writable()?;
        let mut story = load(&journal, id).await?;
        let _at_work = AtWork::begin(self, story.number)?;
        refuse_elsewhere(&journal, &story)?;
        self.settle(&journal, &mut story).await?;
        undo_tasks(&story)?;
        let begun = Note::UndoBegun {
            by: self.0.settings.person.clone(),
            process: journal.process().to_owned(),
        };
        self.note(&journal, &mut story, begun).await?;
        let tasks = undo_tasks(&story)?;
        self.run(&journal, &mut story, tasks).await?;
        Ok(story.entry())
    }

    /// Looks at the objects of a repair whose program ended in the middle, and writes down what became of it.
    ///
    /// # Errors
    /// When there is no such repair, it is being made right now, or something cannot be read or written.
    pub async fn find_out_repair(&self, id: &str) -> Result<RepairEntry, EngineError> {
        let journal = self.writable()?;
        let mut story = load(&journal, id).await?;
        let _at_work = AtWork::begin(self, story.number)?;
        refuse_elsewhere(&journal, &story)?;
        self.settle(&journal, &mut story).await?;
        Ok(story.entry())
    }

    /// The repairs of this journal, newest first; `None` asks for those of all clusters.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn repairs(&self, cluster: Option<&ClusterId>) -> Result<Vec<RepairEntry>, EngineError> {
        let Some(journal) = &self.0.journal else {
            return Ok(Vec::new());
        };
        let all = journal.repairs()?;
        Ok(all
            .into_iter()
            .filter(|(row, _)| cluster.is_none_or(|cluster| *cluster == ClusterId::new(&row.cluster)))
            // What a newer version wrote and this one cannot read is left out, not guessed at.
            .filter_map(|(row, notes)| fold(row, notes))
            .map(|story| story.entry())
            .collect())
    }

    async fn preview_of(&self, repair: &Repair, tasks: Vec<Task>) -> Result<RepairPreview, EngineError> {
        let mut overlay = Overlay::default();
        let mut requests = Vec::new();
        for task in tasks {
            if let Prepared::Ready(ready) = self.prepare_task(&repair.cluster, &task, Some(&overlay)).await? {
                overlay.take(&ready);
                requests.push(ready.request);
            }
        }
        Ok(RepairPreview {
            repair: repair.clone(),
            requests,
        })
    }

    /// An error while the repair is being made or taken back, here or in another process.
    fn refuse_at_work(&self, journal: &Journal, story: &Story) -> Result<(), EngineError> {
        let is_here = self.repairs_at_work().contains(&story.number);
        if is_here {
            return Err(EngineError::RepairAtWork { id: story.id() });
        }
        refuse_elsewhere(journal, story)
    }

    fn repairs_at_work(&self) -> std::sync::MutexGuard<'_, std::collections::HashSet<i64>> {
        self.0.repairs_at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a note down, and takes it in.
    async fn note(&self, journal: &Journal, story: &mut Story, note: Note) -> Result<(), EngineError> {
        let row = NewRow {
            at: self.0.settings.clock.now(),
            version: VERSION,
            json: serde_json::to_string(&note).map_err(not_written)?,
        };
        let (rows, number, seq) = (journal.clone(), story.number, story.next);
        match blocking(move || rows.note_repair(number, seq, &row)).await {
            Ok(()) => {
                story.take(note);
                Ok(())
            }
            Err(JournalError::NoteTaken { .. }) => Err(EngineError::RepairAtWork { id: story.id() }),
            Err(error) => Err(error.into()),
        }
    }
}

/// An error while another process works on it, or where a newer version has written a part of it.
fn refuse_elsewhere(journal: &Journal, story: &Story) -> Result<(), EngineError> {
    let is_elsewhere = story.process != journal.process() && journal.is_alive(&story.process);
    if story.is_open() && is_elsewhere {
        return Err(EngineError::RepairAtWork { id: story.id() });
    }
    if story.has_unknown_notes {
        return Err(EngineError::RepairNotPossible {
            why: format!("a newer aks-cockpit wrote a part of {}: use that one", story.id()),
        });
    }
    Ok(())
}

/// A repair that this process works on; it is free again when this is dropped, also in mid-way.
struct AtWork<'a> {
    engine: &'a EngineHandle,
    number: i64,
}

impl<'a> AtWork<'a> {
    fn begin(engine: &'a EngineHandle, number: i64) -> Result<Self, EngineError> {
        if !engine.repairs_at_work().insert(number) {
            return Err(EngineError::RepairAtWork {
                id: format!("r-{number}"),
            });
        }
        Ok(Self { engine, number })
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.engine.repairs_at_work().remove(&self.number);
    }
}

/// What taking it back comes to, in order.
fn undo_tasks(story: &Story) -> Result<Vec<Task>, EngineError> {
    if let Some(why) = story.why_not_undone() {
        return Err(EngineError::NothingToUndo { id: story.id(), why });
    }
    Ok(match &story.head.repair.undo {
        Undo::Steps { steps } => steps.iter().cloned().map(Task::Step).collect(),
        _ => story
            .to_take_back()
            .into_iter()
            .cloned()
            .map(Box::new)
            .map(Task::Back)
            .collect(),
    })
}

/// How many requests the turn under way comes to.
fn planned(story: &Story) -> usize {
    match (story.turn, &story.head.repair.undo) {
        (Turn::Do, _) => story.head.repair.steps.len(),
        (Turn::Undo, Undo::Steps { steps }) => steps.len(),
        (Turn::Undo, _) => story.to_take_back().len(),
    }
}

async fn load(journal: &Journal, id: &str) -> Result<Story, EngineError> {
    let number = id
        .strip_prefix("r-")
        .unwrap_or(id)
        .parse::<i64>()
        .map_err(|_| no_such(id))?;
    let store = journal.clone();
    let (row, notes) = blocking(move || store.repair(number))
        .await?
        .ok_or_else(|| no_such(id))?;
    fold(row, notes).ok_or_else(|| EngineError::RepairNotPossible {
        why: format!("a newer aks-cockpit wrote {id}: use that one"),
    })
}

fn fold(row: RepairRow, notes: Vec<RepairNoteRow>) -> Option<Story> {
    let head: Head = serde_json::from_str(&row.json).ok()?;
    let by = Person {
        name: row.person,
        host: row.host,
    };
    let mut story = Story::new(row.number, head, row.at, by, row.process);
    for note in notes {
        story.take(Note::from_json(&note.json));
    }
    Some(story)
}

fn no_such(id: &str) -> EngineError {
    EngineError::NoSuchRepair(crate::domain::text::printable(id))
}

fn not_written(error: serde_json::Error) -> EngineError {
    EngineError::Journal(Box::new(error))
}
