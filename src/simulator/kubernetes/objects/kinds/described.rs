//! What discovery says of each kind (Kubernetes API reference, v1.36). Data only.

use super::Description;

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

pub(super) const NAMESPACE: Description = Description {
    word: "Namespace",
    plural: "namespaces",
    singular: "namespace",
    short_names: &["ns"],
    is_namespaced: false,
    subresources: &["status"],
    ..PLAIN
};

pub(super) const NODE: Description = Description {
    word: "Node",
    plural: "nodes",
    singular: "node",
    short_names: &["no"],
    is_namespaced: false,
    subresources: &["status"],
    ..PLAIN
};

pub(super) const POD: Description = Description {
    word: "Pod",
    plural: "pods",
    singular: "pod",
    short_names: &["po"],
    is_in_all: true,
    subresources: &["eviction", "status"],
    ..PLAIN
};

pub(super) const EVENT: Description = Description {
    word: "Event",
    plural: "events",
    singular: "event",
    short_names: &["ev"],
    ..PLAIN
};

pub(super) const CONFIG_MAP: Description = Description {
    word: "ConfigMap",
    plural: "configmaps",
    singular: "configmap",
    short_names: &["cm"],
    ..PLAIN
};

pub(super) const DEPLOYMENT: Description = Description {
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

pub(super) const REPLICA_SET: Description = Description {
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

pub(super) const STATEFUL_SET: Description = Description {
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

pub(super) const DAEMON_SET: Description = Description {
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

pub(super) const POD_DISRUPTION_BUDGET: Description = Description {
    group: "policy",
    word: "PodDisruptionBudget",
    plural: "poddisruptionbudgets",
    singular: "poddisruptionbudget",
    short_names: &["pdb"],
    has_generation: true,
    subresources: &["status"],
    ..PLAIN
};

pub(super) const LEASE: Description = Description {
    group: "coordination.k8s.io",
    word: "Lease",
    plural: "leases",
    singular: "lease",
    ..PLAIN
};

pub(super) const SERVICE: Description = Description {
    word: "Service",
    plural: "services",
    singular: "service",
    short_names: &["svc"],
    is_in_all: true,
    subresources: &["status"],
    ..PLAIN
};

pub(super) const SECRET: Description = Description {
    word: "Secret",
    plural: "secrets",
    singular: "secret",
    ..PLAIN
};

pub(super) const PERSISTENT_VOLUME: Description = Description {
    word: "PersistentVolume",
    plural: "persistentvolumes",
    singular: "persistentvolume",
    short_names: &["pv"],
    is_namespaced: false,
    subresources: &["status"],
    ..PLAIN
};

pub(super) const PERSISTENT_VOLUME_CLAIM: Description = Description {
    word: "PersistentVolumeClaim",
    plural: "persistentvolumeclaims",
    singular: "persistentvolumeclaim",
    short_names: &["pvc"],
    subresources: &["status"],
    ..PLAIN
};

pub(super) const ENDPOINT_SLICE: Description = Description {
    group: "discovery.k8s.io",
    word: "EndpointSlice",
    plural: "endpointslices",
    singular: "endpointslice",
    has_generation: true,
    ..PLAIN
};

pub(super) const JOB: Description = Description {
    group: "batch",
    word: "Job",
    plural: "jobs",
    singular: "job",
    has_generation: true,
    is_in_all: true,
    subresources: &["status"],
    ..PLAIN
};

pub(super) const CRON_JOB: Description = Description {
    group: "batch",
    word: "CronJob",
    plural: "cronjobs",
    singular: "cronjob",
    short_names: &["cj"],
    has_generation: true,
    is_in_all: true,
    subresources: &["status"],
    ..PLAIN
};

pub(super) const INGRESS: Description = Description {
    group: "networking.k8s.io",
    word: "Ingress",
    plural: "ingresses",
    singular: "ingress",
    short_names: &["ing"],
    has_generation: true,
    subresources: &["status"],
    ..PLAIN
};

pub(super) const HORIZONTAL_POD_AUTOSCALER: Description = Description {
    group: "autoscaling",
    version: "v2",
    word: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    singular: "horizontalpodautoscaler",
    short_names: &["hpa"],
    is_in_all: true,
    subresources: &["status"],
    ..PLAIN
};

pub(super) const STORAGE_CLASS: Description = Description {
    group: "storage.k8s.io",
    word: "StorageClass",
    plural: "storageclasses",
    singular: "storageclass",
    short_names: &["sc"],
    is_namespaced: false,
    ..PLAIN
};

pub(super) const VOLUME_ATTACHMENT: Description = Description {
    group: "storage.k8s.io",
    word: "VolumeAttachment",
    plural: "volumeattachments",
    singular: "volumeattachment",
    is_namespaced: false,
    subresources: &["status"],
    ..PLAIN
};

pub(super) const VALIDATING_WEBHOOK_CONFIGURATION: Description = Description {
    group: "admissionregistration.k8s.io",
    word: "ValidatingWebhookConfiguration",
    plural: "validatingwebhookconfigurations",
    singular: "validatingwebhookconfiguration",
    is_namespaced: false,
    has_generation: true,
    ..PLAIN
};

pub(super) const MUTATING_WEBHOOK_CONFIGURATION: Description = Description {
    group: "admissionregistration.k8s.io",
    word: "MutatingWebhookConfiguration",
    plural: "mutatingwebhookconfigurations",
    singular: "mutatingwebhookconfiguration",
    is_namespaced: false,
    has_generation: true,
    ..PLAIN
};

pub(super) const CERTIFICATE_SIGNING_REQUEST: Description = Description {
    group: "certificates.k8s.io",
    word: "CertificateSigningRequest",
    plural: "certificatesigningrequests",
    singular: "certificatesigningrequest",
    short_names: &["csr"],
    is_namespaced: false,
    subresources: &["approval", "status"],
    ..PLAIN
};

pub(super) const FLOW_SCHEMA: Description = Description {
    group: "flowcontrol.apiserver.k8s.io",
    word: "FlowSchema",
    plural: "flowschemas",
    singular: "flowschema",
    is_namespaced: false,
    has_generation: true,
    subresources: &["status"],
    ..PLAIN
};

pub(super) const PRIORITY_LEVEL_CONFIGURATION: Description = Description {
    group: "flowcontrol.apiserver.k8s.io",
    word: "PriorityLevelConfiguration",
    plural: "prioritylevelconfigurations",
    singular: "prioritylevelconfiguration",
    is_namespaced: false,
    has_generation: true,
    subresources: &["status"],
    ..PLAIN
};

pub(super) const API_SERVICE: Description = Description {
    group: "apiregistration.k8s.io",
    word: "APIService",
    plural: "apiservices",
    singular: "apiservice",
    is_namespaced: false,
    subresources: &["status"],
    ..PLAIN
};

pub(super) const CUSTOM_RESOURCE_DEFINITION: Description = Description {
    group: "apiextensions.k8s.io",
    word: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    singular: "customresourcedefinition",
    short_names: &["crd", "crds"],
    is_namespaced: false,
    has_generation: true,
    subresources: &["status"],
    ..PLAIN
};
