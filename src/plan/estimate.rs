//! What a plan takes: nodes moved, nodes and addresses added for a while, how long, and what can be undone.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::builder::{ROLLBACK_WINDOW, has_auto_upgrade};
use super::step::{Plan, Step, StepKind, WaitUntil};
use crate::domain::cluster::Cluster;
use crate::domain::ids::{NodePoolName, SmokeTestName};
use crate::domain::node_pool::{NodePool, UpgradeSettings};
use crate::domain::pace::{BATCH, CONTROL_PLANE, READINESS, SETTINGS, TimeRange};
use crate::domain::smoke_test::{Flow, SmokeTest};
use crate::domain::surge::{Batch, batch_of};
use crate::domain::version::KubernetesVersion;
use crate::domain::vm_size::vcpus;

/// Whether a step can be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undo {
    /// There is nothing to take back.
    Nothing,
    /// A control plane cannot go back, nor a pool where AKS upgrades by itself.
    Never,
    /// The pool can be rolled back for so long after the step
    /// (AKS docs "Roll back a node pool version", 2026: seven days, one step back).
    RollBack { within: Duration },
    /// The settings can be written back; says what they were.
    WriteBack { before: String },
    /// The pool is rolled forward by upgrading it again.
    UpgradeAgain,
}

/// What one step takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepEstimate {
    /// Nodes drained and replaced.
    pub nodes: u32,
    /// Drained at the same time.
    pub width: u32,
    /// Surge nodes that are there meanwhile.
    pub extra_nodes: u32,
    /// vCPUs of the surge nodes; `None` where the VM size does not tell.
    pub extra_vcpus: Option<u32>,
    /// Addresses the surge nodes take in their subnets; `None` where the network is not known.
    pub extra_addresses: Option<u32>,
    pub low: Duration,
    /// At least `low`; without an approval, which takes as long as people take.
    pub high: Duration,
    pub undo: Undo,
}

/// What a plan takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanEstimate {
    /// One for each step of the plan, in its order.
    pub steps: Vec<StepEstimate>,
    /// The largest of any one step, as steps run one after another.
    pub extra_nodes: u32,
    pub extra_vcpus: Option<u32>,
    pub extra_addresses: Option<u32>,
    pub low: Duration,
    pub high: Duration,
    /// True where people decide how long it takes.
    pub waits_for_people: bool,
}

/// Estimates a plan on the cluster as it is now. A wait until a time is counted from when the plan was made.
pub fn estimate(plan: &Plan, cluster: &Cluster) -> PlanEstimate {
    let mut course = Course::new(plan, cluster);
    let steps: Vec<StepEstimate> = plan.steps.iter().map(|step| course.step(step)).collect();
    let largest = |of: fn(&StepEstimate) -> Option<u32>| {
        steps
            .iter()
            .map(of)
            .try_fold(0, |largest: u32, step| step.map(|step| largest.max(step)))
    };
    PlanEstimate {
        extra_nodes: steps.iter().map(|step| step.extra_nodes).max().unwrap_or(0),
        extra_vcpus: largest(|step| step.extra_vcpus),
        extra_addresses: largest(|step| step.extra_addresses),
        low: course.so_far.low,
        high: course.so_far.high,
        waits_for_people: plan
            .steps
            .iter()
            .any(|step| step.pause_after || matches!(step.kind, StepKind::Approval { .. })),
        steps,
    }
}

/// What the steps before have changed.
struct Course<'a> {
    plan: &'a Plan,
    cluster: &'a Cluster,
    settings: BTreeMap<&'a NodePoolName, UpgradeSettings>,
    so_far: TimeRange,
}

impl<'a> Course<'a> {
    fn new(plan: &'a Plan, cluster: &'a Cluster) -> Self {
        let settings = cluster
            .pools
            .iter()
            .map(|pool| (&pool.name, pool.upgrade_settings.clone()));
        Self {
            plan,
            cluster,
            settings: settings.collect(),
            so_far: TimeRange::ZERO,
        }
    }

    fn step(&mut self, step: &Step) -> StepEstimate {
        let pool = step.kind.pool().and_then(|name| self.cluster.pool(name));
        let undo = self.undo(&step.kind);
        let mut estimate = StepEstimate {
            nodes: 0,
            width: 0,
            extra_nodes: 0,
            extra_vcpus: Some(0),
            extra_addresses: Some(0),
            low: Duration::ZERO,
            high: Duration::ZERO,
            undo,
        };
        let time = match &step.kind {
            StepKind::ControlPlaneUpgrade { .. } => CONTROL_PLANE,
            StepKind::NodePoolUpgrade { to, .. } | StepKind::PoolRollback { to, .. } => {
                self.nodes(&mut estimate, pool, Some(*to))
            }
            StepKind::NodeImageUpgrade { .. } => self.nodes(&mut estimate, pool, pool.and_then(|pool| pool.version)),
            StepKind::PoolSettings { pool, settings } => {
                if let Some(present) = self.settings.get_mut(pool) {
                    *present = present.overwritten_by(settings);
                }
                SETTINGS
            }
            StepKind::Wait { until } => self.wait(*until),
            StepKind::SmokeTest { test } => smoke_time(self.plan, test),
            StepKind::ReadinessGate => READINESS,
            StepKind::Approval { .. } | StepKind::Verify => TimeRange::ZERO,
        };
        self.so_far = self.so_far.plus(time);
        StepEstimate {
            low: time.low,
            high: time.high,
            ..estimate
        }
    }

    /// Fills in what moving the pool's nodes takes, and says how long it takes.
    fn nodes(
        &self,
        estimate: &mut StepEstimate,
        pool: Option<&NodePool>,
        version: Option<KubernetesVersion>,
    ) -> TimeRange {
        let Some(pool) = pool else {
            estimate.extra_vcpus = None;
            estimate.extra_addresses = None;
            return TimeRange::ZERO;
        };
        let settings = &self.settings[&pool.name];
        let Batch { surge, unavailable } = batch_of(settings, pool.count, version);
        // Spot pools get no surge nodes (AKS changelog, 2026).
        let surge = if pool.is_spot { 0 } else { surge };
        let width = Batch { surge, unavailable }.width();
        estimate.nodes = pool.count;
        estimate.width = width.min(pool.count);
        estimate.extra_nodes = surge;
        estimate.extra_vcpus = match surge {
            0 => Some(0),
            _ => vcpus(&pool.vm_size).map(|each| each.saturating_mul(surge)),
        };
        estimate.extra_addresses = match surge {
            0 => Some(0),
            _ => self
                .cluster
                .network
                .map(|network| network.addresses_of_a_node(pool).saturating_mul(surge)),
        };
        let each = BATCH.plus(TimeRange::exactly(settings.node_soak()));
        each.times(pool.count.div_ceil(width))
    }

    fn wait(&self, until: WaitUntil) -> TimeRange {
        match until {
            WaitUntil::Seconds(seconds) => TimeRange::exactly(Duration::from_secs(seconds)),
            WaitUntil::Time(at) => {
                let left = between(self.plan.created_at, at);
                TimeRange {
                    low: left.saturating_sub(self.so_far.high),
                    high: left.saturating_sub(self.so_far.low),
                }
            }
        }
    }

    fn undo(&self, kind: &StepKind) -> Undo {
        match kind {
            StepKind::ControlPlaneUpgrade { .. } => Undo::Never,
            StepKind::NodePoolUpgrade { .. } => roll_back(has_auto_upgrade(self.cluster)),
            StepKind::NodeImageUpgrade { .. } => {
                roll_back(has_auto_upgrade(self.cluster) || has_automatic_images(self.cluster))
            }
            StepKind::PoolRollback { .. } => Undo::UpgradeAgain,
            StepKind::PoolSettings { pool, settings } => Undo::WriteBack {
                before: before(settings, self.settings.get(pool)),
            },
            StepKind::Approval { .. }
            | StepKind::Wait { .. }
            | StepKind::SmokeTest { .. }
            | StepKind::ReadinessGate
            | StepKind::Verify => Undo::Nothing,
        }
    }
}

fn roll_back(is_ruled_out: bool) -> Undo {
    if is_ruled_out {
        Undo::Never
    } else {
        Undo::RollBack {
            within: ROLLBACK_WINDOW,
        }
    }
}

/// True where AKS moves node images by itself, so that an image does not go back
/// (AKS docs "Roll back a node pool version", 2026).
fn has_automatic_images(cluster: &Cluster) -> bool {
    let channel = cluster.auto_upgrade.node_os_channel.as_deref().unwrap_or_default();
    !["", "none", "unmanaged"].contains(&channel.to_ascii_lowercase().as_str())
}

/// What those settings are that the step writes: `max surge 10%, node soak by default`.
fn before(written: &UpgradeSettings, present: Option<&UpgradeSettings>) -> String {
    let default = UpgradeSettings::default();
    let present = present.unwrap_or(&default);
    let minutes = |minutes: Option<u32>| minutes.map(|minutes| format!("{minutes} min"));
    let behavior = present.undrainable_node_behavior.as_ref();
    [
        (
            "max surge",
            written.max_surge.is_some(),
            present.max_surge.map(|share| share.to_string()),
        ),
        (
            "max unavailable",
            written.max_unavailable.is_some(),
            present.max_unavailable.map(|share| share.to_string()),
        ),
        (
            "drain timeout",
            written.drain_timeout_minutes.is_some(),
            minutes(present.drain_timeout_minutes),
        ),
        (
            "node soak",
            written.node_soak_minutes.is_some(),
            minutes(present.node_soak_minutes),
        ),
        (
            "undrainable nodes",
            written.undrainable_node_behavior.is_some(),
            behavior.map(ToString::to_string),
        ),
    ]
    .into_iter()
    .filter(|(_, is_written, _)| *is_written)
    .map(|(name, _, value)| format!("{name} {}", value.as_deref().unwrap_or("by default")))
    .collect::<Vec<_>>()
    .join(", ")
}

/// From an answer at once to the limit after which the test has failed; a test that holds the plan takes longer.
fn smoke_time(plan: &Plan, name: &SmokeTestName) -> TimeRange {
    TimeRange {
        low: Duration::ZERO,
        high: plan.smoke_test(name).map_or(Duration::ZERO, longest_run),
    }
}

fn longest_run(test: &SmokeTest) -> Duration {
    match &test.flow {
        Flow::Http(requests) => requests
            .iter()
            .map(|request| Duration::from_millis(request.expect.within_milliseconds.into()))
            .fold(Duration::ZERO, Duration::saturating_add),
        Flow::Command(command) => Duration::from_secs(command.timeout_seconds.into()),
    }
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from).max(SignedDuration::ZERO)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::network::PodNetwork;
    use crate::domain::node_pool::PoolMode;
    use crate::plan::builder::{Facts, Intent, Options, Place, PoolChoice};
    use crate::plan::samples::{at, plan_of, pool, rich_options, shop, shop_offers, upgrade};

    fn estimated(cluster: &Cluster, intent: &Intent, options: &Options) -> (Plan, PlanEstimate) {
        let facts = Facts {
            cluster,
            upgrades: &shop_offers(),
            region: None,
        };
        let plan = plan_of(&facts, intent, options).unwrap();
        let estimate = estimate(&plan, cluster);
        (plan, estimate)
    }

    fn minutes(low: Duration, high: Duration) -> (u64, u64) {
        (low.as_secs() / 60, high.as_secs() / 60)
    }

    #[test]
    fn nodes_vcpus_and_addresses_follow_the_pools_surge() {
        let mut cluster = shop();
        cluster.network = Some(PodNetwork::Subnet);
        cluster.pools[0].count = 10;
        cluster.pools[0].upgrade_settings.max_surge = "33%".parse().ok();
        cluster.pools[2].is_spot = true;
        let (_, estimate) = estimated(&cluster, &upgrade("1.34", PoolChoice::All), &Options::default());
        let row = |at: usize| {
            let step = &estimate.steps[at];
            (
                step.nodes,
                step.width,
                step.extra_nodes,
                step.extra_vcpus,
                step.extra_addresses,
            )
        };
        assert_eq!(row(0), (0, 0, 0, Some(0), Some(0)), "control plane");
        assert_eq!(row(1), (3, 1, 1, Some(4), Some(31)), "system");
        assert_eq!(row(2), (10, 4, 4, Some(16), Some(124)), "web");
        assert_eq!(row(3), (3, 1, 0, Some(0), Some(0)), "batch is spot");
        assert_eq!(
            (estimate.extra_nodes, estimate.extra_vcpus, estimate.extra_addresses),
            (4, Some(16), Some(124))
        );
        // Control plane 5 to 15, then 3, 3 and 3 batches of 4 to 12 minutes.
        assert_eq!(minutes(estimate.low, estimate.high), (41, 123));
        assert!(!estimate.waits_for_people);
    }

    #[test]
    fn addresses_depend_on_the_network() {
        for (network, pod_subnet, max_pods, expected) in [
            (Some(PodNetwork::Overlay), false, Some(250), Some(1)),
            (Some(PodNetwork::Kubenet), false, None, Some(1)),
            (Some(PodNetwork::Subnet), false, None, Some(31)),
            (Some(PodNetwork::Subnet), false, Some(50), Some(51)),
            (Some(PodNetwork::Subnet), true, None, Some(111)),
            (None, true, None, None),
        ] {
            let mut cluster = shop();
            cluster.network = network;
            cluster.pools = vec![pool("web", PoolMode::User, "1.33.4")];
            cluster.pools[0].max_pods = max_pods;
            cluster.pools[0].pod_subnet = pod_subnet.then(|| "/subnets/pods".to_owned());
            let (_, estimate) = estimated(&cluster, &upgrade("1.34", PoolChoice::All), &Options::default());
            assert_eq!(estimate.extra_addresses, expected, "{network:?}");
        }
    }

    #[test]
    fn settings_written_earlier_count() {
        let mut cluster = shop();
        cluster.pools[0].count = 8;
        let (plan, estimate) = estimated(&cluster, &upgrade("1.34", PoolChoice::All), &rich_options());
        let at = |id: &str| plan.steps.iter().position(|step| step.id.as_str() == id).unwrap();
        let web = &estimate.steps[at("pool-web")];
        // Surge of a half and five minutes of soak: two batches.
        assert_eq!((web.width, web.extra_nodes), (4, 4));
        assert_eq!(minutes(web.low, web.high), (18, 34));
        assert_eq!(
            estimate.steps[at("settings-web")].undo,
            Undo::WriteBack {
                before: "max surge by default, node soak by default".to_owned()
            }
        );
        assert!(estimate.waits_for_people);
    }

    #[test]
    fn a_wait_until_a_time_is_shorter_the_longer_the_steps_before_take() {
        let options = Options {
            waits: vec![(Place::End, WaitUntil::Time(at("1970-01-01T00:30:00Z")))],
            ..Options::default()
        };
        let (_, estimate) = estimated(&shop(), &upgrade("1.34", PoolChoice::None), &options);
        assert_eq!(minutes(estimate.steps[1].low, estimate.steps[1].high), (15, 25));
        assert_eq!(minutes(estimate.low, estimate.high), (20, 40));
    }

    #[test]
    fn what_can_be_undone() {
        let undo = |cluster: &Cluster, intent: &Intent| {
            estimated(cluster, intent, &Options::default()).1.steps[0].undo.clone()
        };
        let pools = || PoolChoice::These(vec!["web".into()]);
        let images = Intent::NodeImages { pools: pools() };
        let back = Undo::RollBack {
            within: Duration::from_hours(168),
        };
        let mut cluster = shop();
        cluster.version = "1.34.2".parse().ok();
        assert_eq!(undo(&cluster, &upgrade("1.34", pools())), back);
        assert_eq!(undo(&cluster, &images), back);
        cluster.auto_upgrade.node_os_channel = Some("NodeImage".to_owned());
        assert_eq!(undo(&cluster, &upgrade("1.34", pools())), back);
        assert_eq!(undo(&cluster, &images), Undo::Never);
        cluster.auto_upgrade.kubernetes_channel = Some("stable".to_owned());
        assert_eq!(undo(&cluster, &upgrade("1.34", pools())), Undo::Never);
        assert_eq!(undo(&shop(), &upgrade("1.34", pools())), Undo::Never, "control plane");
    }

    #[test]
    fn a_pool_that_is_gone_is_not_guessed_at() {
        let (mut plan, _) = estimated(&shop(), &upgrade("1.34", PoolChoice::All), &Options::default());
        let mut empty = shop();
        empty.pools.clear();
        assert_eq!(estimate(&plan, &empty).extra_vcpus, None);
        plan.steps.clear();
        assert_eq!(estimate(&plan, &empty).high, Duration::ZERO);
    }
}
