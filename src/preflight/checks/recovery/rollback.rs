//! What can be undone afterwards: never the control plane; a pool within 7 days, unless something stands in the way
//! (AKS docs "Roll back a node pool version", 2026).

use crate::domain::subject::Subject;
use crate::domain::support::{SupportState, support_of};
use crate::preflight::arithmetic::surge_nodes::Way;
use crate::preflight::checks::moving::{Moving, moving};
use crate::preflight::checks::told::{Told, read, told};
use crate::preflight::checks::window::channel;
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let cluster = read(&question.survey.azure.cluster, "the cluster in Azure")?;
    let channel = channel(cluster.auto_upgrade.kubernetes_channel.as_deref());
    let today = question.survey.taken_at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let obstacle = |mover: &Moving<'_>| -> Option<String> {
        if let Some(channel) = channel {
            return Some(format!("the auto-upgrade channel {channel} would undo it"));
        }
        if changes_os(mover) {
            return Some("its OS changes on the way".to_owned());
        }
        let version = mover.pool.version?;
        let support = support_of(version, &cluster.support_plan, today);
        matches!(support.state, SupportState::OutOfSupport).then(|| format!("{version} is out of support"))
    };
    Ok(moving(question)?
        .iter()
        .filter(|mover| mover.to.is_some())
        .filter_map(|mover| {
            let reason = obstacle(mover)?;
            let said = Said::new(
                Outcome::Info,
                Subject::pool(&mover.pool.name),
                format!("it cannot be rolled back afterwards: {reason}"),
            );
            Some(if mover.gain.way == Way::BlueGreen {
                said.with("only during the final soak")
                    .cured_by(&["bluegreen-rollback"])
            } else {
                said.cured_by(&["pool-rollback"])
            })
        })
        .collect())
}

/// True where the target version brings another OS to an unversioned OS SKU.
fn changes_os(mover: &Moving<'_>) -> bool {
    let sku = mover.details.os_sku.as_deref().unwrap_or_default();
    (sku.eq_ignore_ascii_case("Ubuntu") && mover.crosses(35))
        || (sku.eq_ignore_ascii_case("AzureLinux") && mover.crosses(32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::domain::version::KubernetesVersion;
    use crate::preflight::samples::{ask, ask_planned, healthy, whole};

    fn outcomes(survey: &Survey) -> Vec<String> {
        ask(look, survey).into_iter().map(|said| said.headline).collect()
    }

    #[test]
    fn a_channel_an_old_version_and_another_os_stand_in_the_way() {
        assert!(outcomes(&healthy()).is_empty());
        let mut survey = healthy();
        survey.azure.cluster.as_mut().unwrap().auto_upgrade.kubernetes_channel = Some("patch".to_owned());
        assert_eq!(
            outcomes(&survey)[0],
            "it cannot be rolled back afterwards: the auto-upgrade channel patch would undo it"
        );
        let mut survey = healthy();
        survey.azure.cluster.as_mut().unwrap().pools[1].version = Some(KubernetesVersion::new(1, 34, 1));
        assert_eq!(
            outcomes(&survey),
            ["it cannot be rolled back afterwards: its OS changes on the way"]
        );
        let mut survey = healthy();
        survey.azure.cluster.as_mut().unwrap().pools[1].version = Some(KubernetesVersion::new(1, 30, 1));
        let details = survey.azure.details.as_mut().unwrap();
        details.pools.get_mut(&"apps".into()).unwrap().os_sku = Some("Ubuntu2204".to_owned());
        assert_eq!(
            outcomes(&survey),
            ["it cannot be rolled back afterwards: 1.30.1 is out of support"]
        );
    }

    #[test]
    fn an_image_upgrade_is_not_judged() {
        let mut survey = healthy();
        survey.azure.cluster.as_mut().unwrap().auto_upgrade.kubernetes_channel = Some("patch".to_owned());
        let mut planned = whole(&survey);
        planned.pools.values_mut().for_each(|to| *to = None);
        assert!(ask_planned(look, &survey, &planned).is_empty());
    }
}
