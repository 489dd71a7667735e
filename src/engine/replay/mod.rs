//! The flight recorder of an execution: its records and what was seen, folded into how everything stood at any moment.
//! Pure: rows in, pictures out. Never asks anybody, and never guesses what was not written down.

pub mod compare;
mod file;
mod form;
pub mod moments;
pub mod recorder;
#[cfg(test)]
mod samples;
mod tape;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::moments::Moment;
pub use self::tape::{Tape, TapeBuilder};
use super::command::Person;
use super::history;
use super::machine::apply;
use super::machine::state::State;
use super::record::Record;
use super::recovery;
use super::view::ExecutionView;
use crate::domain::ids::{ExecutionId, StepId};
use crate::plan::estimate::PlanEstimate;
use crate::plan::step::Plan;
use crate::progress::picture::LivePicture;

/// The observation that holds a picture, or what changed in it.
pub(super) const PICTURE: &str = "picture";
/// The observation that holds an event of the cluster.
pub(super) const EVENT: &str = "event";
/// The observation that holds what the plan was thought to take.
pub(super) const ESTIMATE: &str = "estimate";

/// States are kept so many records apart, to be folded on from.
const KEYFRAME: usize = 128;

/// One record as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordLine {
    pub at: Timestamp,
    pub version: u32,
    pub json: String,
}

/// One observation as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenLine {
    pub at: Timestamp,
    pub kind: String,
    pub key: String,
    pub json: String,
}

/// A repair that was made on the cluster meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MadeRepair {
    pub id: String,
    pub at: Timestamp,
    pub by: Person,
    pub title: String,
}

/// All that was kept of one execution, as rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reel {
    pub id: ExecutionId,
    /// Oldest first.
    pub records: Vec<RecordLine>,
    /// In the order in which they were kept.
    pub seen: Vec<SeenLine>,
    /// Oldest first.
    pub repairs: Vec<MadeRepair>,
}

/// What one step was thought to take, when the plan was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStep {
    pub step: StepId,
    pub nodes: u32,
    pub low_seconds: u64,
    pub high_seconds: u64,
}

#[derive(Serialize, Deserialize)]
struct PlannedSteps {
    v: u32,
    steps: Vec<PlannedStep>,
}

/// How everything stood at one moment.
#[derive(Clone, Debug)]
pub struct Replayed {
    pub at: Timestamp,
    /// `None` before the execution began, and where a newer version wrote its beginning.
    pub execution: Option<ExecutionView>,
    /// `None` before the first picture was kept.
    pub live: Option<LivePicture>,
}

/// An execution that can be looked at as of any moment.
#[derive(Clone, Debug)]
pub struct Recording {
    pub id: ExecutionId,
    /// Oldest first.
    pub records: Vec<(Timestamp, Record)>,
    pub tape: Tape,
    pub moments: Vec<Moment>,
    planned: Vec<PlannedStep>,
    /// The state behind so many records.
    keyframes: Vec<(usize, State)>,
    /// When anything happened, oldest first, each time once.
    times: Vec<Timestamp>,
}

impl Recording {
    /// Folds the rows. Cost: once over all of them.
    pub fn of(reel: &Reel) -> Self {
        let records: Vec<(Timestamp, Record)> = reel
            .records
            .iter()
            .map(|row| (row.at, Record::from_json(row.version, &row.json)))
            .collect();
        let mut builder = TapeBuilder::default();
        let mut planned = Vec::new();
        for seen in &reel.seen {
            match seen.kind.as_str() {
                PICTURE => builder.picture(seen.at, &seen.key, &seen.json),
                EVENT => {
                    if let Some(mut event) = history::event(&seen.json) {
                        let uid = seen.key.rsplit_once('/').map_or(seen.key.as_str(), |(uid, _)| uid);
                        uid.clone_into(&mut event.uid);
                        builder.event(seen.at, event);
                    }
                }
                ESTIMATE => planned = planned_steps(&seen.json).unwrap_or(planned),
                _ => (),
            }
        }
        let tape = builder.finish();
        let moments = moments::of(&records, &tape, &reel.repairs);
        let mut times: Vec<Timestamp> = records.iter().map(|(at, _)| *at).collect();
        times.extend(tape.times());
        times.extend(reel.repairs.iter().map(|repair| repair.at));
        times.sort_unstable();
        times.dedup();
        Self {
            id: reel.id.clone(),
            keyframes: keyframes(&reel.id, &records),
            records,
            tape,
            moments,
            planned,
            times,
        }
    }

    /// The plan; `None` where a newer version wrote the first record.
    pub fn plan(&self) -> Option<&Plan> {
        self.keyframes.first().map(|(_, state)| &*state.plan)
    }

    /// When the first and the last thing happened; `None` where nothing did.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        Some((*self.times.first()?, *self.times.last()?))
    }

    /// When anything happened, oldest first, each time once.
    pub fn times(&self) -> &[Timestamp] {
        &self.times
    }

    /// The execution as it stood then.
    pub fn execution(&self, at: Timestamp) -> Option<ExecutionView> {
        let told = self.records.partition_point(|(from, _)| *from <= at);
        let near = self.keyframes.partition_point(|(folded, _)| *folded <= told);
        let (folded, state) = self.keyframes.get(near.checked_sub(1)?)?;
        let mut state = state.clone();
        for (at, record) in &self.records[*folded..told] {
            apply(&mut state, record, *at);
        }
        Some(state.view())
    }

    /// Everything as it stood then. Cost: logarithmic in what was kept, linear in the nodes.
    pub fn at(&self, at: Timestamp) -> Replayed {
        Replayed {
            at,
            execution: self.execution(at),
            live: self.tape.picture(at),
        }
    }

    /// The first moment after this time that one can stop at: anything that happened.
    pub fn next_time(&self, at: Timestamp) -> Option<Timestamp> {
        let after = self.times.partition_point(|time| *time <= at);
        self.times.get(after).copied()
    }

    /// The last one before this time.
    pub fn time_before(&self, at: Timestamp) -> Option<Timestamp> {
        let before = self.times.partition_point(|time| *time < at);
        before.checked_sub(1).map(|last| self.times[last])
    }

    /// The next notable moment after this time.
    pub fn next_moment(&self, at: Timestamp) -> Option<&Moment> {
        self.moments.iter().find(|moment| moment.at > at)
    }

    /// The last notable moment before this time.
    pub fn moment_before(&self, at: Timestamp) -> Option<&Moment> {
        self.moments.iter().rev().find(|moment| moment.at < at)
    }

    /// The notable moment one is at: the last one that has been.
    pub fn moment_at(&self, at: Timestamp) -> Option<&Moment> {
        self.moments.iter().rev().find(|moment| moment.at <= at)
    }

    /// Where nothing was seen of the nodes: why, in a sentence.
    pub fn why_no_picture(&self) -> Option<&'static str> {
        if !self.tape.is_empty() {
            return None;
        }
        Some(if self.tape.unreadable > 0 {
            "a newer aks-cockpit kept the pictures of the nodes, and this one cannot read them"
        } else {
            "no pictures of the nodes were kept, so this replay is made from the records alone"
        })
    }
}

/// The first state stands behind one record, the plan.
fn keyframes(id: &ExecutionId, records: &[(Timestamp, Record)]) -> Vec<(usize, State)> {
    let first = records.iter().take(1).map(|(at, record)| (*at, record));
    let Ok(mut state) = recovery::restore(id, first) else {
        return Vec::new();
    };
    let mut all = vec![(1, state.clone())];
    for (index, (at, record)) in records.iter().enumerate().skip(1) {
        apply(&mut state, record, *at);
        if (index + 1) % KEYFRAME == 0 {
            all.push((index + 1, state.clone()));
        }
    }
    all
}

fn planned_steps(json: &str) -> Option<Vec<PlannedStep>> {
    let planned: PlannedSteps = serde_json::from_str(json).ok()?;
    (planned.v == 1).then_some(planned.steps)
}

/// What a plan is thought to take, as it is kept at the start.
pub(super) fn estimate_json(plan: &Plan, estimate: &PlanEstimate) -> String {
    let seconds = |time: Duration| time.as_secs();
    let steps = plan
        .steps
        .iter()
        .zip(&estimate.steps)
        .map(|(step, estimate)| PlannedStep {
            step: step.id.clone(),
            nodes: estimate.nodes,
            low_seconds: seconds(estimate.low),
            high_seconds: seconds(estimate.high),
        });
    let steps = PlannedSteps {
        v: 1,
        steps: steps.collect(),
    };
    serde_json::to_string(&steps).expect("a list of steps is JSON")
}
