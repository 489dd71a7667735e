//! What was planned beside what came of it, step by step. Pure.

use std::time::Duration;

use jiff::Timestamp;

use super::super::record::Record;
use super::Recording;
use crate::domain::ids::StepId;
use crate::domain::pace::TimeRange;

/// How long nodes took in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeTimes {
    /// Nodes that were done in it.
    pub count: usize,
    pub median: Duration,
    pub longest: Duration,
}

/// One step, planned and real.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepComparison {
    pub step: StepId,
    /// Its place in the plan, from 1.
    pub number: usize,
    /// In which place it really began, from 1; `None` where it never did.
    pub order: Option<usize>,
    pub title: String,
    /// `None` where the estimate was not kept.
    pub planned: Option<TimeRange>,
    /// Nodes it was to move; `None` where the estimate was not kept.
    pub planned_nodes: Option<u32>,
    pub began: Option<Timestamp>,
    /// `None` while it runs.
    pub ended: Option<Timestamp>,
    /// The step state's word.
    pub state: &'static str,
    pub attempts: u32,
    /// From the first beginning to the end, or to the end of the recording.
    pub took: Option<Duration>,
    /// The part of it in which the execution was paused or failed.
    pub rested: Duration,
    /// `None` where no node was seen to be done in it.
    pub nodes: Option<NodeTimes>,
}

impl StepComparison {
    /// The time it worked, without the time it rested.
    pub fn worked(&self) -> Option<Duration> {
        self.took.map(|took| took.saturating_sub(self.rested))
    }

    /// How far what it worked lies outside of what was planned, in seconds: negative where it was quicker, 0 inside.
    pub fn outside_seconds(&self) -> Option<i64> {
        let (planned, worked) = (self.planned?, self.worked()?);
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        Some(if worked > planned.high {
            seconds(worked.saturating_sub(planned.high))
        } else if worked < planned.low && self.ended.is_some() {
            -seconds(planned.low.saturating_sub(worked))
        } else {
            0
        })
    }
}

/// When a step began and ended.
#[derive(Clone, Copy, Debug, Default)]
struct Course {
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
}

/// All steps of the plan in its order; none where a newer version wrote the plan.
pub fn compare(recording: &Recording) -> Vec<StepComparison> {
    let Some((_, last)) = recording.span() else {
        return Vec::new();
    };
    let Some(view) = recording.execution(last) else {
        return Vec::new();
    };
    let rests = rests(recording, last);
    let courses: Vec<Course> = view.steps.iter().map(|step| course(recording, &step.step.id)).collect();
    let mut order: Vec<(Timestamp, usize)> = courses
        .iter()
        .enumerate()
        .filter_map(|(at, course)| Some((course.began?, at)))
        .collect();
    order.sort_unstable();
    view.steps
        .iter()
        .zip(&courses)
        .enumerate()
        .map(|(at, (step, course))| {
            let planned = recording.planned.iter().find(|planned| planned.step == step.step.id);
            let end = course.ended.unwrap_or(last);
            let nodes = course.began.zip(step.step.kind.pool()).and_then(|(began, pool)| {
                let times = recording.tape.node_times(pool, began, end);
                Some(NodeTimes {
                    count: times.len(),
                    median: *times.get(times.len() / 2)?,
                    longest: *times.last()?,
                })
            });
            StepComparison {
                step: step.step.id.clone(),
                number: at + 1,
                order: order.iter().position(|(_, step)| *step == at).map(|place| place + 1),
                title: step.step.kind.title(),
                planned: planned.map(|planned| TimeRange {
                    low: Duration::from_secs(planned.low_seconds),
                    high: Duration::from_secs(planned.high_seconds),
                }),
                planned_nodes: planned.map(|planned| planned.nodes),
                began: course.began,
                ended: course.ended,
                state: step.state.word(),
                attempts: step.attempt,
                took: course.began.map(|began| between(began, end)),
                rested: course.began.map_or(Duration::ZERO, |began| overlap(&rests, began, end)),
                nodes,
            }
        })
        .collect()
}

fn course(recording: &Recording, id: &StepId) -> Course {
    let mut course = Course::default();
    for (at, record) in &recording.records {
        match record {
            Record::StepBegan { step, .. } | Record::GateHolds { step, .. } if step == id => {
                course.began = course.began.or(Some(*at));
                course.ended = None;
            }
            Record::StepSucceeded { step, .. }
            | Record::StepFailed { step, .. }
            | Record::StepStopped { step }
            | Record::StepSkipped { step, .. }
                if step == id =>
            {
                course.ended = Some(*at);
            }
            _ => (),
        }
    }
    course
}

/// When the execution was paused or failed.
fn rests(recording: &Recording, last: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let mut rests = Vec::new();
    let mut since = None;
    for (at, record) in &recording.records {
        match record {
            Record::Paused { .. } | Record::Failed { .. } => since = since.or(Some(*at)),
            Record::Resumed | Record::Retried => rests.extend(since.take().map(|from| (from, *at))),
            _ => (),
        }
    }
    rests.extend(since.map(|from| (from, last)));
    rests
}

fn overlap(rests: &[(Timestamp, Timestamp)], began: Timestamp, ended: Timestamp) -> Duration {
    rests
        .iter()
        .map(|(from, to)| between((*from).max(began), (*to).min(ended)))
        .sum()
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
