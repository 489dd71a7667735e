//! Folds upgrader events into marks per node: when which stage was first and last said in this run.
//! The fold takes events in any order and any number of times, and always ends with the same marks.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::run::Source;
use super::upgrader_event::{self, Stage, UpgraderEvent};
use crate::domain::event::ClusterEvent;
use crate::domain::ids::{NodeName, NodePoolName};

/// Kubernetes drops events after an hour (Kubernetes reference, kube-apiserver `--event-ttl`, v1.36),
/// so a longer silence divides two upgrades.
const EVENT_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// A node's last text is shown for this long, so that names which never come back are forgotten.
const TEXT_LIFE: SignedDuration = SignedDuration::from_hours(6);

/// First and last time something was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

impl Span {
    fn widen(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }
}

/// One upgrader event with its times.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) said: UpgraderEvent,
    pub(super) span: Span,
}

/// What the events of this run say about one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NodeMarks {
    stages: BTreeMap<Stage, Span>,
    /// Pods whose eviction was refused.
    pub(super) blocked: BTreeMap<String, Span>,
}

impl NodeMarks {
    pub(super) fn get(&self, stage: Stage) -> Option<Span> {
        self.stages.get(&stage).copied()
    }

    pub(super) fn has(&self, stage: Stage) -> bool {
        self.stages.contains_key(&stage)
    }

    /// The stage the node reached last, and when that began.
    ///
    /// What was said before the object was `born` is over, except that it was rebuilt or is done; so is a
    /// cordon, drain or soak said up to `uncordoned`. Times have whole seconds, so of stages said in the same
    /// second the later one in a node's life counts.
    pub(super) fn latest(&self, born: Option<Timestamp>, uncordoned: Option<Timestamp>) -> Option<(Stage, Timestamp)> {
        let is_over = |stage: Stage, last: Timestamp| {
            stage == Stage::SurgeCreated
                || stage < Stage::Reimaged && born.is_some_and(|born| last <= born)
                || stage <= Stage::Soaking && !stage.is_failure() && uncordoned.is_some_and(|at| last <= at)
        };
        let (stage, span) = self
            .stages
            .iter()
            .filter(|(stage, span)| !is_over(**stage, span.last))
            .max_by_key(|(stage, span)| (span.last, **stage))?;
        let was_interrupted = born.max(uncordoned).is_some_and(|at| span.first <= at)
            || self
                .stages
                .iter()
                .any(|(other, failed)| other.is_failure() && span.first < failed.last && failed.last < span.last);
        Some((*stage, if was_interrupted { span.last } else { span.first }))
    }

    fn add(&mut self, said: &UpgraderEvent, span: Span) {
        // A refused eviction says that the drain goes on.
        let stage = match said.stage {
            Stage::EvictionBlocked => Stage::Draining,
            stage => stage,
        };
        self.stages
            .entry(stage)
            .and_modify(|known| *known = known.widen(span))
            .or_insert(span);
        if let Some(pod) = &said.pod {
            self.blocked
                .entry(pod.clone())
                .and_modify(|known| *known = known.widen(span))
                .or_insert(span);
        }
    }
}

/// What is kept of events, so that an unchanged list is not read twice and a vanished event is not forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EventMemory {
    source: Option<Arc<Vec<Arc<ClusterEvent>>>>,
    /// The run the marks belong to.
    of_run: Option<Timestamp>,
    pub(super) marks: Arc<BTreeMap<NodeName, NodeMarks>>,
    /// Pools that are said to have started in this run.
    pub(super) started: Arc<BTreeMap<NodePoolName, Timestamp>>,
    /// The pool each surge node was made for.
    pub(super) surge_pools: Arc<BTreeMap<NodeName, NodePoolName>>,
    /// The newest text about each node, from any writer.
    pub(super) texts: Arc<BTreeMap<NodeName, (Timestamp, String)>>,
    /// When the upgrader last said anything.
    pub(super) newest: Option<Timestamp>,
}

impl EventMemory {
    /// True where this very list has been read already.
    pub(super) fn has_read(&self, events: &Arc<Vec<Arc<ClusterEvent>>>) -> bool {
        self.source.as_ref().is_some_and(|source| Arc::ptr_eq(source, events))
    }

    /// Adds what `events` say about the run that began at `run`; marks of another run are dropped.
    pub(super) fn fold(
        &self,
        events: &Arc<Vec<Arc<ClusterEvent>>>,
        readings: &[Reading],
        run: Option<Timestamp>,
    ) -> Self {
        let mut next = self.clone();
        next.keep_texts(events);
        next.newest = readings.iter().map(|reading| reading.span.last).max().max(self.newest);
        if run != self.of_run {
            next.marks = Arc::default();
            next.started = Arc::default();
            next.surge_pools = Arc::default();
        }
        if let Some(run) = run {
            next.mark(readings, run);
        }
        next.of_run = run;
        next.source = Some(Arc::clone(events));
        next
    }

    /// True where the marks are those of this run.
    pub(super) fn is_of(&self, run: Option<Timestamp>) -> bool {
        self.of_run == run
    }

    fn keep_texts(&mut self, events: &[Arc<ClusterEvent>]) {
        let texts = Arc::make_mut(&mut self.texts);
        for event in events.iter().filter(|event| event.object_kind == "Node") {
            let Some(at) = event.last_seen.or(event.first_seen) else {
                continue;
            };
            let name = NodeName::new(&event.object_name);
            if texts.get(&name).is_none_or(|(known, _)| *known <= at) {
                texts.insert(name, (at, event.message.clone()));
            }
        }
        if let Some(newest) = texts.values().map(|(at, _)| *at).max() {
            texts.retain(|_, (at, _)| newest.duration_since(*at) <= TEXT_LIFE);
        }
    }

    fn mark(&mut self, readings: &[Reading], run: Timestamp) {
        let marks = Arc::make_mut(&mut self.marks);
        for Reading { said, span } in readings.iter().filter(|reading| reading.span.last >= run) {
            let in_run = Span {
                first: if span.first >= run { span.first } else { span.last },
                last: span.last,
            };
            if let (Stage::PoolStarted, Some(pool)) = (said.stage, &said.pool) {
                let started = Arc::make_mut(&mut self.started);
                let at = started.entry(pool.clone()).or_insert(in_run.first);
                *at = in_run.first.min(*at);
            }
            if let Some(node) = &said.node {
                marks.entry(node.clone()).or_default().add(said, in_run);
                if let Some(pool) = &said.pool {
                    Arc::make_mut(&mut self.surge_pools).insert(node.clone(), pool.clone());
                }
            }
        }
    }
}

/// The upgrader's events among `events`; those without any time cannot be placed and are left out.
pub(super) fn read_all(events: &[Arc<ClusterEvent>]) -> Vec<Reading> {
    events
        .iter()
        .filter_map(|event| {
            let last = event.last_seen.or(event.first_seen)?;
            let first = event.first_seen.unwrap_or(last).min(last);
            let said = upgrader_event::read(event)?;
            Some(Reading {
                said,
                span: Span { first, last },
            })
        })
        .collect()
}

/// When the upgrade that `readings` tell of began; `None` where they tell of none after `not_before`.
///
/// Each moving pool's newest start is believed, and of these the earliest; without such an event
/// (clusters before 2026) the run is the last stretch of events without a silence of an hour.
pub(super) fn told_beginning<'a>(
    readings: &[Reading],
    moving: impl Iterator<Item = &'a NodePoolName>,
    not_before: Option<Timestamp>,
) -> Option<(Timestamp, Source)> {
    let mut recent: Vec<&Reading> = readings
        .iter()
        .filter(|reading| not_before.is_none_or(|not_before| reading.span.last > not_before))
        .collect();
    let mut starts: BTreeMap<&NodePoolName, Timestamp> = BTreeMap::new();
    for reading in &recent {
        if let (Stage::PoolStarted, Some(pool)) = (reading.said.stage, &reading.said.pool) {
            let newest = starts.entry(pool).or_insert(reading.span.last);
            *newest = reading.span.last.max(*newest);
        }
    }
    if let Some(began) = moving.filter_map(|pool| starts.get(pool)).min() {
        return Some((*began, Source::PoolStarted));
    }
    recent.sort_unstable_by_key(|reading| std::cmp::Reverse(reading.span.last));
    let mut began = recent.first()?.span.last;
    for reading in recent {
        if began.duration_since(reading.span.last) > EVENT_LIFE {
            break;
        }
        began = began.min(not_before.map_or(reading.span.first, |not_before| {
            if reading.span.first > not_before {
                reading.span.first
            } else {
                reading.span.last
            }
        }));
    }
    Some((began, Source::Events))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::samples::{at, upgrader};

    fn fold(events: Vec<ClusterEvent>, run: i64) -> EventMemory {
        let events: Arc<Vec<_>> = Arc::new(events.into_iter().map(Arc::new).collect());
        EventMemory::default().fold(&events, &read_all(&events), Some(at(run)))
    }

    #[test]
    fn events_of_an_earlier_upgrade_do_not_count() {
        let memory = fold(
            vec![
                upgrader("old", "Upgrade", "Successfully upgraded node: n1", -3000),
                upgrader("new", "Drain", "Draining node: n1", 60),
            ],
            0,
        );
        let marks = &memory.marks[&NodeName::new("n1")];
        assert!(!marks.has(Stage::Upgraded));
        assert_eq!(marks.latest(None, None), Some((Stage::Draining, at(60))));
    }

    #[test]
    fn an_event_that_was_counted_on_takes_its_time_in_this_run() {
        let mut again = upgrader("drain", "Drain", "Draining node: n1", -3000);
        again.last_seen = Some(at(90));
        again.count = 2;
        let memory = fold(vec![again], 0);
        assert_eq!(
            memory.marks[&NodeName::new("n1")].get(Stage::Draining).unwrap().first,
            at(90)
        );
    }

    #[test]
    fn folding_twice_and_backwards_gives_the_same_marks() {
        let events = vec![
            upgrader("a", "Cordon", "Cordoning node n1", 1),
            upgrader("b", "Drain", "Draining node: n1", 1),
            upgrader("c", "Upgrade", "Soak duration 1m0s after draining node: n1", 9),
        ];
        let forward = fold(events.clone(), 0);
        let mut twice: Vec<_> = events.iter().rev().cloned().collect();
        twice.extend(events);
        assert_eq!(forward.marks, fold(twice, 0).marks);
        assert_eq!(
            forward.marks[&NodeName::new("n1")].latest(None, None),
            Some((Stage::Soaking, at(9)))
        );
    }

    #[test]
    fn the_beginning_is_told_by_the_pool_or_by_the_stretch_of_events() {
        let read = |events: &[ClusterEvent]| read_all(&events.iter().cloned().map(Arc::new).collect::<Vec<_>>());
        let web = [NodePoolName::new("web")];
        let started = read(&[
            upgrader("s0", "Upgrade", "Upgrade started for agent pool web", 0),
            upgrader("s1", "Upgrade", "Upgrade started for agent pool web", 900),
            upgrader("d", "Drain", "Draining node: n1", 950),
        ]);
        assert_eq!(
            told_beginning(&started, web.iter(), None),
            Some((at(900), Source::PoolStarted))
        );
        let silent = read(&[
            upgrader("a", "Drain", "Draining node: n1", -9000),
            upgrader("b", "Drain", "Draining node: n2", 100),
            upgrader("c", "Drain", "Draining node: n3", 1800),
        ]);
        assert_eq!(
            told_beginning(&silent, web.iter(), None),
            Some((at(100), Source::Events))
        );
        assert_eq!(
            told_beginning(&silent, web.iter(), Some(at(500))),
            Some((at(1800), Source::Events))
        );
        assert_eq!(told_beginning(&[], web.iter(), None), None);
    }
}
