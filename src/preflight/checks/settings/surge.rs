//! Surge, unavailable, soak and drain settings make sense for the pool
//! (AKS docs "Customize node pool rolling upgrades" and "Upgrade options", 2026).

use std::time::Duration;

use crate::domain::node_pool::{PoolMode, UndrainableNodeBehavior};
use crate::domain::subject::Subject;
use crate::domain::surge::Share;
use crate::preflight::arithmetic::duration::in_words;
use crate::preflight::arithmetic::surge_nodes::Way;
use crate::preflight::checks::moving::{Moving, moving};
use crate::preflight::checks::run_time::time_of_pool;
use crate::preflight::checks::told::{Told, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::wording::counted;

/// A pool above this size, one node at a time, takes too long.
const MANY_NODES: u32 = 50;
/// A pool up to this size cannot have a small share.
const FEW_NODES: u32 = 2;
/// An automatic upgrade that takes longer may never be started by AKS.
const TOO_LONG: Duration = Duration::from_hours(24);

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    Ok(moving(question)?.iter().flat_map(of_pool).collect())
}

fn of_pool(mover: &Moving<'_>) -> Vec<Said> {
    let refused = refused(mover);
    if !refused.is_empty() {
        return refused;
    }
    match mover.gain.way {
        Way::Spot | Way::Stopped | Way::BlueGreen => Vec::new(),
        Way::Rolling | Way::InPlace => [
            too_wide(mover),
            too_slow(mover),
            uneven(mover),
            stops(mover),
            soak(mover),
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}

fn say(mover: &Moving<'_>, outcome: Outcome, headline: String) -> Said {
    Said::new(outcome, Subject::pool(&mover.pool.name), headline)
}

/// What AKS takes no upgrade with.
fn refused(mover: &Moving<'_>) -> Vec<Said> {
    let settings = &mover.pool.upgrade_settings;
    let mut reasons = settings.refusals(&mover.pool.mode);
    let has_unavailable = settings
        .max_unavailable
        .is_some_and(|share| !matches!(share, Share::Nodes(0) | Share::Percent(0)));
    if mover.gain.way == Way::BlueGreen && has_unavailable {
        reasons.push("a blue-green pool takes no max unavailable".to_owned());
    }
    let remedies: &[&str] = if mover.pool.mode == PoolMode::System {
        &["lower-surge"]
    } else {
        &["lower-surge", "in-place"]
    };
    reasons
        .into_iter()
        .map(|reason| say(mover, Outcome::Blocker, reason).cured_by(remedies))
        .collect()
}

/// Half the pool or more at a time.
fn too_wide(mover: &Moving<'_>) -> Option<Said> {
    let count = mover.pool.count;
    let share = mover.pool.upgrade_settings.max_surge?;
    let is_wide = matches!(share, Share::Percent(percent) if percent >= 50) || share.of(count) >= count;
    (is_wide && count > FEW_NODES).then(|| {
        say(
            mover,
            Outcome::Warning,
            format!(
                "max surge {share} drains {} of {count} at the same time; 33% is advised",
                counted(mover.gain.drained as usize, "node")
            ),
        )
        .cured_by(&["lower-surge"])
    })
}

/// One node at a time through a big pool, or a pool that takes more than a day.
fn too_slow(mover: &Moving<'_>) -> Option<Said> {
    let time = time_of_pool(mover);
    let is_single = mover.gain.drained <= 1 && mover.pool.count > MANY_NODES;
    (is_single || time.high > TOO_LONG).then(|| {
        let said = say(
            mover,
            Outcome::Warning,
            format!(
                "{} with {} at a time take {} to {} by estimate",
                counted(mover.pool.count as usize, "node"),
                mover.gain.drained,
                in_words(time.low),
                in_words(time.high)
            ),
        )
        .with(match mover.pool.upgrade_settings.max_surge {
            Some(share) => format!("max surge {share}"),
            None => "max surge is not set".to_owned(),
        });
        if time.high > TOO_LONG {
            said.with("more than 24 h: an automatic upgrade may never be started")
        } else {
            said
        }
        .cured_by(&["split-pool"])
    })
}

/// Surge nodes that cannot be spread evenly over the zones.
fn uneven(mover: &Moving<'_>) -> Option<Said> {
    let zones = u32::try_from(mover.details.zones.len()).unwrap_or(u32::MAX);
    let surge = mover.gain.nodes;
    (zones > 1 && surge > 0 && !surge.is_multiple_of(zones)).then(|| {
        say(
            mover,
            Outcome::Info,
            format!(
                "{} for {zones} zones: the zones are unbalanced while the pool is upgraded",
                counted(surge as usize, "surge node")
            ),
        )
        .cured_by(&["scale-pool-zone"])
    })
}

/// A node that cannot be drained ends the whole upgrade.
fn stops(mover: &Moving<'_>) -> Option<Said> {
    let behavior = mover.pool.upgrade_settings.undrainable_node_behavior.as_ref();
    matches!(behavior, None | Some(UndrainableNodeBehavior::Schedule)).then(|| {
        say(
            mover,
            Outcome::Info,
            format!(
                "undrainable node behaviour is Schedule: the first node not drained in {} fails the upgrade",
                in_words(mover.pool.upgrade_settings.drain_timeout())
            ),
        )
        .cured_by(&["undrainable-cordon"])
    })
}

fn soak(mover: &Moving<'_>) -> Option<Said> {
    let soak = mover.pool.upgrade_settings.node_soak();
    (soak > Duration::ZERO).then(|| {
        let batches = mover.pool.count.div_ceil(mover.gain.drained.max(1));
        say(
            mover,
            Outcome::Info,
            format!(
                "each batch waits {} afterwards: {} more over {}",
                in_words(soak),
                in_words(soak * batches),
                counted(batches as usize, "time")
            ),
        )
        .cured_by(&["wait"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::node_pool::NodePool;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    fn of_apps(change: impl FnOnce(&mut NodePool)) -> impl FnOnce(&mut Survey) {
        move |survey| change(&mut survey.azure.cluster.as_mut().unwrap().pools[1])
    }

    #[test]
    fn settings_that_aks_refuses_block() {
        let none = |pool: &mut NodePool| pool.upgrade_settings.max_surge = Some(Share::Nodes(0));
        let said = check(look, of_apps(none), Outcome::Blocker, "node pool apps");
        assert_eq!(said.headline, "max surge and max unavailable cannot both be 0");
        let blue_green = |survey: &mut Survey| {
            let details = survey.azure.details.as_mut().unwrap();
            let pool = details.pools.get_mut(&"apps".into()).unwrap();
            pool.upgrade_strategy = Some("BlueGreen".to_owned());
            let pool = &mut survey.azure.cluster.as_mut().unwrap().pools[1];
            pool.upgrade_settings.max_unavailable = Some(Share::Nodes(1));
        };
        check(look, blue_green, Outcome::Blocker, "node pool apps");
        let system = |survey: &mut Survey| {
            let pool = &mut survey.azure.cluster.as_mut().unwrap().pools[0];
            pool.upgrade_settings.max_unavailable = Some(Share::Nodes(1));
        };
        let said = check(look, system, Outcome::Blocker, "node pool system");
        assert_eq!(said.remedies, ["lower-surge"]);
    }

    #[test]
    fn half_a_pool_at_a_time_is_too_much() {
        let wide = |share| of_apps(move |pool| pool.upgrade_settings.max_surge = Some(share));
        // Six and nine of nine nodes, so that the zones stay even.
        let said = check(look, wide(Share::Percent(60)), Outcome::Warning, "node pool apps");
        assert_eq!(
            said.headline,
            "max surge 60% drains 6 nodes of 9 at the same time; 33% is advised"
        );
        check(look, wide(Share::Nodes(9)), Outcome::Warning, "node pool apps");
        passes(look, wide(Share::Nodes(6)));
    }

    #[test]
    fn one_at_a_time_through_a_big_pool_is_too_slow() {
        let slow = |count| {
            of_apps(move |pool| {
                pool.count = count;
                pool.upgrade_settings.max_surge = Some(Share::Nodes(0));
                pool.upgrade_settings.max_unavailable = Some(Share::Nodes(1));
            })
        };
        let said = check(look, slow(51), Outcome::Warning, "node pool apps");
        assert_eq!(
            said.headline,
            "51 nodes with 1 at a time take 3 h 24 min to 10 h 12 min by estimate"
        );
        assert_eq!(said.evidence.len(), 1);
        passes(look, slow(50));
        let said = check(look, slow(121), Outcome::Warning, "node pool apps");
        assert_eq!(
            said.evidence[1],
            "more than 24 h: an automatic upgrade may never be started"
        );
    }

    #[test]
    fn uneven_zones_the_default_behaviour_and_soak_are_told() {
        let uneven = |pool: &mut NodePool| pool.upgrade_settings.max_surge = Some(Share::Nodes(2));
        check(look, of_apps(uneven), Outcome::Info, "node pool apps");
        for behavior in [None, Some(UndrainableNodeBehavior::Schedule)] {
            let stops = |pool: &mut NodePool| pool.upgrade_settings.undrainable_node_behavior = behavior;
            let said = check(look, of_apps(stops), Outcome::Info, "node pool apps");
            assert_eq!(said.remedies, ["undrainable-cordon"]);
        }
        let soak = |pool: &mut NodePool| pool.upgrade_settings.node_soak_minutes = Some(10);
        let said = check(look, of_apps(soak), Outcome::Info, "node pool apps");
        assert_eq!(
            said.headline,
            "each batch waits 10 min afterwards: 30 min more over 3 times"
        );
    }

    #[test]
    fn spot_pools_have_no_surge_to_judge() {
        passes(
            look,
            of_apps(|pool| {
                pool.is_spot = true;
                pool.upgrade_settings.max_surge = None;
                pool.upgrade_settings.undrainable_node_behavior = None;
            }),
        );
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
