//! The OS SKU of a Linux pool exists in the target version, and whether the upgrade brings another OS
//! (AKS docs "Upgrade the operating system version", 2026). Windows pools have a check of their own.

use crate::domain::subject::Subject;
use crate::preflight::checks::moving::{Moving, moving};
use crate::preflight::checks::told::{Told, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::reference::Reference;

/// Unversioned SKUs, the minor at which their OS changes, and what it becomes.
const BECOMES: &[(&str, u16, &str)] = &[
    ("Ubuntu", 35, "Ubuntu 24.04 with containerd 2"),
    ("AzureLinux", 32, "Azure Linux 3"),
];

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    Ok(moving(question)?
        .iter()
        .filter(|mover| !mover.is_windows())
        .filter_map(|mover| of_pool(mover, question.reference))
        .collect())
}

fn of_pool(mover: &Moving<'_>, reference: &Reference) -> Option<Said> {
    let sku = mover.details.os_sku.as_deref()?;
    let to = mover.to?;
    let subject = Subject::pool(&mover.pool.name);
    if let Some(support) = reference.os_sku(sku)
        && !support.exists_in(to.minor_line())
    {
        let end = |minor: Option<crate::domain::version::MinorVersion>| {
            minor.map_or_else(|| "any".to_owned(), |minor| minor.to_string())
        };
        return Some(
            Said::new(
                Outcome::Blocker,
                subject,
                format!("the OS SKU {sku} does not exist in {}", to.minor_line()),
            )
            .with(format!("from {} to {}", end(support.from), end(support.until)))
            .cured_by(&["change-os-sku"]),
        );
    }
    if sku.eq_ignore_ascii_case("Ubuntu2404") && mover.details.is_fips {
        return Some(
            Said::new(Outcome::Blocker, subject, "there is no FIPS image of Ubuntu 24.04").cured_by(&["change-os-sku"]),
        );
    }
    let (_, _, becomes) = BECOMES
        .iter()
        .find(|(name, minor, _)| sku.eq_ignore_ascii_case(name) && mover.crosses(*minor))?;
    Some(
        Said::new(Outcome::Warning, subject, format!("its OS becomes {becomes}"))
            .with(match &mover.pool.node_image {
                Some(image) => format!("now {image}"),
                None => format!("OS SKU {sku}"),
            })
            .cured_by(&["change-os-sku", "rollback-os-sku"]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::question::Planned;
    use crate::preflight::samples::{ask_planned, check, denied, healthy};

    fn apps(sku: &str, from: &str, to: &str) -> Vec<Said> {
        let mut survey = healthy();
        let cluster = survey.azure.cluster.as_mut().unwrap();
        cluster.pools[1].version = Some(from.parse().unwrap());
        let details = survey.azure.details.as_mut().unwrap();
        details.pools.get_mut(&"apps".into()).unwrap().os_sku = Some(sku.to_owned());
        let mut planned = Planned::default();
        planned.pools.insert("apps".into(), Some(to.parse().unwrap()));
        ask_planned(look, &survey, &planned)
    }

    #[test]
    fn each_sku_has_its_versions() {
        use Outcome::{Blocker, Warning};
        for (sku, from, to, outcome) in [
            ("Ubuntu", "1.33.1", "1.34.1", None),
            ("Ubuntu", "1.34.1", "1.35.1", Some(Warning)),
            ("Ubuntu", "1.35.1", "1.36.1", None),
            ("Ubuntu2204", "1.35.1", "1.36.1", None),
            ("Ubuntu2204", "1.36.1", "1.37.1", Some(Blocker)),
            ("Ubuntu2404", "1.38.1", "1.39.0", Some(Blocker)),
            ("AzureLinux", "1.31.1", "1.32.1", Some(Warning)),
            ("AzureLinux", "1.32.1", "1.33.1", None),
            ("AzureLinux3", "1.36.1", "1.37.1", Some(Blocker)),
            ("SomethingNew", "1.36.1", "1.37.1", None),
        ] {
            let said: Vec<Outcome> = apps(sku, from, to).iter().map(|said| said.outcome).collect();
            assert_eq!(said, Vec::from_iter(outcome), "{sku} {from} to {to}");
        }
    }

    #[test]
    fn the_change_is_named() {
        let said = apps("Ubuntu", "1.34.1", "1.35.1");
        assert_eq!(said[0].headline, "its OS becomes Ubuntu 24.04 with containerd 2");
        assert_eq!(said[0].remedies, ["change-os-sku", "rollback-os-sku"]);
    }

    #[test]
    fn ubuntu_24_04_has_no_fips_image() {
        let fips = |survey: &mut Survey| {
            let details = survey.azure.details.as_mut().unwrap();
            let pool = details.pools.get_mut(&"apps".into()).unwrap();
            (pool.os_sku, pool.is_fips) = (Some("Ubuntu2404".to_owned()), true);
        };
        check(look, fips, Outcome::Blocker, "node pool apps");
        check(
            look,
            |survey| survey.azure.details = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
