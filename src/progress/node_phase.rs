//! What one node is doing, from its object, the upgrader's events and its pods together.
//! Nodes are believed over events, events over nothing; any of the three may be missing or late.
//!
//! With nothing going on a node is `upgraded` where it runs its pool's version (Azure's claim, or without
//! Azure the newest version in the pool), else `waiting`; a node that somebody cordoned is `cordoned`, and
//! `draining` or `drained` where its pods show it.

use jiff::{SignedDuration, Timestamp};

use super::drain::{self, PodsNow};
use super::event_marks::NodeMarks;
use super::goal::Goal;
use super::memory::NodeMemory;
use super::picture::NodePhase;
use super::run::Run;
use super::upgrader_event::Stage;
use crate::domain::node::Node;

/// A drain that holds is stuck when no pod went for this long: ten default grace periods of 30 s.
pub(super) const DRAIN_STUCK_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// A surge node is usually ready within 2 to 5 minutes of its creation.
pub(super) const SURGE_STUCK_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// A reimage with its join usually takes 2 to 8 minutes, Windows nodes somewhat longer.
pub(super) const REBUILD_STUCK_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// All that is known about one node at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look<'a> {
    pub(super) node: Option<&'a Node>,
    pub(super) memory: &'a NodeMemory,
    pub(super) marks: &'a NodeMarks,
    pub(super) goal: &'a Goal,
    pub(super) run: Option<Run>,
    /// `None` while the node's pods are not read.
    pub(super) pods: Option<&'a PodsNow>,
    /// Azure says that the last operation on the pool failed.
    pub(super) is_pool_failed: bool,
    pub(super) now: Timestamp,
}

/// A phase with the time something said it began, where something did.
pub(super) type Told = (NodePhase, Option<Timestamp>);

impl Look<'_> {
    fn is_on(&self) -> bool {
        self.run.is_some_and(|run| !run.is_over)
    }

    /// When the object appeared, if that was in this run: a surge node, or a node rebuilt.
    pub(super) fn born(&self) -> Option<Timestamp> {
        let (run, node) = (self.run?, self.node?);
        match (self.memory.reborn_at, node.created_at) {
            (Some(reborn), _) => Some(reborn),
            (None, Some(created)) => Some(created).filter(|created| *created >= run.opens()),
            (None, None) => (!self.memory.was_here).then_some(self.memory.since),
        }
    }

    /// When the node was done in this run; `None` while it is not.
    ///
    /// Done is final: after `Successfully upgraded node` AKS may send one more `Draining node` for it.
    pub(super) fn done_at(&self) -> Option<Timestamp> {
        let node = self.node?;
        if self.run.is_none() || self.memory.is_surge || self.goal.is_missed_by(node) {
            return None;
        }
        if self.memory.finished.is_some() {
            return self.memory.finished;
        }
        let is_up = node.readiness.is_ready() && !node.is_cordoned;
        let said = self.marks.get(Stage::Upgraded).map(|span| span.first);
        let seen = self.born().filter(|_| is_up).map(|_| self.now);
        said.or(seen).filter(|_| self.goal.is_reached_by(node, true))
    }

    /// The phase, before it is asked whether it lasts too long.
    pub(super) fn phase(&self) -> Told {
        let Some(node) = self.node else {
            return self.phase_without_object();
        };
        if self.memory.is_surge {
            return self.surge_phase(node);
        }
        let latest = self.marks.latest(self.born(), self.memory.uncordoned_at);
        if node.is_quarantined {
            let gave_up = self.marks.get(Stage::DrainFailed).map(|span| span.last);
            return (NodePhase::Quarantined, gave_up);
        }
        if self.memory.finished.is_some() && (self.is_on() || !node.is_cordoned) {
            return (NodePhase::Upgraded, self.memory.finished);
        }
        if let Some(joining_since) = self.joining_since(node) {
            return (NodePhase::Joining, Some(joining_since));
        }
        match latest {
            Some((stage, at)) if stage.is_failure() && (self.is_on() || self.is_pool_failed) => {
                return (NodePhase::Failed, Some(at));
            }
            Some((Stage::Deleting | Stage::Reimaging | Stage::Reimaged, at))
                if self.is_on() && self.born().is_none() =>
            {
                let began = self.marks.get(Stage::Deleting).map_or(at, |span| span.first.min(at));
                return (NodePhase::Reimaging, Some(began));
            }
            Some((Stage::Soaking, at)) if self.is_on() => return (NodePhase::Soaking, Some(at)),
            _ => {}
        }
        self.cordoned_phase(node, latest)
            .unwrap_or_else(|| self.quiet_phase(node))
    }

    fn surge_phase(&self, node: &Node) -> Told {
        let leaving = self.marks.get(Stage::SurgeLeaving).map(|span| span.first);
        let draining = self.marks.get(Stage::Draining).map(|span| span.first);
        if leaving.is_some() || node.is_cordoned {
            let cordoned = self.memory.cordoned_since;
            return (NodePhase::Leaving, draining.or(leaving).or(cordoned));
        }
        let created = self.marks.get(Stage::SurgeCreated).map(|span| span.first);
        (NodePhase::Surge, created.or(node.created_at))
    }

    /// Since when the node is registered without having been ready; `None` for a node that was ready before.
    fn joining_since(&self, node: &Node) -> Option<Timestamp> {
        if node.readiness.is_ready() {
            return None;
        }
        let is_fresh = |created: &Timestamp| self.now.duration_since(*created) <= REBUILD_STUCK_AFTER;
        let still = (self.memory.phase == NodePhase::Joining).then_some(self.memory.since);
        still.or(self.born()).or(node.created_at.filter(is_fresh))
    }

    /// Cordoned, draining or drained; `None` for a node that takes pods.
    fn cordoned_phase(&self, node: &Node, latest: Option<(Stage, Timestamp)>) -> Option<Told> {
        let said = latest.filter(|_| self.is_on());
        let drain_said = said.filter(|(stage, _)| *stage == Stage::Draining).map(|(_, at)| at);
        let cordon_said = said.filter(|(stage, _)| *stage == Stage::Cordoning).map(|(_, at)| at);
        if !node.is_cordoned && drain_said.is_none() && cordon_said.is_none() {
            return None;
        }
        let is_drained = drain_said.is_some()
            || self
                .pods
                .is_some_and(|pods| pods.show_a_drain(self.memory.pods, self.memory.is_leftover));
        let is_empty = self.pods.is_some_and(|pods| pods.left == 0);
        Some(if is_empty && (is_drained || self.is_on() && self.goal.is_moving) {
            (NodePhase::Drained, self.memory.pods.moved_at)
        } else if is_drained {
            (NodePhase::Draining, drain_said)
        } else {
            (NodePhase::Cordoned, cordon_said.or(self.memory.cordoned_since))
        })
    }

    fn quiet_phase(&self, node: &Node) -> Told {
        if self.goal.is_reached_by(node, self.born().is_some()) {
            (NodePhase::Upgraded, node.created_at)
        } else {
            let since_run = self
                .run
                .filter(|run| !run.is_over && self.goal.is_moving)
                .map(|run| run.began);
            (NodePhase::Waiting, since_run.or(node.created_at))
        }
    }

    fn phase_without_object(&self) -> Told {
        let first = |stage: Stage| self.marks.get(stage).map(|span| span.first);
        if self.memory.is_surge {
            let leaving = first(Stage::SurgeLeaving);
            return match leaving {
                Some(_) => (NodePhase::Leaving, leaving),
                None => (NodePhase::Surge, first(Stage::SurgeCreated)),
            };
        }
        let was_seen = !self.memory.uid.is_empty();
        match self.marks.latest(None, None) {
            Some((stage, at)) if stage.is_failure() => (NodePhase::Failed, Some(at)),
            _ if was_seen => (NodePhase::Reimaging, first(Stage::Deleting).or(self.memory.gone_since)),
            _ if self.marks.has(Stage::Upgraded) => (NodePhase::Upgraded, first(Stage::Upgraded)),
            Some((Stage::Cordoning, at)) => (NodePhase::Cordoned, Some(at)),
            Some((Stage::Draining, at)) => (NodePhase::Draining, Some(at)),
            Some((Stage::Soaking, at)) => (NodePhase::Soaking, Some(at)),
            Some((Stage::Deleting | Stage::Reimaging, at)) => (
                NodePhase::Reimaging,
                Some(first(Stage::Deleting).map_or(at, |deleting| deleting.min(at))),
            ),
            Some((Stage::Reimaged, at)) => (NodePhase::Joining, Some(at)),
            _ => (NodePhase::Waiting, None),
        }
    }

    /// Since when nothing moves though it should; `None` while the phase may still last.
    pub(super) fn stuck_since(&self, phase: NodePhase, since: Timestamp) -> Option<Timestamp> {
        let is_late = |from: Timestamp, limit: SignedDuration| self.now.duration_since(from) > limit;
        match phase {
            NodePhase::Draining => {
                let is_held = self.pods.is_some_and(|pods| !pods.holds.is_empty())
                    || !drain::blocked_by_event(self.marks, self.pods, self.now).is_empty();
                let moved = match self.pods {
                    Some(_) => self.memory.pods.moved_at,
                    None => drain::blocked_since(self.marks, None),
                };
                Some(moved.unwrap_or(since).max(since)).filter(|moved| is_held && is_late(*moved, DRAIN_STUCK_AFTER))
            }
            NodePhase::Surge => {
                let is_ready = self.node.is_some_and(|node| node.readiness.is_ready());
                Some(since).filter(|since| !is_ready && is_late(*since, SURGE_STUCK_AFTER))
            }
            NodePhase::Reimaging | NodePhase::Joining => {
                Some(since).filter(|since| is_late(*since, REBUILD_STUCK_AFTER))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::node::Readiness;
    use crate::progress::samples::{at, node};

    /// The facts of one node; each test changes what it is about.
    struct Case {
        node: Node,
        memory: NodeMemory,
        marks: NodeMarks,
        goal: Goal,
        run: Option<Run>,
        pods: Option<PodsNow>,
        is_pool_failed: bool,
    }

    fn case(version: &str, goal: &str) -> Case {
        let node = node("n1", version);
        let mut memory = NodeMemory::first_seen(at(0), true);
        memory.uid.clone_from(&node.uid);
        Case {
            node,
            memory,
            marks: NodeMarks::default(),
            goal: Goal {
                version: goal.parse().ok(),
                is_moving: true,
                ..Goal::default()
            },
            run: Some(Run::told(at(0))),
            pods: None,
            is_pool_failed: false,
        }
    }

    impl Case {
        fn look(&self, seconds: i64) -> Look<'_> {
            Look {
                node: Some(&self.node),
                memory: &self.memory,
                marks: &self.marks,
                goal: &self.goal,
                run: self.run,
                pods: self.pods.as_ref(),
                is_pool_failed: self.is_pool_failed,
                now: at(seconds),
            }
        }

        fn phase(&self) -> NodePhase {
            self.look(60).phase().0
        }
    }

    fn not_ready() -> Readiness {
        Readiness::NotReady {
            reason: "KubeletNotReady".into(),
            message: String::new(),
        }
    }

    #[test]
    fn an_untouched_node_waits_or_is_done() {
        assert_eq!(case("1.33.5", "1.34.2").phase(), NodePhase::Waiting);
        assert_eq!(case("1.34.2", "1.34.2").phase(), NodePhase::Upgraded);
        let mut unread = case("1.33.5", "1.34.2");
        unread.node.version = None;
        assert_eq!(unread.phase(), NodePhase::Waiting);
    }

    #[test]
    fn objects_alone_tell_cordon_join_and_quarantine() {
        let mut cordoned = case("1.33.5", "1.34.2");
        cordoned.node.is_cordoned = true;
        assert_eq!(cordoned.phase(), NodePhase::Cordoned);
        cordoned.pods = Some(PodsNow::default());
        assert_eq!(
            cordoned.phase(),
            NodePhase::Drained,
            "an upgrade empties what it cordons"
        );
        cordoned.run = None;
        assert_eq!(
            cordoned.phase(),
            NodePhase::Cordoned,
            "without one, an empty node is just empty"
        );

        let mut joining = case("1.34.2", "1.34.2");
        joining.memory.reborn_at = Some(at(50));
        joining.node.readiness = not_ready();
        assert_eq!(joining.look(60).phase(), (NodePhase::Joining, Some(at(50))));

        let mut quarantined = case("1.33.5", "1.34.2");
        quarantined.node.is_quarantined = true;
        quarantined.node.is_cordoned = true;
        assert_eq!(quarantined.phase(), NodePhase::Quarantined);
    }

    #[test]
    fn a_node_that_lost_its_readiness_is_not_joining() {
        let mut ill = case("1.34.2", "1.34.2");
        ill.node.readiness = not_ready();
        assert_eq!(ill.phase(), NodePhase::Upgraded);
    }

    #[test]
    fn done_is_found_by_rebirth_and_stays() {
        let mut done = case("1.34.2", "1.34.2");
        assert_eq!(done.look(60).done_at(), None, "it was never touched");
        done.node.created_at = Some(at(40));
        assert_eq!(done.look(60).done_at(), Some(at(60)));
        done.memory.finished = Some(at(60));
        done.node.is_cordoned = true;
        assert_eq!(done.phase(), NodePhase::Upgraded);
        done.node.version = "1.33.5".parse().ok();
        assert_eq!(done.look(60).done_at(), None, "nodes are believed over memory");
    }

    #[test]
    fn late_phases_become_stuck() {
        let check = |phase, seconds, expected: bool| {
            let mut late = case("1.33.5", "1.34.2");
            late.node.readiness = not_ready();
            assert_eq!(
                late.look(seconds).stuck_since(phase, at(0)).is_some(),
                expected,
                "{phase:?} {seconds}"
            );
        };
        check(NodePhase::Surge, 9 * 60, false);
        check(NodePhase::Surge, 11 * 60, true);
        check(NodePhase::Reimaging, 14 * 60, false);
        check(NodePhase::Reimaging, 16 * 60, true);
        check(NodePhase::Joining, 16 * 60, true);
        check(NodePhase::Waiting, 16 * 60, false);
        check(NodePhase::Draining, 16 * 60, false);
    }
}
