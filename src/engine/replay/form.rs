//! How a picture is written down: one JSON object, with every node, pool and hold under a short name. Values that say
//! nothing are left out. Never holds what only the next look needs, nor anything that counts up by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::disruption::{BudgetReason, DisruptionBudget, Hold, HoldCause};
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::pod::Owner;
use crate::domain::provisioning::ProvisioningState;
use crate::domain::version::{KubernetesVersion, NodeImageVersion};
use crate::progress::eta::EtaRange;
use crate::progress::facts::{PoolTarget, Target};
use crate::progress::picture::{Blocker, DrainProgress, LivePicture, NodePhase, NodeProgress, PoolProgress};

/// What the picture says beside its nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RestForm {
    #[serde(skip_serializing_if = "is_false")]
    running: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    running_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<TargetForm>,
    pools: BTreeMap<NodePoolName, PoolForm>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blockers: Vec<BlockerForm>,
    /// Whole seconds, low and high.
    #[serde(skip_serializing_if = "Option::is_none")]
    eta: Option<[u64; 2]>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TargetForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    control_plane: Option<KubernetesVersion>,
    pools: BTreeMap<NodePoolName, PoolTargetForm>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PoolTargetForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<KubernetesVersion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<NodeImageVersion>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PoolForm {
    /// Its place among the pools.
    order: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<ProvisioningState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<KubernetesVersion>,
    done: usize,
    total: usize,
    surge: usize,
    in_flight: usize,
    ready: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockerForm {
    what: String,
    nodes: Vec<NodeName>,
    since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deadline: Option<Timestamp>,
}

/// One node; its name is the key it stands under.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pool: Option<NodePoolName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    phase: String,
    since: Timestamp,
    #[serde(default, skip_serializing_if = "is_false")]
    surge: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<KubernetesVersion>,
    /// Only where it says more than `v` and the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version_text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<NodeImageVersion>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ready: Option<bool>,
    #[serde(default, skip_serializing_if = "is_false")]
    cordoned: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    drain: Option<DrainForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_event: Option<String>,
    /// What Azure claims of it and what it really is, where these differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gap: Option<[String; 2]>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DrainForm {
    since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deadline: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pods_left: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pods_at_start: Option<usize>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    holds: Vec<HoldForm>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    blocked: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HoldForm {
    namespace: String,
    pod: String,
    /// Kind and name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<[String; 2]>,
    #[serde(flatten)]
    cause: CauseForm,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "by")]
enum CauseForm {
    /// One budget of the pod's namespace.
    Budget {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min_available: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_unavailable: Option<String>,
        healthy: i32,
        desired: i32,
        expected: i32,
        allowed: i32,
        #[serde(default, skip_serializing_if = "is_false")]
        evicts_unhealthy: bool,
        why: WhyForm,
    },
    Budgets {
        names: Vec<String>,
    },
    Ending {
        finalizers: Vec<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum WhyForm {
    NeverAllows,
    TooFewHealthy,
    UsedUp,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl RestForm {
    pub(super) fn of(picture: &LivePicture) -> Self {
        let pool = |(order, pool): (usize, &PoolProgress)| {
            let form = PoolForm {
                order,
                state: pool.state.clone(),
                target: pool.target,
                done: pool.done,
                total: pool.total,
                surge: pool.surge,
                in_flight: pool.in_flight,
                ready: pool.ready,
            };
            (pool.name.clone(), form)
        };
        Self {
            running: picture.is_running,
            running_since: picture.running_since,
            target: picture.target.as_ref().map(TargetForm::of),
            pools: picture.pools.iter().enumerate().map(pool).collect(),
            blockers: picture.blockers.iter().map(BlockerForm::of).collect(),
            eta: picture.eta.map(|eta| [eta.low.as_secs(), eta.high.as_secs()]),
        }
    }

    /// Puts it into a picture that has its nodes already.
    pub(super) fn put_into(&self, picture: &mut LivePicture) {
        picture.is_running = self.running;
        picture.running_since = self.running_since;
        picture.target = self.target.as_ref().map(TargetForm::value);
        let mut pools: Vec<(&NodePoolName, &PoolForm)> = self.pools.iter().collect();
        pools.sort_by_key(|(_, pool)| pool.order);
        picture.pools = pools.into_iter().map(|(name, pool)| pool.value(name)).collect();
        picture.blockers = self.blockers.iter().map(BlockerForm::value).collect();
        picture.eta = self.eta.map(|[low, high]| EtaRange {
            low: Duration::from_secs(low),
            high: Duration::from_secs(high),
        });
    }

    /// What holds the upgrade, told apart without the numbers that change, with the whole sentence.
    pub(super) fn holds(&self) -> impl Iterator<Item = (&str, &str)> {
        self.blockers.iter().map(|blocker| {
            let what = blocker.what.as_str();
            (what.split(" (").next().unwrap_or(what), what)
        })
    }
}

impl TargetForm {
    fn of(target: &Target) -> Self {
        let pools = target.pools.iter().map(|(name, pool)| {
            let form = PoolTargetForm {
                version: pool.version,
                image: pool.node_image.clone(),
            };
            (name.clone(), form)
        });
        Self {
            control_plane: target.control_plane,
            pools: pools.collect(),
        }
    }

    fn value(&self) -> Target {
        let pools = self.pools.iter().map(|(name, pool)| {
            let target = PoolTarget {
                version: pool.version,
                node_image: pool.image.clone(),
            };
            (name.clone(), target)
        });
        Target {
            control_plane: self.control_plane,
            pools: pools.collect(),
        }
    }
}

impl PoolForm {
    fn value(&self, name: &NodePoolName) -> PoolProgress {
        PoolProgress {
            name: name.clone(),
            state: self.state.clone(),
            target: self.target,
            done: self.done,
            total: self.total,
            surge: self.surge,
            in_flight: self.in_flight,
            ready: self.ready,
        }
    }
}

impl BlockerForm {
    fn of(blocker: &Blocker) -> Self {
        Self {
            what: blocker.what.clone(),
            nodes: blocker.nodes.clone(),
            since: blocker.since,
            deadline: blocker.deadline,
        }
    }

    fn value(&self) -> Blocker {
        Blocker {
            what: self.what.clone(),
            nodes: self.nodes.clone(),
            since: self.since,
            deadline: self.deadline,
        }
    }
}

/// A claim and what is really there.
pub(super) type Difference = (String, String);

impl NodeForm {
    pub(super) fn of(node: &NodeProgress, gap: Option<&Difference>) -> Self {
        let usual = node.version.map(|version| format!("v{version}")).unwrap_or_default();
        Self {
            pool: node.pool.clone(),
            phase: node.phase.as_str().to_owned(),
            since: node.since,
            surge: node.is_surge,
            version: node.version,
            version_text: Some(node.version_text.clone()).filter(|text| *text != usual),
            image: node.node_image.clone(),
            zone: node.zone.clone(),
            ready: node.is_ready,
            cordoned: node.is_cordoned,
            drain: node.drain.as_ref().map(DrainForm::of),
            last_event: node.last_event.clone(),
            gap: gap.map(|(claimed, real)| [claimed.clone(), real.clone()]),
        }
    }

    /// The node, and where Azure's claim of it differs; `None` for a phase this version does not know.
    pub(super) fn into_value(self, name: NodeName) -> Option<(NodeProgress, Option<Difference>)> {
        let phase = NodePhase::ALL.into_iter().find(|phase| phase.as_str() == self.phase)?;
        let usual = self.version.map(|version| format!("v{version}")).unwrap_or_default();
        let node = NodeProgress {
            name,
            pool: self.pool,
            zone: self.zone,
            phase,
            since: self.since,
            is_surge: self.surge,
            version: self.version,
            version_text: self.version_text.unwrap_or(usual),
            node_image: self.image,
            is_ready: self.ready,
            is_cordoned: self.cordoned,
            drain: self.drain.map(DrainForm::into_value),
            last_event: self.last_event,
        };
        Some((node, self.gap.map(|[claimed, real]| (claimed, real))))
    }
}

impl DrainForm {
    fn of(drain: &DrainProgress) -> Self {
        Self {
            since: drain.since,
            deadline: drain.deadline,
            pods_left: drain.pods_left,
            pods_at_start: drain.pods_at_start,
            holds: drain.holds.iter().map(HoldForm::of).collect(),
            blocked: drain.blocked_by_event.clone(),
        }
    }

    fn into_value(self) -> DrainProgress {
        DrainProgress {
            since: self.since,
            deadline: self.deadline,
            pods_left: self.pods_left,
            pods_at_start: self.pods_at_start,
            holds: self.holds.into_iter().map(HoldForm::into_value).collect(),
            blocked_by_event: self.blocked,
        }
    }
}

impl HoldForm {
    fn of(hold: &Hold) -> Self {
        Self {
            namespace: hold.namespace.clone(),
            pod: hold.pod.clone(),
            owner: hold
                .owner
                .as_ref()
                .map(|owner| [owner.kind.clone(), owner.name.clone()]),
            cause: CauseForm::of(&hold.cause),
        }
    }

    fn into_value(self) -> Hold {
        Hold {
            cause: self.cause.into_value(&self.namespace),
            namespace: self.namespace,
            pod: self.pod,
            owner: self.owner.map(|[kind, name]| Owner { kind, name }),
        }
    }
}

impl CauseForm {
    fn of(cause: &HoldCause) -> Self {
        match cause {
            HoldCause::Budget { budget, reason } => Self::Budget {
                name: budget.name.clone(),
                min_available: budget.min_available.clone(),
                max_unavailable: budget.max_unavailable.clone(),
                healthy: budget.current_healthy,
                desired: budget.desired_healthy,
                expected: budget.expected_pods,
                allowed: budget.disruptions_allowed,
                evicts_unhealthy: budget.evicts_unhealthy_always,
                why: match reason {
                    BudgetReason::NeverAllows => WhyForm::NeverAllows,
                    BudgetReason::TooFewHealthy => WhyForm::TooFewHealthy,
                    BudgetReason::UsedUp => WhyForm::UsedUp,
                },
            },
            HoldCause::SeveralBudgets { names } => Self::Budgets { names: names.clone() },
            HoldCause::Terminating { finalizers } => Self::Ending {
                finalizers: finalizers.clone(),
            },
        }
    }

    fn into_value(self, namespace: &str) -> HoldCause {
        match self {
            Self::Budget {
                name,
                min_available,
                max_unavailable,
                healthy,
                desired,
                expected,
                allowed,
                evicts_unhealthy,
                why,
            } => HoldCause::Budget {
                budget: DisruptionBudget {
                    namespace: namespace.to_owned(),
                    name,
                    selector: None,
                    min_available,
                    max_unavailable,
                    current_healthy: healthy,
                    desired_healthy: desired,
                    expected_pods: expected,
                    disruptions_allowed: allowed,
                    evicts_unhealthy_always: evicts_unhealthy,
                },
                reason: match why {
                    WhyForm::NeverAllows => BudgetReason::NeverAllows,
                    WhyForm::TooFewHealthy => BudgetReason::TooFewHealthy,
                    WhyForm::UsedUp => BudgetReason::UsedUp,
                },
            },
            Self::Budgets { names } => HoldCause::SeveralBudgets { names },
            Self::Ending { finalizers } => HoldCause::Terminating { finalizers },
        }
    }
}
