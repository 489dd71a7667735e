//! A plan and its steps: what will be done, in which order, and what proves it done.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::change::Change;
use crate::domain::ids::{ClusterId, NodePoolName, PlanId, SmokeTestName, StepId};
use crate::domain::node_pool::UpgradeSettings;
use crate::domain::smoke_test::SmokeTest;
use crate::domain::version::{KubernetesVersion, NodeImageVersion};

/// An immutable list of steps for one cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub id: PlanId,
    pub cluster: ClusterId,
    pub cluster_name: String,
    pub created_at: Timestamp,
    /// Never empty; run one after another.
    pub steps: Vec<Step>,
    /// The flows that smoke test steps and guards name; names are unique.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub smoke_tests: Vec<SmokeTest>,
}

impl Plan {
    /// The step of that id.
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }

    /// The flow of that name.
    pub fn smoke_test(&self, name: &SmokeTestName) -> Option<&SmokeTest> {
        self.smoke_tests.iter().find(|test| test.name == *name)
    }
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub id: StepId,
    pub kind: StepKind,
    /// A pause point: the execution pauses when this step is done.
    #[serde(default, skip_serializing_if = "is_false")]
    pub pause_after: bool,
    /// Smoke tests run while this step moves nodes, each time another node is done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<SmokeTestName>,
}

impl Step {
    /// A step without pause point and guards.
    pub fn new(id: impl AsRef<str>, kind: StepKind) -> Self {
        Self {
            id: StepId::new(id),
            kind,
            pause_after: false,
            guards: Vec::new(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// Until when a wait lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WaitUntil {
    /// So many seconds after the step has begun.
    Seconds(u64),
    Time(Timestamp),
}

/// The kinds of step there are; the words are part of the JSON contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum StepKind {
    ControlPlaneUpgrade {
        from: Option<KubernetesVersion>,
        to: KubernetesVersion,
    },
    NodePoolUpgrade {
        pool: NodePoolName,
        from: Option<KubernetesVersion>,
        to: KubernetesVersion,
    },
    #[serde(rename_all = "camelCase")]
    NodeImageUpgrade {
        pool: NodePoolName,
        from: Option<NodeImageVersion>,
        to: Option<NodeImageVersion>,
    },
    /// Writes the settings that are given; the others stay as they are.
    PoolSettings {
        pool: NodePoolName,
        settings: UpgradeSettings,
    },
    #[serde(rename_all = "camelCase")]
    PoolRollback {
        pool: NodePoolName,
        from: Option<KubernetesVersion>,
        to: KubernetesVersion,
        node_image: NodeImageVersion,
    },
    /// Waits until a person says yes.
    Approval {
        /// What is to be decided, in a sentence.
        question: String,
    },
    Wait {
        until: WaitUntil,
    },
    SmokeTest {
        test: SmokeTestName,
    },
    /// Waits until the pods displaced so far are ready again and no workload has fewer than at the start.
    ReadinessGate,
    /// Compares what the plan promised with what Azure claims and what every node runs.
    Verify,
}

/// The kinds of steps that only wait: they hold a plan until they are fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GateKind {
    Approval,
    Wait,
    SmokeTest,
    Readiness,
    Verify,
}

impl GateKind {
    /// The step kind's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Wait => "wait",
            Self::SmokeTest => "smokeTest",
            Self::Readiness => "readinessGate",
            Self::Verify => "verify",
        }
    }
}

impl StepKind {
    /// Which gate this is; `None` for a step that changes something.
    pub fn gate(&self) -> Option<GateKind> {
        Some(match self {
            Self::Approval { .. } => GateKind::Approval,
            Self::Wait { .. } => GateKind::Wait,
            Self::SmokeTest { .. } => GateKind::SmokeTest,
            Self::ReadinessGate => GateKind::Readiness,
            Self::Verify => GateKind::Verify,
            Self::ControlPlaneUpgrade { .. }
            | Self::NodePoolUpgrade { .. }
            | Self::NodeImageUpgrade { .. }
            | Self::PoolSettings { .. }
            | Self::PoolRollback { .. } => return None,
        })
    }

    /// The change of Azure this step asks for; `None` for a step that changes nothing.
    pub fn change(&self, cluster: &ClusterId) -> Option<Change> {
        let cluster = cluster.clone();
        match self {
            Self::ControlPlaneUpgrade { to, .. } => Some(Change::UpgradeControlPlane { cluster, to: *to }),
            Self::NodePoolUpgrade { pool, to, .. } => Some(Change::UpgradeNodePool {
                cluster,
                pool: pool.clone(),
                to: *to,
            }),
            Self::NodeImageUpgrade { pool, to, .. } => Some(Change::UpgradeNodeImage {
                cluster,
                pool: pool.clone(),
                to: to.clone(),
            }),
            Self::PoolSettings { pool, settings } => Some(Change::SetPoolSettings {
                cluster,
                pool: pool.clone(),
                settings: settings.clone(),
            }),
            Self::PoolRollback {
                pool, to, node_image, ..
            } => Some(Change::RollBackNodePool {
                cluster,
                pool: pool.clone(),
                to: *to,
                node_image: node_image.clone(),
            }),
            Self::Approval { .. } | Self::Wait { .. } | Self::SmokeTest { .. } | Self::ReadinessGate | Self::Verify => {
                None
            }
        }
    }

    /// True where the step changes nothing and only decides whether to go on.
    pub fn is_gate(&self) -> bool {
        matches!(
            self,
            Self::Approval { .. } | Self::Wait { .. } | Self::SmokeTest { .. } | Self::ReadinessGate | Self::Verify
        )
    }

    /// True where nodes are drained and replaced.
    pub fn moves_nodes(&self) -> bool {
        matches!(
            self,
            Self::NodePoolUpgrade { .. } | Self::NodeImageUpgrade { .. } | Self::PoolRollback { .. }
        )
    }

    /// The pool the step is about; `None` for the control plane and for gates.
    pub fn pool(&self) -> Option<&NodePoolName> {
        match self {
            Self::NodePoolUpgrade { pool, .. }
            | Self::NodeImageUpgrade { pool, .. }
            | Self::PoolSettings { pool, .. }
            | Self::PoolRollback { pool, .. } => Some(pool),
            Self::ControlPlaneUpgrade { .. }
            | Self::Approval { .. }
            | Self::Wait { .. }
            | Self::SmokeTest { .. }
            | Self::ReadinessGate
            | Self::Verify => None,
        }
    }

    /// The word of the JSON contract.
    pub fn word(&self) -> &'static str {
        match self {
            Self::ControlPlaneUpgrade { .. } => "controlPlaneUpgrade",
            Self::NodePoolUpgrade { .. } => "nodePoolUpgrade",
            Self::NodeImageUpgrade { .. } => "nodeImageUpgrade",
            Self::PoolSettings { .. } => "poolSettings",
            Self::PoolRollback { .. } => "poolRollback",
            Self::Approval { .. } => GateKind::Approval.word(),
            Self::Wait { .. } => GateKind::Wait.word(),
            Self::SmokeTest { .. } => GateKind::SmokeTest.word(),
            Self::ReadinessGate => GateKind::Readiness.word(),
            Self::Verify => GateKind::Verify.word(),
        }
    }

    /// What the step does, in one phrase: `control plane to 1.34.2`.
    pub fn title(&self) -> String {
        match self {
            Self::ControlPlaneUpgrade { to, .. } => format!("control plane to {to}"),
            Self::NodePoolUpgrade { pool, to, .. } => format!("node pool {pool} to {to}"),
            Self::NodeImageUpgrade {
                pool, to: Some(image), ..
            } => format!("node pool {pool} to image {}", image.release()),
            Self::NodeImageUpgrade { pool, to: None, .. } => format!("node pool {pool} to the newest image"),
            Self::PoolSettings { pool, settings } => format!("node pool {pool}: {settings}"),
            Self::PoolRollback { pool, to, .. } => format!("node pool {pool} back to {to}"),
            Self::Approval { question } => format!("approval: {question}"),
            Self::Wait {
                until: WaitUntil::Seconds(seconds),
            } => format!("wait {}", spell(*seconds)),
            Self::Wait {
                until: WaitUntil::Time(at),
            } => format!("wait until {}", at.strftime("%Y-%m-%d %H:%M UTC")),
            Self::SmokeTest { test } => format!("smoke test {test}"),
            Self::ReadinessGate => "readiness of all workloads".to_owned(),
            Self::Verify => "verify versions and nodes".to_owned(),
        }
    }
}

/// A duration in its largest whole units: `2 d 3 h`, `15 min`, `40 s`.
fn spell(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (size, unit) in units {
        if left >= size {
            parts.push(format!("{} {unit}", left / size));
            left %= size;
        }
    }
    if parts.is_empty() {
        parts.push("0 s".to_owned());
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_spelled_in_its_largest_units() {
        let title = |seconds| {
            StepKind::Wait {
                until: WaitUntil::Seconds(seconds),
            }
            .title()
        };
        assert_eq!(title(0), "wait 0 s");
        assert_eq!(title(90), "wait 1 min 30 s");
        assert_eq!(title(7 * 86_400), "wait 7 d");
        assert_eq!(title(86_400 + 3_600), "wait 1 d 1 h");
    }

    #[test]
    fn a_plan_of_the_first_format_is_read() {
        let json = r#"{"id":"p","cluster":"/subscriptions/s/resourceGroups/r/providers/Microsoft.ContainerService/managedClusters/c",
            "clusterName":"c","createdAt":"2026-01-01T00:00:00Z",
            "steps":[{"id":"pool-a","kind":{"kind":"NodePoolUpgrade","pool":"a","from":null,"to":"1.34.2"}}]}"#;
        let plan: Result<Plan, _> = serde_json::from_str(&json.replace("NodePoolUpgrade", "nodePoolUpgrade"));
        let plan = plan.unwrap();
        assert!(!plan.steps[0].pause_after);
        assert!(plan.steps[0].guards.is_empty() && plan.smoke_tests.is_empty());
    }
}
