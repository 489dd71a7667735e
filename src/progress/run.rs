//! Whether an upgrade runs, and since when: the frame in which events, uids and cordons are read.
//! Azure decides where it is known; without it the upgrader's own events do.

use jiff::{SignedDuration, Timestamp};

use super::event_marks::{Reading, told_beginning};
use super::facts::{Facts, Target};
use super::picture::LivePicture;
use crate::domain::cluster::Cluster;
use crate::domain::ids::NodePoolName;
use crate::domain::provisioning::ProvisioningState;

/// Azure is polled every 10 to 30 s, so nodes and events are ahead of it by up to this much.
pub(super) const AZURE_DELAY: SignedDuration = SignedDuration::from_mins(2);

/// Without Azure an upgrade is taken to be over after this much silence of the upgrader.
const QUIET: SignedDuration = SignedDuration::from_mins(15);

/// How the beginning is known, from the weakest to the strongest word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// The moment we first looked.
    OwnLook,
    /// The first of a stretch of events.
    Events,
    /// The upgrader said that a pool was started.
    PoolStarted,
}

/// One upgrade, from its beginning to the next one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) began: Timestamp,
    pub(super) source: Source,
    pub(super) is_over: bool,
    /// What was said up to here belongs to an earlier run.
    not_before: Option<Timestamp>,
    /// The newest event when the end was seen.
    last_said: Option<Timestamp>,
}

impl Run {
    /// A run that the upgrader said began then.
    #[cfg(test)]
    pub(super) fn told(began: Timestamp) -> Self {
        Self {
            began,
            source: Source::PoolStarted,
            is_over: false,
            not_before: None,
            last_said: None,
        }
    }

    /// Earliest time that counts as part of the run.
    pub(super) fn opens(self) -> Timestamp {
        let earliest = match self.source {
            Source::OwnLook => self.began.saturating_sub(AZURE_DELAY).unwrap_or(self.began),
            Source::Events | Source::PoolStarted => self.began,
        };
        let after = |at: Timestamp| at.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(at);
        self.not_before.map_or(earliest, |at| earliest.max(after(at)))
    }

    /// The same run, with its beginning corrected by what events said since.
    fn corrected(self, again: Self) -> Self {
        if again.source > self.source {
            Self {
                not_before: self.not_before,
                ..again
            }
        } else if again.source == self.source && again.source != Source::OwnLook {
            Self {
                began: self.began.min(again.began),
                ..self
            }
        } else {
            self
        }
    }
}

/// What changed about the run since the picture before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Same,
    /// Another run than the one remembered.
    Began,
    /// The same run goes on after a pause between two of our own steps.
    Reopened,
    Ended,
}

/// Finds the run to read the facts in. `readings` are the upgrader's events at hand.
pub(super) fn detect(
    previous: &LivePicture,
    facts: &Facts,
    readings: &[Reading],
    now: Timestamp,
) -> (Option<Run>, Turn) {
    let before = previous.memory.run;
    let was_on = before.is_some_and(|run| !run.is_over);
    let is_on = match facts.cluster.as_deref() {
        Some(cluster) => azure_runs(cluster, was_on),
        None => events_tell_of_work(previous, readings, was_on, now),
    };
    let begin = |not_before: Option<Timestamp>, is_over: bool| {
        let moving = facts.cluster.iter().flat_map(|cluster| upgrading_pools(cluster));
        let told = told_beginning(readings, moving, not_before);
        let (began, source) = told.unwrap_or((now, Source::OwnLook));
        Run {
            began: began.min(now),
            source,
            is_over,
            not_before,
            last_said: None,
        }
    };
    let after_idle = previous
        .memory
        .idle_as_of
        .map(|idle| idle.saturating_sub(AZURE_DELAY).unwrap_or(idle))
        .max(before.and_then(|run| run.last_said));
    match before {
        Some(_) if is_on && was_on && is_other_goal(previous.memory.own_target.as_ref(), facts.target.as_ref()) => {
            (Some(begin(Some(now), false)), Turn::Began)
        }
        Some(run) if is_on && was_on => (Some(run.corrected(begin(run.not_before, false))), Turn::Same),
        Some(run) if is_on && is_same_plan(previous, facts) => (Some(Run { is_over: false, ..run }), Turn::Reopened),
        _ if is_on => (Some(begin(after_idle, false)), Turn::Began),
        Some(run) if was_on => {
            let newest = readings.iter().map(|reading| reading.span.last).max();
            let over = Run {
                is_over: true,
                last_said: newest.max(previous.memory.events.newest),
                ..run
            };
            (Some(over), Turn::Ended)
        }
        Some(run) => (Some(run), Turn::Same),
        None if failed_before_we_looked(facts, readings) => (Some(begin(None, true)), Turn::Began),
        None => (None, Turn::Same),
    }
}

fn azure_runs(cluster: &Cluster, was_on: bool) -> bool {
    let mut states = states(cluster);
    if was_on {
        states.any(|state| !state.is_terminal())
    } else {
        states.any(ProvisioningState::is_upgrading)
    }
}

fn states(cluster: &Cluster) -> impl Iterator<Item = &ProvisioningState> {
    std::iter::once(&cluster.provisioning_state).chain(cluster.pools.iter().map(|pool| &pool.provisioning_state))
}

/// Pools whose nodes Azure is changing.
pub(super) fn upgrading_pools(cluster: &Cluster) -> impl Iterator<Item = &NodePoolName> {
    cluster
        .pools
        .iter()
        .filter(|pool| pool.provisioning_state.is_upgrading())
        .map(|pool| &pool.name)
}

fn events_tell_of_work(previous: &LivePicture, readings: &[Reading], was_on: bool, now: Timestamp) -> bool {
    let newest = readings.iter().map(|reading| reading.span.last).max();
    let newest = newest.max(previous.memory.events.newest);
    newest.is_some_and(|newest| now.duration_since(newest) <= QUIET)
        || was_on && previous.nodes.values().any(|node| node.phase.is_in_flight())
}

/// True where one and the same pool is now to go elsewhere: the nodes that were done are not any more.
fn is_other_goal(before: Option<&Target>, now: Option<&Target>) -> bool {
    let (Some(before), Some(now)) = (before, now) else {
        return false;
    };
    now.pools.iter().any(|(pool, goal)| {
        before
            .pools
            .get(pool)
            .is_some_and(|old| old.version.is_some() && goal.version.is_some() && old.version != goal.version)
    })
}

/// Our own execution goes on with what it was doing.
fn is_same_plan(previous: &LivePicture, facts: &Facts) -> bool {
    facts.target.is_some() && previous.memory.own_target == facts.target
}

/// The first look finds a failure whose events are still there.
fn failed_before_we_looked(facts: &Facts, readings: &[Reading]) -> bool {
    !readings.is_empty()
        && facts.cluster.as_deref().is_some_and(|cluster| {
            states(cluster).any(|state| matches!(state, ProvisioningState::Failed | ProvisioningState::Canceled))
        })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::progress::event_marks::read_all;
    use crate::progress::samples::{at, cluster, upgrader};

    fn facts(state: &str) -> Facts {
        Facts {
            cluster: Some(Arc::new(cluster(state, "1.33.5", 3))),
            ..Facts::default()
        }
    }

    fn remembering(run: Option<Run>, idle_as_of: Option<Timestamp>) -> LivePicture {
        let mut picture = LivePicture::empty(at(0));
        picture.memory.run = run;
        picture.memory.idle_as_of = idle_as_of;
        picture
    }

    const ON: Run = Run {
        began: Timestamp::UNIX_EPOCH,
        source: Source::PoolStarted,
        is_over: false,
        not_before: None,
        last_said: None,
    };

    #[test]
    fn azure_begins_and_ends_a_run() {
        let begun = detect(&remembering(None, None), &facts("Upgrading"), &[], at(50));
        assert_eq!(begun.1, Turn::Began);
        assert_eq!(
            begun.0.map(|run| (run.began, run.source)),
            Some((at(50), Source::OwnLook))
        );
        let turn = |state: &str| detect(&remembering(Some(ON), None), &facts(state), &[], at(60)).1;
        assert_eq!(turn("Upgrading"), Turn::Same);
        assert_eq!(turn("Canceling"), Turn::Same);
        assert_eq!(turn("Succeeded"), Turn::Ended);
        assert_eq!(turn("Failed"), Turn::Ended);
        assert_eq!(
            detect(&remembering(None, None), &facts("Updating"), &[], at(1)),
            (None, Turn::Same)
        );
    }

    #[test]
    fn events_that_come_later_tell_the_beginning() {
        let looked = Run {
            began: at(1200),
            source: Source::OwnLook,
            ..ON
        };
        let events = vec![Arc::new(upgrader(
            "s",
            "Upgrade",
            "Upgrade started for agent pool web",
            30,
        ))];
        let (run, turn) = detect(
            &remembering(Some(looked), None),
            &facts("Upgrading"),
            &read_all(&events),
            at(1201),
        );
        assert_eq!((run.map(|run| run.began), turn), (Some(at(30)), Turn::Same));
    }

    #[test]
    fn what_was_said_before_the_last_idle_look_is_another_run() {
        let events = vec![Arc::new(upgrader("d", "Drain", "Draining node: n1", 30))];
        let over = Run { is_over: true, ..ON };
        let (run, turn) = detect(
            &remembering(Some(over), Some(at(600))),
            &facts("Upgrading"),
            &read_all(&events),
            at(630),
        );
        assert_eq!((run.map(|run| run.began), turn), (Some(at(630)), Turn::Began));
    }

    #[test]
    fn without_azure_the_events_decide() {
        let events = read_all(&[Arc::new(upgrader("d", "Drain", "Draining node: n1", 30))]);
        let plain = Facts::default();
        let detect_at = |now| detect(&remembering(None, None), &plain, &events, at(now));
        assert_eq!(detect_at(60).0.map(|run| run.began), Some(at(30)));
        assert_eq!(detect_at(30 + 16 * 60), (None, Turn::Same));
        assert_eq!(
            detect(&remembering(None, None), &plain, &[], at(60)),
            (None, Turn::Same)
        );
    }
}
