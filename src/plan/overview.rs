//! A plan in words: what each step does, takes and leaves open, and the totals. One wording for screen and terminal.

use std::time::Duration;

use super::diff::Difference;
use super::estimate::{PlanEstimate, StepEstimate, Undo, estimate};
use super::step::{Plan, Step, StepKind, WaitUntil};
use crate::domain::cluster::Cluster;
use crate::domain::ids::{SmokeTestName, StepId};

/// One step, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepLine {
    /// From 1.
    pub number: usize,
    /// `node pool web to 1.34.2`.
    pub title: String,
    pub id: StepId,
    /// The word of the JSON contract.
    pub kind: &'static str,
    /// What it takes, how long, and what can be undone, each a phrase: `3 nodes, 1 at a time, +1 surge node (+4 vCPUs,
    /// +31 addresses)`, `12 to 36 min`, `can be rolled back for 7 days`. May be empty.
    pub facts: Vec<String>,
    pub pause_after: bool,
    pub guards: Vec<SmokeTestName>,
}

/// A plan, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanOverview {
    pub steps: Vec<StepLine>,
    /// The whole plan, each a phrase: `4 steps`, `9 nodes move`, `41 to 123 min`. Never empty.
    pub totals: Vec<String>,
}

/// Describes a plan on the cluster as it is now.
pub fn overview(plan: &Plan, cluster: &Cluster) -> PlanOverview {
    let estimate = estimate(plan, cluster);
    let steps = plan.steps.iter().zip(&estimate.steps).enumerate();
    PlanOverview {
        steps: steps
            .map(|(at, (step, estimate))| StepLine {
                number: at + 1,
                title: step.kind.title(),
                id: step.id.clone(),
                kind: step.kind.word(),
                facts: facts(step, estimate),
                pause_after: step.pause_after,
                guards: step.guards.clone(),
            })
            .collect(),
        totals: totals(plan, &estimate),
    }
}

/// A difference in a line: `+` for what is new, `-` for what is gone.
pub fn difference_line(difference: &Difference) -> String {
    match difference {
        Difference::Added { title, place } => format!("+ {title} (step {place})"),
        Difference::Removed { title, place } => format!("- {title} (was step {place})"),
        Difference::Moved { title, from, to } => format!("{title}: moved from {from} to {to}"),
        Difference::Changed { title, what, from, to } => format!("{title}: {what} {from} -> {to}"),
    }
}

fn facts(step: &Step, estimate: &StepEstimate) -> Vec<String> {
    let mut facts = Vec::new();
    match &step.kind {
        StepKind::ControlPlaneUpgrade { .. } => {
            facts.push("no nodes; its API server may be away for some minutes".to_owned());
        }
        kind if kind.moves_nodes() => facts.push(nodes(estimate)),
        StepKind::Approval { .. } => facts.push("waits for a person".to_owned()),
        _ => {}
    }
    let is_known = matches!(
        step.kind,
        StepKind::Wait {
            until: WaitUntil::Seconds(_)
        }
    );
    if !estimate.high.is_zero() && !is_known {
        facts.push(range(estimate.low, estimate.high));
    }
    facts.extend(undo(&estimate.undo));
    facts
}

/// `3 nodes, 1 at a time, +1 surge node (+4 vCPUs, +31 addresses)`.
fn nodes(estimate: &StepEstimate) -> String {
    let count = count(estimate.nodes, "node");
    if estimate.nodes == 0 {
        return count;
    }
    let mut text = format!("{count}, {} at a time", estimate.width);
    match extra(estimate.extra_nodes, estimate.extra_vcpus, estimate.extra_addresses) {
        Some(extra) => text.push_str(&format!(", {extra}")),
        None => text.push_str(", no surge node"),
    }
    text
}

fn extra(nodes: u32, vcpus: Option<u32>, addresses: Option<u32>) -> Option<String> {
    if nodes == 0 {
        return None;
    }
    let share = |number: Option<u32>, noun: &str, nouns: &str| match number {
        Some(1) => format!("+1 {noun}"),
        Some(number) => format!("+{number} {nouns}"),
        None => format!("{nouns} not known"),
    };
    Some(format!(
        "+{} ({}, {})",
        count(nodes, "surge node"),
        share(vcpus, "vCPU", "vCPUs"),
        share(addresses, "address", "addresses")
    ))
}

fn undo(undo: &Undo) -> Option<String> {
    match undo {
        Undo::Nothing => None,
        Undo::Never => Some("cannot be taken back".to_owned()),
        Undo::RollBack { within } => Some(format!("can be rolled back for {} days", within.as_secs() / 86_400)),
        Undo::WriteBack { before } => Some(format!("can be written back: {before}")),
        Undo::UpgradeAgain => Some("can be upgraded again".to_owned()),
    }
}

fn totals(plan: &Plan, estimate: &PlanEstimate) -> Vec<String> {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let nodes = estimate
        .steps
        .iter()
        .fold(0, |sum: u32, step| sum.saturating_add(step.nodes));
    let mut totals = vec![count(number(plan.steps.len()), "step")];
    if nodes > 0 {
        totals.push(format!("{} to move", count(nodes, "node")));
    }
    if let Some(extra) = extra(estimate.extra_nodes, estimate.extra_vcpus, estimate.extra_addresses) {
        totals.push(format!("at most {extra} at a time"));
    }
    if !estimate.high.is_zero() {
        totals.push(range(estimate.low, estimate.high));
    }
    if estimate.waits_for_people {
        totals.push("and the time people take".to_owned());
    }
    totals
}

fn count(number: u32, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// `25 to 60 min`, `50 min to 2 h 05 min`, `7 d`.
fn range(low: Duration, high: Duration) -> String {
    let (minutes_low, minutes_high) = (low.as_secs() / 60, high.as_secs().div_ceil(60));
    if low == high {
        return span(high);
    }
    if high < Duration::from_mins(1) {
        return "less than a minute".to_owned();
    }
    if minutes_low == 0 {
        return format!("up to {}", span(Duration::from_mins(minutes_high)));
    }
    if minutes_high <= 90 {
        return format!("{minutes_low} to {minutes_high} min");
    }
    format!(
        "{} to {}",
        span(Duration::from_mins(minutes_low)),
        span(Duration::from_mins(minutes_high))
    )
}

/// At most two units: `40 s`, `14 min`, `3 h 05 min`, `2 d 4 h`.
fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{minutes} min"),
        3_600..86_400 if minutes % 60 == 0 => format!("{hours} h"),
        3_600..86_400 => format!("{hours} h {:02} min", minutes % 60),
        _ if hours % 24 == 0 => format!("{days} d"),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::network::PodNetwork;
    use crate::plan::builder::{Facts, Options, PoolChoice};
    use crate::plan::samples::{plan_of, rich_options, shop, shop_offers, upgrade};

    fn shown(options: &Options, network: Option<PodNetwork>) -> PlanOverview {
        let mut cluster = shop();
        cluster.network = network;
        let facts = Facts {
            cluster: &cluster,
            upgrades: &shop_offers(),
            region: None,
        };
        let plan = plan_of(&facts, &upgrade("1.34", PoolChoice::All), options).unwrap();
        overview(&plan, &cluster)
    }

    #[test]
    fn a_step_says_what_it_takes() {
        let plain = shown(&Options::default(), Some(PodNetwork::Subnet));
        let line = &plain.steps[1];
        assert_eq!(
            (line.number, line.title.as_str(), line.kind),
            (2, "node pool system to 1.34.2", "nodePoolUpgrade")
        );
        assert_eq!(
            line.facts,
            [
                "3 nodes, 1 at a time, +1 surge node (+4 vCPUs, +31 addresses)",
                "12 to 36 min",
                "can be rolled back for 7 days"
            ]
        );
        assert_eq!(
            plain.steps[0].facts,
            [
                "no nodes; its API server may be away for some minutes",
                "5 to 15 min",
                "cannot be taken back"
            ]
        );
        assert_eq!(
            plain.totals,
            [
                "4 steps",
                "9 nodes to move",
                "at most +1 surge node (+4 vCPUs, +31 addresses) at a time",
                "41 min to 2 h 03 min"
            ]
        );
    }

    #[test]
    fn gates_and_settings_are_said_too() {
        let rich = shown(&rich_options(), None);
        let facts = |id: &str| {
            let line = rich.steps.iter().find(|line| line.id.as_str() == id).unwrap();
            line.facts.join("; ")
        };
        assert_eq!(facts("wait-1"), "");
        assert_eq!(facts("readiness-1"), "up to 5 min");
        assert_eq!(facts("smoke-login-1"), "up to 1 min");
        assert_eq!(
            facts("settings-web"),
            "up to 3 min; can be written back: max surge by default, node soak by default"
        );
        assert!(facts("pool-web").contains("+2 surge nodes (+8 vCPUs, addresses not known)"));
        assert_eq!(rich.totals.last().unwrap(), "and the time people take");
    }

    #[test]
    fn ranges_read_well() {
        for (low, high, expected) in [
            (1500, 3600, "25 to 60 min"),
            (600, 600, "10 min"),
            (3000, 7500, "50 min to 2 h 05 min"),
            (0, 59, "less than a minute"),
            (0, 60, "up to 1 min"),
            (20, 180, "up to 3 min"),
            (604_800, 604_800, "7 d"),
            (604_800, 700_000, "7 d to 8 d 2 h"),
        ] {
            assert_eq!(range(Duration::from_secs(low), Duration::from_secs(high)), expected);
        }
    }
}
