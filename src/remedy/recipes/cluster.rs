//! Settings of the cluster itself: forced upgrades with an end, channels, tier, add-ons, certificates, start.

use std::time::Duration;

use super::super::repair::{NotPossible, Undo};
use super::sight::{Sight, azure};
use super::{Draft, not_here};
use crate::domain::azure_edit::ClusterEdit;
use crate::domain::change::Change;
use crate::domain::cluster::SupportPlan;
use crate::domain::provisioning::PowerState;

/// How long a forced upgrade may begin; its end needs no longer.
const FORCED_FOR: Duration = Duration::from_hours(2);

/// `force-upgrade`: past budgets.
pub(super) fn force(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    forced(sight, "budgets")
}

/// `force-upgrade-api`: the same switch, for the gate of deprecated APIs.
pub(super) fn force_past_apis(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    forced(sight, "the deprecated-API gate")
}

fn forced(sight: &Sight<'_>, what: &str) -> Result<Draft, NotPossible> {
    let now = sight.survey.taken_at;
    if let Some(until) = sight.cluster()?.force_upgrade_until.filter(|until| *until > now) {
        return not_here(format!(
            "upgrades are forced until {} as it is",
            until.strftime("%Y-%m-%d %H:%M UTC")
        ));
    }
    let Ok(until) = now.checked_add(FORCED_FOR) else {
        return not_here("the time of the survey cannot be read");
    };
    // Azure takes whole seconds.
    let until = jiff::Timestamp::from_second(until.as_second()).unwrap_or(until);
    let shown = until.strftime("%Y-%m-%d %H:%M UTC");
    let draft = edit(
        sight,
        ClusterEdit::ForceUpgrade { until },
        format!("let upgrades that start before {shown} pass {what}"),
    )?;
    Ok(draft.with_cautions(["it starts no upgrade: retry it after this".to_owned()]))
}

/// `pause-autoupgrade`: also the images where a rollback is wanted, because an image channel brings them back.
pub(super) fn pause_auto_upgrade(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let channels = &sight.cluster()?.auto_upgrade;
    let is_on = |channel: &Option<String>| {
        let word = channel.as_deref().unwrap_or_default();
        !word.is_empty() && !word.eq_ignore_ascii_case("none")
    };
    let needs_image = sight.cause.code == "rollback-refused" && is_on(&channels.node_os_channel);
    if !is_on(&channels.kubernetes_channel) && !needs_image {
        return not_here("the automatic channel is off as it is");
    }
    let change = ClusterEdit::AutoUpgrade {
        kubernetes: is_on(&channels.kubernetes_channel).then(|| "none".to_owned()),
        node_os: needs_image.then(|| "None".to_owned()),
    };
    edit(sight, change, "turn automatic upgrades off".to_owned())
}

/// `scale-tier`.
pub(super) fn standard_tier(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let tier = sight.cluster()?.tier.as_deref().unwrap_or("Free");
    if !tier.eq_ignore_ascii_case("free") {
        return not_here(format!("the cluster is in tier {tier} as it is"));
    }
    let change = ClusterEdit::Tier {
        tier: "Standard".to_owned(),
        support_plan: None,
    };
    edit(sight, change, "move the cluster from tier Free to Standard".to_owned())
}

/// `enable-lts`: needs tier Premium (AKS docs "Long-term support", 2026).
pub(super) fn long_term_support(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    if sight.cluster()?.support_plan == SupportPlan::LongTermSupport {
        return not_here("the cluster has long-term support as it is");
    }
    let change = ClusterEdit::Tier {
        tier: "Premium".to_owned(),
        support_plan: Some("AKSLongTermSupport".to_owned()),
    };
    edit(sight, change, "take long-term support, in tier Premium".to_owned())
}

/// `start-cluster`.
pub(super) fn start(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let cluster = sight.cluster()?;
    if cluster.power_state != PowerState::Stopped {
        return not_here(format!("cluster {} is not stopped", cluster.name));
    }
    let start = Change::StartCluster { cluster: sight.id() };
    let stop = Change::StopCluster { cluster: sight.id() };
    Ok(
        Draft::new(format!("start cluster {}", cluster.name), vec![azure(start)]).undone_by(Undo::Steps {
            steps: vec![azure(stop)],
        }),
    )
}

/// `disable-monitoring`: of the add-on whose workspace is gone.
pub(super) fn disable_monitoring(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let addons = &sight.details()?.addons;
    let Some(name) = addons.keys().find(|name| name.eq_ignore_ascii_case("omsagent")) else {
        return not_here("monitoring is off as it is");
    };
    let change = ClusterEdit::Addon {
        name: name.clone(),
        is_enabled: false,
    };
    edit(sight, change, "turn monitoring off".to_owned())
}

/// `rotate-certs`.
pub(super) fn rotate_certificates(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    sight.refuse_while_busy(None)?;
    let name = &sight.cluster()?.name;
    let change = Change::RotateCertificates { cluster: sight.id() };
    Ok(Draft::new(
        format!("rotate the certificates of cluster {name}"),
        vec![azure(change)],
    )
    .with_cautions(["every node is replaced, and every kubeconfig stops working".to_owned()])
    .for_good("old certificates do not come back"))
}

/// An edit of the cluster while nothing runs on it.
pub(super) fn edit(sight: &Sight<'_>, change: ClusterEdit, title: String) -> Result<Draft, NotPossible> {
    sight.refuse_while_busy(None)?;
    let change = Change::EditCluster {
        cluster: sight.id(),
        change,
    };
    Ok(Draft::new(title, vec![azure(change)]))
}
