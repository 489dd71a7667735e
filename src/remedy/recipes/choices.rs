//! Remedies with a choice in them that only a person can make, and what there is to choose from.

use super::super::repair::NotPossible;
use super::sight::Sight;
use super::{Draft, by_hand, not_here};
use crate::domain::node_pool::NodePool;

/// `free-cores`: which workload gives way is nobody's but its owner's decision.
pub(super) fn free_cores(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let size = sight.pool().ok().map(|pool| pool.vm_size.clone());
    let is_like = |pool: &&NodePool| size.as_ref().is_none_or(|size| pool.vm_size == *size);
    let all: Vec<String> = sight
        .cluster()?
        .pools
        .iter()
        .filter(is_like)
        .map(|pool| format!("{} ({} of {})", pool.name, pool.count, pool.vm_size))
        .collect();
    by_hand(format!(
        "choose a pool of the same VM family to scale down; in this cluster: {}",
        all.join(", ")
    ))
}

/// `new-pool-other-sku`.
pub(super) fn other_size(_: &Sight<'_>) -> Result<Draft, NotPossible> {
    by_hand(
        "choose a VM size or zones for a new pool, add it with the same labels and taints, drain the old pool and delete it",
    )
}

/// `new-pool-bigger-subnet`.
pub(super) fn bigger_subnet(_: &Sight<'_>) -> Result<Draft, NotPossible> {
    by_hand(
        "choose a larger subnet for a new pool, add it with the same labels and taints, drain the old pool and delete it",
    )
}

/// `scale-pool-zone`.
pub(super) fn zone(_: &Sight<'_>) -> Result<Draft, NotPossible> {
    by_hand("add a pool in the zone of the volume alone: only that makes sure where its node is")
}

/// `split-pool`.
pub(super) fn split(_: &Sight<'_>) -> Result<Draft, NotPossible> {
    by_hand("add a second pool and choose which workloads move to it")
}

/// `grant-role`: a role given by a machine would be a right nobody has looked at.
pub(super) fn grant_role(_: &Sight<'_>) -> Result<Draft, NotPossible> {
    by_hand(
        "somebody with the right Microsoft.Authorization/roleAssignments/write gives the identity in the message its role at the scope in the message",
    )
}

/// `bluegreen-rollback`.
pub(super) fn blue_green(_: &Sight<'_>) -> Result<Draft, NotPossible> {
    not_here(
        "going back to blue nodes needs a preview API, which this program does not use: abort, then roll the pool back",
    )
}

/// `backoff`.
pub(super) fn back_off(_: &Sight<'_>) -> Result<Draft, NotPossible> {
    not_here("the cockpit slows down by itself when Azure asks for it; other tools of the same login have to as well")
}
