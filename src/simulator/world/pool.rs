//! A node pool: what Azure says of it, and the machines it really has.

use std::time::Duration;

use jiff::Timestamp;

use super::operation::{OperationError, ResourceState};
use super::refusal::Refusal;
use crate::domain::version::KubernetesVersion;
use crate::simulator::kubernetes::objects::NodeSpec;

/// What a pool is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolMode {
    System,
    User,
}

impl PoolMode {
    /// Azure's own word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::User => "User",
        }
    }
}

/// What happens to a node that cannot be drained in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Undrainable {
    #[default]
    Schedule,
    Cordon,
}

impl Undrainable {
    /// Azure's own word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "Schedule",
            Self::Cordon => "Cordon",
        }
    }
}

/// `upgradeSettings` as given; absent values mean AKS's default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpgradeSettings {
    /// `2` or `33%`.
    pub max_surge: Option<String>,
    pub max_unavailable: Option<String>,
    pub drain_timeout_minutes: Option<u32>,
    pub soak_minutes: Option<u32>,
    pub undrainable: Option<Undrainable>,
}

impl UpgradeSettings {
    /// Checks ranges (AKS docs "Configure rolling upgrades for AKS node pools", 2026).
    pub(super) fn check(&self, mode: PoolMode) -> Result<(), Refusal> {
        let share = |text: &Option<String>, field: &str| match text {
            Some(text) => share_of(text, 100)
                .map(Some)
                .ok_or_else(|| Refusal::bad_setting(field, &format!("The value '{text}' of {field} is invalid."))),
            None => Ok(None),
        };
        let surge = share(&self.max_surge, "maxSurge")?;
        let unavailable = share(&self.max_unavailable, "maxUnavailable")?;
        if mode == PoolMode::System && unavailable.is_some_and(|nodes| nodes > 0) {
            return Err(Refusal::bad_setting(
                "maxUnavailable",
                "maxUnavailable is not supported on system node pools.",
            ));
        }
        if surge == Some(0) && unavailable.unwrap_or(0) == 0 {
            return Err(Refusal::bad_setting(
                "maxSurge",
                "maxSurge and maxUnavailable cannot both be 0.",
            ));
        }
        if self
            .drain_timeout_minutes
            .is_some_and(|minutes| !(5..=1440).contains(&minutes))
        {
            return Err(Refusal::bad_setting(
                "drainTimeoutInMinutes",
                "drainTimeoutInMinutes must be between 5 and 1440.",
            ));
        }
        if self.soak_minutes.is_some_and(|minutes| minutes > 30) {
            return Err(Refusal::bad_setting(
                "nodeSoakDurationInMinutes",
                "nodeSoakDurationInMinutes must be between 0 and 30.",
            ));
        }
        Ok(())
    }

    pub(super) fn drain_timeout(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.drain_timeout_minutes.unwrap_or(30)))
    }

    pub(super) fn soak(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.soak_minutes.unwrap_or(0)))
    }

    /// Nodes added, and nodes that may be missing, for a pool of `size` nodes on its way to `version`.
    pub(super) fn batch(&self, size: u32, version: KubernetesVersion) -> (u32, u32) {
        let default_surge = if version < KubernetesVersion::new(1, 32, 0) {
            "1"
        } else {
            "10%"
        };
        let of = |text: Option<&str>| text.and_then(|text| share_of(text, size)).unwrap_or(0).min(size);
        (
            of(self.max_surge.as_deref().or(Some(default_surge))),
            of(self.max_unavailable.as_deref()),
        )
    }
}

/// Nodes that `2` or `33%` is of a pool, percentages rounded up; `None` for any other text.
pub(super) fn share_of(text: &str, size: u32) -> Option<u32> {
    match text.trim().strip_suffix('%') {
        Some(percent) => percent
            .parse::<u32>()
            .ok()
            .filter(|percent| *percent <= 100)
            .map(|percent| size.saturating_mul(percent).div_ceil(100)),
        None => text.trim().parse().ok(),
    }
}

/// One machine of a pool and what it really runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedNode {
    pub name: String,
    pub version: KubernetesVersion,
    pub image: String,
    pub zone: Option<String>,
    pub is_surge: bool,
    /// Left behind by an upgrade that could not drain it.
    pub is_quarantined: bool,
}

/// What a pool ran before its last upgrade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentVersion {
    pub version: KubernetesVersion,
    pub image: String,
    pub at: Timestamp,
}

/// What a rolling upgrade brings the nodes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Goal {
    pub(super) version: KubernetesVersion,
    pub(super) image: String,
}

impl Goal {
    pub(super) fn is_met_by(&self, node: &SimulatedNode) -> bool {
        node.version == self.version && node.image == self.image
    }
}

/// One node pool.
#[derive(Clone, Debug)]
pub struct SimulatedPool {
    pub name: String,
    pub mode: PoolMode,
    /// Nodes asked for; surge nodes are not counted.
    pub count: u32,
    pub vm_size: String,
    pub zones: Vec<String>,
    /// `orchestratorVersion`, as it was asked for.
    pub wanted: String,
    /// `currentOrchestratorVersion`: what Azure claims, at once.
    pub claimed: KubernetesVersion,
    pub claimed_image: String,
    pub settings: UpgradeSettings,
    pub state: ResourceState,
    pub error: Option<OperationError>,
    pub etag: String,
    pub nodes: Vec<SimulatedNode>,
    /// Newest first.
    pub recently_used: Vec<RecentVersion>,
    /// Name of its scale set, for instance `aks-apps-12345678-vmss`.
    pub scale_set: String,
    /// Machines that go when a change of its size is over; `None` while none runs.
    pub(super) resize: Option<Vec<String>>,
    /// An upgrade ended badly before all machines were done: any later request of that version carries it on.
    pub(super) is_unfinished: bool,
    /// Nodes were set aside, and the extra nodes in their places count as the pool's.
    pub(super) has_set_aside: bool,
    pub(super) next_machine: u32,
    /// Machines the next upgrade forgets.
    pub(super) left_behind: usize,
    /// How the next upgrade ends although all its machines are done.
    pub(super) hidden_failure: Option<OperationError>,
    pub(super) node_resource_group: String,
    pub(super) location: String,
}

impl SimulatedPool {
    /// Adds a machine with the next free number; it has no Node object yet.
    pub(super) fn add_machine(&mut self, goal: &Goal, is_surge: bool) -> &SimulatedNode {
        let number = self.next_machine;
        self.next_machine += 1;
        let zone = (!self.zones.is_empty()).then(|| self.zones[number as usize % self.zones.len()].clone());
        self.nodes.push(SimulatedNode {
            name: format!("{}{}", self.scale_set, base36(number)),
            version: goal.version,
            image: goal.image.clone(),
            zone,
            is_surge,
            is_quarantined: false,
        });
        &self.nodes[self.nodes.len() - 1]
    }

    /// The machine's Node object.
    pub(super) fn node_spec(&self, node: &SimulatedNode, is_ready: bool) -> NodeSpec {
        NodeSpec {
            name: node.name.clone(),
            pool: self.name.clone(),
            mode: self.mode.as_str().to_ascii_lowercase(),
            version: node.version.to_string(),
            node_image: node.image.clone(),
            vm_size: self.vm_size.clone(),
            zone: node.zone.as_ref().map(|zone| format!("{}-{zone}", self.location)),
            node_resource_group: self.node_resource_group.clone(),
            is_ready,
        }
    }

    pub(super) fn node_mut(&mut self, name: &str) -> Option<&mut SimulatedNode> {
        self.nodes.iter_mut().find(|node| node.name == name)
    }

    pub(super) fn remove_machine(&mut self, name: &str) {
        self.nodes.retain(|node| node.name != name);
    }

    /// True when every machine that counts runs this version.
    pub fn runs(&self, version: KubernetesVersion) -> bool {
        self.nodes
            .iter()
            .filter(|node| !node.is_surge)
            .all(|node| node.version == version)
    }

    /// True when every machine runs this version and no surge node is left.
    pub(super) fn is_whole(&self, version: KubernetesVersion) -> bool {
        self.runs(version) && self.nodes.iter().all(|node| !node.is_surge)
    }

    /// The version of the machine that is furthest behind; the claimed one where there is no machine.
    pub(super) fn oldest_version(&self) -> KubernetesVersion {
        let machines = self.nodes.iter().filter(|node| !node.is_surge);
        machines.map(|node| node.version).min().unwrap_or(self.claimed)
    }

    /// Notes what ran before an upgrade, for a later rollback.
    pub(super) fn remember_version(&mut self, version: KubernetesVersion, image: String, at: Timestamp) {
        if self
            .recently_used
            .first()
            .is_none_or(|recent| recent.version != version || recent.image != image)
        {
            self.recently_used.insert(0, RecentVersion { version, image, at });
        }
    }
}

/// Six characters of base 36, as scale sets number their machines.
fn base36(mut number: u32) -> String {
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % 36) as usize];
        number /= 36;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_numbered_in_base_36() {
        assert_eq!(base36(0), "000000");
        assert_eq!(base36(10), "00000a");
        assert_eq!(base36(36), "000010");
    }

    #[test]
    fn batches_follow_the_settings_and_the_default_of_the_version() {
        let batch = |surge: Option<&str>, unavailable: Option<&str>, size, minor| {
            UpgradeSettings {
                max_surge: surge.map(str::to_owned),
                max_unavailable: unavailable.map(str::to_owned),
                ..UpgradeSettings::default()
            }
            .batch(size, KubernetesVersion::new(1, minor, 0))
        };
        assert_eq!(batch(None, None, 30, 31), (1, 0));
        assert_eq!(batch(None, None, 30, 34), (3, 0));
        assert_eq!(batch(Some("33%"), None, 10, 34), (4, 0));
        assert_eq!(batch(Some("0"), Some("50%"), 5, 34), (0, 3));
        assert_eq!(batch(Some("20"), None, 5, 34), (5, 0));
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let settings = UpgradeSettings::default;
        let check = |settings: UpgradeSettings, mode| settings.check(mode).map_err(|refusal| refusal.target.unwrap());
        assert_eq!(check(settings(), PoolMode::System), Ok(()));
        let surge = |surge: &str, unavailable: &str| UpgradeSettings {
            max_surge: Some(surge.to_owned()),
            max_unavailable: Some(unavailable.to_owned()),
            ..settings()
        };
        for (given, field) in [
            (surge("lots", "0"), "maxSurge"),
            (surge("0", "0"), "maxSurge"),
            (surge("1", "101%"), "maxUnavailable"),
            (surge("1", "1"), "maxUnavailable"),
            (
                UpgradeSettings {
                    drain_timeout_minutes: Some(4),
                    ..settings()
                },
                "drainTimeoutInMinutes",
            ),
            (
                UpgradeSettings {
                    soak_minutes: Some(31),
                    ..settings()
                },
                "nodeSoakDurationInMinutes",
            ),
        ] {
            let error = check(given, PoolMode::System).unwrap_err();
            assert_eq!(error, format!("agentPoolProfile.upgradeSettings.{field}"));
        }
        assert_eq!(check(surge("0", "1"), PoolMode::User), Ok(()));
    }
}
