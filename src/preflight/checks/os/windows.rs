//! The Windows of a pool exists in the target version; it cannot be changed in place
//! (AKS docs "Upgrade the operating system version", 2026).

use crate::domain::subject::Subject;
use crate::preflight::checks::moving::{Moving, moving};
use crate::preflight::checks::told::{Told, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::reference::Reference;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    Ok(moving(question)?
        .iter()
        .filter(|mover| mover.is_windows())
        .filter_map(|mover| of_pool(mover, question.reference))
        .collect())
}

fn of_pool(mover: &Moving<'_>, reference: &Reference) -> Option<Said> {
    let sku = mover.details.os_sku.as_deref()?;
    let say = |outcome, headline: String| {
        Said::new(outcome, Subject::pool(&mover.pool.name), headline).cured_by(&["new-pool-other-sku"])
    };
    if let (Some(to), Some(support)) = (mover.to, reference.os_sku(sku))
        && !support.exists_in(to.minor_line())
    {
        return Some(
            say(
                Outcome::Blocker,
                format!(
                    "{sku} does not exist in {}, and cannot be changed in place",
                    to.minor_line()
                ),
            )
            .with(support.note.clone()),
        );
    }
    if sku.eq_ignore_ascii_case("WindowsAnnual") {
        return Some(say(
            Outcome::Warning,
            "the Windows annual channel gets no new pools and no new images".to_owned(),
        ));
    }
    (sku.eq_ignore_ascii_case("Windows2025") && !mover.details.is_fips).then(|| {
        say(
            Outcome::Info,
            "Windows Server 2025 asks for a FIPS image, and the pool has none".to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::domain::version::KubernetesVersion;
    use crate::preflight::question::Planned;
    use crate::preflight::samples::{ask_planned, check, denied, healthy, passes};

    fn windows(sku: &str) -> impl FnOnce(&mut Survey) {
        let sku = sku.to_owned();
        move |survey| {
            survey.azure.cluster.as_mut().unwrap().pools[1].os_type = "Windows".to_owned();
            let details = survey.azure.details.as_mut().unwrap();
            details.pools.get_mut(&"apps".into()).unwrap().os_sku = Some(sku);
        }
    }

    #[test]
    fn windows_must_exist_in_the_target() {
        check(look, windows("Windows2019"), Outcome::Blocker, "node pool apps");
        passes(look, windows("Windows2022"));
        let mut survey = healthy();
        windows("Windows2022")(&mut survey);
        let planned = Planned::whole(survey.azure.cluster.as_ref().unwrap(), KubernetesVersion::new(1, 37, 0));
        let said = ask_planned(look, &survey, &planned);
        assert_eq!(
            said[0].headline,
            "Windows2022 does not exist in 1.37, and cannot be changed in place"
        );
    }

    #[test]
    fn the_annual_channel_and_a_missing_fips_image_are_told() {
        check(look, windows("WindowsAnnual"), Outcome::Warning, "node pool apps");
        check(look, windows("Windows2025"), Outcome::Info, "node pool apps");
        passes(look, |survey| {
            windows("Windows2025")(survey);
            let details = survey.azure.details.as_mut().unwrap();
            details.pools.get_mut(&"apps".into()).unwrap().is_fips = true;
        });
    }

    #[test]
    fn unread_details_are_unknown() {
        check(
            look,
            |survey| survey.azure.details = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
