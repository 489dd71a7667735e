//! Management locks at every place where an upgrade changes something.

use std::collections::BTreeSet;

use futures::{future, join};

use super::Place;
use super::networks::network_of;
use super::reader::{Reader, failed, unread};
use crate::azure::error::AzureError;
use crate::azure::paths;
use crate::azure::wire::survey as wire;
use crate::domain::survey::{LockFact, Reading, Unread};

const API_VERSION: &str = "2020-05-01";

/// Locks of the subscription, the cluster with its group, the node resource group, and the pools' networks.
///
/// One place that cannot be read leaves all of it unread, with the locks found elsewhere in its words: a list with a
/// hole would pass for no lock.
pub(super) async fn of(reader: &Reader<'_>, place: &Place<'_>) -> Reading<Vec<LockFact>> {
    let cluster = place.cluster()?;
    let subscription = format!("/subscriptions/{}", place.subscription());
    let networks: BTreeSet<String> = cluster
        .pools
        .iter()
        .flat_map(|pool| [&pool.vnet_subnet, &pool.pod_subnet])
        .flatten()
        .filter_map(|id| network_of(id))
        .map(str::to_ascii_lowercase)
        .collect();
    let node_group = format!("{subscription}/resourceGroups/{}", place.node_group()?);
    let mut groups = vec![
        format!("{subscription}/resourceGroups/{}", cluster.resource_group),
        node_group.clone(),
    ];
    for group in networks.iter().filter_map(|network| group_of(network)) {
        if !groups.iter().any(|known| known.eq_ignore_ascii_case(group)) {
            groups.push(group.to_owned());
        }
    }
    let of_groups = future::join_all(groups.iter().map(|group| locks_at(reader, group, "")));
    let (of_subscription, of_groups) = join!(locks_at(reader, &subscription, "&$filter=atScope()"), of_groups);
    let mut exact = groups;
    exact.push(subscription);
    let mut below = vec![cluster.id.as_str().to_owned(), node_group];
    below.extend(networks);
    let matters = |lock: &LockFact| {
        exact.iter().any(|scope| scope.eq_ignore_ascii_case(&lock.scope))
            || below.iter().any(|scope| is_within(&lock.scope, scope))
    };
    gathered([of_subscription].into_iter().chain(of_groups), matters)
}

async fn locks_at(reader: &Reader<'_>, scope: &str, filter: &str) -> Result<Vec<LockFact>, AzureError> {
    let path = paths::of_resource(scope)?;
    let path = format!("{path}/providers/Microsoft.Authorization/locks?api-version={API_VERSION}{filter}");
    reader
        .whole_list(&format!("read the locks at {scope}"), &path, wire::lock_page)
        .await
}

fn gathered(
    answers: impl IntoIterator<Item = Result<Vec<LockFact>, AzureError>>,
    matters: impl Fn(&LockFact) -> bool,
) -> Reading<Vec<LockFact>> {
    let (mut locks, mut missing) = (Vec::<LockFact>::new(), None);
    for answer in answers {
        match answer {
            Ok(found) => {
                for lock in found.into_iter().filter(&matters) {
                    if !locks.iter().any(|known| known.id.eq_ignore_ascii_case(&lock.id)) {
                        locks.push(lock);
                    }
                }
            }
            Err(error) => {
                missing.get_or_insert_with(|| unread(&error));
            }
        }
    }
    match missing {
        None => Ok(locks),
        Some(reason) => Err(with_found(reason, &locks)),
    }
}

/// The reason, with what was found all the same.
fn with_found(reason: Unread, locks: &[LockFact]) -> Unread {
    if locks.is_empty() {
        return reason;
    }
    let found: Vec<String> = locks
        .iter()
        .map(|lock| format!("{} ({:?}) on {}", lock.name, lock.level, lock.scope))
        .collect();
    let add = |why: String| format!("{why}; found elsewhere: {}", found.join(", "));
    match reason {
        Unread::Denied { right, why } => Unread::Denied { right, why: add(why) },
        Unread::NotServed { why } => Unread::NotServed { why: add(why) },
        Unread::Failed { why } | Unread::NotAsked { why } => failed(&add(why)),
    }
}

/// The resource group of a resource, by their ids.
fn group_of(id: &str) -> Option<&str> {
    id.get(..id.to_ascii_lowercase().find("/providers/")?)
}

fn is_within(id: &str, scope: &str) -> bool {
    let (id, scope) = (id.to_ascii_lowercase(), scope.to_ascii_lowercase());
    id.strip_prefix(&scope)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::LockLevel;

    fn lock(name: &str, scope: &str) -> LockFact {
        LockFact {
            id: format!("{scope}/providers/Microsoft.Authorization/locks/{name}"),
            name: name.to_owned(),
            level: LockLevel::ReadOnly,
            scope: scope.to_owned(),
        }
    }

    #[test]
    fn a_hole_in_the_list_is_no_list() {
        let found = || Ok(vec![lock("a", "/g"), lock("b", "/other"), lock("a", "/g")]);
        let locks = gathered([found(), found()], |lock| lock.scope == "/g").unwrap();
        assert_eq!(locks, [lock("a", "/g")]);
        let broken = AzureError::Uncertain {
            what: "read".to_owned(),
            why: "x".to_owned(),
        };
        let Err(Unread::Failed { why }) = gathered([found(), Err(broken)], |lock| lock.scope == "/g") else {
            panic!("it must be unread");
        };
        assert!(why.ends_with("found elsewhere: a (ReadOnly) on /g"), "{why}");
    }

    #[test]
    fn only_whole_names_are_within() {
        assert!(is_within("/G/a", "/g") && is_within("/g", "/G"));
        assert!(!is_within("/group", "/g"));
        assert_eq!(
            group_of("/subscriptions/s/resourceGroups/g/Providers/x"),
            Some("/subscriptions/s/resourceGroups/g")
        );
    }
}
