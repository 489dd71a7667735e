//! How a cluster stands, in one word, worst first. Pure: a snapshot, its execution and the time in, a standing out.

use jiff::Timestamp;

use super::theme::Mark;
use super::wording;
use crate::domain::cluster::{Cluster, RegionVersions, SupportPlan};
use crate::domain::provisioning::{PowerState, ProvisioningState};
use crate::domain::support::SupportState;
use crate::domain::version::KubernetesVersion;
use crate::engine::view::{ExecutionState, ExecutionView};
use crate::inventory::snapshot::{ClusterSnapshot, SourceState};
use crate::progress::picture::LivePicture;

/// How a cluster stands; the order is the order of the overview.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Condition {
    /// Its drain timeout runs: whoever looks now can still save the upgrade.
    Stuck,
    Failed,
    /// A person is waited for: paused, waiting, or stopped half-way.
    Held,
    Upgrading,
    /// Azure does something else with it.
    Busy,
    OutOfSupport,
    Behind,
    Unread,
    Stopped,
    Current,
}

impl Condition {
    pub(crate) fn mark(self) -> Mark {
        match self {
            Self::Failed => Mark::Failed,
            Self::Stuck => Mark::Stuck,
            Self::Held => Mark::Held,
            Self::Upgrading => Mark::Running,
            Self::Busy => Mark::Busy,
            Self::OutOfSupport => Mark::Unsupported,
            Self::Behind => Mark::Behind,
            Self::Unread => Mark::Unknown,
            Self::Stopped => Mark::Off,
            Self::Current => Mark::Good,
        }
    }
}

/// A condition with the word that is shown for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) condition: Condition,
    pub(crate) word: String,
}

impl Standing {
    fn new(condition: Condition, word: impl Into<String>) -> Self {
        Self {
            condition,
            word: word.into(),
        }
    }
}

/// Says how a cluster stands. `execution` is the one that is not over, if any.
pub(crate) fn standing_of(snapshot: &ClusterSnapshot, execution: Option<&ExecutionView>, now: Timestamp) -> Standing {
    let is_stuck = snapshot.live.as_deref().is_some_and(|live| live.is_stuck(now));
    let by_execution = execution.and_then(|execution| standing_by_execution(&execution.state, is_stuck));
    by_execution
        .or_else(|| {
            let cluster = snapshot.cluster.value.as_deref()?;
            standing_by_azure(cluster, is_stuck)
        })
        .or_else(|| standing_by_nodes(snapshot.live.as_deref(), is_stuck))
        .or_else(|| {
            let cluster = snapshot.cluster.value.as_deref()?;
            Some(standing_by_versions(snapshot, cluster, now))
        })
        .unwrap_or_else(|| standing_by_source(snapshot))
}

fn standing_by_execution(state: &ExecutionState, is_stuck: bool) -> Option<Standing> {
    Some(match state {
        ExecutionState::Failed => Standing::new(Condition::Failed, "failed"),
        ExecutionState::Running if is_stuck => Standing::new(Condition::Stuck, "stuck"),
        ExecutionState::Planned | ExecutionState::Running => Standing::new(Condition::Upgrading, "upgrading"),
        ExecutionState::Pausing { .. } => Standing::new(Condition::Upgrading, "pausing"),
        ExecutionState::Aborting => Standing::new(Condition::Upgrading, "aborting"),
        ExecutionState::Paused => Standing::new(Condition::Held, "paused"),
        ExecutionState::Waiting { .. } => Standing::new(Condition::Held, "waiting"),
        ExecutionState::Aborted | ExecutionState::Succeeded => return None,
    })
}

fn standing_by_azure(cluster: &Cluster, is_stuck: bool) -> Option<Standing> {
    let has = |wanted: &ProvisioningState| {
        cluster.provisioning_state == *wanted || cluster.pools.iter().any(|pool| pool.provisioning_state == *wanted)
    };
    if let Some(state) = cluster.active_state() {
        return Some(match state {
            _ if cluster.is_upgrading() && is_stuck => Standing::new(Condition::Stuck, "stuck"),
            _ if cluster.is_upgrading() => Standing::new(Condition::Upgrading, "upgrading"),
            other => Standing::new(Condition::Busy, other.as_str().to_lowercase()),
        });
    }
    if has(&ProvisioningState::Failed) {
        return Some(Standing::new(Condition::Failed, "failed"));
    }
    if has(&ProvisioningState::Canceled) {
        return Some(Standing::new(Condition::Held, "canceled"));
    }
    match &cluster.power_state {
        PowerState::Running => None,
        PowerState::Stopped => Some(Standing::new(Condition::Stopped, "stopped")),
        PowerState::Unknown(word) => Some(Standing::new(Condition::Unread, word.to_lowercase())),
    }
}

/// What the nodes show by themselves, where Azure is quiet or cannot be asked.
fn standing_by_nodes(live: Option<&LivePicture>, is_stuck: bool) -> Option<Standing> {
    let live = live.filter(|live| live.is_running)?;
    let word = if live.target.is_some() { "upgrading" } else { "draining" };
    Some(if is_stuck {
        Standing::new(Condition::Stuck, "stuck")
    } else {
        Standing::new(Condition::Upgrading, word)
    })
}

fn standing_by_versions(snapshot: &ClusterSnapshot, cluster: &Cluster, now: Timestamp) -> Standing {
    if snapshot
        .support(now)
        .is_some_and(|support| support.state == SupportState::OutOfSupport)
    {
        return Standing::new(Condition::OutOfSupport, "out of support");
    }
    let Some((version, region)) = cluster.version.zip(snapshot.region.value.as_deref()) else {
        return Standing::new(Condition::Current, "healthy");
    };
    match newest_of(&cluster.support_plan, region) {
        Some(newest) if newest.minors_ahead_of(version) > 0 => {
            let minors = usize::try_from(newest.minors_ahead_of(version)).unwrap_or_default();
            Standing::new(Condition::Behind, format!("{} behind", wording::count(minors, "minor")))
        }
        Some(newest) if newest > version => Standing::new(Condition::Behind, "patch behind"),
        _ => Standing::new(Condition::Current, "up to date"),
    }
}

fn standing_by_source(snapshot: &ClusterSnapshot) -> Standing {
    match &snapshot.cluster.state {
        SourceState::NotAsked | SourceState::Loading => Standing::new(Condition::Unread, "loading"),
        SourceState::Denied { .. } => Standing::new(Condition::Unread, "not allowed"),
        SourceState::Failed { .. } | SourceState::Stale { .. } => Standing::new(Condition::Unread, "not readable"),
        SourceState::Unavailable { .. } if snapshot.live.is_some() => Standing::new(Condition::Current, "no upgrade"),
        SourceState::Unavailable { .. } => Standing::new(Condition::Unread, "not visible"),
        SourceState::Fresh => Standing::new(Condition::Unread, "unknown"),
    }
}

/// The newest version of the region that is no preview and that the cluster's support plan covers.
pub(crate) fn newest_of(plan: &SupportPlan, region: &RegionVersions) -> Option<KubernetesVersion> {
    region
        .minors
        .iter()
        .filter(|minor| !minor.is_preview && (!minor.is_lts_only || *plan == SupportPlan::LongTermSupport))
        .flat_map(|minor| minor.patches.keys().copied())
        .max()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::progress::picture::NodePhase;
    use crate::ui::fixtures;

    fn word(snapshot: &ClusterSnapshot, state: Option<ExecutionState>) -> (Condition, String) {
        let execution = state.map(|state| fixtures::execution("shop-prod", state));
        let standing = standing_of(snapshot, execution.as_ref(), fixtures::now());
        (standing.condition, standing.word)
    }

    fn with(change: impl FnOnce(&mut Cluster)) -> ClusterSnapshot {
        let mut cluster = fixtures::cluster("shop-prod", "1.34.2");
        change(&mut cluster);
        fixtures::snapshot(cluster)
    }

    #[test]
    fn a_cluster_stands_by_its_worst_fact() {
        let check = |snapshot: ClusterSnapshot, condition: Condition, expected: &str| {
            assert_eq!(word(&snapshot, None), (condition, expected.to_owned()));
        };
        check(with(|_| ()), Condition::Current, "up to date");
        check(
            with(|cluster| cluster.version = "1.33.5".parse().ok()),
            Condition::Behind,
            "1 minor behind",
        );
        check(
            with(|cluster| cluster.version = "1.34.0".parse().ok()),
            Condition::Behind,
            "patch behind",
        );
        check(
            with(|cluster| cluster.version = "1.29.9".parse().ok()),
            Condition::OutOfSupport,
            "out of support",
        );
        check(
            with(|cluster| cluster.power_state = PowerState::Stopped),
            Condition::Stopped,
            "stopped",
        );
        check(
            with(|cluster| cluster.provisioning_state = ProvisioningState::Scaling),
            Condition::Busy,
            "scaling",
        );
        check(
            with(|cluster| cluster.pools[0].provisioning_state = ProvisioningState::Failed),
            Condition::Failed,
            "failed",
        );
        check(
            with(|cluster| cluster.pools[0].provisioning_state = ProvisioningState::UpgradingNodeImageVersion),
            Condition::Upgrading,
            "upgrading",
        );
    }

    #[test]
    fn long_term_support_keeps_an_old_line_supported() {
        let old = |plan: SupportPlan| {
            with(|cluster| {
                cluster.version = "1.30.9".parse().ok();
                cluster.support_plan = plan;
            })
        };
        assert_eq!(word(&old(SupportPlan::LongTermSupport), None).0, Condition::Behind);
        assert_eq!(
            word(&old(SupportPlan::KubernetesOfficial), None).0,
            Condition::OutOfSupport
        );
    }

    #[test]
    fn asked_for_is_not_done() {
        let depth = crate::engine::command::PauseDepth::AfterStep;
        let snapshot = with(|cluster| cluster.provisioning_state = ProvisioningState::Upgrading);
        assert_eq!(word(&snapshot, Some(ExecutionState::Pausing { depth })).1, "pausing");
        assert_eq!(word(&snapshot, Some(ExecutionState::Paused)).0, Condition::Held);
        assert_eq!(word(&snapshot, Some(ExecutionState::Aborting)).1, "aborting");
    }

    #[test]
    fn a_short_hold_is_no_stuck_upgrade() {
        let mut snapshot = with(|cluster| cluster.provisioning_state = ProvisioningState::Upgrading);
        let mut live = fixtures::picture_blocked(fixtures::now());
        live.nodes
            .values_mut()
            .for_each(|node| node.phase = NodePhase::Draining);
        live.blockers[0].since = fixtures::now() - jiff::SignedDuration::from_secs(30);
        snapshot.live = Some(Arc::new(live.clone()));
        assert_eq!(word(&snapshot, None).0, Condition::Upgrading);
        live.blockers[0].since = fixtures::now() - jiff::SignedDuration::from_mins(14);
        snapshot.live = Some(Arc::new(live));
        assert_eq!(word(&snapshot, None).0, Condition::Stuck);
    }
}
