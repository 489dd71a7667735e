//! When the planned upgrade runs: its own estimate, or a first guess from counts and settings.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::moving::{Moving, moving};
use crate::domain::pace::TimeRange;
use crate::preflight::arithmetic::duration::{pool_time, whole_time};
use crate::preflight::finding::Said;
use crate::preflight::question::Question;

/// The time an upgrade takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) begins: Timestamp,
    pub(super) takes: TimeRange,
}

impl Run {
    /// The latest end by estimate.
    pub(super) fn ends(&self) -> Timestamp {
        let most = SignedDuration::try_from(self.takes.high).unwrap_or(SignedDuration::MAX);
        self.begins.saturating_add(most).unwrap_or(Timestamp::MAX)
    }
}

/// When the upgrade runs; from now where the plan names no time.
pub(super) fn run(question: &Question<'_>) -> Result<Run, Box<Said>> {
    let planned = question.planned;
    let begins = planned.begins_at.unwrap_or(question.survey.taken_at);
    let takes = match planned.takes {
        Some((low, high)) => TimeRange { low, high },
        None => whole_time(
            planned.control_plane.is_some(),
            moving(question)?.iter().map(time_of_pool),
        ),
    };
    Ok(Run { begins, takes })
}

/// How long one pool takes.
pub(super) fn time_of_pool(mover: &Moving<'_>) -> TimeRange {
    match mover.gain.drained {
        0 => TimeRange::exactly(Duration::ZERO),
        width => pool_time(mover.pool.count, width, mover.pool.upgrade_settings.node_soak()),
    }
}
