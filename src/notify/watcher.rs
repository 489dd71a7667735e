//! From what is seen to what is told: every change once, nothing that was so before the watching began, and a state
//! that comes and goes not more often than every quarter of an hour. Values in, values out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::notice::{Notice, NoticeKind};
use crate::domain::cluster::Cluster;
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::domain::provisioning::ProvisioningState;
use crate::engine::brief;
use crate::engine::view::{ExecutionState, ExecutionView, GateKind};
use crate::inventory::snapshot::{ClusterSnapshot, FleetSnapshot};
use crate::progress::picture::LivePicture;

/// A gate that holds by itself usually ends by itself; after this a person should look.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);
/// Between two notices of the same kind about the same thing, where it comes and goes.
const QUIET: SignedDuration = SignedDuration::from_mins(15);
/// Azure's list may still show an upgrade as running when our execution has ended.
const AFTERMATH: SignedDuration = SignedDuration::from_mins(10);

/// What was seen and told so far.
#[derive(Debug)]
pub struct Watcher {
    began: Timestamp,
    /// Executions that were looked at before.
    seen: HashSet<ExecutionId>,
    /// Keys of executions' states that were told, or were so before.
    known: HashSet<String>,
    clusters: HashMap<ClusterId, Seen>,
    /// When something of this kind was last told about an execution or a cluster.
    told: HashMap<(String, NoticeKind), Timestamp>,
}

/// What a cluster showed last.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// `None` until its nodes were seen.
    is_stuck: Option<bool>,
    /// An upgrade that nobody here started.
    is_foreign: bool,
}

/// A state that is worth a notice.
struct Stage {
    kind: NoticeKind,
    /// What tells it from other states, without the time.
    word: String,
    patience: SignedDuration,
}

impl Watcher {
    /// Begins to watch; what is older is not told.
    pub fn new(now: Timestamp) -> Self {
        Self {
            began: now,
            seen: HashSet::new(),
            known: HashSet::new(),
            clusters: HashMap::new(),
            told: HashMap::new(),
        }
    }

    /// Looks at everything, and says what is to be told now.
    pub fn look(&mut self, now: Timestamp, executions: &[Arc<ExecutionView>], fleet: &FleetSnapshot) -> Vec<Notice> {
        let mut notices = Vec::new();
        for view in executions {
            let live = fleet.cluster(&view.plan.cluster).and_then(|one| one.live.as_deref());
            notices.extend(self.look_at_execution(now, view, live));
        }
        for snapshot in &fleet.clusters {
            notices.extend(self.look_at_cluster(now, snapshot, executions));
        }
        notices.into_iter().map(Notice::cleaned).collect()
    }

    fn look_at_execution(
        &mut self,
        now: Timestamp,
        view: &ExecutionView,
        live: Option<&LivePicture>,
    ) -> Option<Notice> {
        let is_first_look = self.seen.insert(view.id.clone());
        let stage = stage(view)?;
        let since = view.gate.as_ref().map_or(view.since, |gate| gate.since.max(view.since));
        let key = format!("{}/{}/{}", view.id, stage.word, since.as_second());
        if self.known.contains(&key) || now.duration_since(since) < stage.patience {
            return None;
        }
        self.known.insert(key.clone());
        let is_old = is_first_look && since < self.began;
        // Failures and ends come from a new attempt or end the story: none of them is a repeat.
        let may_flap = stage.kind == NoticeKind::Waiting;
        let subject = format!("{}/{}", view.id, stage.word);
        if is_old || (may_flap && self.is_too_soon(&subject, stage.kind, now)) {
            return None;
        }
        self.told.insert((subject, stage.kind), now);
        Some(of_execution(key, stage.kind, now, view, live))
    }

    fn look_at_cluster(
        &mut self,
        now: Timestamp,
        snapshot: &ClusterSnapshot,
        executions: &[Arc<ExecutionView>],
    ) -> Option<Notice> {
        let before = self.clusters.get(&snapshot.id).copied().unwrap_or_default();
        let ours = executions.iter().find(|view| {
            let is_recent = now.duration_since(view.since) < AFTERMATH;
            view.plan.cluster == snapshot.id && (!view.state.is_final() || is_recent)
        });
        let live = snapshot
            .live
            .as_deref()
            .filter(|_| snapshot.are_watches_settled || before.is_stuck.is_some());
        let is_stuck = live.map(|live| live.is_running && live.is_stuck(now));
        let cluster = snapshot.cluster.value.as_deref();
        let is_foreign = ours.is_none() && cluster.is_some_and(Cluster::is_upgrading);
        let seen = Seen {
            is_stuck: is_stuck.or(before.is_stuck),
            is_foreign,
        };
        self.clusters.insert(snapshot.id.clone(), seen);
        if before.is_stuck == Some(false) && is_stuck == Some(true) {
            let ours = ours.map(Arc::as_ref);
            return self.blocked(now, snapshot, ours);
        }
        if before.is_foreign && !is_foreign && ours.is_none() {
            return ended(now, &snapshot.id, cluster?);
        }
        None
    }

    fn blocked(&mut self, now: Timestamp, snapshot: &ClusterSnapshot, ours: Option<&ExecutionView>) -> Option<Notice> {
        let live = snapshot.live.as_deref()?;
        let subject = snapshot.id.as_str().to_owned();
        if self.is_too_soon(&subject, NoticeKind::Blocked, now) {
            return None;
        }
        self.told.insert((subject, NoticeKind::Blocked), now);
        let worst = live.blockers.first();
        let since = worst.map_or(live.as_of, |blocker| blocker.since);
        let why: Vec<&str> = live
            .blockers
            .iter()
            .take(3)
            .map(|blocker| blocker.what.as_str())
            .collect();
        Some(Notice {
            // Every process that watches sees the blocker begin, but not in the same second.
            key: format!("{}/blocked/{}", snapshot.id.as_str(), since.as_second() / 60),
            kind: NoticeKind::Blocked,
            at: now,
            title: format!("{}: the upgrade is stuck", snapshot.id.name()),
            detail: (!why.is_empty()).then(|| why.join("; ")),
            todo: Some(format!("aks-cockpit diagnose {}", snapshot.id.name())),
            cluster: Some(snapshot.id.clone()),
            execution: ours.filter(|view| !view.state.is_final()).map(|view| view.id.clone()),
        })
    }

    fn is_too_soon(&self, subject: &str, kind: NoticeKind, now: Timestamp) -> bool {
        self.told
            .get(&(subject.to_owned(), kind))
            .is_some_and(|last| now.duration_since(*last) < QUIET)
    }
}

fn stage(view: &ExecutionView) -> Option<Stage> {
    let stage = |kind: NoticeKind, patience: SignedDuration| Stage {
        kind,
        word: view.state.word().to_lowercase(),
        patience,
    };
    match &view.state {
        ExecutionState::Failed => Some(stage(NoticeKind::Failed, SignedDuration::ZERO)),
        ExecutionState::Succeeded | ExecutionState::Aborted => Some(stage(NoticeKind::Done, SignedDuration::ZERO)),
        ExecutionState::Paused => Some(stage(NoticeKind::Waiting, SignedDuration::ZERO)),
        ExecutionState::Waiting { .. } => {
            let gate = view.gate.as_ref();
            let patience = match gate.map(|gate| gate.kind) {
                // Time opens it.
                Some(GateKind::Wait) => return None,
                Some(GateKind::Approval) => SignedDuration::ZERO,
                _ => PATIENCE,
            };
            let word = gate.map_or_else(|| "waiting".to_owned(), |gate| format!("waiting/{}", gate.step));
            Some(Stage {
                kind: NoticeKind::Waiting,
                word,
                patience,
            })
        }
        ExecutionState::Planned
        | ExecutionState::Running
        | ExecutionState::Pausing { .. }
        | ExecutionState::Aborting => None,
    }
}

fn of_execution(
    key: String,
    kind: NoticeKind,
    now: Timestamp,
    view: &ExecutionView,
    live: Option<&LivePicture>,
) -> Notice {
    let brief = brief::brief(view, live, now);
    let what = match &view.state {
        ExecutionState::Failed => "the upgrade failed",
        ExecutionState::Succeeded => "the upgrade is done",
        ExecutionState::Aborted => "the upgrade was aborted",
        ExecutionState::Paused => "the upgrade is paused",
        _ if view.gate.as_ref().is_some_and(|gate| gate.kind == GateKind::Approval) => "an approval is asked for",
        _ => "the upgrade waits",
    };
    let own_words = view.gate.as_ref().map(|gate| gate.reason.clone());
    let detail = own_words
        .or_else(|| view.message.clone())
        .or_else(|| (!brief.blockers.is_empty()).then(|| brief.blockers.join("; ")));
    Notice {
        key,
        kind,
        at: now,
        title: format!("{}: {what}", view.plan.cluster_name),
        detail: detail.or(Some(brief.headline)),
        todo: (!view.state.is_final()).then_some(brief.next_decision),
        cluster: Some(view.plan.cluster.clone()),
        execution: Some(ExecutionId::clone(&view.id)),
    }
}

/// How an upgrade ended that nobody here started.
fn ended(now: Timestamp, id: &ClusterId, cluster: &Cluster) -> Option<Notice> {
    let has = |wanted: &ProvisioningState| {
        cluster.provisioning_state == *wanted || cluster.pools.iter().any(|pool| pool.provisioning_state == *wanted)
    };
    let (kind, what) = if has(&ProvisioningState::Failed) {
        (NoticeKind::Failed, "the upgrade failed")
    } else if has(&ProvisioningState::Canceled) {
        (NoticeKind::Done, "the upgrade was stopped")
    } else if cluster.active_state().is_some() {
        return None;
    } else {
        (NoticeKind::Done, "the upgrade is done")
    };
    Some(Notice {
        // Every process sees the end in its own second; an upgrade takes longer than this.
        key: format!("{}/{}/{}", id.as_str(), kind.as_str(), now.as_second() / 300),
        kind,
        at: now,
        title: format!("{}: {what}", id.name()),
        detail: Some("It was not started from here: the portal, the CLI, auto-upgrade or a fleet did.".to_owned()),
        todo: (kind == NoticeKind::Failed).then(|| format!("aks-cockpit diagnose {}", id.name())),
        cluster: Some(id.clone()),
        execution: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::view::GateView;
    use crate::ui::fixtures;

    fn minutes(minutes: i64) -> Timestamp {
        fixtures::now() + SignedDuration::from_mins(minutes)
    }

    fn execution(state: ExecutionState, since: i64) -> Arc<ExecutionView> {
        let mut view = fixtures::execution("shop-prod", state);
        view.since = minutes(since);
        Arc::new(view)
    }

    fn waiting(kind: GateKind, since: i64) -> Arc<ExecutionView> {
        let reason = "the change board says yes".to_owned();
        let mut view = fixtures::execution("shop-prod", ExecutionState::Waiting { reason: reason.clone() });
        view.since = minutes(since);
        view.gate = Some(GateView {
            step: "gate".into(),
            kind,
            reason,
            since: minutes(since),
            until: None,
        });
        Arc::new(view)
    }

    fn kinds(notices: &[Notice]) -> Vec<NoticeKind> {
        notices.iter().map(|notice| notice.kind).collect()
    }

    /// What is told at each moment: minutes, and the execution as it is seen then.
    fn story(began: i64, looks: &[(i64, Arc<ExecutionView>)]) -> Vec<(i64, NoticeKind, String)> {
        let mut watcher = Watcher::new(minutes(began));
        let mut told = Vec::new();
        for (at, view) in looks {
            let notices = watcher.look(minutes(*at), std::slice::from_ref(view), &FleetSnapshot::default());
            told.extend(notices.into_iter().map(|notice| (*at, notice.kind, notice.title)));
        }
        told
    }

    #[test]
    fn every_change_of_an_execution_is_told_once() {
        let running = |since| execution(ExecutionState::Running, since);
        let told = story(
            0,
            &[
                (1, running(1)),
                (2, waiting(GateKind::Approval, 2)),
                (3, waiting(GateKind::Approval, 2)),
                (4, running(4)),
                (5, execution(ExecutionState::Failed, 5)),
                (6, execution(ExecutionState::Failed, 5)),
                (7, running(7)),
                (8, execution(ExecutionState::Failed, 8)),
                (9, execution(ExecutionState::Paused, 9)),
                (10, execution(ExecutionState::Succeeded, 10)),
                (11, execution(ExecutionState::Succeeded, 10)),
            ],
        );
        let told: Vec<(i64, NoticeKind, &str)> = told.iter().map(|(at, kind, text)| (*at, *kind, &text[..])).collect();
        assert_eq!(
            told,
            [
                (2, NoticeKind::Waiting, "shop-prod: an approval is asked for"),
                (5, NoticeKind::Failed, "shop-prod: the upgrade failed"),
                (8, NoticeKind::Failed, "shop-prod: the upgrade failed"),
                (9, NoticeKind::Waiting, "shop-prod: the upgrade is paused"),
                (10, NoticeKind::Done, "shop-prod: the upgrade is done"),
            ]
        );
    }

    #[test]
    fn what_was_so_before_is_not_told() {
        for state in [
            ExecutionState::Failed,
            ExecutionState::Paused,
            ExecutionState::Succeeded,
        ] {
            assert_eq!(
                story(0, &[(0, execution(state.clone(), -1)), (20, execution(state, -1))]),
                []
            );
        }
        assert_eq!(
            story(
                0,
                &[
                    (0, waiting(GateKind::Approval, -60)),
                    (9, waiting(GateKind::Approval, -60))
                ]
            ),
            []
        );
        let began_meanwhile = story(0, &[(1, execution(ExecutionState::Failed, 0))]);
        assert_eq!(began_meanwhile.len(), 1);
    }

    #[test]
    fn gates_that_open_by_themselves_get_time() {
        let at = |kind: GateKind, looks: &[i64]| -> Vec<i64> {
            let looks: Vec<_> = looks.iter().map(|at| (*at, waiting(kind, 1))).collect();
            story(0, &looks).into_iter().map(|(at, _, _)| at).collect()
        };
        assert_eq!(at(GateKind::Approval, &[1, 9]), [1]);
        assert_eq!(at(GateKind::Readiness, &[1, 5, 6, 9]), [6]);
        assert_eq!(at(GateKind::SmokeTest, &[1, 5]), [0_i64; 0]);
        assert_eq!(at(GateKind::Wait, &[1, 300]), [0_i64; 0]);
    }

    #[test]
    fn a_flapping_gate_is_told_every_quarter_of_an_hour() {
        let looks: Vec<_> = (1..=20).map(|at| (at, waiting(GateKind::Approval, at))).collect();
        let told: Vec<i64> = story(0, &looks).into_iter().map(|(at, _, _)| at).collect();
        assert_eq!(told, [1, 16]);
    }

    fn fleet(change: impl FnOnce(&mut ClusterSnapshot)) -> FleetSnapshot {
        let mut cluster = fixtures::cluster("pay-prod", "1.33.5");
        cluster.provisioning_state = ProvisioningState::Upgrading;
        let mut snapshot = fixtures::snapshot(cluster);
        change(&mut snapshot);
        fixtures::fleet(vec![snapshot])
    }

    fn live(is_stuck: bool) -> FleetSnapshot {
        fleet(|snapshot| {
            snapshot.live = Some(Arc::new(if is_stuck {
                fixtures::picture_blocked(fixtures::now())
            } else {
                fixtures::picture(fixtures::now(), 12)
            }));
        })
    }

    #[test]
    fn an_upgrade_that_gets_stuck_is_told_and_one_that_was_is_not() {
        let mut watcher = Watcher::new(minutes(0));
        assert_eq!(watcher.look(minutes(0), &[], &live(false)), []);
        let told = watcher.look(minutes(1), &[], &live(true));
        assert_eq!(kinds(&told), [NoticeKind::Blocked]);
        assert_eq!(told[0].title, "pay-prod: the upgrade is stuck");
        assert_eq!(
            told[0].detail.as_deref(),
            Some("PodDisruptionBudget shop/cart-pdb allows no eviction")
        );
        // It comes and goes.
        for at in 2..16 {
            assert_eq!(watcher.look(minutes(at), &[], &live(at % 2 == 1)), [], "{at}");
        }
        assert_eq!(watcher.look(minutes(16), &[], &live(false)), []);
        assert_eq!(
            kinds(&watcher.look(minutes(17), &[], &live(true))),
            [NoticeKind::Blocked]
        );
        let mut late = Watcher::new(minutes(0));
        assert_eq!(late.look(minutes(0), &[], &fleet(|_| ())), [], "nothing was seen yet");
        assert_eq!(late.look(minutes(0), &[], &live(true)), []);
        assert_eq!(late.look(minutes(9), &[], &live(true)), []);
    }

    #[test]
    fn the_end_of_an_upgrade_of_others_is_told() {
        let ends = |state: ProvisioningState, ours: &[Arc<ExecutionView>]| {
            let mut watcher = Watcher::new(minutes(0));
            assert_eq!(watcher.look(minutes(0), ours, &fleet(|_| ())), []);
            let mut cluster = fixtures::cluster("pay-prod", "1.34.2");
            cluster.provisioning_state = state;
            let told = watcher.look(minutes(5), ours, &fixtures::fleet(vec![fixtures::snapshot(cluster)]));
            kinds(&told)
        };
        assert_eq!(ends(ProvisioningState::Succeeded, &[]), [NoticeKind::Done]);
        assert_eq!(ends(ProvisioningState::Failed, &[]), [NoticeKind::Failed]);
        assert_eq!(ends(ProvisioningState::Scaling, &[]), []);
        let ours = Arc::new(fixtures::execution("pay-prod", ExecutionState::Running));
        assert_eq!(
            ends(ProvisioningState::Succeeded, &[ours]),
            [],
            "the execution tells it"
        );
    }
}
