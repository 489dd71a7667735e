//! What this login may do on the cluster, out of what the cockpit does.

use std::collections::BTreeSet;

use super::Place;
use super::reader::{Reader, reading};
use crate::azure::paths;
use crate::azure::wire::survey::{self as wire, Permission};
use crate::domain::survey::Reading;

const API_VERSION: &str = "2022-04-01";

/// Actions the cockpit uses (Azure docs "Azure permissions for Containers" and "for Management and governance", 2026).
const ACTIONS: [&str; 31] = [
    "Microsoft.ContainerService/managedClusters/read",
    "Microsoft.ContainerService/managedClusters/write",
    "Microsoft.ContainerService/managedClusters/abort/action",
    "Microsoft.ContainerService/managedClusters/start/action",
    "Microsoft.ContainerService/managedClusters/stop/action",
    "Microsoft.ContainerService/managedClusters/runCommand/action",
    "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
    "Microsoft.ContainerService/managedClusters/upgradeProfiles/read",
    "Microsoft.ContainerService/managedClusters/detectors/read",
    "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/read",
    "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/write",
    "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/delete",
    "Microsoft.ContainerService/managedClusters/agentPools/read",
    "Microsoft.ContainerService/managedClusters/agentPools/write",
    "Microsoft.ContainerService/managedClusters/agentPools/delete",
    "Microsoft.ContainerService/managedClusters/agentPools/abort/action",
    "Microsoft.ContainerService/managedClusters/agentPools/completeUpgrade/action",
    "Microsoft.ContainerService/managedClusters/agentPools/deleteMachines/action",
    "Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action",
    "Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles/read",
    "Microsoft.Authorization/locks/read",
    "Microsoft.Authorization/locks/write",
    "Microsoft.Authorization/locks/delete",
    "Microsoft.Compute/virtualMachineScaleSets/read",
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read",
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/delete",
    "Microsoft.Insights/eventtypes/values/read",
    "Microsoft.Network/virtualNetworks/read",
    "Microsoft.Network/virtualNetworks/subnets/read",
    "Microsoft.Network/virtualNetworks/subnets/write",
    "Microsoft.Network/virtualNetworks/subnets/join/action",
];

/// The actions allowed on the cluster. Deny assignments are not known to this API.
pub(super) async fn allowed(reader: &Reader<'_>, place: &Place<'_>) -> Reading<BTreeSet<String>> {
    let asked = async {
        let cluster = paths::cluster(place.id)?;
        let path = format!("{cluster}/providers/Microsoft.Authorization/permissions?api-version={API_VERSION}");
        let what = format!("read the permissions on {}", place.id.name());
        reader.whole_list(&what, &path, wire::permission_page).await
    };
    Ok(resolved(&reading(asked.await)?))
}

/// What one role takes back, another may still give.
fn resolved(permissions: &[Permission]) -> BTreeSet<String> {
    let any = |patterns: &[String], action: &str| patterns.iter().any(|pattern| fits(pattern, action));
    ACTIONS
        .into_iter()
        .filter(|action| {
            permissions
                .iter()
                .any(|role| any(&role.actions, action) && !any(&role.not_actions, action))
        })
        .map(str::to_owned)
        .collect()
}

/// True where the pattern stands for the action; `*` is any text, slashes too (Azure docs "Understand Azure role
/// definitions", 2026).
fn fits(pattern: &str, action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    let pattern = pattern.to_ascii_lowercase();
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, between @ .., last] = parts.as_slice() else {
        return pattern == action;
    };
    let Some(mut rest) = action.strip_prefix(first) else {
        return false;
    };
    for part in between {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(actions: &[&str], not_actions: &[&str]) -> Permission {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        Permission {
            actions: owned(actions),
            not_actions: owned(not_actions),
        }
    }

    #[test]
    fn roles_add_up_and_take_back_only_their_own() {
        let contributor = role(
            &["*"],
            &["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"],
        );
        let allowed = resolved(std::slice::from_ref(&contributor));
        assert!(allowed.contains("Microsoft.ContainerService/managedClusters/write"));
        assert!(allowed.contains("Microsoft.Authorization/locks/read"));
        assert!(!allowed.contains("Microsoft.Authorization/locks/delete"));
        let locker = role(&["Microsoft.Authorization/locks/*"], &[]);
        assert_eq!(resolved(&[contributor, locker]).len(), ACTIONS.len());
        let reader = resolved(&[role(&["*/read"], &[])]);
        assert!(reader.iter().all(|action| action.ends_with("/read")) && reader.len() > 5);
        assert!(resolved(&[]).is_empty());
    }

    #[test]
    fn a_pattern_stands_for_any_text() {
        for (pattern, action, expected) in [
            ("*", "A/b/read", true),
            ("a/*/READ", "A/b/c/read", true),
            ("a/b/read", "A/B/Read", true),
            ("a/b", "a/b/read", false),
            ("a/*/b/*/d", "a/x/b/y/d", true),
            ("a/*/b/*/d", "a/x/y/d", false),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern, action), expected, "{pattern} {action}");
        }
    }
}
