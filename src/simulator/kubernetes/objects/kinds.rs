//! The kinds of object this API server knows, with the words discovery and routing need. Knows nothing of objects.

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Namespace,
    Node,
    Pod,
    Event,
    ConfigMap,
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    PodDisruptionBudget,
    Lease,
}

/// What discovery says about one kind (Kubernetes API reference, v1.36).
#[derive(Debug)]
pub(crate) struct Description {
    /// Empty for the core group.
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    /// The word of the `kind` field.
    pub(crate) word: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) singular: &'static str,
    pub(crate) short_names: &'static [&'static str],
    pub(crate) is_namespaced: bool,
    /// Its `metadata.generation` counts changes of `spec`.
    pub(crate) has_generation: bool,
    /// Listed by `kubectl get all`.
    pub(crate) is_in_all: bool,
    pub(crate) subresources: &'static [&'static str],
}

impl Kind {
    pub(crate) const ALL: [Self; 11] = [
        Self::Namespace,
        Self::Node,
        Self::Pod,
        Self::Event,
        Self::ConfigMap,
        Self::Deployment,
        Self::ReplicaSet,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::PodDisruptionBudget,
        Self::Lease,
    ];

    /// The kind served under this group, version and plural, if there is one.
    pub(crate) fn served_as(group: &str, version: &str, plural: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| {
            let described = kind.describe();
            described.group == group && described.version == version && described.plural == plural
        })
    }

    /// The kind with this word in its `kind` field.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.describe().word == word)
    }

    /// `v1` or `apps/v1`.
    pub(crate) fn api_version(self) -> String {
        let described = self.describe();
        if described.group.is_empty() {
            described.version.to_owned()
        } else {
            format!("{}/{}", described.group, described.version)
        }
    }

    /// `nodes` or `deployments.apps`, as error texts name it.
    pub(crate) fn qualified(self) -> String {
        let described = self.describe();
        if described.group.is_empty() {
            described.plural.to_owned()
        } else {
            format!("{}.{}", described.plural, described.group)
        }
    }

    pub(crate) fn describe(self) -> &'static Description {
        match self {
            Self::Namespace => &NAMESPACE,
            Self::Node => &NODE,
            Self::Pod => &POD,
            Self::Event => &EVENT,
            Self::ConfigMap => &CONFIG_MAP,
            Self::Deployment => &DEPLOYMENT,
            Self::ReplicaSet => &REPLICA_SET,
            Self::StatefulSet => &STATEFUL_SET,
            Self::DaemonSet => &DAEMON_SET,
            Self::PodDisruptionBudget => &POD_DISRUPTION_BUDGET,
            Self::Lease => &LEASE,
        }
    }
}

/// What most kinds have in common.
const PLAIN: Description = Description {
    group: "",
    version: "v1",
    word: "",
    plural: "",
    singular: "",
    short_names: &[],
    is_namespaced: true,
    has_generation: false,
    is_in_all: false,
    subresources: &[],
};

const NAMESPACE: Description = Description {
    word: "Namespace",
    plural: "namespaces",
    singular: "namespace",
    short_names: &["ns"],
    is_namespaced: false,
    subresources: &["status"],
    ..PLAIN
};

const NODE: Description = Description {
    word: "Node",
    plural: "nodes",
    singular: "node",
    short_names: &["no"],
    is_namespaced: false,
    subresources: &["status"],
    ..PLAIN
};

const POD: Description = Description {
    word: "Pod",
    plural: "pods",
    singular: "pod",
    short_names: &["po"],
    is_in_all: true,
    subresources: &["eviction", "status"],
    ..PLAIN
};

const EVENT: Description = Description {
    word: "Event",
    plural: "events",
    singular: "event",
    short_names: &["ev"],
    ..PLAIN
};

const CONFIG_MAP: Description = Description {
    word: "ConfigMap",
    plural: "configmaps",
    singular: "configmap",
    short_names: &["cm"],
    ..PLAIN
};

const DEPLOYMENT: Description = Description {
    group: "apps",
    word: "Deployment",
    plural: "deployments",
    singular: "deployment",
    short_names: &["deploy"],
    has_generation: true,
    is_in_all: true,
    subresources: &["scale", "status"],
    ..PLAIN
};

const REPLICA_SET: Description = Description {
    group: "apps",
    word: "ReplicaSet",
    plural: "replicasets",
    singular: "replicaset",
    short_names: &["rs"],
    has_generation: true,
    is_in_all: true,
    subresources: &["scale", "status"],
    ..PLAIN
};

const STATEFUL_SET: Description = Description {
    group: "apps",
    word: "StatefulSet",
    plural: "statefulsets",
    singular: "statefulset",
    short_names: &["sts"],
    has_generation: true,
    is_in_all: true,
    subresources: &["scale", "status"],
    ..PLAIN
};

const DAEMON_SET: Description = Description {
    group: "apps",
    word: "DaemonSet",
    plural: "daemonsets",
    singular: "daemonset",
    short_names: &["ds"],
    has_generation: true,
    is_in_all: true,
    subresources: &["status"],
    ..PLAIN
};

const POD_DISRUPTION_BUDGET: Description = Description {
    group: "policy",
    word: "PodDisruptionBudget",
    plural: "poddisruptionbudgets",
    singular: "poddisruptionbudget",
    short_names: &["pdb"],
    has_generation: true,
    subresources: &["status"],
    ..PLAIN
};

const LEASE: Description = Description {
    group: "coordination.k8s.io",
    word: "Lease",
    plural: "leases",
    singular: "lease",
    ..PLAIN
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_path_and_its_word() {
        for kind in Kind::ALL {
            let described = kind.describe();
            assert_eq!(
                Kind::served_as(described.group, described.version, described.plural),
                Some(kind)
            );
            assert_eq!(Kind::named(described.word), Some(kind));
        }
        assert_eq!(Kind::served_as("apps", "v1", "pods"), None);
        assert_eq!(Kind::Deployment.qualified(), "deployments.apps");
        assert_eq!(Kind::Lease.api_version(), "coordination.k8s.io/v1");
    }
}
