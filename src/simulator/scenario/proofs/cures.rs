//! What cures a scenario: the object, the limit or the setting is changed, and the upgrade comes to its end, by itself
//! where it still runs, and with the same request again where it has failed.

use std::time::Duration;

use serde_json::{Value, json};

use super::{cluster, name, world};
use crate::simulator::kubernetes::objects::kinds::Kind;
use crate::simulator::kubernetes::objects::{WebhookAnswer, fields};
use crate::simulator::world::incident::{Deed, ObjectName, What};
use crate::simulator::world::{PoolChange, UpgradeSettings, World};

/// One way to cure.
enum Cure {
    /// A merge patch of an object.
    Edit(&'static str, &'static str, &'static str, fn() -> Value),
    Remove(&'static str, &'static str, &'static str),
    /// Finalizers of every object of the kind whose name begins so are taken off.
    NoFinalizers(&'static str, &'static str),
    Heal(&'static str, &'static str),
    Lift(&'static str),
    /// The upgrade settings of the pool.
    Settings(&'static str, &'static str, &'static str),
    Landscape(fn(&mut crate::simulator::world::landscape::Landscape)),
    Quota(&'static str, u32),
    Uncordon,
    Answer(&'static str),
}

fn relaxed() -> Value {
    json!({ "spec": { "minAvailable": 1 } })
}

fn always() -> Value {
    json!({ "spec": { "unhealthyPodEvictionPolicy": "AlwaysAllow" } })
}

fn ignored() -> Value {
    json!({ "webhooks": null })
}

/// Scenario, pool, and what cures it.
const CURES: &[(&str, &str, Cure)] = &[
    (
        "drain-budget",
        "apps",
        Cure::Edit("PodDisruptionBudget", "shop", "checkout-pdb", relaxed),
    ),
    (
        "drain-budget-failed",
        "apps",
        Cure::Edit("PodDisruptionBudget", "shop", "checkout-pdb", relaxed),
    ),
    (
        "drain-budget-forgotten",
        "apps",
        Cure::Remove("PodDisruptionBudget", "shop", "checkout-pdb"),
    ),
    (
        "drain-unready",
        "apps",
        Cure::Edit("PodDisruptionBudget", "shop", "cart-pdb", always),
    ),
    (
        "drain-two-budgets",
        "apps",
        Cure::Remove("PodDisruptionBudget", "shop", "web-extra"),
    ),
    ("drain-finalizer", "apps", Cure::NoFinalizers("Pod", "backup-")),
    (
        "surge-exhausted",
        "apps",
        Cure::Edit("PodDisruptionBudget", "shop", "checkout-pdb", relaxed),
    ),
    ("node-left-cordoned", "apps", Cure::Uncordon),
    ("internal-error", "apps", Cure::Lift("internal_error")),
    ("preempted", "apps", Cure::Lift("nothing")),
    ("aborted-mid-drain", "apps", Cure::Lift("nothing")),
    ("failed-left", "apps", Cure::Lift("nothing")),
    ("stalled", "apps", Cure::Lift("pause")),
    ("quota-used-up", "apps", Cure::Quota("standardESv5Family", 64)),
    ("quota-used-up", "apps", Cure::Settings("apps", "0", "1")),
    ("subnet-full", "apps", Cure::Settings("apps", "0", "1")),
    (
        "subnet-full",
        "apps",
        Cure::Landscape(|landscape| landscape.subnets[0].limit = 20),
    ),
    ("no-capacity", "apps", Cure::Lift("no_capacity")),
    (
        "public-addresses",
        "apps",
        Cure::Landscape(|landscape| landscape.usages[0].limit = 20),
    ),
    (
        "policy",
        "apps",
        Cure::Landscape(|landscape| landscape.policies.clear()),
    ),
    (
        "group-locked",
        "apps",
        Cure::Landscape(|landscape| landscape.locks.clear()),
    ),
    (
        "deletion-locked",
        "apps",
        Cure::Landscape(|landscape| landscape.locks.clear()),
    ),
    (
        "resource-missing",
        "apps",
        Cure::Landscape(|landscape| landscape.missing.clear()),
    ),
    ("missing-right", "apps", Cure::Lift("missing_right")),
    ("service-principal", "apps", Cure::Lift("service_principal_expired")),
    ("scale-set-edited", "apps", Cure::Lift("scale_set_edited")),
    ("bootstrap-outbound", "apps", Cure::Lift("bootstrap_fails")),
    ("bootstrap-outbound-failed", "apps", Cure::Lift("bootstrap_fails")),
    ("bootstrap-timeout", "apps", Cure::Lift("bootstrap_hangs")),
    ("machine-failed", "apps", Cure::Lift("machine_fails")),
    ("never-joined", "apps", Cure::Lift("never_joins")),
    ("surge-not-ready", "apps", Cure::Lift("not_ready")),
    ("reimage-failed", "apps", Cure::Lift("reimage_fails")),
    ("node-not-deleted", "apps", Cure::NoFinalizers("Node", "aks-apps-")),
    (
        "disk-still-attached",
        "apps",
        Cure::Remove("VolumeAttachment", "", "csi-4be1"),
    ),
    ("image-pull", "apps", Cure::Heal("shop", "mail-worker")),
    ("no-pod-addresses", "apps", Cure::Heal("shop", "mail-worker")),
    ("eviction-denied", "apps", Cure::Answer("drain.streams.example")),
    (
        "eviction-denied",
        "apps",
        Cure::Remove("ValidatingWebhookConfiguration", "", "drain-cleaner"),
    ),
    (
        "webhook-down",
        "apps",
        Cure::Edit("ValidatingWebhookConfiguration", "", "image-rules", ignored),
    ),
    ("control-plane-slow", "", Cure::Lift("control_plane_held")),
    ("etcd-full", "", Cure::Lift("control_plane_held")),
    ("add-ons-not-ready", "", Cure::Heal("kube-system", "metrics-server")),
    ("image-and-budget", "apps", Cure::Heal("shop", "cart")),
    (
        "harbour-budget-added",
        "w2",
        Cure::Remove("PodDisruptionBudget", "yard", "do-not-touch"),
    ),
];

impl Cure {
    fn apply(&self, world: &mut World) {
        let (cluster_name, now) = (name(world), world.now);
        let object = |kind: &str, namespace: &str, name: &str| ObjectName {
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        let mut happen = |what: What| world.happen_now(&cluster_name, &what, "me").unwrap();
        match self {
            Self::Edit(kind, namespace, name, patch) => happen(What::Edit {
                object: object(kind, namespace, name),
                patch: patch(),
            }),
            Self::Remove(kind, namespace, name) => happen(What::Remove(object(kind, namespace, name))),
            Self::Heal(namespace, workload) => happen(What::Heal {
                namespace: (*namespace).to_owned(),
                workload: (*workload).to_owned(),
            }),
            Self::Lift(obstacle) => happen(What::Lift((*obstacle).to_owned())),
            Self::NoFinalizers(kind, prefix) => {
                let all = cluster(world).objects.objects_of(kind);
                for held in all.iter().filter(|held| fields::name(held).starts_with(prefix)) {
                    let what = What::Edit {
                        object: object(kind, fields::namespace(held), fields::name(held)),
                        patch: json!({ "metadata": { "finalizers": null } }),
                    };
                    world.happen_now(&cluster_name, &what, "me").unwrap();
                }
            }
            Self::Settings(pool, surge, unavailable) => {
                let change = PoolChange {
                    settings: Some(UpgradeSettings {
                        max_surge: Some((*surge).to_owned()),
                        max_unavailable: Some((*unavailable).to_owned()),
                        ..UpgradeSettings::default()
                    }),
                    ..PoolChange::default()
                };
                let (cluster, surroundings) = world.cluster_mut(&cluster_name).unwrap();
                cluster.put_pool(pool, &change, &surroundings, now).unwrap();
            }
            Self::Landscape(change) => change(&mut world.cluster_mut(&cluster_name).unwrap().0.landscape),
            Self::Quota(family, limit) => {
                let profile = cluster(world).profile.clone();
                world
                    .quotas
                    .set_limit(&profile.subscription, &profile.location, family, *limit);
            }
            Self::Uncordon => {
                let (cluster, _) = world.cluster_mut(&cluster_name).unwrap();
                for node in cluster.objects.node_names() {
                    cluster.objects.set_cordoned(&node, false, now);
                }
            }
            Self::Answer(webhook) => {
                let (cluster, _) = world.cluster_mut(&cluster_name).unwrap();
                cluster.objects.set_webhook_answer(webhook, WebhookAnswer::Allow);
            }
        }
    }
}

fn is_at_work(world: &World, pool: &str) -> bool {
    let cluster = cluster(world);
    !cluster.state.is_terminal() || cluster.pool(pool).is_some_and(|pool| !pool.state.is_terminal())
}

/// The same request again.
fn retry(world: &mut World, pool: &str) {
    let to = cluster(world).pool(pool).map(|pool| pool.wanted.clone());
    let deed = match to {
        Some(to) => Deed::Pool {
            pool: pool.to_owned(),
            to,
        },
        None => Deed::ControlPlane {
            to: "1.35.5".to_owned(),
        },
    };
    let name = name(world);
    world.act(&name, &deed, "me").unwrap();
}

fn wait(world: &mut World, pool: &str) {
    for _ in 0..200 {
        if is_at_work(world, pool) {
            world.advance_to(world.now + Duration::from_mins(1));
        }
    }
}

/// What is not as it should be after a cure; empty when all is well.
fn complaints(world: &World, pool: &str) -> Vec<String> {
    let cluster = cluster(world);
    let mut complaints = Vec::new();
    if cluster.state.as_str() != "Succeeded" {
        complaints.push(format!("cluster {} {:?}", cluster.state.as_str(), cluster.error));
    }
    if cluster.control_plane.running != cluster.control_plane.claimed {
        complaints.push("the control plane does not run what is claimed".to_owned());
    }
    let Some(pool) = cluster.pool(pool) else {
        return complaints;
    };
    if pool.state.as_str() != "Succeeded" || !pool.runs(pool.claimed) {
        complaints.push(format!("pool {} {:?}", pool.state.as_str(), pool.error));
    }
    for node in &pool.nodes {
        if node.is_surge || cluster.objects.is_cordoned(&node.name) || !cluster.objects.has_node(&node.name) {
            complaints.push(format!("left behind: {node:?}"));
        }
    }
    let pods = cluster.objects.store().iter(Kind::Pod);
    complaints.extend(
        pods.filter(|pod| fields::is_active(pod) && fields::node_of(pod).is_none())
            .map(|pod| format!("no node for {}", fields::name(pod))),
    );
    complaints
}

#[test]
fn what_is_cured_comes_to_its_end() {
    let mut complained = Vec::new();
    for (scenario, pool, cure) in CURES {
        let mut world = world(scenario);
        let ran = is_at_work(&world, pool);
        cure.apply(&mut world);
        wait(&mut world, pool);
        if !ran {
            retry(&mut world, pool);
            wait(&mut world, pool);
        }
        world.advance_to(world.now + Duration::from_mins(2));
        let left = complaints(&world, pool);
        complained.extend(left.iter().map(|why| format!("{scenario}: {why}")));
    }
    assert!(complained.is_empty(), "{}", complained.join("\n"));
}

#[test]
fn what_is_not_cured_does_not_end_well() {
    for scenario in [
        "drain-budget",
        "bootstrap-outbound",
        "never-joined",
        "stalled",
        "surge-not-ready",
        "reimage-failed",
    ] {
        let mut world = world(scenario);
        world.advance_to(world.now + Duration::from_hours(1));
        let pool = cluster(&world).pool("apps").unwrap();
        assert_ne!(pool.state.as_str(), "Succeeded", "{scenario}");
    }
}
