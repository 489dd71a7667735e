//! Surge nodes stay within the region's vCPU limits: that of their family, and that over all families
//! (AKS docs "Customize node pool rolling upgrades", 2026).

use std::collections::BTreeMap;

use crate::domain::subject::Subject;
use crate::domain::survey::{Unread, UsageFact};
use crate::domain::version::KubernetesVersion;
use crate::preflight::arithmetic::fit::{Fit, fit};
use crate::preflight::arithmetic::vcpu::{REGION, free, limit as limit_of, size_of_nodes};
use crate::preflight::checks::moving::{Moving, moving, smaller};
use crate::preflight::checks::told::{Told, limit, read, told, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::wording::counted;

/// From here on AKS tries again with one surge node when machines are refused (AKS release notes, 2026).
const FALLS_BACK_TO_ONE: KubernetesVersion = KubernetesVersion::new(1, 35, 0);

struct Need<'a> {
    mover: Moving<'a>,
    /// vCPUs of one node.
    each: u64,
}

impl Need<'_> {
    fn vcpus(&self) -> u64 {
        self.each.saturating_mul(u64::from(self.mover.gain.nodes))
    }
}

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let azure = &question.survey.azure;
    let movers: Vec<Moving<'_>> = moving(question)?
        .into_iter()
        .filter(|one| one.gain.needs_machines())
        .collect();
    if movers.is_empty() {
        return Ok(Vec::new());
    }
    let usage = read(&azure.compute_usage, "the region's vCPU limits")?;
    let mut said = Vec::new();
    let sizes = match &azure.vm_sizes {
        Ok(sizes) => sizes.as_slice(),
        Err(unread) => {
            said.push(unknown(Subject::Cluster, "families of the VM sizes", unread));
            &[]
        }
    };
    let mut by_limit: BTreeMap<String, Vec<Need<'_>>> = BTreeMap::new();
    for mover in movers {
        let size = size_of_nodes(&mover.pool.vm_size, sizes);
        let (Some(each), true) = (size.vcpus, size.family.is_some() || azure.vm_sizes.is_err()) else {
            said.push(size_not_listed(&mover));
            continue;
        };
        let each = u64::from(each);
        for name in size.family.into_iter().chain([REGION.to_owned()]) {
            by_limit.entry(name).or_default().push(Need { mover, each });
        }
    }
    said.extend(
        by_limit
            .into_iter()
            .filter_map(|(name, needs)| of_limit(&name, &needs, usage)),
    );
    Ok(said)
}

fn size_not_listed(mover: &Moving<'_>) -> Said {
    unknown(
        Subject::pool(&mover.pool.name),
        "its vCPU limit",
        &Unread::Failed {
            why: format!("the region's list does not have the size {}", mover.pool.vm_size),
        },
    )
}

fn of_limit(name: &str, needs: &[Need<'_>], usage: &[UsageFact]) -> Option<Said> {
    let subject = limit("vCPU limit", name);
    let Some(fact) = limit_of(name, usage) else {
        let unread = Unread::Failed {
            why: "the region's list has no such limit".to_owned(),
        };
        return Some(unknown(subject, "free vCPUs", &unread));
    };
    let free = free(fact);
    let said = match fit(needs.iter().map(Need::vcpus), free) {
        Fit::All => return None,
        Fit::OneAfterAnother { sum } => Said::new(
            Outcome::Warning,
            subject,
            format!("{free} free vCPUs hold each pool's surge alone, not all together: {sum} are needed"),
        )
        .cured_by(&["lower-surge", "request-quota"]),
        Fit::TooSmall { largest } => {
            let need = needs.iter().find(|need| need.vcpus() == largest)?;
            let Moving { pool, gain, .. } = need.mover;
            let falls_back = need
                .mover
                .version_after()
                .is_some_and(|version| version >= FALLS_BACK_TO_ONE)
                && needs.iter().all(|need| need.each <= free);
            let outcome = if falls_back { Outcome::Warning } else { Outcome::Blocker };
            let said = Said::new(
                outcome,
                subject,
                format!(
                    "{} of {} ({}) need {largest} vCPUs, {free} are free",
                    counted(gain.nodes as usize, "surge node"),
                    Subject::pool(&pool.name),
                    pool.vm_size
                ),
            )
            .cured_by(&smaller(pool, gain, &["request-quota"]));
            if falls_back {
                said.with("one node fits: AKS goes on with one surge node from 1.35 on, slower")
            } else {
                said
            }
        }
    };
    Some(said.with(format!("{} of {} vCPUs are used", fact.used, fact.limit)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::question::Planned;
    use crate::preflight::samples::{ask_planned, check, denied, healthy, passes, whole};

    const FAMILY: &str = "vCPU limit standardDSv5Family";

    fn used(name: &'static str, used: u64) -> impl FnOnce(&mut Survey) {
        move |survey| {
            let usage = survey.azure.compute_usage.as_mut().unwrap();
            usage.iter_mut().find(|fact| fact.name == name).unwrap().used = used;
        }
    }

    /// One minor below, so that AKS does not fall back to one node.
    fn at_134(survey: &Survey) -> Planned {
        let mut planned = whole(survey);
        for to in planned.pools.values_mut() {
            *to = Some(KubernetesVersion::new(1, 34, 2));
        }
        planned
    }

    #[test]
    fn the_sum_over_pools_warns() {
        // 3 surge nodes of 4 vCPUs for each of three pools.
        let said = check(look, used("standardDSv5Family", 465), Outcome::Warning, FAMILY);
        assert_eq!(
            said.headline,
            "35 free vCPUs hold each pool's surge alone, not all together: 36 are needed"
        );
        check(look, used("cores", 980), Outcome::Warning, "vCPU limit cores");
        passes(look, used("standardDSv5Family", 464));
    }

    #[test]
    fn the_largest_pool_blocks_below_the_version_that_falls_back() {
        let mut survey = healthy();
        used("standardDSv5Family", 489)(&mut survey);
        let said = ask_planned(look, &survey, &at_134(&survey));
        assert_eq!(said[0].outcome, Outcome::Blocker);
        assert_eq!(
            said[0].headline,
            "3 surge nodes of node pool system (Standard_D4s_v5) need 12 vCPUs, 11 are free"
        );
        assert_eq!(said[0].remedies, ["lower-surge", "request-quota"]);
        assert_eq!(said[0].evidence, ["489 of 500 vCPUs are used"]);
    }

    #[test]
    fn from_1_35_on_one_node_is_enough() {
        let said = check(look, used("standardDSv5Family", 496), Outcome::Warning, FAMILY);
        assert!(said.evidence[0].starts_with("one node fits"));
        check(look, used("standardDSv5Family", 497), Outcome::Blocker, FAMILY);
    }

    #[test]
    fn a_blue_green_pool_needs_all_its_nodes() {
        let blue_green = |survey: &mut Survey| {
            used("standardDSv5Family", 465)(survey);
            let details = survey.azure.details.as_mut().unwrap();
            let pool = details.pools.get_mut(&"apps".into()).unwrap();
            pool.upgrade_strategy = Some("BlueGreen".to_owned());
        };
        let said = check(look, blue_green, Outcome::Warning, FAMILY);
        assert!(
            said.headline.contains("9 surge nodes of node pool apps"),
            "{}",
            said.headline
        );
    }

    #[test]
    fn spot_pools_need_none() {
        passes(look, |survey| {
            used("standardDSv5Family", 500)(survey);
            for pool in &mut survey.azure.cluster.as_mut().unwrap().pools {
                pool.is_spot = true;
            }
        });
    }

    #[test]
    fn what_was_not_read_is_unknown() {
        let unread_usage = |survey: &mut Survey| survey.azure.compute_usage = Err(denied());
        check(look, unread_usage, Outcome::Unknown, "the cluster");
        let unread_sizes = |survey: &mut Survey| survey.azure.vm_sizes = Err(denied());
        check(look, unread_sizes, Outcome::Unknown, "the cluster");
        let no_family = |survey: &mut Survey| {
            survey.azure.compute_usage.as_mut().unwrap().pop();
        };
        check(look, no_family, Outcome::Unknown, FAMILY);
        let other_size = |survey: &mut Survey| {
            survey.azure.cluster.as_mut().unwrap().pools[1].vm_size = "Standard_E8s_v5".to_owned();
        };
        check(look, other_size, Outcome::Unknown, "node pool apps");
    }
}
