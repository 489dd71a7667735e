//! Typed names, so that a pool name can never be passed where a node name is meant.
//! Never checks that a thing exists: an id is a name, not a promise.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps the text as it is.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
    };
}

name_type! {
    /// Azure subscription id, a GUID in lower case where Azure gave it so.
    SubscriptionId
}
name_type! {
    /// Node pool name, `^[a-z][a-z0-9]{0,11}$` (REST reference, Agent Pools, 2026-08-01).
    NodePoolName
}
name_type! {
    /// Kubernetes node name, the same as the machine's name in Azure.
    NodeName
}
name_type! {
    /// Id of an execution: short, unique in one journal, safe to type.
    ExecutionId
}
name_type! {
    /// Id of a plan.
    PlanId
}
name_type! {
    /// Name of a smoke test, unique within its plan.
    SmokeTestName
}
name_type! {
    /// Id of a step, unique within its plan and stable over edits.
    StepId
}

/// Identifies a cluster: an Azure resource id, or a context of a kubeconfig file where there is no Azure.
///
/// Azure returns `resourcegroups` and `resourceGroups` for the same thing (AKS recordings, 2023 to 2025),
/// so ids compare without regard to ASCII case but keep the spelling they came with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClusterId(Arc<str>);

/// A cluster's resource id, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterIdParts<'a> {
    pub subscription: &'a str,
    pub resource_group: &'a str,
    pub name: &'a str,
}

const CONTEXT_PREFIX: &str = "context:";

impl ClusterId {
    /// Wraps a resource id as Azure spelled it.
    pub fn new(resource_id: impl AsRef<str>) -> Self {
        Self(Arc::from(resource_id.as_ref().trim_end_matches('/')))
    }

    /// Builds the id of a cluster from its three names.
    pub fn from_parts(subscription: &str, resource_group: &str, name: &str) -> Self {
        Self::new(format!(
            "/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.ContainerService/managedClusters/{name}"
        ))
    }

    /// Names a cluster known only by a kubeconfig context.
    pub fn from_context(context: &str) -> Self {
        Self::new(format!("{CONTEXT_PREFIX}{context}"))
    }

    /// The id as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes the resource id apart; `None` for a kubeconfig context or any other text.
    pub fn parts(&self) -> Option<ClusterIdParts<'_>> {
        let mut segments = self.0.strip_prefix('/')?.split('/');
        let mut expect = |word: &str| {
            segments
                .next()
                .filter(|segment| segment.eq_ignore_ascii_case(word))
                .and_then(|_| segments.next())
                .filter(|value| !value.is_empty())
        };
        let subscription = expect("subscriptions")?;
        let resource_group = expect("resourceGroups")?;
        expect("providers").filter(|value| value.eq_ignore_ascii_case("Microsoft.ContainerService"))?;
        let name = expect("managedClusters")?;
        segments.next().is_none().then_some(ClusterIdParts {
            subscription,
            resource_group,
            name,
        })
    }

    /// The short name: the cluster's name, or the context's.
    pub fn name(&self) -> &str {
        match self.parts() {
            Some(parts) => parts.name,
            None => self.0.strip_prefix(CONTEXT_PREFIX).unwrap_or(&self.0),
        }
    }

    /// True where the cluster is known only by a kubeconfig context, so that Azure cannot be asked about it.
    pub fn is_kubeconfig_context(&self) -> bool {
        self.0.starts_with(CONTEXT_PREFIX)
    }
}

impl PartialEq for ClusterId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for ClusterId {}

impl Hash for ClusterId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

impl PartialOrd for ClusterId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ClusterId {
    fn cmp(&self, other: &Self) -> Ordering {
        let lower = |id: &Self| -> Vec<u8> { id.0.bytes().map(|byte| byte.to_ascii_lowercase()).collect() };
        lower(self).cmp(&lower(other))
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "/subscriptions/s1/resourcegroups/rg/providers/Microsoft.ContainerService/managedClusters/shop";

    #[test]
    fn a_resource_id_comes_apart() {
        let id = ClusterId::new(ID);
        let parts = id.parts().unwrap();
        assert_eq!(
            (parts.subscription, parts.resource_group, parts.name),
            ("s1", "rg", "shop")
        );
        assert_eq!(id.name(), "shop");
    }

    #[test]
    fn ids_compare_without_case() {
        assert_eq!(ClusterId::new(ID), ClusterId::from_parts("s1", "rg", "shop"));
        assert_eq!(
            ClusterId::new(ID).cmp(&ClusterId::from_parts("s1", "RG", "SHOP")),
            Ordering::Equal
        );
        assert_ne!(ClusterId::new(ID), ClusterId::from_parts("s1", "rg", "shop2"));
    }

    #[test]
    fn other_texts_have_no_parts() {
        for text in [
            "",
            "/",
            "shop",
            "/subscriptions/s1",
            "/subscriptions//resourceGroups/rg",
            &format!("{ID}/agentPools/p"),
        ] {
            assert_eq!(ClusterId::new(text).parts(), None, "{text}");
        }
        let context = ClusterId::from_context("kind-one");
        assert!(context.is_kubeconfig_context());
        assert_eq!(context.name(), "kind-one");
    }
}
