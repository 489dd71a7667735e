//! Which pools a plan is about, in which order, and the settings they get first.

use std::collections::{BTreeMap, BTreeSet};

use super::{PlanError, PoolChoice};
use crate::domain::cluster::Cluster;
use crate::domain::ids::NodePoolName;
use crate::domain::node_pool::{NodePool, PoolMode, UpgradeSettings};
use crate::domain::provisioning::PowerState;
use crate::plan::names::plain_id;
use crate::plan::step::{Step, StepKind};

/// Refuses names that no pool of the cluster has.
pub(super) fn check_names<'a>(
    cluster: &Cluster,
    names: impl IntoIterator<Item = &'a NodePoolName>,
) -> Result<(), PlanError> {
    match names.into_iter().find(|name| cluster.pool(name).is_none()) {
        None => Ok(()),
        Some(missing) => Err(PlanError::NoSuchPool {
            cluster: cluster.name.clone(),
            pool: missing.to_string(),
            pools: cluster.pools.iter().map(|pool| pool.name.to_string()).collect(),
        }),
    }
}

/// The chosen pools: those of `order` first, then system pools, then the others, each in Azure's order.
pub(super) fn chosen<'a>(
    cluster: &'a Cluster,
    choice: &PoolChoice,
    order: &[NodePoolName],
) -> Result<Vec<&'a NodePool>, PlanError> {
    let is_chosen = |pool: &NodePool| match choice {
        PoolChoice::None => false,
        PoolChoice::All => pool.power_state != PowerState::Stopped,
        PoolChoice::These(names) => names.contains(&pool.name),
    };
    if let PoolChoice::These(names) = choice {
        check_names(cluster, names)?;
    }
    let mut pools: Vec<&NodePool> = cluster.pools.iter().filter(|pool| is_chosen(pool)).collect();
    let place = |pool: &NodePool| order.iter().position(|name| *name == pool.name).unwrap_or(order.len());
    pools.sort_by_key(|pool| (place(pool), pool.mode != PoolMode::System));
    Ok(pools)
}

/// The steps with the settings of each pool before its first move, where something differs from what it has.
pub(super) fn with_settings(
    steps: Vec<Step>,
    cluster: &Cluster,
    wanted: &BTreeMap<NodePoolName, UpgradeSettings>,
) -> Vec<Step> {
    let mut is_set: BTreeSet<NodePoolName> = BTreeSet::new();
    let mut out = Vec::with_capacity(steps.len());
    for step in steps {
        if let Some(name) = step.kind.pool().filter(|name| is_set.insert((*name).clone()))
            && let (Some(pool), Some(settings)) = (cluster.pool(name), wanted.get(name))
        {
            let settings = different(settings, &pool.upgrade_settings);
            if settings != UpgradeSettings::default() {
                let kind = StepKind::PoolSettings {
                    pool: name.clone(),
                    settings,
                };
                out.push(Step::new(plain_id(&kind), kind));
            }
        }
        out.push(step);
    }
    out
}

/// Those of `wanted` that `present` does not have.
fn different(wanted: &UpgradeSettings, present: &UpgradeSettings) -> UpgradeSettings {
    let mut settings = wanted.clone();
    unset_if_same(&mut settings.max_surge, present.max_surge.as_ref());
    unset_if_same(&mut settings.max_unavailable, present.max_unavailable.as_ref());
    unset_if_same(
        &mut settings.drain_timeout_minutes,
        present.drain_timeout_minutes.as_ref(),
    );
    unset_if_same(&mut settings.node_soak_minutes, present.node_soak_minutes.as_ref());
    unset_if_same(
        &mut settings.undrainable_node_behavior,
        present.undrainable_node_behavior.as_ref(),
    );
    settings
}

fn unset_if_same<T: PartialEq>(wanted: &mut Option<T>, present: Option<&T>) {
    wanted.take_if(|wanted| Some(&*wanted) == present);
}
