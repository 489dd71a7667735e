//! What every AKS cluster has before anybody adds anything: classes, flow schemas, API services, the server's own
//! Service (AKS docs "Storage options", 2026; Kubernetes docs "API Priority and Fairness", 2026).

use serde_json::{Value, json};

use super::ObjectStore;
use super::kinds::Kind;
use super::names::Names;

/// Flow schemas with their priority level and precedence.
const FLOW_SCHEMAS: [(&str, &str, u32); 13] = [
    ("exempt", "exempt", 1),
    ("probes", "exempt", 2),
    ("system-leader-election", "leader-election", 100),
    ("endpoint-controller", "workload-high", 150),
    ("workload-leader-election", "leader-election", 200),
    ("system-node-high", "node-high", 400),
    ("system-nodes", "system", 500),
    ("kube-controller-manager", "workload-high", 800),
    ("kube-scheduler", "workload-high", 800),
    ("kube-system-service-accounts", "workload-high", 900),
    ("service-accounts", "workload-low", 9000),
    ("global-default", "global-default", 9900),
    ("catch-all", "catch-all", 10_000),
];

impl ObjectStore {
    /// Adds what every cluster has. Its uids come from a sequence of their own, so that all others stay as they are.
    pub(super) fn add_usual_objects(&mut self, seed: u64) {
        let others = std::mem::replace(&mut self.names, Names::new(!seed));
        for (name, level, precedence) in FLOW_SCHEMAS {
            self.create(Kind::FlowSchema, flow_schema(name, level, precedence));
        }
        for class in ["default", "managed-csi", "managed-csi-premium", "azurefile-csi"] {
            self.create(Kind::StorageClass, storage_class(class));
        }
        for kind in Kind::ALL {
            self.add_local_api(kind);
        }
        self.create(Kind::ApiService, metrics_api());
        self.create(Kind::Service, server_service());
        self.create(Kind::EndpointSlice, server_slice());
        self.names = others;
    }

    fn add_local_api(&mut self, kind: Kind) {
        let described = kind.describe();
        let name = format!("{}.{}", described.version, described.group);
        if self
            .store
            .contains(Kind::ApiService, &super::store::Key::new("", &name))
        {
            return;
        }
        let spec = json!({
            "group": described.group,
            "version": described.version,
            "groupPriorityMinimum": 17_000,
            "versionPriority": 15,
        });
        let condition = available("Local", "Local APIServices are always available");
        let object = json!({
            "metadata": { "name": name, "labels": { "kube-aggregator.kubernetes.io/automanaged": "onstart" } },
            "spec": spec,
            "status": { "conditions": [condition] },
        });
        self.create(Kind::ApiService, object);
    }
}

fn available(reason: &str, message: &str) -> Value {
    json!({ "type": "Available", "status": "True", "reason": reason, "message": message })
}

fn flow_schema(name: &str, level: &str, precedence: u32) -> Value {
    let condition = json!({
        "type": "Dangling",
        "status": "False",
        "reason": "Found",
        "message": format!(
            "This FlowSchema references the PriorityLevelConfiguration object named \"{level}\" and it exists"
        ),
    });
    json!({
        "metadata": { "name": name, "annotations": { "apf.kubernetes.io/autoupdate-spec": "true" } },
        "spec": {
            "priorityLevelConfiguration": { "name": level },
            "matchingPrecedence": precedence,
            "distinguisherMethod": { "type": "ByUser" },
        },
        "status": { "conditions": [condition] },
    })
}

fn storage_class(name: &str) -> Value {
    let provisioner = if name.starts_with("azurefile") {
        "file.csi.azure.com"
    } else {
        "disk.csi.azure.com"
    };
    let is_default = (name == "default").to_string();
    json!({
        "metadata": {
            "name": name,
            "annotations": { "storageclass.kubernetes.io/is-default-class": is_default },
        },
        "provisioner": provisioner,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": true,
    })
}

fn metrics_api() -> Value {
    json!({
        "metadata": { "name": "v1beta1.metrics.k8s.io" },
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "service": { "namespace": "kube-system", "name": "metrics-server", "port": 443 },
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": true,
        },
        "status": { "conditions": [available("Passed", "all checks passed")] },
    })
}

fn server_service() -> Value {
    json!({
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": { "component": "apiserver", "provider": "kubernetes" },
        },
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "10.0.0.1",
            "clusterIPs": ["10.0.0.1"],
            "ports": [{ "name": "https", "port": 443, "protocol": "TCP", "targetPort": 443 }],
        },
        "status": { "loadBalancer": {} },
    })
}

fn server_slice() -> Value {
    json!({
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": { "kubernetes.io/service-name": "kubernetes" },
        },
        "addressType": "IPv4",
        "endpoints": [{ "addresses": ["20.31.0.4"], "conditions": { "ready": true } }],
        "ports": [{ "name": "https", "port": 443, "protocol": "TCP" }],
    })
}
