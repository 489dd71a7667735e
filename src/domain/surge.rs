//! Max surge and max unavailable: how many nodes a pool gains and loses while it is upgraded.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::node_pool::UpgradeSettings;
use super::version::KubernetesVersion;

/// A number of nodes or a percentage of the pool, as AKS writes it: `5` or `33%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    Nodes(u32),
    /// 0 to 100.
    Percent(u32),
}

/// The text is neither a number nor a percentage up to 100.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is neither a number of nodes nor a percentage such as 33%")]
pub struct NotAShare(pub String);

impl Share {
    /// Nodes this share is of a pool, rounded up as AKS does (AKS docs "Customize node surge upgrade", 2026).
    pub fn of(self, pool_size: u32) -> u32 {
        match self {
            Self::Nodes(nodes) => nodes,
            Self::Percent(percent) => (pool_size.saturating_mul(percent)).div_ceil(100),
        }
    }
}

impl FromStr for Share {
    type Err = NotAShare;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || NotAShare(text.to_owned());
        match text.trim().strip_suffix('%') {
            Some(percent) => percent
                .parse()
                .ok()
                .filter(|value| *value <= 100)
                .map(Self::Percent)
                .ok_or_else(error),
            None => text.trim().parse().map(Self::Nodes).map_err(|_| error()),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nodes(nodes) => formatter.pad(&nodes.to_string()),
            Self::Percent(percent) => formatter.pad(&format!("{percent}%")),
        }
    }
}

impl Serialize for Share {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// How many nodes of a pool are worked on at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Nodes added before the first one is drained.
    pub surge: u32,
    /// Nodes that may be missing below the configured count.
    pub unavailable: u32,
}

impl Batch {
    /// Nodes drained at the same time.
    pub fn width(self) -> u32 {
        self.surge.saturating_add(self.unavailable).max(1)
    }
}

/// The batch AKS uses for a pool of `pool_size` nodes.
///
/// Default surge: 10 % from Kubernetes 1.32, one node before (AKS docs "Upgrade an AKS node pool", 2026).
/// Never more than the pool has nodes.
pub fn batch_of(settings: &UpgradeSettings, pool_size: u32, version: Option<KubernetesVersion>) -> Batch {
    let default_surge = match version {
        Some(version) if version < KubernetesVersion::new(1, 32, 0) => Share::Nodes(1),
        _ => Share::Percent(10),
    };
    let unavailable = settings
        .max_unavailable
        .map_or(0, |share| share.of(pool_size))
        .min(pool_size);
    let surge = settings.max_surge.unwrap_or(default_surge).of(pool_size).min(pool_size);
    Batch { surge, unavailable }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_up() {
        let check = |text: &str, size: u32, nodes: u32| {
            assert_eq!(text.parse::<Share>().unwrap().of(size), nodes, "{text} of {size}");
        };
        check("10%", 3, 1);
        check("33%", 10, 4);
        check("100%", 7, 7);
        check("5", 3, 5);
        check("0%", 3, 0);
        for text in ["", "%", "101%", "-1", "ten"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_default_surge_follows_the_version() {
        let batch = |minor| {
            batch_of(
                &UpgradeSettings::default(),
                30,
                Some(KubernetesVersion::new(1, minor, 0)),
            )
            .surge
        };
        assert_eq!(batch(31), 1);
        assert_eq!(batch(32), 3);
    }
}
