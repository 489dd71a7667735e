//! Nothing moves though it should, and nothing says why: found by the time this phase takes on this cluster.

use jiff::{SignedDuration, Timestamp};

use super::counted;
use crate::diagnosis::catalogue::is_upgrade_step;
use crate::diagnosis::cause::{Found, Impact};
use crate::diagnosis::scene::{Scene, last_seen};
use crate::domain::ids::NodeName;
use crate::domain::subject::Subject;
use crate::progress::picture::{LivePicture, NodePhase, NodeProgress};

/// The least time without movement that is called a stall.
const LEAST: SignedDuration = SignedDuration::from_mins(15);
/// What a drain may take behind its timeout before AKS has said so.
const AFTER_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    scene
        .picture()
        .filter(|_| scene.situation.is_running)
        .and_then(|picture| found(scene, picture))
        .into_iter()
        .collect()
}

fn found(scene: &Scene<'_>, picture: &LivePicture) -> Option<Found> {
    if picture.nodes.is_empty() {
        return None;
    }
    let moved = last_movement(scene, picture)?;
    let still = scene.age(moved);
    let limit = limit(scene, picture);
    if still <= limit {
        return None;
    }
    let waiting: Vec<&NodeProgress> = picture
        .nodes
        .values()
        .filter(|node| node.phase.is_in_flight())
        .collect();
    let names: Vec<NodeName> = waiting.iter().map(|node| node.name.clone()).collect();
    let headline = format!(
        "Nothing has moved for {} min, longer than the {} min this takes here; {} in work",
        still.as_mins(),
        limit.as_mins(),
        counted(names.len(), "node")
    );
    let seen = waiting.iter().map(|node| {
        let words = format!("{} since {}", node.phase.as_str(), node.since);
        scene.watched(Subject::node(&node.name), words)
    });
    let pools = picture
        .pools
        .iter()
        .filter(|pool| pool.target.is_some() && pool.done < pool.total);
    Some(
        Found::confirmed("stall-no-progress", Impact::Stalled, headline)
            .about(names.iter().map(Subject::node))
            .about(pools.map(|pool| Subject::pool(&pool.name)))
            .about([Subject::Cluster])
            .on(names.clone())
            .since(Some(moved))
            .shown_by([scene.watched(Subject::Cluster, format!("last movement {moved}"))])
            .shown_by(seen),
    )
}

/// The last time anything of the upgrade was seen to move.
fn last_movement(scene: &Scene<'_>, picture: &LivePicture) -> Option<Timestamp> {
    let steps = scene
        .events()
        .filter(|(_, event)| is_upgrade_step(event))
        .filter_map(|(_, event)| last_seen(event));
    let began = scene.situation.since;
    let nodes = picture
        .nodes
        .values()
        .map(|node| node.since)
        .filter(move |since| began.is_none_or(|began| *since >= began));
    let born = scene.nodes().filter_map(|fact| fact.node.created_at);
    steps
        .chain(nodes)
        .chain(born.filter(move |created| began.is_some_and(|began| *created >= began)))
        .chain(began)
        .filter(|at| *at <= scene.now())
        .max()
}

/// How long the slowest phase that is on now may last on this cluster.
fn limit(scene: &Scene<'_>, picture: &LivePicture) -> SignedDuration {
    let usual = scene
        .symptoms
        .usual
        .node
        .or_else(|| picture.node_times.iter().max().copied());
    let usual = usual
        .and_then(|usual| SignedDuration::try_from(usual * 2).ok())
        .unwrap_or(LEAST);
    let control_plane = scene
        .symptoms
        .usual
        .control_plane
        .and_then(|usual| SignedDuration::try_from(usual * 2).ok());
    let is_control_plane =
        scene.situation.is_whole_cluster_upgrading() && !picture.nodes.values().any(|node| node.phase.is_in_flight());
    let allowed = picture
        .nodes
        .values()
        .filter(|node| node.phase.is_in_flight())
        .map(|node| allowed(scene, node))
        .max()
        .unwrap_or(LEAST);
    let control_plane = control_plane.filter(|_| is_control_plane).unwrap_or(LEAST);
    LEAST.max(usual).max(allowed).max(control_plane)
}

/// A drain that nothing visible holds may last until its timeout; a soak as long as it was set.
fn allowed(scene: &Scene<'_>, node: &NodeProgress) -> SignedDuration {
    let settings = node
        .pool
        .as_ref()
        .and_then(|pool| scene.pool(pool))
        .map(|pool| &pool.upgrade_settings);
    let minutes = match (node.phase, settings) {
        (NodePhase::Draining, Some(settings)) => settings.drain_timeout(),
        (NodePhase::Soaking | NodePhase::Drained, Some(settings)) => settings.node_soak(),
        _ => return LEAST,
    };
    SignedDuration::try_from(minutes)
        .unwrap_or(LEAST)
        .saturating_add(AFTER_TIMEOUT)
}
