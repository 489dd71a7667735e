//! The kinds of object this API server knows, with the words discovery and routing need. Knows nothing of objects.

mod described;

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
    Service,
    Secret,
    PersistentVolume,
    PersistentVolumeClaim,
    EndpointSlice,
    Job,
    CronJob,
    Ingress,
    HorizontalPodAutoscaler,
    StorageClass,
    VolumeAttachment,
    ValidatingWebhookConfiguration,
    MutatingWebhookConfiguration,
    CertificateSigningRequest,
    FlowSchema,
    PriorityLevelConfiguration,
    ApiService,
    CustomResourceDefinition,
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
    pub(crate) const ALL: [Self; 29] = [
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
        Self::Service,
        Self::Secret,
        Self::PersistentVolume,
        Self::PersistentVolumeClaim,
        Self::EndpointSlice,
        Self::Job,
        Self::CronJob,
        Self::Ingress,
        Self::HorizontalPodAutoscaler,
        Self::StorageClass,
        Self::VolumeAttachment,
        Self::ValidatingWebhookConfiguration,
        Self::MutatingWebhookConfiguration,
        Self::CertificateSigningRequest,
        Self::FlowSchema,
        Self::PriorityLevelConfiguration,
        Self::ApiService,
        Self::CustomResourceDefinition,
    ];

    /// The kind served under this group, version and plural, if there is one.
    pub(crate) fn served_as(group: &str, version: &str, plural: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| {
            let described = kind.describe();
            described.group == group && described.version == version && described.plural == plural
        })
    }

    /// The kind of an object that names itself.
    pub(crate) fn of(api_version: &str, word: &str) -> Option<Self> {
        Self::named(word).filter(|kind| kind.api_version() == api_version)
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
            Self::Namespace => &described::NAMESPACE,
            Self::Node => &described::NODE,
            Self::Pod => &described::POD,
            Self::Event => &described::EVENT,
            Self::ConfigMap => &described::CONFIG_MAP,
            Self::Deployment => &described::DEPLOYMENT,
            Self::ReplicaSet => &described::REPLICA_SET,
            Self::StatefulSet => &described::STATEFUL_SET,
            Self::DaemonSet => &described::DAEMON_SET,
            Self::PodDisruptionBudget => &described::POD_DISRUPTION_BUDGET,
            Self::Lease => &described::LEASE,
            Self::Service => &described::SERVICE,
            Self::Secret => &described::SECRET,
            Self::PersistentVolume => &described::PERSISTENT_VOLUME,
            Self::PersistentVolumeClaim => &described::PERSISTENT_VOLUME_CLAIM,
            Self::EndpointSlice => &described::ENDPOINT_SLICE,
            Self::Job => &described::JOB,
            Self::CronJob => &described::CRON_JOB,
            Self::Ingress => &described::INGRESS,
            Self::HorizontalPodAutoscaler => &described::HORIZONTAL_POD_AUTOSCALER,
            Self::StorageClass => &described::STORAGE_CLASS,
            Self::VolumeAttachment => &described::VOLUME_ATTACHMENT,
            Self::ValidatingWebhookConfiguration => &described::VALIDATING_WEBHOOK_CONFIGURATION,
            Self::MutatingWebhookConfiguration => &described::MUTATING_WEBHOOK_CONFIGURATION,
            Self::CertificateSigningRequest => &described::CERTIFICATE_SIGNING_REQUEST,
            Self::FlowSchema => &described::FLOW_SCHEMA,
            Self::PriorityLevelConfiguration => &described::PRIORITY_LEVEL_CONFIGURATION,
            Self::ApiService => &described::API_SERVICE,
            Self::CustomResourceDefinition => &described::CUSTOM_RESOURCE_DEFINITION,
        }
    }
}

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
