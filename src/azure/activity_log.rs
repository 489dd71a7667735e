//! Who changed a cluster or a pool last, from Azure's activity log. The log is minutes behind: not to find anybody
//! is usual, and no reason to wait.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;

use super::client::AzureClient;
use super::error::AzureError;
use super::paths;
use super::retry::Repeat;
use super::wire::{self, LogEvent, LogStatus};
use crate::domain::ids::{ClusterId, NodePoolName, SubscriptionId};

/// Who asked for a change, as Azure recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeAuthor {
    /// As Azure writes it, printable: a person's sign-in name, or the id of a service principal. An upgrade that AKS
    /// starts by itself has one of AKS's own.
    pub caller: String,
    /// When it began.
    pub at: Timestamp,
    /// For instance `Microsoft.ContainerService/managedClusters/agentPools/write`.
    pub operation: String,
}

/// A change, and the pool it was made on; `None` for the cluster as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenChange {
    pub author: ChangeAuthor,
    pub pool: Option<NodePoolName>,
}

/// The log is kept for 90 days, and an older start may be refused (Azure docs "Activity log in Azure Monitor", 2026).
const KEPT: SignedDuration = SignedDuration::from_hours(89 * 24);
const API_VERSION: &str = "2015-04-01";

impl AzureClient {
    /// The newest change of the pool that was not turned away, else of its cluster, since a time. `None` where the
    /// log has none, or not yet.
    pub async fn last_change_by(
        &self,
        cluster: &ClusterId,
        pool: Option<&NodePoolName>,
        since: Timestamp,
    ) -> Result<Option<ChangeAuthor>, AzureError> {
        // Says what is wrong with an id that Azure does not know.
        paths::cluster(cluster)?;
        if let Some(pool) = pool {
            let own = format!("{}/agentPools/{pool}", cluster.as_str());
            let found = self.newest_change(cluster, &own, since).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        self.newest_change(cluster, cluster.as_str(), since).await
    }

    /// Every change of the cluster and of these pools since a time, newest first. One request for the cluster and one
    /// for each pool, and one for each further page.
    pub async fn changes_since(
        &self,
        cluster: &ClusterId,
        pools: &[NodePoolName],
        since: Timestamp,
    ) -> Result<Vec<SeenChange>, AzureError> {
        paths::cluster(cluster)?;
        let of_pools = pools
            .iter()
            .map(|pool| (Some(pool), format!("{}/agentPools/{pool}", cluster.as_str())));
        let mut seen = Vec::new();
        for (pool, resource) in std::iter::once((None, cluster.as_str().to_owned())).chain(of_pools) {
            let events = self.events(cluster, &resource, since).await?;
            seen.extend(changes(&events, &resource).into_iter().map(|author| SeenChange {
                author,
                pool: pool.cloned(),
            }));
        }
        seen.sort_by_key(|change| std::cmp::Reverse(change.author.at));
        Ok(seen)
    }

    async fn newest_change(
        &self,
        cluster: &ClusterId,
        resource: &str,
        since: Timestamp,
    ) -> Result<Option<ChangeAuthor>, AzureError> {
        let events = self.events(cluster, resource, since).await?;
        Ok(changes(&events, resource).into_iter().max_by_key(|author| author.at))
    }

    async fn events(&self, cluster: &ClusterId, resource: &str, since: Timestamp) -> Result<Vec<LogEvent>, AzureError> {
        let now = self.clock().now();
        let since = now.checked_sub(KEPT).map_or(since, |oldest| since.max(oldest)).min(now);
        let filter = format!(
            "eventTimestamp ge '{}' and eventTimestamp le '{}' and resourceUri eq '{}'",
            in_seconds(since),
            in_seconds(now),
            resource.replace('\'', "''")
        );
        let subscription = cluster.parts().map(|parts| parts.subscription).unwrap_or_default();
        let values = paths::in_subscription(
            &SubscriptionId::new(subscription),
            "providers/Microsoft.Insights/eventtypes/management/values",
        )?;
        // All fields: the caller is not among those that are documented for `$select`.
        let path = format!("{values}?api-version={API_VERSION}&$filter={}", paths::escaped(&filter));
        let what = format!("ask the activity log who changed {}", cluster.name());
        let first = self.call(what, Method::GET, &path, Repeat::BriefRead)?;
        match self.pages(first, wire::activity_log_page).await {
            (page, Some(error)) if page.items.is_empty() => Err(error),
            (page, _) => Ok(page.items),
        }
    }
}

/// Whole seconds, as the documented filters have them.
fn in_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// The changes of the resource. Each leaves several events: it began, it was accepted, it ended; some may be missing.
fn changes(events: &[LogEvent], resource: &str) -> Vec<ChangeAuthor> {
    let mut changes: BTreeMap<String, Vec<&LogEvent>> = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        // An event that names no resource is of the one that was asked for.
        let is_of_it = event
            .resource
            .as_deref()
            .is_none_or(|id| id.eq_ignore_ascii_case(resource));
        if is_of_it && is_change(&event.operation) {
            let change = event.change.clone().unwrap_or_else(|| format!("event {index}"));
            changes.entry(change).or_default().push(event);
        }
    }
    changes
        .values()
        .filter(|events| !events.iter().any(|event| event.is_refusal))
        .filter_map(|events| {
            let first = events
                .iter()
                .filter(|event| event.status != LogStatus::Other)
                .min_by_key(|event| event.at)?;
            Some(ChangeAuthor {
                caller: events.iter().find_map(|event| event.caller.clone())?,
                at: first.at,
                operation: first.operation.clone(),
            })
        })
        .collect()
}

/// True for operations that change a cluster or a pool; several actions only read, or run something inside.
fn is_change(operation: &str) -> bool {
    let operation = operation.to_ascii_lowercase();
    let Some(rest) = operation.strip_prefix("microsoft.containerservice/managedclusters/") else {
        return false;
    };
    let own = rest.strip_prefix("agentpools/").unwrap_or(rest);
    match own.split('/').collect::<Vec<_>>().as_slice() {
        ["write" | "delete"] => true,
        [action, "action"] => {
            !action.starts_with("list") && !matches!(*action, "runcommand" | "generateupgradeinsights")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c/agentPools/p";
    const WRITE: &str = "Microsoft.ContainerService/managedClusters/agentPools/write";

    fn event(minute: i64, status: LogStatus, change: &str, caller: &str) -> LogEvent {
        LogEvent {
            at: Timestamp::from_second(1_800_000_000 + 60 * minute).unwrap(),
            operation: WRITE.to_owned(),
            status,
            is_refusal: false,
            caller: (!caller.is_empty()).then(|| caller.to_owned()),
            resource: Some(POOL.to_uppercase()),
            change: (!change.is_empty()).then(|| change.to_owned()),
        }
    }

    fn who(events: &[LogEvent]) -> Option<(String, i64)> {
        let found = changes(events, POOL).into_iter().max_by_key(|author| author.at)?;
        Some((found.caller, (found.at.as_second() - 1_800_000_000) / 60))
    }

    #[test]
    fn a_change_is_dated_by_its_beginning() {
        use LogStatus::{Accepted, Other, Started, Succeeded};
        assert_eq!(who(&[]), None);
        let ann = [
            event(1, Started, "a", "ann"),
            event(2, Accepted, "a", "ann"),
            event(9, Succeeded, "a", "ann"),
        ];
        assert_eq!(who(&ann), Some(("ann".into(), 1)));
        let bob = event(8, Succeeded, "b", "bob");
        assert_eq!(
            who(&[&ann[1..], std::slice::from_ref(&bob)].concat()),
            Some(("bob".into(), 8))
        );
        assert_eq!(who(&ann[1..]), Some(("ann".into(), 2)), "its beginning is missing");
        assert_eq!(
            who(&[bob, event(9, Started, "c", "")]),
            Some(("bob".into(), 8)),
            "nobody is named"
        );
        assert_eq!(who(&[event(1, Other, "a", "ann")]), None);
    }

    #[test]
    fn a_request_that_was_turned_away_is_no_change() {
        let refusal = LogEvent {
            is_refusal: true,
            ..event(6, LogStatus::Other, "b", "bob")
        };
        let events = [
            event(1, LogStatus::Started, "a", "ann"),
            event(5, LogStatus::Started, "b", "bob"),
            refusal,
        ];
        assert_eq!(who(&events), Some(("ann".into(), 1)));
    }

    #[test]
    fn only_what_changes_this_resource_counts() {
        let other = LogEvent {
            resource: Some(format!("{POOL}2")),
            ..event(5, LogStatus::Started, "b", "bob")
        };
        assert_eq!(who(&[other]), None);
        for (operation, expected) in [
            (WRITE, true),
            ("MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/WRITE", true),
            ("Microsoft.ContainerService/managedClusters/abort/action", true),
            (
                "Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action",
                true,
            ),
            (
                "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
                false,
            ),
            ("Microsoft.ContainerService/managedClusters/runCommand/action", false),
            ("Microsoft.ContainerService/managedClusters/read", false),
            (
                "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/write",
                false,
            ),
            ("Microsoft.Authorization/roleAssignments/write", false),
        ] {
            assert_eq!(is_change(operation), expected, "{operation}");
        }
    }
}
