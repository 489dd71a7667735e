//! What a finding, a cause or a change is about: a cluster, a pool, a node, an object, a resource in Azure.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{NodeName, NodePoolName};

/// One object of the Kubernetes API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// For instance `policy/v1`.
    pub api_version: String,
    pub kind: String,
    /// `None` for objects of the whole cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    pub name: String,
}

impl ObjectRef {
    /// An object in a namespace.
    pub fn in_namespace(api_version: &str, kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        }
    }

    /// An object of the whole cluster.
    pub fn of_cluster(api_version: &str, kind: &str, name: &str) -> Self {
        Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: None,
            name: name.to_owned(),
        }
    }
}

/// As `PodDisruptionBudget shop/checkout-pdb`.
impl fmt::Display for ObjectRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(formatter, "{} {namespace}/{}", self.kind, self.name),
            None => write!(formatter, "{} {}", self.kind, self.name),
        }
    }
}

/// What something is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "what")]
pub enum Subject {
    Cluster,
    NodePool {
        name: NodePoolName,
    },
    Node {
        name: NodeName,
    },
    Object {
        object: ObjectRef,
    },
    /// Something in Azure that is neither: a subnet, a lock, a limit.
    #[serde(rename_all = "camelCase")]
    Azure {
        /// For instance `subnet` or `vCPU limit`.
        kind: String,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
}

impl Subject {
    /// A node pool.
    pub fn pool(name: &NodePoolName) -> Self {
        Self::NodePool { name: name.clone() }
    }

    /// A node.
    pub fn node(name: &NodeName) -> Self {
        Self::Node { name: name.clone() }
    }

    /// An object in a namespace.
    pub fn object(api_version: &str, kind: &str, namespace: &str, name: &str) -> Self {
        Self::Object {
            object: ObjectRef::in_namespace(api_version, kind, namespace, name),
        }
    }
}

/// As `node pool apps`, `PodDisruptionBudget shop/checkout-pdb`, `subnet aks-nodes`.
impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster => formatter.write_str("the cluster"),
            Self::NodePool { name } => write!(formatter, "node pool {name}"),
            Self::Node { name } => write!(formatter, "node {name}"),
            Self::Object { object } => write!(formatter, "{object}"),
            Self::Azure { kind, name, .. } => write!(formatter, "{kind} {name}"),
        }
    }
}
