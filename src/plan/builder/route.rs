//! The way of the control plane from where it is to where it is wanted.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Facts, PlanError};
use crate::domain::cluster::{RegionMinor, RegionVersions, SupportPlan};
use crate::domain::provisioning::ProvisioningState;
use crate::domain::upgrade_path::{UpgradePath, reachable};
use crate::domain::version::{KubernetesVersion, MinorVersion, VersionWish};

/// At most so many versions are named where the wish cannot be fulfilled.
const NEAREST: usize = 4;

/// Where the control plane goes, and the version the pools go to.
pub(super) struct Route {
    /// One version for each control plane step; empty where it is there already.
    pub(super) hops: Vec<KubernetesVersion>,
    pub(super) target: KubernetesVersion,
}

/// True where an operation ended early: Azure then already claims a version that not all nodes run, and the same
/// request makes it carry on.
pub(in crate::plan) fn is_half_done(state: &ProvisioningState) -> bool {
    matches!(state, ProvisioningState::Failed | ProvisioningState::Canceled)
}

/// Finds the way: an offer of now, what runs already, or the fewest hops through the region's graph.
pub(super) fn route(facts: &Facts<'_>, wish: VersionWish) -> Result<Route, PlanError> {
    let cluster = facts.cluster;
    let is_newer = |version: &KubernetesVersion| cluster.version.is_none_or(|runs| *version > runs);
    if let Some(offer) = wish.choose(offers(facts, wish)).filter(is_newer) {
        return Ok(Route {
            hops: vec![offer],
            target: offer,
        });
    }
    if let Some(route) = already_there(facts, wish) {
        return Ok(route);
    }
    let paths = paths(facts, wish);
    let targets = || {
        paths
            .iter()
            .filter(|path| wish.choose(path.hops.last().copied()).is_some())
    };
    if let Some(best) = targets().min_by_key(|path| (path.hops.len(), Reverse(path.hops.last().copied()))) {
        let target = *best.hops.last().expect("a path has at least one hop");
        return Ok(Route {
            hops: best.hops.clone(),
            target,
        });
    }
    Err(match facts.region {
        None => PlanError::NotOffered {
            cluster: cluster.name.clone(),
            wish: wish.to_string(),
            offered: offers_newest_first(facts),
        },
        Some(_) => PlanError::NotReachable {
            cluster: cluster.name.clone(),
            wish: wish.to_string(),
            nearest: nearest(&paths, wish),
        },
    })
}

/// What Azure offers now. A preview only where it was named exactly.
fn offers(facts: &Facts<'_>, wish: VersionWish) -> impl Iterator<Item = KubernetesVersion> {
    facts
        .upgrades
        .control_plane
        .iter()
        .filter(move |offer| !offer.is_preview || wish == VersionWish::Exact(offer.version))
        .map(|offer| offer.version)
}

/// The route of a control plane that runs what was asked for.
fn already_there(facts: &Facts<'_>, wish: VersionWish) -> Option<Route> {
    let cluster = facts.cluster;
    let running = cluster.version.filter(|runs| match wish {
        VersionWish::Exact(wanted) => *runs >= wanted && runs.minor_line() == wanted.minor_line(),
        VersionWish::NewestOf(line) => runs.minor_line() == line,
    })?;
    let target = match wish {
        VersionWish::Exact(wanted) => wanted,
        VersionWish::NewestOf(_) => running,
    };
    // A failed pool makes the whole cluster Failed (AKS docs "Upgrade an AKS node pool", 2026), so the control plane
    // is sent again only where no pool can be the reason.
    let is_own_failure = is_half_done(&cluster.provisioning_state)
        && !cluster.pools.iter().any(|pool| is_half_done(&pool.provisioning_state));
    let hops = Vec::from_iter((is_own_failure && running == target).then_some(target));
    Some(Route { hops, target })
}

/// All ways from the present version that this cluster may take.
fn paths(facts: &Facts<'_>, wish: VersionWish) -> Vec<UpgradePath> {
    match (facts.cluster.version, facts.region) {
        (Some(from), Some(region)) => reachable(from, &usable(facts, region, from, wish)),
        _ => Vec::new(),
    }
}

/// The part of the region's graph this cluster may use: no previews and, without long-term support, no release lines
/// that only that covers and no more than one minor at a time (AKS docs "Supported Kubernetes versions", 2026).
///
/// What Azure offers the cluster now counts more than the region's steps from its version.
fn usable(facts: &Facts<'_>, region: &RegionVersions, from: KubernetesVersion, wish: VersionWish) -> RegionVersions {
    let has_long_term = facts.cluster.support_plan == SupportPlan::LongTermSupport;
    let may_be_used: BTreeMap<MinorVersion, (bool, bool)> = region
        .minors
        .iter()
        .map(|minor| (minor.line, (minor.is_preview, minor.is_lts_only && !has_long_term)))
        .collect();
    let is_usable = |version: KubernetesVersion| match may_be_used.get(&version.minor_line()) {
        Some((is_preview, is_closed)) => !is_closed && (!is_preview || wish == VersionWish::Exact(version)),
        None => false,
    };
    let mut steps: BTreeMap<KubernetesVersion, Vec<KubernetesVersion>> = region
        .minors
        .iter()
        .flat_map(|minor| &minor.patches)
        .map(|(patch, next)| {
            let next = next
                .iter()
                .copied()
                .filter(|to| is_usable(*to) && (has_long_term || to.minors_ahead_of(*patch) <= 1));
            (*patch, next.collect())
        })
        .collect();
    if !facts.upgrades.control_plane.is_empty() {
        steps.insert(from, offers(facts, wish).collect());
    }
    // How the lines are marked was looked at above; one holds all.
    let minor = RegionMinor {
        line: from.minor_line(),
        is_default: false,
        is_preview: false,
        is_lts_only: false,
        patches: steps,
    };
    RegionVersions { minors: vec![minor] }
}

fn offers_newest_first(facts: &Facts<'_>) -> Vec<String> {
    let mut offers = facts.upgrades.control_plane.clone();
    offers.sort_by_key(|offer| Reverse(offer.version));
    offers
        .iter()
        .map(|offer| {
            let note = if offer.is_preview { " (preview)" } else { "" };
            format!("{}{note}", offer.version)
        })
        .collect()
}

/// What can be reached, nearest to the wish first, the newer of two equally near ones before the older.
fn nearest(paths: &[UpgradePath], wish: VersionWish) -> Vec<String> {
    let distance = |version: KubernetesVersion| match wish {
        VersionWish::Exact(wanted) => (
            version.minors_ahead_of(wanted).abs(),
            (i32::from(version.patch) - i32::from(wanted.patch)).abs(),
        ),
        VersionWish::NewestOf(line) => ((i32::from(version.minor) - i32::from(line.minor)).abs(), 0),
    };
    let mut targets: Vec<KubernetesVersion> = paths.iter().filter_map(|path| path.hops.last().copied()).collect();
    targets.sort_by_key(|version| (distance(*version), Reverse(*version)));
    targets.iter().take(NEAREST).map(ToString::to_string).collect()
}
