//! The node image is still built: Azure deletes images of operating systems it has retired, and then no node can be
//! added or reimaged (Azure retirement notices, 2026).

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::subject::Subject;
use crate::preflight::checks::moving::{Moving, moving};
use crate::preflight::checks::told::{Told, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::reference::Reference;

/// Days before the end of support from which it is told.
const AHEAD_DAYS: i32 = 365;

/// Words of an image or an OS SKU, and what the table of retirements calls it.
const NAMES: &[(&str, &str)] = &[
    ("ubuntu-1804", "Ubuntu 18.04"),
    ("ubuntu1804", "Ubuntu 18.04"),
    ("ubuntu-2004", "Ubuntu 20.04"),
    ("ubuntu2004", "Ubuntu 20.04"),
    ("ubuntu-2204", "Ubuntu 22.04"),
    ("ubuntu2204", "Ubuntu 22.04"),
    ("mariner-v2", "Azure Linux 2.0"),
    ("azurelinux-v2", "Azure Linux 2.0"),
    ("azurelinuxv2", "Azure Linux 2.0"),
    ("flatcar", "Flatcar preview"),
    ("windows-2019", "Windows Server 2019"),
    ("windows2019", "Windows Server 2019"),
    ("windows-2022", "Windows Server 2022"),
    ("windows2022", "Windows Server 2022"),
    ("windowsannual", "Windows Annual Channel"),
];

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let today = question.survey.taken_at.to_zoned(TimeZone::UTC).date();
    Ok(moving(question)?
        .iter()
        .filter(|mover| !gets_other_os(mover))
        .filter_map(|mover| of_pool(mover, question.reference, today))
        .collect())
}

/// True where the target brings the next OS by itself.
fn gets_other_os(mover: &Moving<'_>) -> bool {
    let is = |name: &str| {
        mover
            .details
            .os_sku
            .as_ref()
            .is_some_and(|sku| sku.eq_ignore_ascii_case(name))
    };
    (is("Ubuntu") && mover.crosses(35)) || (is("AzureLinux") && mover.crosses(32))
}

/// What the table of retirements calls the pool's OS; `None` for one that has no end.
fn name_of(mover: &Moving<'_>) -> Option<&'static str> {
    let image = mover.pool.node_image.as_ref().map(|image| {
        // The release behind the name may look like one of the words.
        let name = image.as_str().split(image.release()).next().unwrap_or_default();
        name.to_ascii_lowercase()
    });
    let sku = mover.details.os_sku.as_ref().map(|sku| sku.to_ascii_lowercase());
    [image, sku]
        .into_iter()
        .flatten()
        .find_map(|text| NAMES.iter().find(|(word, _)| text.contains(word)))
        .map(|(_, name)| *name)
}

fn of_pool(mover: &Moving<'_>, reference: &Reference, today: Date) -> Option<Said> {
    let name = name_of(mover)?;
    let retirement = reference.retirement(name)?;
    let subject = Subject::pool(&mover.pool.name);
    let days_to = |day: Date| (day - today).get_days();
    let (outcome, headline) = if retirement.is_gone_on(today) {
        (
            Outcome::Blocker,
            format!("images of {name} are gone: no node can be added or reimaged"),
        )
    } else if retirement.is_unsupported_on(today) {
        let left = retirement.hard_stop.map_or_else(String::new, |stop| {
            format!("; its images go on {stop}, in {} days", days_to(stop))
        });
        (Outcome::Warning, format!("{name} has no support any more{left}"))
    } else {
        let from = retirement.unsupported_from?;
        let left = days_to(from);
        if left > AHEAD_DAYS {
            return None;
        }
        (
            Outcome::Warning,
            format!("support of {name} ends on {from}, in {left} days"),
        )
    };
    let said = Said::new(outcome, subject, headline)
        .with(match &mover.pool.node_image {
            Some(image) => format!("node image {image}"),
            None => "its node image is not known".to_owned(),
        })
        .with(retirement.effect.clone());
    Some(if mover.is_windows() {
        said.cured_by(&["new-pool-other-sku"])
    } else {
        said.cured_by(&["change-os-sku"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::domain::version::NodeImageVersion;
    use crate::preflight::samples::{check, denied, passes};

    fn apps(image: &str, sku: &str) -> impl FnOnce(&mut Survey) {
        let (image, sku) = (NodeImageVersion::new(image), sku.to_owned());
        move |survey| {
            survey.azure.cluster.as_mut().unwrap().pools[1].node_image = Some(image);
            let details = survey.azure.details.as_mut().unwrap();
            details.pools.get_mut(&"apps".into()).unwrap().os_sku = Some(sku);
        }
    }

    fn judged(image: &str, sku: &str, outcome: Outcome) -> String {
        check(look, apps(image, sku), outcome, "node pool apps").headline
    }

    #[test]
    fn images_that_are_gone_block() {
        for (image, sku) in [
            ("AKSUbuntu-1804gen2containerd-202306.01.0", "Ubuntu"),
            ("AKSAzureLinux-V2gen2-202511.11.0", "AzureLinux2"),
            ("AKSCBLMariner-V2gen2-202401.01.0", "Mariner"),
        ] {
            judged(image, sku, Outcome::Blocker);
        }
    }

    #[test]
    fn an_end_ahead_is_told_with_the_days_left() {
        assert_eq!(
            judged(
                "AKSUbuntu-2204gen2containerd-202608.03.0",
                "Ubuntu2204",
                Outcome::Warning
            ),
            "support of Ubuntu 22.04 ends on 2027-06-30, in 319 days"
        );
        assert_eq!(
            judged("AKSFlatcar-amd64-202605.01.0", "Flatcar", Outcome::Warning),
            "Flatcar preview has no support any more; its images go on 2026-09-08, in 24 days"
        );
        judged(
            "AKSWindows-2019-containerd-17763.8000.260604",
            "Windows2019",
            Outcome::Warning,
        );
    }

    #[test]
    fn what_has_no_end_or_one_far_ahead_passes() {
        for (image, sku) in [
            ("AKSUbuntu-2404gen2containerd-202204.05.0", "Ubuntu"),
            ("AKSAzureLinux-V3gen2-202608.03.0", "AzureLinux"),
            ("AKSWindows-2022-containerd-20348.5000.260604", "Windows2022"),
        ] {
            passes(look, apps(image, sku));
        }
    }

    #[test]
    fn a_pool_that_gets_the_next_os_passes() {
        passes(look, |survey| {
            apps("AKSUbuntu-2204gen2containerd-202608.03.0", "Ubuntu")(survey);
            survey.azure.cluster.as_mut().unwrap().pools[1].version = "1.34.2".parse().ok();
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
