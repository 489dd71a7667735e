//! A node pool as Azure describes it, and its upgrade settings.
//! What its nodes really run is in `node.rs`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::NodePoolName;
use super::provisioning::{AzureErrorDetail, PowerState, ProvisioningState};
use super::surge::Share;
use super::version::{KubernetesVersion, NodeImageVersion};

/// What a pool is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PoolMode {
    System,
    #[default]
    User,
    Gateway,
    Other(String),
}

impl From<&str> for PoolMode {
    fn from(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "system" => Self::System,
            "user" => Self::User,
            "gateway" => Self::Gateway,
            _ => Self::Other(text.to_owned()),
        }
    }
}

impl fmt::Display for PoolMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::System => "System",
            Self::User => "User",
            Self::Gateway => "Gateway",
            Self::Other(word) => word,
        })
    }
}

/// What AKS does with a node whose drain does not finish in time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UndrainableNodeBehavior {
    /// The node becomes schedulable again and the operation fails.
    #[default]
    Schedule,
    /// The node stays cordoned with the quarantine label and the others go on.
    Cordon,
    Other(String),
}

/// A pool's upgrade settings; absent values mean AKS's defaults
/// (AKS docs "Customize node pool rolling upgrades", 2026; API 2026-08-01).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpgradeSettings {
    pub max_surge: Option<Share>,
    pub max_unavailable: Option<Share>,
    /// 5 to 1440.
    pub drain_timeout_minutes: Option<u32>,
    /// 0 to 30.
    pub node_soak_minutes: Option<u32>,
    pub undrainable_node_behavior: Option<UndrainableNodeBehavior>,
}

impl UpgradeSettings {
    /// AKS's drain timeout when none is set.
    pub const DEFAULT_DRAIN_TIMEOUT_MINUTES: u32 = 30;

    /// These settings with those that `newer` gives; the others stay.
    #[must_use]
    pub fn overwritten_by(&self, newer: &Self) -> Self {
        Self {
            max_surge: newer.max_surge.or(self.max_surge),
            max_unavailable: newer.max_unavailable.or(self.max_unavailable),
            drain_timeout_minutes: newer.drain_timeout_minutes.or(self.drain_timeout_minutes),
            node_soak_minutes: newer.node_soak_minutes.or(self.node_soak_minutes),
            undrainable_node_behavior: newer
                .undrainable_node_behavior
                .clone()
                .or_else(|| self.undrainable_node_behavior.clone()),
        }
    }

    /// How long a drain may take before AKS gives up.
    pub fn drain_timeout(&self) -> std::time::Duration {
        std::time::Duration::from_secs(
            60 * u64::from(
                self.drain_timeout_minutes
                    .unwrap_or(Self::DEFAULT_DRAIN_TIMEOUT_MINUTES),
            ),
        )
    }

    /// These settings, and where one is not given, that of `present`.
    #[must_use]
    pub fn over(&self, present: &Self) -> Self {
        Self {
            max_surge: self.max_surge.or(present.max_surge),
            max_unavailable: self.max_unavailable.or(present.max_unavailable),
            drain_timeout_minutes: self.drain_timeout_minutes.or(present.drain_timeout_minutes),
            node_soak_minutes: self.node_soak_minutes.or(present.node_soak_minutes),
            undrainable_node_behavior: self
                .undrainable_node_behavior
                .clone()
                .or_else(|| present.undrainable_node_behavior.clone()),
        }
    }

    /// Why AKS would refuse these settings for a pool of this mode, one phrase for each reason
    /// (AKS docs "Customize node pool rolling upgrades", 2026; API 2026-08-01).
    pub fn refusals(&self, mode: &PoolMode) -> Vec<String> {
        let is_zero = |share: Share| matches!(share, Share::Nodes(0) | Share::Percent(0));
        let has_unavailable = self.max_unavailable.is_some_and(|share| !is_zero(share));
        let mut refusals = Vec::new();
        if let Some(minutes) = self
            .drain_timeout_minutes
            .filter(|minutes| !(5..=1440).contains(minutes))
        {
            refusals.push(format!("a drain timeout of {minutes} min is outside 5 to 1440 min"));
        }
        if let Some(minutes) = self.node_soak_minutes.filter(|minutes| *minutes > 30) {
            refusals.push(format!("a node soak of {minutes} min is outside 0 to 30 min"));
        }
        if self.max_surge.is_some_and(is_zero) && !has_unavailable {
            refusals.push("max surge and max unavailable cannot both be 0".to_owned());
        }
        if has_unavailable && *mode == PoolMode::System {
            refusals.push("a system pool takes no max unavailable".to_owned());
        }
        refusals
    }

    /// How long AKS waits after a node is drained.
    pub fn node_soak(&self) -> std::time::Duration {
        std::time::Duration::from_secs(60 * u64::from(self.node_soak_minutes.unwrap_or(0)))
    }
}

impl fmt::Display for UndrainableNodeBehavior {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Schedule => "Schedule",
            Self::Cordon => "Cordon",
            Self::Other(word) => word,
        })
    }
}

/// The settings that are given, as `max surge 33%, drain timeout 45 min`.
impl fmt::Display for UpgradeSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = [
            self.max_surge.map(|share| format!("max surge {share}")),
            self.max_unavailable.map(|share| format!("max unavailable {share}")),
            self.drain_timeout_minutes
                .map(|minutes| format!("drain timeout {minutes} min")),
            self.node_soak_minutes.map(|minutes| format!("node soak {minutes} min")),
            self.undrainable_node_behavior
                .as_ref()
                .map(|behavior| format!("undrainable nodes: {behavior}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        if parts.is_empty() {
            return formatter.pad("settings unchanged");
        }
        formatter.pad(&parts.join(", "))
    }
}

/// A node pool, as Azure claims it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePool {
    pub name: NodePoolName,
    pub mode: PoolMode,
    /// Nodes as configured, without surge nodes.
    pub count: u32,
    pub vm_size: String,
    pub os_type: String,
    /// As asked for; may be an alias such as `1.33`.
    pub requested_version: Option<String>,
    /// What Azure says the pool runs. During an upgrade it already shows the target: a claim, not progress.
    pub version: Option<KubernetesVersion>,
    pub node_image: Option<NodeImageVersion>,
    pub provisioning_state: ProvisioningState,
    pub power_state: PowerState,
    pub upgrade_settings: UpgradeSettings,
    pub is_autoscaled: bool,
    pub is_spot: bool,
    pub max_pods: Option<u32>,
    /// Resource id of the nodes' subnet; `None` in a network that AKS manages.
    pub vnet_subnet: Option<String>,
    /// Resource id of the pods' own subnet.
    pub pod_subnet: Option<String>,
    pub etag: Option<String>,
    pub error: Option<AzureErrorDetail>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_outside_what_aks_takes_are_named() {
        let given =
            |surge: Option<u32>, unavailable: Option<u32>, drain: Option<u32>, soak: Option<u32>| UpgradeSettings {
                max_surge: surge.map(Share::Percent),
                max_unavailable: unavailable.map(Share::Nodes),
                drain_timeout_minutes: drain,
                node_soak_minutes: soak,
                undrainable_node_behavior: None,
            };
        for (settings, of_user, of_system) in [
            (given(None, None, None, None), 0, 0),
            (given(Some(33), Some(0), Some(5), Some(0)), 0, 0),
            (given(Some(1), None, Some(1440), Some(30)), 0, 0),
            (given(None, None, Some(4), Some(31)), 2, 2),
            (given(None, None, Some(1441), None), 1, 1),
            (given(Some(0), None, None, None), 1, 1),
            (given(Some(0), Some(0), None, None), 1, 1),
            (given(Some(0), Some(1), None, None), 0, 1),
            (given(None, Some(2), None, None), 0, 1),
        ] {
            let counts = [PoolMode::User, PoolMode::System].map(|mode| settings.refusals(&mode).len());
            assert_eq!(counts, [of_user, of_system], "{settings}");
        }
    }

    #[test]
    fn given_settings_go_over_present_ones() {
        let present = UpgradeSettings {
            max_surge: Some(Share::Nodes(1)),
            drain_timeout_minutes: Some(45),
            ..UpgradeSettings::default()
        };
        let given = UpgradeSettings {
            max_surge: Some(Share::Percent(33)),
            node_soak_minutes: Some(2),
            ..UpgradeSettings::default()
        };
        assert_eq!(
            given.over(&present).to_string(),
            "max surge 33%, drain timeout 45 min, node soak 2 min"
        );
    }
}
