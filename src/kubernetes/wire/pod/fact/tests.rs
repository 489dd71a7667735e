//! Pods as a survey reads them: whole, bare, waiting, ended.

use serde_json::{Value, json};

use super::*;

fn read(object: Value) -> PodFact {
    serde_json::from_value::<SlimPodFact>(object).unwrap().into()
}

#[test]
fn a_pod_is_read_whole() {
    let fact = read(json!({
        "metadata": {
            "name": "cart-0", "namespace": "shop", "uid": "u", "creationTimestamp": "2026-11-23T10:00:00Z",
            "labels": { "app": "cart" },
            "annotations": { "cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "kubernetes.io/config.mirror": "m" },
            "ownerReferences": [{ "kind": "StatefulSet", "name": "cart", "controller": true }],
        },
        "spec": {
            "nodeName": "n1", "hostNetwork": true, "priorityClassName": "high", "terminationGracePeriodSeconds": 600,
            "nodeSelector": { "disk": "ssd" },
            "affinity": {
                "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": [
                    { "matchExpressions": [
                        { "key": "topology.kubernetes.io/zone", "operator": "In", "values": ["westeurope-1"] },
                        { "key": "gpu", "operator": "DoesNotExist" },
                    ] },
                ] } },
                "podAntiAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": [{ "topologyKey": "kubernetes.io/hostname" }] },
            },
            "tolerations": [{ "key": "gpu", "operator": "Exists" }, { "operator": "Exists" }],
            "volumes": [
                { "name": "data", "persistentVolumeClaim": { "claimName": "data-cart-0" } },
                { "name": "tmp", "emptyDir": { "medium": "Memory" } },
                { "name": "log", "hostPath": { "path": "/var/log" } },
                { "name": "work", "ephemeral": { "volumeClaimTemplate": {} } },
                { "name": "token", "projected": {} },
            ],
            "containers": [
                { "name": "web", "image": "web:1", "readinessProbe": { "httpGet": {} }, "lifecycle": { "preStop": {} },
                    "ports": [{ "containerPort": 80, "hostPort": 8080 }, { "containerPort": 81 }],
                    "resources": { "requests": { "cpu": "250m", "memory": "64Mi" } } },
                { "name": "side", "image": "side:1", "resources": { "requests": { "cpu": 1 } } },
            ],
        },
        "status": {
            "phase": "Running",
            "conditions": [{ "type": "Ready", "status": "False" }],
            "containerStatuses": [
                { "name": "side", "ready": true, "restartCount": 0, "state": { "running": { "startedAt": "x" } } },
                { "name": "web", "ready": false, "restartCount": 7,
                    "state": { "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 5m0s" } },
                    "lastState": { "terminated": { "reason": "OOMKilled", "exitCode": 137 } } },
            ],
        },
    }));
    assert_eq!((fact.pod.name.as_str(), fact.pod.phase.as_str()), ("cart-0", "Running"));
    assert!(fact.pod.is_mirror && !fact.pod.is_ready && fact.created_at.is_some());
    assert_eq!(fact.pod.owner.as_ref().unwrap().to_string(), "StatefulSet/cart");
    assert_eq!(
        fact.requests,
        Resources {
            cpu_millis: 1250,
            memory_bytes: 67_108_864
        }
    );
    assert_eq!(fact.grace_seconds, 600);
    assert_eq!(fact.node_selector["disk"], "ssd");
    assert_eq!(
        fact.required_affinity,
        ["topology.kubernetes.io/zone in (westeurope-1)", "gpu does not exist"]
    );
    assert!(fact.has_required_anti_affinity && fact.host_network && fact.says_never_evict);
    assert_eq!(fact.tolerations, ["gpu", "*"]);
    assert_eq!(
        fact.volumes,
        [
            PodVolume::Claim {
                name: "data-cart-0".into()
            },
            PodVolume::EmptyDir { in_memory: true },
            PodVolume::HostPath {
                path: "/var/log".into()
            },
            PodVolume::Claim {
                name: "cart-0-work".into()
            },
        ]
    );
    assert_eq!(
        (fact.host_ports, fact.priority_class.as_deref()),
        (vec![8080], Some("high"))
    );
    let [web, side] = fact.containers.as_slice() else {
        panic!("{:?}", fact.containers)
    };
    assert!(matches!(&web.state, ContainerState::Waiting { reason, .. } if reason == "CrashLoopBackOff"));
    assert_eq!((web.last_end.as_deref(), web.restarts), (Some("OOMKilled (137)"), 7));
    assert!(web.has_readiness_probe && web.has_pre_stop && !web.is_ready);
    assert!(side.state == ContainerState::Running && side.is_ready && !side.has_readiness_probe);
}

#[test]
fn a_pod_says_why_it_has_no_node() {
    let fact = read(json!({
        "metadata": { "name": "p", "namespace": "n" },
        "spec": { "affinity": { "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": [
            { "matchExpressions": [{ "key": "a", "operator": "In", "values": ["1", "2"] }] },
            { "matchExpressions": [{ "key": "b", "operator": "Exists" }] },
        ] } } } },
        "status": { "phase": "Pending", "conditions": [
            { "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes\nare available" },
        ] },
    }));
    assert_eq!(fact.unschedulable.as_deref(), Some("0/3 nodes are available"));
    assert_eq!(fact.required_affinity, ["a in (1, 2) or b exists"]);
    assert_eq!(fact.grace_seconds, USUAL_GRACE);
}

#[test]
fn init_containers_are_told_only_while_they_hold_the_pod_up() {
    let fact = read(json!({
        "metadata": { "name": "p" },
        "spec": { "containers": [{ "name": "web", "image": "web:1" }] },
        "status": { "initContainerStatuses": [
            { "name": "done", "state": { "terminated": { "reason": "Completed", "exitCode": 0 } } },
            { "name": "migrate", "image": "m:1", "restartCount": 3, "state": { "terminated": { "reason": "Error", "exitCode": 1 } } },
            { "name": "later", "state": { "waiting": { "reason": "PodInitializing" } } },
        ] },
    }));
    let names: Vec<&str> = fact
        .containers
        .iter()
        .map(|container| container.name.as_str())
        .collect();
    assert_eq!(names, ["migrate", "web"]);
    assert_eq!(
        fact.containers[0].state,
        ContainerState::Ended {
            reason: "Error".into(),
            exit_code: 1
        }
    );
    assert_eq!(fact.containers[1].state, ContainerState::Unknown);
}

#[test]
fn a_bare_pod_is_read_as_far_as_it_goes() {
    for object in [
        json!({ "metadata": { "name": "p" } }),
        json!({ "metadata": { "name": "p", "annotations": null, "labels": null }, "spec": null, "status": null }),
        json!({ "metadata": { "name": "p" }, "spec": { "affinity": { "nodeAffinity": null }, "volumes": null, "containers": null,
            "terminationGracePeriodSeconds": null }, "status": { "containerStatuses": null } }),
    ] {
        let fact = read(object);
        assert_eq!((fact.pod.phase.as_str(), fact.grace_seconds), ("Unknown", USUAL_GRACE));
        assert!(fact.containers.is_empty() && fact.volumes.is_empty() && fact.unschedulable.is_none());
    }
}
