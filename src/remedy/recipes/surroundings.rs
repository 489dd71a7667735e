//! Resources beside the cluster: locks, maintenance windows, links of its DNS zone.

use super::super::repair::{NotPossible, Undo};
use super::sight::{Sight, azure, listed, read};
use super::{Draft, not_here};
use crate::domain::change::Change;
use crate::domain::subject::Subject;
use crate::domain::survey::{LockFact, LockLevel, WindowFact};

/// A window shorter than this is too short for AKS (AKS docs "Use planned maintenance", 2026).
const SHORTEST_WINDOW: u32 = 4;
const LONGEST_WINDOW: u32 = 24;

/// `extend-window`: twice as long.
pub(super) fn extend_window(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let all = read(&sight.survey.azure.windows, "the maintenance windows")?;
    let named: Vec<&str> = sight
        .cause
        .subjects
        .iter()
        .filter_map(|subject| match subject {
            Subject::Azure { name, .. } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let is_named = |window: &&WindowFact| named.contains(&window.name.as_str());
    let shortest = || {
        all.iter()
            .filter(|window| window.duration_hours.is_some())
            .min_by_key(|window| window.duration_hours)
    };
    let Some(window) = all.iter().find(is_named).or_else(shortest) else {
        return not_here("the cluster has no maintenance window with a length");
    };
    let Some(hours) = window.duration_hours.filter(|hours| *hours < LONGEST_WINDOW) else {
        return not_here(format!("the maintenance window {} cannot be any longer", window.name));
    };
    let longer = (hours * 2).clamp(SHORTEST_WINDOW, LONGEST_WINDOW);
    let change = Change::SetWindow {
        cluster: sight.id(),
        window: window.name.clone(),
        hours: longer,
    };
    let title = format!(
        "open the maintenance window {} for {longer} hours in place of {hours}",
        window.name
    );
    let draft = Draft::new(title, vec![azure(change)]);
    Ok(if hours < SHORTEST_WINDOW {
        draft.for_good(format!(
            "AKS takes no window that is shorter than {SHORTEST_WINDOW} hours"
        ))
    } else {
        draft
    })
}

/// `remove-lock`: those the cause names, else all that forbid writing, else all that forbid deleting.
pub(super) fn remove_locks(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let all = read(&sight.survey.azure.locks, "the locks")?;
    let is_named = |lock: &&LockFact| {
        sight.cause.subjects.iter().any(|subject| match subject {
            Subject::Azure { id: Some(id), .. } => id.eq_ignore_ascii_case(&lock.id),
            Subject::Azure { name, .. } => *name == lock.name,
            _ => false,
        })
    };
    let of_level = |level: LockLevel| all.iter().filter(move |lock| lock.level == level).collect::<Vec<_>>();
    let mut locks: Vec<&LockFact> = all.iter().filter(is_named).collect();
    for level in [LockLevel::ReadOnly, LockLevel::CannotDelete] {
        if locks.is_empty() {
            locks = of_level(level);
        }
    }
    if locks.is_empty() {
        return not_here("no lock is left");
    }
    let steps = locks.iter().map(|lock| {
        azure(Change::RemoveLock {
            cluster: sight.id(),
            lock: lock.id.clone(),
        })
    });
    let names: Vec<String> = locks.iter().map(|lock| lock.name.clone()).collect();
    let reminder = "put it back when the upgrade is over: nothing does that by itself".to_owned();
    Ok(Draft::new(format!("remove lock {}", listed(&names)), steps.collect()).with_cautions([reminder]))
}

/// `link-dns-zone`: the zone of a private cluster, to the network of its nodes.
pub(super) fn link_dns_zone(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let zone = sight.details()?.private_dns_zone.as_deref();
    let Some(zone) = zone.filter(|zone| zone.starts_with('/')) else {
        return not_here("the cluster has no private DNS zone of its owner's: AKS links its own");
    };
    let mut subnets = sight
        .cluster()?
        .pools
        .iter()
        .filter_map(|pool| pool.vnet_subnet.as_deref());
    let Some((network, _)) = subnets.find_map(|id| id.rsplit_once("/subnets/")) else {
        return not_here("its nodes are in a network that AKS manages and links itself");
    };
    let link = format!("aks-cockpit-{}", network.rsplit('/').next().unwrap_or_default());
    let change = Change::LinkDnsZone {
        cluster: sight.id(),
        zone: zone.to_owned(),
        network: network.to_owned(),
        link: link.clone(),
    };
    let back = Change::UnlinkDnsZone {
        cluster: sight.id(),
        zone: zone.to_owned(),
        link,
    };
    let title = format!(
        "link DNS zone {} to network {}",
        zone.rsplit('/').next().unwrap_or_default(),
        network.rsplit('/').next().unwrap_or_default()
    );
    let hub = "where the nodes ask DNS servers in another network, that one has to be linked".to_owned();
    Ok(Draft::new(title, vec![azure(change)])
        .with_cautions([hub])
        .undone_by(Undo::Steps {
            steps: vec![azure(back)],
        }))
}
