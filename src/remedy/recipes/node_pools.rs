//! Settings of a node pool that decide how its nodes are upgraded.

use super::super::repair::NotPossible;
use super::sight::{Sight, azure, listed};
use super::{Draft, by_hand, not_here};
use crate::domain::azure_edit::PoolEdit;
use crate::domain::change::Change;
use crate::domain::node_pool::{NodePool, PoolMode, UndrainableNodeBehavior, UpgradeSettings};
use crate::domain::surge::{Share, batch_of};
use crate::domain::version::KubernetesVersion;

/// Longest drain timeout in minutes (AKS docs "Customize node pool rolling upgrades", 2026).
const LONGEST_DRAIN: u32 = 1440;

/// `raise-drain-timeout`: twice as long.
pub(super) fn raise_drain_timeout(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let settings = |pool: &NodePool| {
        let present = pool.upgrade_settings.drain_timeout_minutes;
        let present = present.unwrap_or(UpgradeSettings::DEFAULT_DRAIN_TIMEOUT_MINUTES);
        if present >= LONGEST_DRAIN {
            return not_here(format!(
                "the drain timeout of node pool {} is the longest there is",
                pool.name
            ));
        }
        let longer = (present * 2).min(LONGEST_DRAIN);
        let title = format!(
            "raise the drain timeout of node pool {} from {present} to {longer} min",
            pool.name
        );
        Ok((
            title,
            UpgradeSettings {
                drain_timeout_minutes: Some(longer),
                ..UpgradeSettings::default()
            },
        ))
    };
    set(sight, settings)
}

/// `undrainable-cordon`: nodes that cannot be drained stay behind, the others go on.
pub(super) fn undrainable_cordon(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    refuse_blue_green(sight)?;
    let settings = |pool: &NodePool| {
        let name = &pool.name;
        if pool.upgrade_settings.undrainable_node_behavior == Some(UndrainableNodeBehavior::Cordon) {
            return not_here(format!("node pool {name} passes over nodes it cannot drain already"));
        }
        Ok((
            format!("let node pool {name} pass over nodes it cannot drain"),
            UpgradeSettings {
                undrainable_node_behavior: Some(UndrainableNodeBehavior::Cordon),
                ..UpgradeSettings::default()
            },
        ))
    };
    set(sight, settings)
}

/// `lower-surge`: one extra node at a time.
pub(super) fn lower_surge(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let settings = |pool: &NodePool| {
        let batch = batch_of(&pool.upgrade_settings, pool.count, pool.version);
        if batch.surge <= 1 {
            let nodes = batch.surge;
            return not_here(format!("node pool {} asks for {nodes} surge node as it is", pool.name));
        }
        let title = format!(
            "lower the surge of node pool {} from {} nodes to 1",
            pool.name, batch.surge
        );
        Ok((
            title,
            UpgradeSettings {
                max_surge: Some(Share::Nodes(1)),
                ..UpgradeSettings::default()
            },
        ))
    };
    set(sight, settings)
}

/// `in-place`: no extra node, one missing at a time.
pub(super) fn in_place(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    refuse_blue_green(sight)?;
    let settings = |pool: &NodePool| {
        if pool.mode == PoolMode::System {
            return not_here(format!(
                "node pool {} is a system pool, which AKS does not upgrade in place",
                pool.name
            ));
        }
        if pool.count < 2 {
            return not_here(format!(
                "node pool {} has one node, and its pods would have no place",
                pool.name
            ));
        }
        let wanted = UpgradeSettings {
            max_surge: Some(Share::Nodes(0)),
            max_unavailable: Some(Share::Nodes(1)),
            ..UpgradeSettings::default()
        };
        if wanted.over(&pool.upgrade_settings) == pool.upgrade_settings {
            return not_here(format!("node pool {} is upgraded in place as it is", pool.name));
        }
        Ok((
            format!("upgrade node pool {} in place, one node at a time", pool.name),
            wanted,
        ))
    };
    set(sight, settings)
}

/// `change-os-sku`: the successor of an OS SKU that is at its end.
pub(super) fn change_os_sku(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    os_sku(sight, |present| match present {
        "Ubuntu" | "Ubuntu2204" => Some("Ubuntu2404"),
        "CBLMariner" | "Mariner" | "AzureLinux" => Some("AzureLinux3"),
        _ => None,
    })
}

/// `rollback-os-sku`: the older Ubuntu, where AKS still has it (Kubernetes 1.25 to 1.36; AKS docs "Ubuntu", 2026).
pub(super) fn older_os_sku(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let pool = sight.pool()?;
    let has_it = pool.version.is_some_and(|version| {
        KubernetesVersion::new(1, 25, 0) <= version && version < KubernetesVersion::new(1, 37, 0)
    });
    if !has_it {
        return not_here("Ubuntu2204 is only there for Kubernetes 1.25 to 1.36");
    }
    os_sku(sight, |present| {
        matches!(present, "Ubuntu" | "Ubuntu2404").then_some("Ubuntu2204")
    })
}

fn os_sku(sight: &Sight<'_>, other: impl Fn(&str) -> Option<&'static str>) -> Result<Draft, NotPossible> {
    let pool = sight.pool()?;
    let details = sight.details()?;
    let Some(present) = details
        .pools
        .get(&pool.name)
        .and_then(|details| details.os_sku.as_deref())
    else {
        return not_here(format!("the OS SKU of node pool {} was not seen", pool.name));
    };
    let Some(to) = other(present) else {
        return by_hand(format!(
            "choose what node pool {} shall run in place of {present}: no other OS SKU follows from it",
            pool.name
        ));
    };
    sight.refuse_while_busy(Some(pool))?;
    let change = Change::EditNodePool {
        cluster: sight.id(),
        pool: pool.name.clone(),
        change: PoolEdit {
            os_sku: Some(to.to_owned()),
            ..PoolEdit::default()
        },
    };
    Ok(Draft::new(
        format!("move node pool {} from {present} to {to}", pool.name),
        vec![azure(change)],
    ))
}

/// Settings for each pool the cause is about; where one pool cannot have them the others still get theirs.
fn set(
    sight: &Sight<'_>,
    settings: impl Fn(&NodePool) -> Result<(String, UpgradeSettings), NotPossible>,
) -> Result<Draft, NotPossible> {
    let mut refused = None;
    let mut titles = Vec::new();
    let mut steps = Vec::new();
    for pool in sight.pools()? {
        match sight.refuse_while_busy(Some(pool)).and_then(|()| settings(pool)) {
            Ok((title, settings)) => {
                titles.push(title);
                steps.push(azure(Change::SetPoolSettings {
                    cluster: sight.id(),
                    pool: pool.name.clone(),
                    settings,
                }));
            }
            Err(why) => refused = Some(why),
        }
    }
    match refused {
        Some(why) if steps.is_empty() => Err(why),
        _ => Ok(Draft::new(listed(&titles), steps).with_cautions([
            "a request that was refused or has failed is not repeated by this: retry it then".to_owned(),
        ])),
    }
}

fn refuse_blue_green(sight: &Sight<'_>) -> Result<(), NotPossible> {
    let Ok(details) = sight.details() else {
        return Ok(());
    };
    let is_blue_green = |pool: &&NodePool| {
        let strategy = details
            .pools
            .get(&pool.name)
            .and_then(|pool| pool.upgrade_strategy.as_deref());
        strategy.is_some_and(|strategy| strategy.eq_ignore_ascii_case("BlueGreen"))
    };
    match sight.pools()?.iter().find(|pool| is_blue_green(pool)) {
        Some(pool) => not_here(format!(
            "node pool {} is upgraded blue-green, which knows no such setting",
            pool.name
        )),
        None => Ok(()),
    }
}
