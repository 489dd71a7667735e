//! How each automatable remedy becomes changes, one family a file.

mod budgets;
mod cautions;
mod choices;
mod cluster;
mod node_pools;
mod nodes;
mod operations;
mod outbound;
mod pods;
mod sight;
mod sizes;
mod surroundings;
mod system;
mod versions;
mod webhooks;
mod workloads;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use self::sight::Sight;
use super::library::remedy;
use super::repair::{NotPossible, Repair, RepairStep, Undo};
use crate::diagnosis::cause::Cause;
use crate::domain::change::Change;
use crate::domain::survey::Survey;

/// What a recipe makes; the rest of a repair is the same for all.
#[derive(Debug)]
struct Draft {
    title: String,
    /// Beyond what the library says of the remedy.
    cautions: Vec<String>,
    steps: Vec<RepairStep>,
    undo: Undo,
}

impl Draft {
    /// One that is taken back by putting back what was there.
    fn new(title: impl Into<String>, steps: Vec<RepairStep>) -> Self {
        Self {
            title: title.into(),
            cautions: Vec::new(),
            steps,
            undo: Undo::PutBack,
        }
    }

    fn with_cautions(mut self, cautions: impl IntoIterator<Item = String>) -> Self {
        self.cautions.extend(cautions);
        self
    }

    fn undone_by(self, undo: Undo) -> Self {
        Self { undo, ..self }
    }

    /// It cannot be taken back, and why.
    fn for_good(self, why: impl Into<String>) -> Self {
        self.undone_by(Undo::Impossible { why: why.into() })
    }
}

type Recipe = fn(&Sight<'_>) -> Result<Draft, NotPossible>;

/// Every remedy that can be made exact, and those of which it can be said what there is to choose from.
const RECIPES: &[(&str, Recipe)] = &[
    ("scale-up-workload", workloads::scale_up),
    ("scale-to-zero", workloads::scale_to_zero),
    ("pdb-relax", budgets::relax),
    ("pdb-always-allow-unhealthy", budgets::always_allow_unhealthy),
    ("pdb-backup-delete", budgets::delete),
    ("merge-pdbs", budgets::merge),
    ("delete-pod", pods::delete),
    ("force-delete-pod", pods::force_delete),
    ("remove-finalizer", pods::remove_finalizer),
    ("uncordon", nodes::uncordon),
    ("unquarantine", nodes::unquarantine),
    ("delete-machine", nodes::delete_machine),
    ("reimage-node", nodes::replace),
    ("webhook-ignore", webhooks::ignore),
    ("webhook-exclude-system", webhooks::exclude_system),
    ("webhook-backend-up", webhooks::backend_up),
    ("exempt-webhook-evictions", webhooks::exempt_evictions),
    ("detach-volume", system::detach_volume),
    ("restart-konnectivity", system::restart_konnectivity),
    ("drop-guard", system::drop_guard),
    ("raise-drain-timeout", node_pools::raise_drain_timeout),
    ("undrainable-cordon", node_pools::undrainable_cordon),
    ("lower-surge", node_pools::lower_surge),
    ("in-place", node_pools::in_place),
    ("change-os-sku", node_pools::change_os_sku),
    ("rollback-os-sku", node_pools::older_os_sku),
    ("scale-to-upgraded-count", sizes::to_upgraded_count),
    ("scale-down-for-ips", sizes::fewer_nodes),
    ("scale-pool-up", sizes::one_more_node),
    ("lower-max-count", sizes::lower_max_count),
    ("reconcile", operations::reconcile),
    ("retry-upgrade", operations::retry),
    ("abort", operations::abort),
    ("pool-rollback", versions::roll_back),
    ("upgrade-node-image", versions::node_image),
    ("upgrade-lagging-pools", versions::lagging_pools),
    ("full-upgrade", versions::everything),
    ("choose-offered-version", versions::offered),
    ("force-upgrade", cluster::force),
    ("force-upgrade-api", cluster::force_past_apis),
    ("pause-autoupgrade", cluster::pause_auto_upgrade),
    ("scale-tier", cluster::standard_tier),
    ("enable-lts", cluster::long_term_support),
    ("start-cluster", cluster::start),
    ("disable-monitoring", cluster::disable_monitoring),
    ("rotate-certs", cluster::rotate_certificates),
    ("add-authorized-ip", outbound::authorize_address),
    ("lb-outbound", outbound::more_addresses),
    ("extend-window", surroundings::extend_window),
    ("remove-lock", surroundings::remove_locks),
    ("link-dns-zone", surroundings::link_dns_zone),
    ("free-cores", choices::free_cores),
    ("new-pool-other-sku", choices::other_size),
    ("new-pool-bigger-subnet", choices::bigger_subnet),
    ("scale-pool-zone", choices::zone),
    ("split-pool", choices::split),
    ("grant-role", choices::grant_role),
    ("bluegreen-rollback", choices::blue_green),
    ("backoff", choices::back_off),
];

/// Makes a remedy exact for a cause, from what was surveyed.
///
/// # Errors
/// When it is unknown, only a person can do it, or something it needs is not there or was not read.
pub fn plan(id: &str, cause: &Cause, survey: &Survey) -> Result<Repair, NotPossible> {
    let known = remedy(id).ok_or_else(|| NotPossible::Unknown { id: id.to_owned() })?;
    let Some((_, recipe)) = RECIPES.iter().find(|(name, _)| *name == id) else {
        return Err(NotPossible::ByHand { how: known.how.clone() });
    };
    let draft = recipe(&Sight::new(cause, survey))?;
    if let Some(why) = refused_now(&draft.steps, survey) {
        return not_here(why);
    }
    let general = Some(known.risk_note.clone()).filter(|note| !note.is_empty());
    Ok(Repair {
        cluster: survey.cluster.clone(),
        remedy: known.id.clone(),
        cause: Some(cause.code.clone()),
        title: draft.title,
        risk: known.risk,
        cautions: draft.cautions.into_iter().chain(general).collect(),
        steps: draft.steps,
        undo: draft.undo,
    })
}

/// Why Azure would refuse the first step now: one operation runs at a time on a cluster, and only an abort may come
/// between (AKS docs "Troubleshoot OperationNotAllowed", 2026).
fn refused_now(steps: &[RepairStep], survey: &Survey) -> Option<String> {
    let Some(RepairStep::Azure { change }) = steps.first() else {
        return None;
    };
    let is_of_cluster = !matches!(
        change,
        Change::AbortCluster { .. }
            | Change::AbortNodePool { .. }
            | Change::SetWindow { .. }
            | Change::RemoveLock { .. }
            | Change::PutLock { .. }
            | Change::LinkDnsZone { .. }
            | Change::UnlinkDnsZone { .. }
    );
    let busy = survey.azure.cluster.as_ref().ok()?.active_state()?;
    is_of_cluster.then(|| {
        format!("Azure is at work ({busy}) and refuses any other change until that has ended; abort it, or wait")
    })
}

/// It cannot be done here.
fn not_here<T>(why: impl Into<String>) -> Result<T, NotPossible> {
    Err(NotPossible::NotHere { why: why.into() })
}

/// Only a person can do it.
fn by_hand<T>(how: impl Into<String>) -> Result<T, NotPossible> {
    Err(NotPossible::ByHand { how: how.into() })
}
