//! The newest patch of the minor in use: a bug it fixes may be what breaks the upgrade.

use crate::domain::cluster::SupportPlan;
use crate::domain::subject::Subject;
use crate::domain::survey::Unread;
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let cluster = question.survey.azure.cluster.as_ref()?;
    let upgrades = question.survey.azure.upgrades.as_ref()?;
    let newest = cluster.version.and_then(|current| {
        let offers = upgrades.control_plane.iter().map(|offer| offer.version);
        offers
            .filter(|offer| offer.minor_line() == current.minor_line() && *offer > current)
            .max()
    });
    let (Some(newest), Some(current)) = (newest, cluster.version) else {
        return Ok(Vec::new());
    };
    if question.planned.control_plane == Some(newest) {
        return Ok(Vec::new());
    }
    let headline = format!("{newest} is offered as a newer patch of {current}");
    let mut said = Said::new(Outcome::Info, Subject::Cluster, headline).cured_by(&["choose-offered-version"]);
    if cluster.support_plan == SupportPlan::LongTermSupport {
        said = said.with("long-term support keeps only the two newest patches of a minor");
    }
    Ok(vec![said])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cluster::UpgradeOffer;
    use crate::domain::survey::Survey;
    use crate::domain::version::KubernetesVersion;
    use crate::preflight::question::Planned;
    use crate::preflight::samples::{ask_planned, check, denied};

    const PATCH: KubernetesVersion = KubernetesVersion::new(1, 35, 10);

    fn offer(survey: &mut Survey) {
        survey
            .azure
            .upgrades
            .as_mut()
            .unwrap()
            .control_plane
            .push(UpgradeOffer {
                version: PATCH,
                is_preview: false,
            });
    }

    #[test]
    fn a_newer_patch_is_told_unless_it_is_the_target() {
        let said = check(look, offer, Outcome::Info, "the cluster");
        assert_eq!(said.headline, "1.35.10 is offered as a newer patch of 1.35.3");
        let mut survey = crate::preflight::samples::healthy();
        offer(&mut survey);
        let planned = Planned::whole(survey.azure.cluster.as_ref().unwrap(), PATCH);
        assert!(ask_planned(look, &survey, &planned).is_empty());
    }

    #[test]
    fn without_the_offers_it_is_unknown() {
        check(
            look,
            |survey| survey.azure.upgrades = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
