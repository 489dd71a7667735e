//! New machines of the pools' sizes can be had in their zones, as far as Azure says so beforehand.

use crate::domain::subject::Subject;
use crate::domain::survey::{Unread, VmSizeFact};
use crate::preflight::arithmetic::vcpu::find_size;
use crate::preflight::checks::moving::{Moving, moving, smaller};
use crate::preflight::checks::told::{Told, read, told, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::wording::listed;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let mut movers = moving(question)?;
    movers.retain(|one| one.gain.needs_machines());
    if movers.is_empty() {
        return Ok(Vec::new());
    }
    let sizes = read(&question.survey.azure.vm_sizes, "the region's VM sizes")?;
    Ok(movers.iter().filter_map(|mover| of_pool(mover, sizes)).collect())
}

fn of_pool(mover: &Moving<'_>, sizes: &[VmSizeFact]) -> Option<Said> {
    let size = &mover.pool.vm_size;
    let subject = Subject::pool(&mover.pool.name);
    let Some(fact) = find_size(size, sizes) else {
        let unread = Unread::Failed {
            why: "the region's list does not have it".to_owned(),
        };
        return Some(unknown(subject, &format!("whether {size} can be ordered"), &unread));
    };
    let remedies = smaller(mover.pool, mover.gain, &["new-pool-other-sku"]);
    let remedies: Vec<&str> = remedies.into_iter().filter(|id| *id != "lower-surge").collect();
    let closed: Vec<&String> = fact
        .restricted_in
        .iter()
        .filter(|zone| *zone == "*" || mover.details.zones.contains(zone))
        .collect();
    if !closed.is_empty() {
        let place = if closed.iter().any(|zone| *zone == "*") {
            "in this region".to_owned()
        } else {
            format!("in zone {}", listed(&closed))
        };
        return Some(
            Said::new(
                Outcome::Blocker,
                subject,
                format!("this subscription gets no new {size} {place}"),
            )
            .with("NotAvailableForSubscription")
            .cured_by(&remedies),
        );
    }
    if mover.details.capacity_reservation.is_some() {
        return None;
    }
    let reason = if mover.details.proximity_group.is_some() {
        "its proximity placement group asks for machines in one place"
    } else if is_rare(size) {
        "machines of this size are rare"
    } else {
        return None;
    };
    Some(
        Said::new(
            Outcome::Warning,
            subject,
            format!("capacity for {size} is not guaranteed: {reason}"),
        )
        .with("Azure shows no free capacity beforehand, and the pool has no capacity reservation")
        .cured_by(&remedies),
    )
}

/// GPU, high memory and high performance families.
fn is_rare(size: &str) -> bool {
    let name = size.to_ascii_lowercase();
    let name = name.strip_prefix("standard_").unwrap_or(&name);
    name.starts_with(['n', 'm', 'h'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::{PoolDetails, Survey};
    use crate::preflight::samples::{check, denied, passes};

    fn restricted(zone: &str) -> impl FnOnce(&mut Survey) {
        let zone = zone.to_owned();
        move |survey| {
            survey.azure.cluster.as_mut().unwrap().pools.truncate(1);
            survey.azure.vm_sizes.as_mut().unwrap()[0].restricted_in = vec![zone];
        }
    }

    fn of_apps(change: impl FnOnce(&mut PoolDetails, &mut String)) -> impl FnOnce(&mut Survey) {
        move |survey| {
            let pool = &mut survey.azure.cluster.as_mut().unwrap().pools[1];
            let details = survey.azure.details.as_mut().unwrap();
            change(details.pools.get_mut(&"apps".into()).unwrap(), &mut pool.vm_size);
            let mut size = survey.azure.vm_sizes.as_ref().unwrap()[0].clone();
            size.name.clone_from(&pool.vm_size);
            survey.azure.vm_sizes.as_mut().unwrap().push(size);
        }
    }

    #[test]
    fn a_size_that_is_closed_to_the_subscription_blocks() {
        let said = check(look, restricted("*"), Outcome::Blocker, "node pool system");
        assert_eq!(
            said.headline,
            "this subscription gets no new Standard_D4s_v5 in this region"
        );
        let said = check(look, restricted("2"), Outcome::Blocker, "node pool system");
        assert_eq!(said.headline, "this subscription gets no new Standard_D4s_v5 in zone 2");
        passes(look, restricted("4"));
    }

    #[test]
    fn rare_sizes_and_proximity_groups_have_no_guarantee() {
        let gpu = |_: &mut PoolDetails, size: &mut String| "Standard_NC24ads_A100_v4".clone_into(size);
        check(look, of_apps(gpu), Outcome::Warning, "node pool apps");
        let proximity = |details: &mut PoolDetails, _: &mut String| details.proximity_group = Some("p".to_owned());
        check(look, of_apps(proximity), Outcome::Warning, "node pool apps");
        passes(
            look,
            of_apps(|details, size| {
                "Standard_M32ms".clone_into(size);
                details.capacity_reservation = Some("reserved".to_owned());
            }),
        );
    }

    #[test]
    fn what_was_not_read_is_unknown() {
        check(
            look,
            |survey| survey.azure.vm_sizes = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
        let other = |survey: &mut Survey| {
            survey.azure.cluster.as_mut().unwrap().pools[1].vm_size = "Standard_E8s_v5".to_owned();
        };
        check(look, other, Outcome::Unknown, "node pool apps");
    }
}
