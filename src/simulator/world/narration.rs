//! The events an upgrade leaves about its nodes, in the upgrader's, the kubelet's and the controllers' words.
//! Texts follow the AKS events of 2021 to 2026, with their traps. What kubelets say of cordons comes with the objects.

use jiff::Timestamp;

use crate::simulator::kubernetes::objects::{EventSpec, ObjectStore};

fn node_event(objects: &mut ObjectStore, now: Timestamp, source: &str, reason: &str, node: &str, message: String) {
    emit(objects, now, source, reason, false, node, message);
}

fn emit(
    objects: &mut ObjectStore,
    now: Timestamp,
    source: &str,
    reason: &str,
    is_warning: bool,
    node: &str,
    message: String,
) {
    objects.emit(
        &EventSpec {
            is_warning,
            reason: reason.to_owned(),
            message,
            source: source.to_owned(),
            object_kind: "Node".to_owned(),
            object_name: node.to_owned(),
            namespace: "default".to_owned(),
        },
        now,
    );
}

fn upgrader(objects: &mut ObjectStore, now: Timestamp, reason: &str, node: &str, message: String) {
    node_event(objects, now, "upgrader", reason, node, message);
}

fn status_is_now(objects: &mut ObjectStore, now: Timestamp, reason: &str, node: &str) {
    node_event(
        objects,
        now,
        "kubelet",
        reason,
        node,
        format!("Node {node} status is now: {reason}"),
    );
}

/// The pool-wide first event; its object is the pool, not a node.
pub(super) fn upgrade_started(objects: &mut ObjectStore, now: Timestamp, pool: &str) {
    objects.emit(
        &EventSpec {
            is_warning: false,
            reason: "Upgrade".to_owned(),
            message: format!("Upgrade started for agent pool {pool}"),
            source: "upgrader".to_owned(),
            object_kind: "AgentPool".to_owned(),
            object_name: pool.to_owned(),
            namespace: "default".to_owned(),
        },
        now,
    );
}

pub(super) fn surge_created(objects: &mut ObjectStore, now: Timestamp, node: &str, pool: &str) {
    upgrader(
        objects,
        now,
        "Surge",
        node,
        format!("Created a surge node {node} for agentpool {pool}"),
    );
}

pub(super) fn surge_removing(objects: &mut ObjectStore, now: Timestamp, node: &str) {
    upgrader(objects, now, "Surge", node, format!("Removing surge node: {node}"));
}

pub(super) fn cordoning(objects: &mut ObjectStore, now: Timestamp, node: &str) {
    upgrader(objects, now, "Cordon", node, format!("Cordoning node {node}"));
}

/// The kubelet says so although the node goes away: the deletion takes the cordon with it.
pub(super) fn schedulable_before_removal(objects: &mut ObjectStore, now: Timestamp, node: &str) {
    status_is_now(objects, now, "NodeSchedulable", node);
}

pub(super) fn draining(objects: &mut ObjectStore, now: Timestamp, node: &str) {
    upgrader(objects, now, "Drain", node, format!("Draining node: {node}"));
}

pub(super) fn eviction_blocked(objects: &mut ObjectStore, now: Timestamp, node: &str, pod: &str) {
    let message = format!("Eviction blocked by Too Many Requests (usually a pdb): {pod}");
    emit(objects, now, "upgrader", "Drain", true, node, message);
}

/// An eviction that was answered with something else than 429.
pub(super) fn eviction_failed(objects: &mut ObjectStore, now: Timestamp, node: &str, pod: &str, why: &str) {
    let message = format!("Error evicting pod {pod}: {why}");
    emit(objects, now, "upgrader", "Drain", true, node, message);
}

pub(super) fn deletion_failed(objects: &mut ObjectStore, now: Timestamp, node: &str) {
    let message = format!("Unable to delete node {node} from API server");
    emit(objects, now, "upgrader", "Upgrade", true, node, message);
}

pub(super) fn reimage_failed(objects: &mut ObjectStore, now: Timestamp, node: &str) {
    let message = format!("Failed to reimage node {node}");
    emit(objects, now, "upgrader", "Upgrade", true, node, message);
}

pub(super) fn drain_failed(objects: &mut ObjectStore, now: Timestamp, node: &str, why: &str) {
    let message = format!("Error draining node {node}: {why}");
    emit(objects, now, "upgrader", "Drain", true, node, message);
}

pub(super) fn soaking(objects: &mut ObjectStore, now: Timestamp, node: &str, minutes: u64) {
    upgrader(
        objects,
        now,
        "Upgrade",
        node,
        format!("Soak duration {minutes}m0s after draining node: {node}"),
    );
}

pub(super) fn deleting(objects: &mut ObjectStore, now: Timestamp, node: &str) {
    upgrader(
        objects,
        now,
        "Upgrade",
        node,
        format!("Deleting node {node} from API server"),
    );
}

pub(super) fn removed(objects: &mut ObjectStore, now: Timestamp, node: &str) {
    node_event(
        objects,
        now,
        "node-controller",
        "RemovingNode",
        node,
        format!("Node {node} event: Removing Node {node} from Controller"),
    );
}

pub(super) fn reimaging(objects: &mut ObjectStore, now: Timestamp, node: &str) {
    upgrader(objects, now, "Upgrade", node, format!("Reimaging node {node}"));
}

pub(super) fn starting(objects: &mut ObjectStore, now: Timestamp, node: &str) {
    node_event(
        objects,
        now,
        "kubelet",
        "Starting",
        node,
        "Starting kubelet.".to_owned(),
    );
}

pub(super) fn ready(objects: &mut ObjectStore, now: Timestamp, node: &str) {
    status_is_now(objects, now, "NodeReady", node);
    node_event(
        objects,
        now,
        "node-controller",
        "RegisteredNode",
        node,
        format!("Node {node} event: Registered Node {node} in Controller"),
    );
}

pub(super) fn upgraded(objects: &mut ObjectStore, now: Timestamp, node: &str) {
    upgrader(
        objects,
        now,
        "Upgrade",
        node,
        format!("Successfully reimaged node: {node}"),
    );
    upgrader(
        objects,
        now,
        "Upgrade",
        node,
        format!("Successfully upgraded node: {node}"),
    );
}
