//! Network features that Azure has retired or announced the end of (Azure retirement notices, 2026).

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::cluster::Cluster;
use crate::domain::network::PodNetwork;
use crate::domain::subject::Subject;
use crate::domain::survey::{ClusterDetails, PodFact};
use crate::preflight::checks::moving::{cluster_and_details, details_of};
use crate::preflight::checks::told::{Told, limit, told, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::reference::Reference;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let (cluster, details) = cluster_and_details(question)?;
    let today = question.survey.taken_at.to_zoned(TimeZone::UTC).date();
    let mut said = refused(cluster, details);
    said.extend(
        in_use(cluster, details)
            .into_iter()
            .filter_map(|what| ends(what, question.reference, today)),
    );
    match &question.survey.kubernetes.pods {
        Err(unread) => said.push(unknown(Subject::Cluster, "pods of ingress-nginx", unread)),
        Ok(pods) if pods.iter().any(is_ingress_nginx) => {
            said.extend(ends("Ingress NGINX upstream", question.reference, today));
        }
        Ok(_) => {}
    }
    Ok(said)
}

/// Upgrades of these are refused, or break.
fn refused(cluster: &Cluster, details: &ClusterDetails) -> Vec<Said> {
    let mut said = Vec::new();
    let is_basic = details
        .load_balancer
        .sku
        .as_ref()
        .is_some_and(|sku| sku.eq_ignore_ascii_case("basic"));
    if is_basic {
        said.push(Said::new(
            Outcome::Blocker,
            limit("network feature", "Basic Load Balancer"),
            "the Basic Load Balancer was retired on 2025-09-30: migrate to Standard first",
        ));
    }
    said.extend(
        cluster
            .pools
            .iter()
            .filter(|pool| {
                details_of(details, pool)
                    .pool_type
                    .as_ref()
                    .is_some_and(|kind| kind.eq_ignore_ascii_case("AvailabilitySet"))
            })
            .map(|pool| {
                Said::new(
                    Outcome::Blocker,
                    Subject::pool(&pool.name),
                    "pools of availability sets were retired on 2025-09-30: migrate to scale sets first",
                )
            }),
    );
    said
}

/// Names in the table of retirements of what the cluster uses.
fn in_use(cluster: &Cluster, details: &ClusterDetails) -> Vec<&'static str> {
    let mut names = Vec::new();
    if cluster.network == Some(PodNetwork::Kubenet) {
        names.push("kubenet");
    }
    let uses_npm = details
        .network_policy
        .as_ref()
        .is_some_and(|policy| policy.eq_ignore_ascii_case("azure"));
    if uses_npm {
        let is_windows = |os: &str| os.eq_ignore_ascii_case("Windows");
        if cluster.pools.iter().any(|pool| is_windows(&pool.os_type)) {
            names.push("Azure NPM on Windows");
        }
        if cluster.pools.iter().any(|pool| !is_windows(&pool.os_type)) {
            names.push("Azure NPM on Linux");
        }
    }
    if details
        .addons
        .keys()
        .any(|name| name.eq_ignore_ascii_case("openServiceMesh"))
    {
        names.push("Open Service Mesh add-on");
    }
    names
}

/// True for a controller of the user's own; the add-on's images are Microsoft's.
fn is_ingress_nginx(pod: &PodFact) -> bool {
    pod.containers
        .iter()
        .any(|container| container.image.contains("ingress-nginx/controller"))
}

fn ends(what: &str, reference: &Reference, today: Date) -> Option<Said> {
    let retirement = reference.retirement(what)?;
    let from = retirement.unsupported_from?;
    let headline = match (from - today).get_days() {
        left if left > 0 => format!("support of {what} ends on {from}, in {left} days"),
        _ => format!("support of {what} ended on {from}"),
    };
    let said = Said::new(Outcome::Warning, limit("network feature", what), headline);
    Some(if retirement.effect.is_empty() {
        said
    } else {
        said.with(retirement.effect.clone())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied};

    fn details(survey: &mut Survey) -> &mut ClusterDetails {
        survey.azure.details.as_mut().unwrap()
    }

    #[test]
    fn what_is_retired_blocks() {
        let basic = |survey: &mut Survey| details(survey).load_balancer.sku = Some("Basic".to_owned());
        check(look, basic, Outcome::Blocker, "network feature Basic Load Balancer");
        let sets = |survey: &mut Survey| {
            let pool = details(survey).pools.get_mut(&"apps".into()).unwrap();
            pool.pool_type = Some("AvailabilitySet".to_owned());
        };
        check(look, sets, Outcome::Blocker, "node pool apps");
    }

    #[test]
    fn what_will_end_is_told_with_the_days_left() {
        let kubenet = |survey: &mut Survey| {
            survey.azure.cluster.as_mut().unwrap().network = Some(PodNetwork::Kubenet);
        };
        let said = check(look, kubenet, Outcome::Warning, "network feature kubenet");
        assert_eq!(said.headline, "support of kubenet ends on 2028-03-31, in 594 days");
        let npm = |survey: &mut Survey| details(survey).network_policy = Some("azure".to_owned());
        check(look, npm, Outcome::Warning, "network feature Azure NPM on Linux");
        let mesh = |survey: &mut Survey| {
            details(survey).addons.insert("openServiceMesh".to_owned(), [].into());
        };
        check(look, mesh, Outcome::Warning, "network feature Open Service Mesh add-on");
        let ingress = |survey: &mut Survey| {
            let pods = survey.kubernetes.pods.as_mut().unwrap();
            pods[0].containers[0].image = "registry.k8s.io/ingress-nginx/controller:v1.12.1".to_owned();
        };
        let said = check(
            look,
            ingress,
            Outcome::Warning,
            "network feature Ingress NGINX upstream",
        );
        assert_eq!(said.headline, "support of Ingress NGINX upstream ended on 2026-03-31");
    }

    #[test]
    fn unread_pods_are_unknown() {
        check(
            look,
            |survey| survey.kubernetes.pods = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
