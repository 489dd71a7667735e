//! A repair folded from its notes: how it stands, what it changed, what can be taken back. Pure.

use jiff::Timestamp;
use serde_json::Value;

use super::note::{Answer, Head, Note, Sent, Turn};
use super::{RepairEntry, RepairRequest, RepairState};
use crate::domain::change::FieldChange;
use crate::domain::object_change::Edit;
use crate::engine::command::Person;
use crate::remedy::repair::{RepairStep, Undo};

/// One request of a turn, with what is known about it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) struct Step {
    pub(in crate::engine) number: usize,
    pub(in crate::engine) sent: Sent,
    pub(in crate::engine) before: Option<Value>,
    pub(in crate::engine) request: RepairRequest,
    pub(in crate::engine) fields: Vec<FieldChange>,
    /// `None` while no answer is written down.
    pub(in crate::engine) answer: Option<Answer>,
}

impl Step {
    /// True where it was made, or may have been.
    fn may_be_made(&self) -> bool {
        !matches!(self.answer, Some(Answer::Refused { .. } | Answer::FoundNotMade))
    }

    /// True where the journal does not say what became of it.
    pub(in crate::engine) fn is_open(&self) -> bool {
        matches!(self.answer, None | Some(Answer::Unknown { .. }))
    }
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum End {
    NotYet,
    Well,
    /// Before all was done, and why.
    Stopped(String),
}

/// A repair and all that became of it.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Story {
    pub(in crate::engine) number: i64,
    pub(in crate::engine) head: Head,
    pub(in crate::engine) at: Timestamp,
    pub(in crate::engine) by: Person,
    /// The process of the turn that was begun last.
    pub(in crate::engine) process: String,
    /// Number of the next note.
    pub(in crate::engine) next: u32,
    pub(in crate::engine) turn: Turn,
    pub(in crate::engine) end: End,
    pub(in crate::engine) done: Vec<Step>,
    pub(in crate::engine) undone: Vec<Step>,
    skipped: Vec<String>,
    pub(in crate::engine) has_unknown_notes: bool,
}

impl Story {
    pub(in crate::engine) fn new(number: i64, head: Head, at: Timestamp, by: Person, process: String) -> Self {
        Self {
            number,
            head,
            at,
            by,
            process,
            next: 0,
            turn: Turn::Do,
            end: End::NotYet,
            done: Vec::new(),
            undone: Vec::new(),
            skipped: Vec::new(),
            has_unknown_notes: false,
        }
    }

    /// Its name for people, as `r-7`.
    pub(in crate::engine) fn id(&self) -> String {
        format!("r-{}", self.number)
    }

    pub(in crate::engine) fn steps(&mut self, turn: Turn) -> &mut Vec<Step> {
        match turn {
            Turn::Do => &mut self.done,
            Turn::Undo => &mut self.undone,
        }
    }

    /// Takes in the next note.
    pub(in crate::engine) fn take(&mut self, note: Note) {
        self.next += 1;
        match note {
            Note::Sending {
                turn,
                step: number,
                sent,
                before,
                request,
                fields,
            } => {
                let steps = self.steps(turn);
                steps.retain(|step| step.number != number);
                steps.push(Step {
                    number,
                    sent: *sent,
                    before,
                    request,
                    fields,
                    answer: None,
                });
            }
            Note::Answered { turn, step, answer } => {
                if let Some(step) = self.steps(turn).iter_mut().find(|one| one.number == step) {
                    step.answer = Some(answer);
                }
            }
            Note::Skipped { why, .. } => self.skipped.push(why),
            Note::Ended { turn, why } if turn == self.turn => self.end = why.map_or(End::Well, End::Stopped),
            Note::UndoBegun { process, .. } => {
                self.turn = Turn::Undo;
                self.end = End::NotYet;
                self.process = process;
                self.undone.clear();
                self.skipped.clear();
            }
            Note::Ended { .. } => {}
            Note::Unknown => self.has_unknown_notes = true,
        }
    }

    /// Steps that are to be taken back, the last one first.
    pub(in crate::engine) fn to_take_back(&self) -> Vec<&Step> {
        self.done.iter().rev().filter(|step| step.may_be_made()).collect()
    }

    /// True where a turn was begun and its end is not written down.
    pub(in crate::engine) fn is_open(&self) -> bool {
        self.end == End::NotYet
    }

    pub(in crate::engine) fn state(&self) -> RepairState {
        match (self.turn, &self.end) {
            (_, End::NotYet) => RepairState::Begun,
            (Turn::Do, End::Well) => RepairState::Done,
            (Turn::Do, End::Stopped(why)) => RepairState::Failed { why: why.clone() },
            (Turn::Undo, End::Well) => RepairState::Undone,
            (Turn::Undo, End::Stopped(why)) => RepairState::UndoFailed { why: why.clone() },
        }
    }

    /// Why it cannot be taken back; `None` where it can.
    pub(in crate::engine) fn why_not_undone(&self) -> Option<String> {
        if self.turn == Turn::Undo && self.end == End::Well {
            return Some("it was taken back already".to_owned());
        }
        match &self.head.repair.undo {
            Undo::NotNeeded => return Some("nothing of it is left to take back".to_owned()),
            Undo::Impossible { why } => return Some(why.clone()),
            Undo::PutBack | Undo::Steps { .. } => {}
        }
        self.to_take_back()
            .is_empty()
            .then(|| "nothing of it was made".to_owned())
    }

    /// As people see it.
    pub(in crate::engine) fn entry(&self) -> RepairEntry {
        let sent: Vec<RepairRequest> = self.done.iter().map(|step| step.request.clone()).collect();
        let told = self.done.iter().map(sentence);
        let taken_back = self.undone.iter().map(|step| format!("taken back: {}", sentence(step)));
        let skipped = self.skipped.iter().map(|why| format!("left: {why}"));
        RepairEntry {
            id: self.id(),
            cluster: self.head.repair.cluster.clone(),
            at: self.at,
            by: self.by.clone(),
            repair: self.head.repair.clone(),
            requests: if sent.is_empty() {
                self.head.requests.clone()
            } else {
                sent
            },
            changed: told.chain(taken_back).chain(skipped).collect(),
            state: self.state(),
            undo: self.why_not_undone().is_none().then(|| self.undo_words()),
        }
    }

    fn undo_words(&self) -> String {
        let all: Vec<String> = match &self.head.repair.undo {
            Undo::Steps { steps } => steps.iter().map(planned).collect(),
            Undo::PutBack | Undo::Impossible { .. } | Undo::NotNeeded => {
                self.to_take_back().into_iter().map(back).collect()
            }
        };
        all.join("; then ")
    }
}

/// What one request changed.
fn sentence(step: &Step) -> String {
    let what = match &step.sent {
        Sent::Kubernetes { change } => match &change.edit {
            Edit::MergePatch { .. } => format!("{}: {}", change.object, listed(&step.fields)),
            Edit::Delete { .. } => format!("{} deleted", change.object),
            Edit::Create { .. } => format!("{} made", change.object),
        },
        Sent::Azure { change, .. } if step.fields.is_empty() => change.to_string(),
        Sent::Azure { change, .. } => format!("{change}: {}", listed(&step.fields)),
    };
    match &step.answer {
        Some(Answer::Made { operation: Some(id) }) => format!("{what} (accepted; Azure's operation {id} goes on)"),
        Some(Answer::Made { operation: None }) => what,
        Some(Answer::FoundMade) => format!("{what} (its answer was lost; the object shows it)"),
        Some(Answer::FoundNotMade) => format!("{what}: not made, as the object shows; its answer was lost"),
        Some(Answer::Refused { why }) => format!("{what}: refused, {why}"),
        Some(Answer::Unknown { why }) => format!("{what}: not known whether it was made, {why}"),
        None => format!("{what}: sent, and no answer is written down; not known whether it was made"),
    }
}

/// What taking one step back does.
fn back(step: &Step) -> String {
    let name = match &step.sent {
        Sent::Kubernetes { change } => match &change.edit {
            Edit::Delete { .. } => return format!("make {} again as it was", change.object),
            Edit::Create { .. } => return format!("delete {}", change.object),
            Edit::MergePatch { .. } => change.object.to_string(),
        },
        Sent::Azure { change, .. } => change.to_string(),
    };
    let fields: Vec<String> = step.fields.iter().map(former).collect();
    if fields.is_empty() {
        return format!("put {name} back as it was");
    }
    format!("put {name} back: {}", fields.join(", "))
}

fn former(field: &FieldChange) -> String {
    let name = short(&field.field);
    match &field.from {
        Some(value) => format!("{name} {value}"),
        None => format!("no {name}"),
    }
}

/// As `spec.minAvailable 2 -> 1, ...`.
fn listed(fields: &[FieldChange]) -> String {
    let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "absent".to_owned());
    let all: Vec<String> = fields
        .iter()
        .map(|field| format!("{} {} -> {}", short(&field.field), word(&field.from), word(&field.to)))
        .collect();
    if all.is_empty() {
        "no field differs".to_owned()
    } else {
        all.join(", ")
    }
}

fn short(field: &str) -> &str {
    field.strip_prefix("properties.").unwrap_or(field)
}

fn planned(step: &RepairStep) -> String {
    match step {
        RepairStep::Azure { change } => change.to_string(),
        RepairStep::Kubernetes { change } => format!("change {}", change.object),
        RepairStep::KubernetesList { change } => format!("change {}", change.object),
    }
}
