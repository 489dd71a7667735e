//! The target is offered, and the step to it is one that AKS takes
//! (AKS docs "Supported Kubernetes versions" and "Upgrade an AKS cluster", 2026).

use crate::domain::cluster::{Cluster, SupportPlan, UpgradeOffer};
use crate::domain::subject::Subject;
use crate::domain::support::{SupportState, support_of};
use crate::domain::survey::Unread;
use crate::domain::upgrade_path::{UpgradePath, reachable};
use crate::domain::version::KubernetesVersion;
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::wording::listed;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let Some(target) = question.planned.control_plane else {
        return Ok(Vec::new());
    };
    let cluster = question.survey.azure.cluster.as_ref()?;
    let Some(current) = cluster.version else {
        let headline = "Azure does not say which version the control plane runs";
        return Ok(vec![Said::new(Outcome::Unknown, Subject::Cluster, headline)]);
    };
    if target == current {
        return Ok(Vec::new());
    }
    if target < current {
        let headline = format!("the control plane runs {current} and never goes back, so not to {target}");
        return Ok(vec![blocker(headline).cured_by(&["choose-offered-version"])]);
    }
    let offers = &question.survey.azure.upgrades.as_ref()?.control_plane;
    if !offers.iter().any(|offer| offer.version == target) {
        return Ok(vec![not_offered(question, current, target, offers)]);
    }
    Ok(of_the_unsupported(question, cluster, current, target)
        .into_iter()
        .collect())
}

fn blocker(headline: String) -> Said {
    Said::new(Outcome::Blocker, Subject::Cluster, headline)
}

fn not_offered(
    question: &Question<'_>,
    current: KubernetesVersion,
    target: KubernetesVersion,
    offers: &[UpgradeOffer],
) -> Said {
    let offered = match offers {
        [] => "Azure offers nothing at all".to_owned(),
        some => format!("Azure offers {}", listed(some.iter().map(|offer| offer.version))),
    };
    if let Some(path) = steps_to(question, current, target) {
        let headline = format!(
            "{target} is {} steps away from {current}: {}",
            path.hops.len(),
            listed(&path.hops)
        );
        return Said::new(Outcome::Info, Subject::Cluster, headline)
            .with(format!("as the next step {offered}"))
            .cured_by(&["choose-offered-version"]);
    }
    let minors = target.minors_ahead_of(current);
    let headline = if minors > 1 {
        format!("from {current} to {target} are {minors} minors, and AKS goes one minor at a time: it refuses the step")
    } else {
        format!("{target} is not offered to this cluster, which runs {current}: AKS refuses the step")
    };
    blocker(headline).with(offered).cured_by(&["choose-offered-version"])
}

/// The way through the region's own graph, where it takes more than one step.
fn steps_to(question: &Question<'_>, current: KubernetesVersion, target: KubernetesVersion) -> Option<UpgradePath> {
    let region = question.survey.azure.region.as_ref().ok()?;
    reachable(current, region)
        .into_iter()
        .find(|path| path.hops.last() == Some(&target) && path.hops.len() > 1)
}

/// A version without support leaves only as a whole: control plane and every pool together.
fn of_the_unsupported(
    question: &Question<'_>,
    cluster: &Cluster,
    current: KubernetesVersion,
    target: KubernetesVersion,
) -> Option<Said> {
    if cluster.support_plan == SupportPlan::LongTermSupport {
        return None;
    }
    let today = question.survey.taken_at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let is_unsupported = support_of(current, &cluster.support_plan, today).state == SupportState::OutOfSupport;
    let left: Vec<_> = cluster
        .pools
        .iter()
        .filter(|pool| question.planned.pools.get(&pool.name) != Some(&Some(target)))
        .map(|pool| &pool.name)
        .collect();
    (is_unsupported && !left.is_empty()).then(|| {
        blocker(format!(
            "{current} is out of support, so AKS takes only a full upgrade: not without {}",
            listed(left)
        ))
        .cured_by(&["full-upgrade", "enable-lts"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::question::Planned;
    use crate::preflight::samples::{CURRENT, TARGET, ask_planned, check, denied, healthy, whole};

    fn asked(survey: &Survey, target: &str) -> Said {
        let planned = Planned::whole(survey.azure.cluster.as_ref().unwrap(), target.parse().unwrap());
        let mut said = ask_planned(look, survey, &planned);
        assert_eq!(said.len(), 1, "{said:#?}");
        said.remove(0)
    }

    #[test]
    fn only_what_is_offered_is_taken() {
        for (target, words) in [
            ("1.34.9", "never goes back"),
            ("1.36.7", "1.36.7 is not offered"),
            ("1.37.0", "2 minors"),
        ] {
            let said = asked(&healthy(), target);
            assert_eq!(said.outcome, Outcome::Blocker, "{target}");
            assert!(said.headline.contains(words), "{}", said.headline);
            assert_eq!(said.remedies, ["choose-offered-version"]);
        }
        assert_eq!(asked(&healthy(), "1.36.7").evidence, ["Azure offers 1.36.1"]);
    }

    #[test]
    fn staying_and_images_alone_need_no_offer() {
        let survey = healthy();
        assert!(ask_planned(look, &survey, &Planned::default()).is_empty());
        let cluster = survey.azure.cluster.as_ref().unwrap();
        assert!(ask_planned(look, &survey, &Planned::whole(cluster, CURRENT)).is_empty());
    }

    #[test]
    fn a_way_of_several_offered_steps_is_told() {
        let mut survey = healthy();
        let far = KubernetesVersion::new(1, 37, 0);
        let region = survey.azure.region.as_mut().unwrap();
        region.minors[1].patches.insert(TARGET, vec![far]);
        let said = asked(&survey, "1.37.0");
        assert_eq!(said.outcome, Outcome::Info);
        assert_eq!(said.headline, "1.37.0 is 2 steps away from 1.35.3: 1.36.1, 1.37.0");
    }

    #[test]
    fn a_version_without_support_leaves_as_a_whole() {
        let mut survey = healthy();
        let mut planned = whole(&survey);
        survey.taken_at = "2026-11-23T00:00:00Z".parse().unwrap();
        survey.azure.cluster.as_mut().unwrap().version = Some(KubernetesVersion::new(1, 33, 5));
        assert!(ask_planned(look, &survey, &planned).is_empty());
        planned.pools.clear();
        let said = ask_planned(look, &survey, &planned);
        assert_eq!(said[0].outcome, Outcome::Blocker);
        assert!(
            said[0].headline.ends_with("not without system, apps, data"),
            "{}",
            said[0].headline
        );
    }

    #[test]
    fn without_the_offers_it_is_unknown() {
        check(
            look,
            |survey| survey.azure.upgrades = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
        check(
            look,
            |survey| survey.azure.cluster.as_mut().unwrap().version = None,
            Outcome::Unknown,
            "the cluster",
        );
    }
}
