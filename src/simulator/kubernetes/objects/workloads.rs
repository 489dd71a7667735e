//! Deployments, StatefulSets and DaemonSets as a scenario adds them, and the pods their controllers make.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::admission::{Admission, Rejection};
use super::fields;
use super::kinds::Kind;
use super::names::Names;
use super::store::Key;
use super::{Habits, ObjectStore, WorkloadSpec};

/// Grace that pods get where nothing else is said, in seconds (Kubernetes API reference, PodSpec, v1.36).
const USUAL_GRACE: u64 = 30;

impl ObjectStore {
    /// Adds a workload and its namespace; before the first `advance_to` its pods are up at once.
    pub fn add_workload(&mut self, workload: &WorkloadSpec, now: Timestamp) {
        self.pass_to(now);
        let kind = match workload.kind.as_str() {
            "StatefulSet" => Kind::StatefulSet,
            "DaemonSet" => Kind::DaemonSet,
            "Job" => Kind::Job,
            _ => Kind::Deployment,
        };
        self.add_namespace(&workload.namespace);
        self.habits.insert(
            (kind, Key::new(&workload.namespace, &workload.name)),
            Habits {
                start_time: workload.start_time,
                stop_time: workload.stop_time,
                never_ready: workload.never_ready as usize,
            },
        );
        self.create(kind, describe(workload, kind));
        if let Some(budget) = &workload.budget {
            self.add_budget(&workload.namespace, &workload.name, budget, now);
        }
        if self.is_building {
            self.settle();
        }
    }

    pub(super) fn add_namespace(&mut self, name: &str) {
        let key = Key::new("", name);
        if !self.store.contains(Kind::Namespace, &key) {
            let object = json!({
                "metadata": { "name": name, "labels": { "kubernetes.io/metadata.name": name } },
                "spec": { "finalizers": ["kubernetes"] },
                "status": { "phase": "Active" },
            });
            self.create(Kind::Namespace, object);
        }
    }

    /// Makes a pod from the template of its controller.
    ///
    /// # Errors
    /// When an admission webhook refuses it, in the API server's words.
    pub(super) fn create_pod(
        &mut self,
        owner: &Value,
        kind: Kind,
        name: &str,
        node: Option<&str>,
    ) -> Result<(), Rejection> {
        let mut pod = pod_from_template(&owner["spec"]["template"], &mut self.names);
        fields::put(&mut pod, &["metadata", "name"], name);
        fields::put(&mut pod, &["metadata", "namespace"], fields::namespace(owner));
        fields::put(&mut pod, &["metadata", "ownerReferences"], vec![reference(owner, kind)]);
        if kind == Kind::StatefulSet {
            let ordinal = name.rsplit_once('-').map_or("0", |(_, ordinal)| ordinal);
            fields::put(
                &mut pod,
                &["metadata", "labels", "apps.kubernetes.io/pod-index"],
                ordinal,
            );
            fields::put(
                &mut pod,
                &["metadata", "labels", "statefulset.kubernetes.io/pod-name"],
                name,
            );
            fields::put(&mut pod, &["spec", "hostname"], name);
        }
        if let Some(node) = node {
            fields::put(&mut pod, &["spec", "nodeName"], node);
            fields::put(&mut pod, &["spec", "tolerations"], daemon_tolerations());
        }
        self.admit(&Admission {
            operation: "CREATE",
            kind: Kind::Pod,
            subresource: None,
            object: &pod,
        })?;
        let object = self.create(Kind::Pod, pod);
        if node.is_some() {
            self.mark_scheduled(&Key::of(&object));
        }
        Ok(())
    }
}

/// The owner reference of a controller's child.
pub(super) fn reference(owner: &Value, kind: Kind) -> Value {
    json!({
        "apiVersion": kind.api_version(),
        "kind": kind.describe().word,
        "name": fields::name(owner),
        "uid": fields::uid(owner),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// Fills in what the API server and its admission plugins add to every new pod.
pub(crate) fn complete_pod(pod: &mut Value, names: &mut Names) {
    let volume = format!("kube-api-access-{}", names.suffix());
    let mount = json!({
        "name": volume,
        "readOnly": true,
        "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
    });
    if let Some(containers) = pod["spec"]["containers"].as_array_mut() {
        for container in containers {
            let mut mounts = container["volumeMounts"].as_array().cloned().unwrap_or_default();
            // A mount that is there already is left as it is (Kubernetes ServiceAccount admission, v1.36).
            if mounts.iter().any(|present| present["mountPath"] == mount["mountPath"]) {
                continue;
            }
            mounts.push(mount.clone());
            fields::put(container, &["volumeMounts"], mounts);
        }
    }
    let mut volumes = pod["spec"]["volumes"].as_array().cloned().unwrap_or_default();
    volumes.push(json!({ "name": volume, "projected": { "defaultMode": 420, "sources": [
        { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
        { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
        { "downwardAPI": { "items": [{ "path": "namespace", "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" } }] } },
    ] } }));
    fields::put(pod, &["spec", "volumes"], volumes);
    let usual: [(&str, Value); 7] = [
        ("restartPolicy", "Always".into()),
        ("terminationGracePeriodSeconds", USUAL_GRACE.into()),
        ("dnsPolicy", "ClusterFirst".into()),
        ("serviceAccountName", "default".into()),
        ("schedulerName", "default-scheduler".into()),
        ("priority", 0.into()),
        ("tolerations", usual_tolerations()),
    ];
    for (field, value) in usual {
        if pod["spec"][field].is_null() {
            fields::put(pod, &["spec", field], value);
        }
    }
    fields::put(pod, &["status"], json!({ "phase": "Pending", "qosClass": "Burstable" }));
}

fn pod_from_template(template: &Value, names: &mut Names) -> Value {
    let mut pod = json!({ "metadata": {}, "spec": template["spec"] });
    for field in ["labels", "annotations", "finalizers"] {
        let value = &template["metadata"][field];
        if !value.is_null() {
            fields::put(&mut pod, &["metadata", field], value.clone());
        }
    }
    complete_pod(&mut pod, names);
    pod
}

fn describe(workload: &WorkloadSpec, kind: Kind) -> Value {
    let labels = json!({ "app": workload.name });
    let mut spec = json!({
        "selector": { "matchLabels": labels },
        "template": template(workload, kind, &labels),
    });
    match kind {
        Kind::Job => {
            fields::put(&mut spec, &["parallelism"], workload.replicas);
            fields::put(&mut spec, &["completions"], workload.replicas);
            fields::put(&mut spec, &["backoffLimit"], 6);
            fields::put(&mut spec, &["template", "spec", "restartPolicy"], "Never");
        }
        Kind::StatefulSet => {
            fields::put(&mut spec, &["serviceName"], workload.name.as_str());
            fields::put(&mut spec, &["podManagementPolicy"], "OrderedReady");
            fields::put(&mut spec, &["updateStrategy"], json!({ "type": "RollingUpdate" }));
        }
        Kind::DaemonSet => {
            let strategy = json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 0, "maxUnavailable": 1 } });
            fields::put(&mut spec, &["updateStrategy"], strategy);
        }
        _ => {
            let rolling = json!({ "maxSurge": "25%", "maxUnavailable": "25%" });
            fields::put(
                &mut spec,
                &["strategy"],
                json!({ "type": "RollingUpdate", "rollingUpdate": rolling }),
            );
            fields::put(&mut spec, &["progressDeadlineSeconds"], 600);
        }
    }
    if !matches!(kind, Kind::DaemonSet | Kind::Job) {
        fields::put(&mut spec, &["replicas"], workload.replicas);
    }
    if kind != Kind::Job {
        fields::put(&mut spec, &["revisionHistoryLimit"], 10);
    }
    json!({
        "metadata": { "name": workload.name, "namespace": workload.namespace, "labels": labels },
        "spec": spec,
        "status": {},
    })
}

fn template(workload: &WorkloadSpec, kind: Kind, labels: &Value) -> Value {
    let grace = workload
        .stop_time
        .as_secs()
        .saturating_add(u64::from(workload.stop_time.subsec_nanos() > 0));
    let mut template = json!({
        "metadata": { "labels": labels },
        "spec": {
            "containers": [{
                "name": workload.name,
                "image": format!("contoso.azurecr.io/{}/{}:1.0.0", workload.namespace, workload.name),
                "imagePullPolicy": "IfNotPresent",
                "ports": [{ "containerPort": 8080, "protocol": "TCP" }],
                "resources": {
                    "requests": { "cpu": "50m", "memory": "64Mi" },
                    "limits": { "memory": "256Mi" },
                },
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": "Always",
            "schedulerName": "default-scheduler",
            "securityContext": {},
            "terminationGracePeriodSeconds": grace.max(USUAL_GRACE),
        },
    });
    if kind != Kind::Job {
        let probe = json!({
            "httpGet": { "path": "/ready", "port": 8080, "scheme": "HTTP" },
            "timeoutSeconds": 1,
            "periodSeconds": 10,
            "successThreshold": 1,
            "failureThreshold": 3,
        });
        template["spec"]["containers"][0]["readinessProbe"] = probe;
    }
    if let Some(finalizer) = &workload.finalizer {
        fields::put(&mut template, &["metadata", "finalizers"], vec![finalizer.as_str()]);
    }
    match workload.pools.as_slice() {
        [] => {}
        [pool] => fields::put(
            &mut template,
            &["spec", "nodeSelector", "kubernetes.azure.com/agentpool"],
            pool.as_str(),
        ),
        pools => {
            let term = json!({ "matchExpressions": [
                { "key": "kubernetes.azure.com/agentpool", "operator": "In", "values": pools },
            ] });
            let path = [
                "spec",
                "affinity",
                "nodeAffinity",
                "requiredDuringSchedulingIgnoredDuringExecution",
            ];
            fields::put(&mut template, &path, json!({ "nodeSelectorTerms": [term] }));
        }
    }
    template
}

fn usual_tolerations() -> Value {
    json!([
        { "key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 },
        { "key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 },
    ])
}

/// What the daemon set controller adds, so that daemons run wherever they can (Kubernetes docs "DaemonSet", 2026).
fn daemon_tolerations() -> Value {
    let always = |key: &str, effect: &str| json!({ "key": format!("node.kubernetes.io/{key}"), "operator": "Exists", "effect": effect });
    Value::Array(vec![
        always("not-ready", "NoExecute"),
        always("unreachable", "NoExecute"),
        always("disk-pressure", "NoSchedule"),
        always("memory-pressure", "NoSchedule"),
        always("pid-pressure", "NoSchedule"),
        always("unschedulable", "NoSchedule"),
    ])
}
