//! The node image is young: a version upgrade brings a new one too, so an old one means more than one change at a time.
//! The limits of age are the cockpit's own.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::cluster::ClusterUpgrades;
use crate::domain::subject::Subject;
use crate::domain::version::NodeImageVersion;
use crate::preflight::checks::moving::{Moving, moving};
use crate::preflight::checks::told::{Told, told, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::thresholds::Thresholds;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let today = question.survey.taken_at.to_zoned(TimeZone::UTC).date();
    let movers = moving(question)?;
    let mut said = Vec::new();
    let upgrades = match &question.survey.azure.upgrades {
        Ok(upgrades) => Some(upgrades),
        Err(unread) => {
            said.push(unknown(Subject::Cluster, "the newest node images", unread));
            None
        }
    };
    said.extend(
        movers
            .iter()
            .filter_map(|mover| of_pool(mover, upgrades, today, &question.thresholds)),
    );
    Ok(said)
}

fn of_pool(
    mover: &Moving<'_>,
    upgrades: Option<&ClusterUpgrades>,
    today: Date,
    thresholds: &Thresholds,
) -> Option<Said> {
    let image = mover.pool.node_image.as_ref()?;
    let subject = Subject::pool(&mover.pool.name);
    let newest = upgrades
        .and_then(|upgrades| upgrades.pools.get(&mover.pool.name)?.latest_node_image.as_ref())
        .filter(|newest| !newest.is_same_image(image));
    let age = built_on(image).map(|day| (today - day).get_days());
    let outcome = match age {
        Some(days) if days > thresholds.very_old_node_image_days => Outcome::Warning,
        Some(days) if days > thresholds.old_node_image_days => Outcome::Info,
        _ => {
            let newest = newest?;
            return Some(
                Said::new(
                    Outcome::Info,
                    subject,
                    format!("the upgrade also brings the node image {newest}"),
                )
                .with(format!("now {image}"))
                .cured_by(&["upgrade-node-image"]),
            );
        }
    };
    let said = Said::new(
        outcome,
        subject,
        format!("its node image is {} days old", age.unwrap_or_default()),
    )
    .with(format!("now {image}"))
    .cured_by(&["upgrade-node-image"]);
    Some(match newest {
        Some(newest) => said.with(format!("the upgrade also brings {newest}")),
        None => said,
    })
}

/// The day an image was built, from its release: `202608.03.0`, or `20348.2529.240607` on Windows.
fn built_on(image: &NodeImageVersion) -> Option<Date> {
    let number = |text: &str| text.parse::<i16>().ok();
    let date = |year: &str, month: &str, day: &str| {
        let small = |text: &str| text.parse::<i8>().ok();
        Date::new(number(year)?, small(month)?, small(day)?).ok()
    };
    let mut parts = image.release().split('.');
    let first = parts.next()?;
    let second = parts.next()?;
    if first.len() == 6 {
        return date(first.get(..4)?, first.get(4..)?, second);
    }
    let last = parts.next().filter(|part| part.len() == 6)?;
    date(&format!("20{}", last.get(..2)?), last.get(2..4)?, last.get(4..)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    fn image(release: &str) -> NodeImageVersion {
        NodeImageVersion::new(format!("AKSUbuntu-2404gen2containerd-{release}"))
    }

    fn built(release: &str) -> impl FnOnce(&mut Survey) {
        let image = image(release);
        move |survey| {
            survey.azure.cluster.as_mut().unwrap().pools[1].node_image = Some(image.clone());
            let upgrades = survey.azure.upgrades.as_mut().unwrap();
            upgrades.pools.get_mut(&"apps".into()).unwrap().latest_node_image = Some(image);
        }
    }

    #[test]
    fn old_images_are_told() {
        let said = check(look, built("202606.15.0"), Outcome::Info, "node pool apps");
        assert_eq!(said.headline, "its node image is 61 days old");
        check(look, built("202602.15.0"), Outcome::Warning, "node pool apps");
        passes(look, built("202606.16.0"));
    }

    #[test]
    fn a_newer_image_comes_along() {
        let newer = |survey: &mut Survey| {
            let upgrades = survey.azure.upgrades.as_mut().unwrap();
            upgrades.pools.get_mut(&"apps".into()).unwrap().latest_node_image = Some(image("202608.10.0"));
        };
        let said = check(look, newer, Outcome::Info, "node pool apps");
        assert_eq!(
            said.headline,
            "the upgrade also brings the node image AKSUbuntu-2404gen2containerd-202608.10.0"
        );
    }

    #[test]
    fn unread_upgrades_are_unknown() {
        check(
            look,
            |survey| survey.azure.upgrades = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }

    #[test]
    fn the_release_tells_the_day() {
        for (image, day) in [
            ("AKSUbuntu-2204gen2containerd-202607.08.0", Some("2026-07-08")),
            (
                "AKSUbuntu-2204gen2containerd-202410.27.0-2024.12.01",
                Some("2024-10-27"),
            ),
            ("AKSWindows-2022-containerd-20348.2529.240607", Some("2024-06-07")),
            ("AKSAzureLinux-V3gen2-202601.13.0", Some("2026-01-13")),
            ("AKSUbuntu:1604:2020.03.11", None),
            ("AKSUbuntu-2204-202613.40.0", None),
            ("", None),
        ] {
            let expected = day.map(|day| day.parse().unwrap());
            assert_eq!(built_on(&NodeImageVersion::new(image)), expected, "{image}");
        }
    }
}
