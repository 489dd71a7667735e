//! One word for how a cluster is, worst first, and what it can go to; read off a snapshot, never fetched.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::snapshot::{ClusterSnapshot, SourceState};
use crate::domain::provisioning::{PowerState, ProvisioningState};
use crate::domain::support::{Support, SupportState, support_of};
use crate::domain::version::KubernetesVersion;

/// How a cluster is. Ordered: the one that needs a person most comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// An upgrade runs and something holds it, or a node is stuck, quarantined or failed.
    Stuck,
    /// Azure says the cluster or a pool is Failed.
    Failed,
    /// The last operation was cancelled and nothing has finished it.
    Canceled,
    /// An upgrade runs and moves.
    Upgrading,
    /// Another operation runs.
    Busy,
    OutOfSupport,
    /// Azure could not be asked.
    Unknown,
    Stopped,
    Healthy,
}

impl Health {
    /// The word on screen and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stuck => "stuck",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Upgrading => "upgrading",
            Self::Busy => "busy",
            Self::OutOfSupport => "outOfSupport",
            Self::Unknown => "unknown",
            Self::Stopped => "stopped",
            Self::Healthy => "healthy",
        }
    }
}

impl ClusterSnapshot {
    /// The cluster in one word.
    pub fn health(&self, now: Timestamp) -> Health {
        let is_held = self
            .live
            .as_ref()
            .is_some_and(|live| live.is_running && live.is_stuck(now));
        let Some(cluster) = &self.cluster.value else {
            return match (&self.live, is_held) {
                (_, true) => Health::Stuck,
                (Some(live), false) if live.is_running => Health::Upgrading,
                (Some(_), false) => Health::Healthy,
                (None, false) => Health::Unknown,
            };
        };
        let says = |state: &ProvisioningState| {
            cluster.provisioning_state == *state || cluster.pools.iter().any(|pool| pool.provisioning_state == *state)
        };
        let is_running = cluster.is_upgrading() || self.live.as_ref().is_some_and(|live| live.is_running);
        if is_held {
            Health::Stuck
        } else if is_running {
            Health::Upgrading
        } else if says(&ProvisioningState::Failed) {
            Health::Failed
        } else if says(&ProvisioningState::Canceled) {
            Health::Canceled
        } else if cluster.active_state().is_some() {
            Health::Busy
        } else if cluster.power_state == PowerState::Stopped {
            Health::Stopped
        } else if self
            .support(now)
            .is_some_and(|support| support.state == SupportState::OutOfSupport)
        {
            Health::OutOfSupport
        } else {
            Health::Healthy
        }
    }

    /// True when everything the live picture needs has been read, or will not come soon: nodes, and for each drain its
    /// pods and what holds them.
    pub fn is_picture_complete(&self) -> bool {
        let Some(live) = self.live.as_deref().filter(|_| self.is_kubernetes_read()) else {
            return false;
        };
        // What the events call blocked is explained by lists that are a moment younger.
        self.kubernetes != SourceState::Fresh
            || live
                .nodes
                .values()
                .filter_map(|node| node.drain.as_ref())
                .all(|drain| drain.blocked_by_event.is_empty())
    }

    /// True when every list of the cluster's API server has been read, or is known to be out of reach.
    pub fn is_kubernetes_read(&self) -> bool {
        self.kubernetes.is_settled() && self.are_watches_settled
    }

    /// How AKS supports the cluster's version at that time; `None` while the version is not known.
    pub fn support(&self, now: Timestamp) -> Option<Support> {
        let cluster = self.cluster.value.as_ref()?;
        let today = now.to_zoned(TimeZone::UTC).date();
        Some(support_of(cluster.version?, &cluster.support_plan, today))
    }

    /// Versions the control plane can go to in one step, newest first: its own upgrade profile where that was
    /// read, else its region's graph; `None` while neither is known.
    pub fn offers(&self) -> Option<Vec<KubernetesVersion>> {
        let mut offers: Vec<KubernetesVersion> = match (&self.upgrades.value, &self.region.value) {
            (Some(upgrades), _) => upgrades.control_plane.iter().map(|offer| offer.version).collect(),
            (None, Some(region)) => {
                let current = self.cluster.value.as_ref()?.version?;
                region
                    .minors
                    .iter()
                    .filter(|minor| !minor.is_preview)
                    .find_map(|minor| minor.patches.get(&current))
                    .cloned()
                    .unwrap_or_default()
            }
            (None, None) => return None,
        };
        offers.sort_unstable_by(|one, other| other.cmp(one));
        Some(offers)
    }
}

impl SourceState {
    /// True when waiting longer will not bring an answer by itself soon.
    pub fn is_settled(&self) -> bool {
        !matches!(self, Self::NotAsked | Self::Loading)
    }

    /// Why there is no fresh value, in the source's own words.
    pub fn why(&self) -> Option<String> {
        match self {
            Self::NotAsked => Some("not asked yet".to_owned()),
            Self::Loading => Some("still loading".to_owned()),
            Self::Fresh => None,
            Self::Stale { why } | Self::Failed { why } | Self::Unavailable { why } => Some(why.clone()),
            Self::Denied { right, why } => Some(format!("the right {right} is missing: {why}")),
        }
    }
}
