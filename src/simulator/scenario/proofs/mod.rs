//! Proofs that the worlds of the scenarios are as they say: the trouble is there when they begin, and what cures it
//! lets the upgrade go on by itself or with the same request again.

mod cures;
mod symptoms;

use jiff::Timestamp;
use serde_json::Value;

use super::{Attempt, AttemptedChange, Scenario};
use crate::simulator::kubernetes::objects::fields;
use crate::simulator::kubernetes::objects::kinds::Kind;
use crate::simulator::world::incident::Deed;
use crate::simulator::world::{Refusal, SimulatedCluster, World};

const SEED: u64 = 7;

fn at() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

fn world(name: &str) -> World {
    Scenario::built_in(name).unwrap().world(SEED, at()).unwrap()
}

/// The one cluster of a scenario.
fn cluster(world: &World) -> &SimulatedCluster {
    world.clusters.values().next().unwrap()
}

fn name(world: &World) -> String {
    world.clusters.keys().next().unwrap().clone()
}

/// Somebody tries the change of a scenario.
fn attempt(world: &mut World, attempt: &Attempt) -> Option<Result<String, Refusal>> {
    let to = attempt.to.clone().unwrap_or_default();
    let deed = match attempt.change {
        AttemptedChange::ControlPlane => Deed::ControlPlane { to },
        AttemptedChange::Pool => Deed::Pool {
            pool: attempt.pool.clone().unwrap_or_default(),
            to,
        },
        AttemptedChange::Rollback => return None,
    };
    let name = name(world);
    Some(world.act(&name, &deed, "me"))
}

/// Everything that is said about the cluster anywhere, one line each.
fn words(cluster: &SimulatedCluster) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut words = vec![format!("cluster {}", cluster.state.as_str())];
    words.extend(
        cluster
            .error
            .iter()
            .map(|error| format!("{}: {}", error.code, error.message)),
    );
    for pool in &cluster.pools {
        words.push(format!("pool {} {}", pool.name, pool.state.as_str()));
        words.extend(
            pool.error
                .iter()
                .map(|error| format!("{}: {}", error.code, error.message)),
        );
        for node in &pool.nodes {
            let is_there = cluster.objects.has_node(&node.name);
            words.push(format!(
                "node of {} {}{}{}{}{}",
                pool.name,
                if node.version == pool.claimed { "new" } else { "old" },
                if node.is_surge { " surge" } else { "" },
                if node.is_quarantined { " quarantined" } else { "" },
                if cluster.objects.is_cordoned(&node.name) {
                    " cordoned"
                } else {
                    ""
                },
                if is_there { "" } else { " away" },
            ));
        }
    }
    let store = cluster.objects.store();
    let events = store.iter(Kind::Event);
    words.extend(events.map(|event| format!("{}: {}", text(&event["reason"]), text(&event["message"]))));
    for kind in [Kind::Pod, Kind::Node] {
        for object in store.iter(kind) {
            let word = kind.describe().word;
            if fields::is_deleting(object) {
                words.push(format!("{word} {} ends", fields::name(object)));
            }
            let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
            words.extend(conditions.map(|condition| {
                format!(
                    "{word} {}={}: {}",
                    text(&condition["type"]),
                    text(&condition["status"]),
                    text(&condition["message"])
                )
            }));
        }
    }
    let landscape = &cluster.landscape;
    let bootstraps = landscape.failed_bootstraps.values();
    words.extend(bootstraps.map(|failed| format!("bootstrap {}: {}", failed.exit_code, failed.output)));
    let machines = landscape.failed_machines.values();
    words.extend(machines.map(|failed| format!("machine {}: {}", failed.code, failed.message)));
    words
}
