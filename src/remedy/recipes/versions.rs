//! Versions and images: a pool taken back, a newer image, pools that lag behind, everything at once.

use std::time::Duration;

use super::super::repair::{NotPossible, Undo};
use super::sight::{Sight, azure, listed};
use super::{Draft, by_hand, not_here};
use crate::domain::azure_edit::ClusterEdit;
use crate::domain::change::Change;
use crate::domain::cluster::Cluster;
use crate::domain::node_pool::NodePool;
use crate::domain::version::KubernetesVersion;

/// How long AKS keeps what a pool ran before (AKS docs "Roll back a node pool version", 2026).
const ROLLBACK_WITHIN: Duration = Duration::from_hours(7 * 24);

/// `pool-rollback`: to what the pool ran before.
pub(super) fn roll_back(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let pool = sight.pool()?;
    sight.refuse_while_busy(Some(pool))?;
    if let Some(channel) = active_channel(sight.cluster()?) {
        return not_here(format!(
            "AKS takes no pool back while the automatic channel is '{channel}': turn it off first"
        ));
    }
    let upgrades = sight.upgrades()?.pools.get(&pool.name);
    let Some(past) = upgrades.and_then(|upgrades| upgrades.recently_used.first()) else {
        return not_here(format!("AKS keeps nothing that node pool {} ran before", pool.name));
    };
    let now = sight.survey.taken_at;
    let is_kept = |until: jiff::Timestamp| until.checked_add(ROLLBACK_WITHIN).is_ok_and(|end| now < end);
    if past.used_until.is_some_and(|until| !is_kept(until)) {
        return not_here(format!("node pool {} was upgraded more than 7 days ago", pool.name));
    }
    let change = Change::RollBackNodePool {
        cluster: sight.id(),
        pool: pool.name.clone(),
        to: past.version,
        node_image: past.node_image.clone(),
    };
    let title = format!(
        "roll node pool {} back to {} ({})",
        pool.name, past.version, past.node_image
    );
    let draft = Draft::new(title, vec![azure(change)]);
    Ok(match pool.version {
        Some(to) => draft.undone_by(Undo::Steps {
            steps: vec![azure(upgrade(sight, pool, to))],
        }),
        None => draft.for_good("the version it ran is not known"),
    })
}

/// `upgrade-node-image`: the newest image of the pool's version.
pub(super) fn node_image(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let pools = sight.pools()?;
    for pool in &pools {
        sight.refuse_while_busy(Some(pool))?;
    }
    let latest = |pool: &NodePool| {
        let upgrades = sight.upgrades().ok()?.pools.get(&pool.name)?;
        upgrades.latest_node_image.clone()
    };
    let steps = pools.iter().map(|pool| {
        azure(Change::UpgradeNodeImage {
            cluster: sight.id(),
            pool: pool.name.clone(),
            to: latest(pool),
        })
    });
    let title = format!("move node pool {} to the newest node image", names(&pools));
    Ok(Draft::new(title, steps.collect()).undone_by(way_back(sight, &pools)))
}

/// `upgrade-lagging-pools`: each pool behind the control plane, to its version.
pub(super) fn lagging_pools(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let cluster = sight.cluster()?;
    let Some(to) = cluster.version else {
        return not_here("the control plane runs a version this program cannot read");
    };
    let behind: Vec<&NodePool> = cluster
        .pools
        .iter()
        .filter(|pool| pool.version.is_some_and(|version| version < to))
        .collect();
    if behind.is_empty() {
        return not_here(format!("no node pool is behind the control plane ({to})"));
    }
    for pool in &behind {
        sight.refuse_while_busy(Some(pool))?;
    }
    let steps = behind.iter().map(|pool| azure(upgrade(sight, pool, to))).collect();
    let title = format!("upgrade node pool {} to {to}", names(&behind));
    Ok(Draft::new(title, steps).undone_by(way_back(sight, &behind)))
}

/// `full-upgrade`: pools that are behind are brought to the control plane's version in one request.
pub(super) fn everything(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let cluster = sight.cluster()?;
    let Some(to) = cluster.version else {
        return not_here("the control plane runs a version this program cannot read");
    };
    if cluster.pools.iter().all(|pool| pool.version == Some(to)) {
        return by_hand(format!(
            "every pool runs {to}, like the control plane: choose the next version and start its upgrade with all pools{}",
            offers(sight)
        ));
    }
    sight.refuse_while_busy(None)?;
    let change = Change::EditCluster {
        cluster: sight.id(),
        change: ClusterEdit::Upgrade { to },
    };
    let title = format!("bring every node pool of cluster {} to {to}", cluster.name);
    Ok(Draft::new(title, vec![azure(change)]).for_good("pools are taken back one by one, within 7 days"))
}

/// `choose-offered-version`: a person chooses.
pub(super) fn offered(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    by_hand(format!(
        "start the upgrade again with a version AKS offers{}",
        offers(sight)
    ))
}

fn offers(sight: &Sight<'_>) -> String {
    match sight.upgrades() {
        Ok(upgrades) if upgrades.control_plane.is_empty() => ": it offers none now".to_owned(),
        Ok(upgrades) => {
            let all: Vec<String> = upgrades
                .control_plane
                .iter()
                .map(|offer| offer.version.to_string())
                .collect();
            format!(": {}", all.join(", "))
        }
        Err(_) => String::new(),
    }
}

fn upgrade(sight: &Sight<'_>, pool: &NodePool, to: KubernetesVersion) -> Change {
    Change::UpgradeNodePool {
        cluster: sight.id(),
        pool: pool.name.clone(),
        to,
    }
}

/// Back to the versions and images the pools have now.
fn way_back(sight: &Sight<'_>, pools: &[&NodePool]) -> Undo {
    let channel = sight.cluster().ok().and_then(active_channel);
    if let Some(channel) = channel {
        return Undo::Impossible {
            why: format!("AKS takes no pool back while the automatic channel is '{channel}'"),
        };
    }
    let back = |pool: &&NodePool| {
        Some(azure(Change::RollBackNodePool {
            cluster: sight.id(),
            pool: pool.name.clone(),
            to: run_by(sight, pool)?,
            node_image: pool.node_image.clone()?,
        }))
    };
    match pools.iter().map(back).collect::<Option<Vec<_>>>() {
        Some(steps) => Undo::Steps { steps },
        None => Undo::Impossible {
            why: "what the pools run now is not known, or not the same on all their nodes".to_owned(),
        },
    }
}

/// The version that all nodes of a pool run: after an upgrade that failed Azure claims what they do not run.
fn run_by(sight: &Sight<'_>, pool: &NodePool) -> Option<KubernetesVersion> {
    let nodes = sight.all_nodes().ok()?;
    let of_pool = nodes.iter().filter(|fact| fact.node.pool.as_ref() == Some(&pool.name));
    let mut versions = of_pool.map(|fact| fact.node.version);
    let first = versions.next().unwrap_or(pool.version)?;
    versions.all(|version| version == Some(first)).then_some(first)
}

fn active_channel(cluster: &Cluster) -> Option<&str> {
    let channel = cluster.auto_upgrade.kubernetes_channel.as_deref()?;
    (!channel.is_empty() && !channel.eq_ignore_ascii_case("none")).then_some(channel)
}

fn names(pools: &[&NodePool]) -> String {
    let all: Vec<String> = pools.iter().map(|pool| pool.name.to_string()).collect();
    listed(&all)
}
