//! Management locks where the upgrade writes and deletes. AKS looks at those of the node resource group itself
//! (AKS docs "Upgrade options", 2026). A lock is inherited by everything below its scope.

use crate::domain::cluster::Cluster;
use crate::domain::subject::Subject;
use crate::domain::survey::{LockFact, LockLevel};
use crate::preflight::checks::told::{Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

/// The scopes that matter, in lower case.
struct Scopes {
    cluster: String,
    group: String,
    subscription: String,
    node_group: Option<String>,
    /// Ids of the networks and subnets the pools use.
    networks: Vec<String>,
}

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let azure = &question.survey.azure;
    let cluster = read(&azure.cluster, "the cluster in Azure")?;
    let locks = read(&azure.locks, "locks")?;
    let scopes = Scopes::of(cluster, azure.subnets.keys().chain(azure.networks.keys()));
    Ok(locks.iter().map(|lock| of_lock(lock, &scopes)).collect())
}

impl Scopes {
    fn of<'a>(cluster: &Cluster, networks: impl Iterator<Item = &'a String>) -> Self {
        let subscription = format!("/subscriptions/{}", cluster.subscription_id).to_ascii_lowercase();
        let group = |name: &str| format!("{subscription}/resourcegroups/{}", name.to_ascii_lowercase());
        Self {
            cluster: cluster.id.as_str().to_ascii_lowercase(),
            group: group(&cluster.resource_group),
            node_group: cluster.node_resource_group.as_deref().map(group),
            networks: networks.map(|id| id.to_ascii_lowercase()).collect(),
            subscription,
        }
    }

    /// What the lock is about and how bad it is.
    fn judge(&self, lock: &LockFact) -> (Outcome, &'static str) {
        let scope = lock.scope.trim_end_matches('/').to_ascii_lowercase();
        let is_within = |inner: &str, outer: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let is_read_only = lock.level == LockLevel::ReadOnly;
        if self.node_group.as_ref().is_some_and(|group| is_within(&scope, group)) {
            (Outcome::Blocker, "the node resource group")
        } else if is_within(&scope, &self.cluster) {
            (Outcome::Blocker, "the cluster")
        } else if scope == self.subscription {
            (
                Outcome::Blocker,
                "the subscription, and with it the node resource group",
            )
        } else if scope == self.group && is_read_only {
            (Outcome::Blocker, "the cluster's resource group")
        } else if is_read_only && self.networks.iter().any(|network| is_within(network, &scope)) {
            (Outcome::Blocker, "the network of the nodes")
        } else {
            (Outcome::Info, "a resource the upgrade does not delete")
        }
    }
}

fn of_lock(lock: &LockFact, scopes: &Scopes) -> Said {
    let (outcome, what) = scopes.judge(lock);
    let level = match lock.level {
        LockLevel::ReadOnly => "ReadOnly",
        LockLevel::CannotDelete => "CanNotDelete",
    };
    Said::new(
        outcome,
        Subject::Azure {
            kind: "lock".to_owned(),
            name: lock.name.clone(),
            id: Some(lock.id.clone()),
        },
        format!("a {level} lock is on {what}"),
    )
    .with(format!("scope {}", lock.scope))
    .cured_by(&["remove-lock"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied};

    const NETWORK: &str = "/subscriptions/s1/resourceGroups/net-rg";

    fn locked(scope: &str, level: LockLevel, outcome: Outcome) {
        let add = |survey: &mut Survey| {
            let other = "/subscriptions/s1/resourcegroups/net-rg/providers/microsoft.network/virtualnetworks/v";
            let network = survey.azure.networks.values().next().unwrap().clone();
            survey.azure.networks.insert(other.to_owned(), network);
            survey.azure.locks = Ok(vec![LockFact {
                id: format!("{scope}/providers/Microsoft.Authorization/locks/keep"),
                name: "keep".to_owned(),
                level,
                scope: scope.to_owned(),
            }]);
        };
        let said = check(look, add, outcome, "lock keep");
        assert_eq!(said.evidence, [format!("scope {scope}")], "{}", said.headline);
    }

    #[test]
    fn a_lock_counts_where_the_upgrade_deletes_or_writes() {
        use LockLevel::{CannotDelete, ReadOnly};
        let group = "/subscriptions/s1/resourceGroups/shop-rg";
        let node_group = "/subscriptions/s1/resourceGroups/MC_shop-rg_shop_westeurope";
        let cluster = format!("{group}/providers/Microsoft.ContainerService/managedClusters/shop");
        for (scope, level, outcome) in [
            (node_group, CannotDelete, Outcome::Blocker),
            (
                &format!("{node_group}/providers/Microsoft.Network/loadBalancers/kubernetes"),
                CannotDelete,
                Outcome::Blocker,
            ),
            (&format!("{node_group}-2"), CannotDelete, Outcome::Info),
            (&cluster, CannotDelete, Outcome::Blocker),
            (&format!("{cluster}-2"), ReadOnly, Outcome::Info),
            (group, CannotDelete, Outcome::Info),
            (group, ReadOnly, Outcome::Blocker),
            ("/subscriptions/s1", CannotDelete, Outcome::Blocker),
            (NETWORK, ReadOnly, Outcome::Blocker),
            (NETWORK, CannotDelete, Outcome::Info),
            ("/subscriptions/s1/resourceGroups/other", ReadOnly, Outcome::Info),
        ] {
            locked(scope, level, outcome);
        }
    }

    #[test]
    fn unread_locks_are_unknown() {
        check(
            look,
            |survey| survey.azure.locks = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
