//! How long 5,000 node objects take from JSON text into domain values.

use aks_cockpit::domain::node::Node;
use aks_cockpit::kubernetes::wire::SlimNode;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};

const NODES: usize = 5_000;

fn parse_nodes(criterion: &mut Criterion) {
    let mut random = fastrand::Rng::with_seed(7);
    let texts: Vec<String> = (0..NODES).map(|index| node(index, &mut random).to_string()).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    let mut group = criterion.benchmark_group("nodes");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(bytes.try_into().unwrap_or(u64::MAX)));
    group.bench_function("parse_5000", |bencher| {
        bencher.iter_batched(
            || (),
            |()| -> Vec<Node> {
                texts
                    .iter()
                    .map(|text| serde_json::from_str::<SlimNode>(text).expect("a node").into())
                    .collect()
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// A node of about 15 KB, most of it in parts the cockpit leaves out: images, managed fields, addresses.
fn node(index: usize, random: &mut fastrand::Rng) -> Value {
    let name = format!("aks-pool{}-12345678-vmss{index:06}", index % 9);
    let images: Vec<Value> = (0..35)
        .map(|image| {
            json!({
                "names": [
                    format!("mcr.microsoft.com/oss/part-{image}@sha256:{:032x}{:032x}", random.u128(..), random.u128(..)),
                    format!("mcr.microsoft.com/oss/part-{image}:v{}.{}.{}", random.u8(..), random.u8(..), random.u8(..))
                ],
                "sizeBytes": random.u32(..)
            })
        })
        .collect();
    let fields: serde_json::Map<String, Value> = (0..60)
        .map(|field| {
            let key = format!("f:example.com/field-{field}-{:08x}", random.u32(..));
            (key, json!({".": {}, "f:lastHeartbeatTime": {}}))
        })
        .collect();
    json!({
        "kind": "Node", "apiVersion": "v1",
        "metadata": {
            "name": name, "uid": format!("{:032x}", random.u128(..)), "resourceVersion": random.u32(..).to_string(),
            "creationTimestamp": "2026-11-23T10:00:00Z",
            "labels": labels(index, random),
            "annotations": {"node.alpha.kubernetes.io/ttl": "0", "volumes.kubernetes.io/controller-managed-attach-detach": "true"},
            "managedFields": [
                {"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": "2026-11-23T10:00:00Z",
                 "fieldsType": "FieldsV1", "fieldsV1": {"f:status": {"f:conditions": fields}}}
            ]
        },
        "spec": {"podCIDR": "10.0.0.0/24", "providerID": format!("azure:///subscriptions/s/{name}"), "unschedulable": random.u8(..) < 8},
        "status": {
            "capacity": {"cpu": "8", "memory": "32863800Ki", "pods": "110"},
            "conditions": [
                condition("MemoryPressure", "False"), condition("DiskPressure", "False"),
                condition("PIDPressure", "False"), condition("Ready", if random.u8(..) < 8 { "False" } else { "True" })
            ],
            "addresses": [{"type": "InternalIP", "address": "10.1.2.3"}, {"type": "Hostname", "address": name}],
            "nodeInfo": {
                "bootID": format!("{:032x}", random.u128(..)), "kubeletVersion": "v1.33.5",
                "osImage": "Ubuntu 22.04.5 LTS", "containerRuntimeVersion": "containerd://1.7.28"
            },
            "images": images
        }
    })
}

fn labels(index: usize, random: &mut fastrand::Rng) -> Value {
    let mut labels = json!({
        "kubernetes.azure.com/agentpool": format!("pool{}", index % 9),
        "kubernetes.azure.com/node-image-version": "AKSUbuntu-2204gen2containerd-202611.01.0",
        "topology.kubernetes.io/zone": format!("westeurope-{}", index % 3 + 1)
    });
    for label in 0..25 {
        labels[format!("example.com/label-{label}")] = json!(format!("{:016x}", random.u64(..)));
    }
    labels
}

fn condition(kind: &str, status: &str) -> Value {
    json!({
        "type": kind, "status": status, "reason": "KubeletHasNoTrouble", "message": "kubelet says how it is",
        "lastHeartbeatTime": "2026-11-23T10:00:00Z", "lastTransitionTime": "2026-11-23T10:00:00Z"
    })
}

criterion_group!(benches, parse_nodes);
criterion_main!(benches);
