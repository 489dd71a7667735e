//! Finds the cluster a person named, and waits until what a command needs has been read.

use std::sync::Arc;
use std::time::Duration;

use super::session::Session;
use crate::domain::ids::ClusterId;
use crate::inventory::snapshot::{ClusterSnapshot, FleetSnapshot, SourceState};
use crate::problem::{Exit, Problem};

/// Longest time it waits for the rest of a picture whose main part is there.
const BRIEF_PATIENCE: Duration = Duration::from_secs(10);
/// Longest time a headless command waits for a source before it prints what it has.
const PATIENCE: Duration = Duration::from_mins(1);
/// Longest time the list of clusters may take; the Azure client's own retries end before.
const LIST_PATIENCE: Duration = Duration::from_mins(5);

/// Waits until `is_ready`, or for as long as `patience`; the picture as it then is.
pub(crate) async fn wait_until(
    session: &Session,
    patience: Duration,
    is_ready: impl Fn(&FleetSnapshot) -> bool,
) -> Arc<FleetSnapshot> {
    let mut pictures = session.inventory.subscribe();
    // Running out of patience and a stopped inventory both end in what is known by now.
    let _ = tokio::time::timeout(patience, pictures.wait_for(|fleet| is_ready(fleet))).await;
    Arc::clone(&pictures.borrow())
}

/// Waits for the list of clusters.
///
/// # Errors
/// When the list could not be read at all.
pub(crate) async fn fleet(session: &Session) -> Result<Arc<FleetSnapshot>, Problem> {
    let fleet = wait_until(session, LIST_PATIENCE, |fleet| fleet.list.is_settled()).await;
    let unread = |exit, why: &str| {
        Problem::new(exit, "the clusters cannot be listed")
            .because(why)
            .try_this("run `az login`, or give --kubeconfig FILE for one cluster without Azure")
    };
    match &fleet.list {
        SourceState::Fresh | SourceState::Stale { .. } | SourceState::Unavailable { .. } => Ok(fleet),
        SourceState::Denied { right, why } => {
            // One line for each login that was tried.
            let mut lines = why.split("; ");
            let problem = unread(Exit::NotAllowed, lines.next().unwrap_or_default());
            let problem = lines.fold(problem, Problem::because);
            let is_right = right != crate::inventory::snapshot::LOGIN;
            Err(if is_right {
                problem.try_this(format!("ask for the right {right}"))
            } else {
                problem
            })
        }
        SourceState::Failed { why } => Err(unread(Exit::Unexpected, why)),
        SourceState::NotAsked | SourceState::Loading => Err(unread(Exit::Unexpected, "there was no answer in time")),
    }
}

/// Finds one cluster by name, group/name or id.
///
/// # Errors
/// When none or several match; the candidates are listed.
pub(crate) async fn cluster(session: &Session, wanted: &str) -> Result<Arc<ClusterSnapshot>, Problem> {
    choose(&*fleet(session).await?, wanted)
}

/// The cluster a person named, or the only one there is with a kubeconfig.
///
/// # Errors
/// As [`cluster`]; or when none was named and there is none.
pub(crate) async fn cluster_or_only(session: &Session, wanted: Option<&str>) -> Result<Arc<ClusterSnapshot>, Problem> {
    match wanted {
        Some(wanted) => cluster(session, wanted).await,
        None => fleet(session).await?.clusters.first().map(Arc::clone).ok_or_else(|| {
            Problem::new(Exit::NotFound, "the kubeconfig names no cluster")
                .try_this("give --context a context of that file")
        }),
    }
}

fn choose(fleet: &FleetSnapshot, wanted: &str) -> Result<Arc<ClusterSnapshot>, Problem> {
    let is_meant = |id: &ClusterId| match id.parts() {
        Some(parts) => {
            id.as_str().eq_ignore_ascii_case(wanted)
                || parts.name.eq_ignore_ascii_case(wanted)
                || wanted.split_once('/').is_some_and(|(group, name)| {
                    parts.resource_group.eq_ignore_ascii_case(group) && parts.name.eq_ignore_ascii_case(name)
                })
        }
        None => id.name() == wanted || id.as_str() == wanted,
    };
    let found: Vec<&Arc<ClusterSnapshot>> = fleet.clusters.iter().filter(|cluster| is_meant(&cluster.id)).collect();
    match found.as_slice() {
        [one] => Ok(Arc::clone(one)),
        [] => {
            let problem = Problem::new(Exit::NotFound, format!("there is no cluster '{wanted}'"))
                .because(known(fleet, wanted))
                .try_this("run `aks-cockpit clusters` to see them all");
            Err(fleet.list_findings.iter().fold(problem, Problem::because))
        }
        several => {
            let problem = Problem::new(Exit::Usage, format!("'{wanted}' may be {} clusters", several.len()));
            let problem = several
                .iter()
                .fold(problem, |problem, cluster| problem.because(cluster.id.as_str()));
            Err(problem.try_this("name it as group/name, or by its full resource id"))
        }
    }
}

/// The clusters whose names are most like the wanted one; all of them where there are few.
fn known(fleet: &FleetSnapshot, wanted: &str) -> String {
    let mut names: Vec<&str> = fleet.clusters.iter().map(|cluster| cluster.id.name()).collect();
    if names.is_empty() {
        return "no cluster is visible at all".to_owned();
    }
    names.sort_by_cached_key(|name| (std::cmp::Reverse(likeness(name, wanted)), (*name).to_owned()));
    let shown = names.iter().take(8).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(8) {
        0 => format!("the clusters are: {shown}"),
        more => format!("the nearest of {} clusters are: {shown} ({more} more)", names.len()),
    }
}

/// Letters both share, in order, from either end.
fn likeness(name: &str, wanted: &str) -> usize {
    let same = |one: &mut dyn Iterator<Item = char>, other: &mut dyn Iterator<Item = char>| {
        one.zip(other).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count()
    };
    same(&mut name.chars(), &mut wanted.chars()) + same(&mut name.chars().rev(), &mut wanted.chars().rev())
}

/// Watches one cluster closely until the value is dropped.
pub(crate) struct Focus<'a> {
    session: &'a Session,
    id: ClusterId,
}

impl<'a> Focus<'a> {
    pub(crate) fn on(session: &'a Session, id: &ClusterId) -> Self {
        session.inventory.focus(id);
        Self {
            session,
            id: id.clone(),
        }
    }

    /// Waits until the cluster's picture is as wanted, or for a minute; the picture as it then is.
    pub(crate) async fn wait(
        &self,
        is_ready: impl Fn(&ClusterSnapshot) -> bool,
    ) -> Result<Arc<ClusterSnapshot>, Problem> {
        self.wait_for(PATIENCE, is_ready).await
    }

    /// Waits for the rest of a picture, a few seconds at most.
    pub(crate) async fn wait_briefly(
        &self,
        is_ready: impl Fn(&ClusterSnapshot) -> bool,
    ) -> Result<Arc<ClusterSnapshot>, Problem> {
        self.wait_for(BRIEF_PATIENCE, is_ready).await
    }

    async fn wait_for(
        &self,
        patience: Duration,
        is_ready: impl Fn(&ClusterSnapshot) -> bool,
    ) -> Result<Arc<ClusterSnapshot>, Problem> {
        let fleet = wait_until(self.session, patience, |fleet| {
            fleet.cluster(&self.id).is_none_or(|cluster| is_ready(cluster))
        })
        .await;
        fleet.cluster(&self.id).map(Arc::clone).ok_or_else(|| {
            Problem::new(Exit::NotFound, format!("the cluster {} is gone", self.id.name()))
                .because("Azure no longer lists it")
                .try_this("run `aks-cockpit clusters` to see what there is")
        })
    }
}

impl Drop for Focus<'_> {
    fn drop(&mut self) {
        self.session.inventory.unfocus(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::snapshot::Sourced;

    fn fleet() -> FleetSnapshot {
        let cluster = |group: &str, name: &str| {
            Arc::new(ClusterSnapshot {
                id: ClusterId::from_parts("s1", group, name),
                cluster: Sourced::default(),
                upgrades: Sourced::default(),
                region: Sourced::default(),
                kubernetes: SourceState::NotAsked,
                are_watches_settled: false,
                operation_text: None,
                live: None,
                change_author: Sourced::default(),
                details: None,
                windows: Sourced::default(),
            })
        };
        FleetSnapshot {
            clusters: vec![
                cluster("rg1", "shop-prod"),
                cluster("rg2", "shop-prod"),
                cluster("rg1", "pay-prod"),
            ],
            ..FleetSnapshot::default()
        }
    }

    #[test]
    fn a_cluster_is_found_by_name_group_and_id() {
        let found = |wanted: &str| choose(&fleet(), wanted).map(|cluster| cluster.id.as_str().to_owned());
        assert!(found("PAY-prod").unwrap().ends_with("pay-prod"));
        assert!(found("rg2/shop-prod").unwrap().contains("/rg2/"));
        assert!(
            found(ClusterId::from_parts("S1", "RG1", "shop-prod").as_str())
                .unwrap()
                .contains("/rg1/")
        );
    }

    #[test]
    fn an_ambiguous_name_lists_the_candidates() {
        let problem = choose(&fleet(), "shop-prod").unwrap_err();
        assert_eq!(problem.exit, Exit::Usage);
        assert_eq!(problem.why.len(), 2);
    }

    #[test]
    fn an_unknown_name_lists_the_nearest_first() {
        let problem = choose(&fleet(), "pay-prd").unwrap_err();
        assert_eq!(problem.exit, Exit::NotFound);
        assert!(
            problem.why[0].starts_with("the clusters are: pay-prod"),
            "{:?}",
            problem.why
        );
    }
}
