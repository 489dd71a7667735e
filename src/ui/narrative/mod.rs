//! The sentences a person can read aloud on a call: how the fleet, a cluster, an execution and a held pod stand.

mod execution;
mod gate;
mod waiting;

use jiff::Timestamp;

use super::condition::{Condition, Standing};
use super::theme::Mark;
use super::wording::{self, count, is_or_are};
use crate::engine::view::{ExecutionView, StepState};
use crate::inventory::snapshot::{ClusterSnapshot, SourceState};
use crate::plan::step::GateKind;
use crate::progress::picture::LivePicture;
use crate::progress::window::WindowFit;

pub(crate) use execution::execution;
pub(crate) use gate::{gate, gate_passages, gate_short, repair_passage, whom_passage};
pub(crate) use waiting::{drain, held_by, short_node, waits_for, why_held};

/// A cluster in the overview, as far as its sentence needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    pub(crate) name: &'a str,
    pub(crate) standing: &'a Standing,
    pub(crate) snapshot: &'a ClusterSnapshot,
    /// The one that is not over.
    pub(crate) execution: Option<&'a ExecutionView>,
}

/// The fleet in one sentence: trouble by name first, then counts.
pub(crate) fn fleet(clusters: &[Told<'_>], now: Timestamp) -> (Mark, String) {
    let of = |condition: Condition| clusters.iter().filter(move |told| told.standing.condition == condition);
    let mut parts = Vec::new();
    let mut mark = Mark::Good;
    let stuck = of(Condition::Stuck).count();
    if let Some(first) = of(Condition::Stuck).next() {
        mark = Mark::Stuck;
        let live = first.snapshot.live.as_deref();
        let what = live
            .and_then(|live| waits_for(live, now))
            .map_or_else(String::new, |waiting| waiting.short());
        parts.push(format!(
            "{} {} stuck: {} {what}",
            count(stuck, "upgrade"),
            is_or_are(stuck),
            first.name
        ));
    }
    let failed: Vec<&Told<'_>> = of(Condition::Failed).collect();
    if let Some(first) = failed.first() {
        mark = if stuck > 0 { mark } else { Mark::Failed };
        let names = wording::list(failed.iter().map(|told| told.name), 2);
        let why = failure(first.snapshot, first.execution).filter(|_| failed.len() == 1);
        let why = why.map_or_else(String::new, |why| format!(" ({why})"));
        parts.push(format!("{} failed: {names}{why}", failed.len()));
    }
    let approvals: Vec<&str> = clusters
        .iter()
        .filter(|told| waits_for_approval(told.execution))
        .map(|told| told.name)
        .collect();
    if !approvals.is_empty() {
        mark = if parts.is_empty() { Mark::Held } else { mark };
        let verb = if approvals.len() == 1 { "waits" } else { "wait" };
        let names = wording::list(approvals.iter().copied(), 2);
        parts.push(format!("{} {verb} for an approval: {names}", approvals.len()));
    }
    let tail = counts(&|condition| of(condition).count());
    if parts.is_empty() && of(Condition::Held).next().is_some() {
        mark = Mark::Held;
    } else if parts.is_empty() && of(Condition::Upgrading).next().is_some() {
        mark = Mark::Running;
    }
    if !tail.is_empty() {
        parts.push(tail);
    }
    if parts.is_empty() {
        return (mark, format!("All quiet: {}", count(clusters.len(), "cluster")));
    }
    (mark, wording::sentence_start(&parts.join("; ")))
}

fn waits_for_approval(execution: Option<&ExecutionView>) -> bool {
    execution
        .and_then(|execution| execution.gate.as_ref())
        .is_some_and(|gate| gate.kind == GateKind::Approval)
}

fn counts(of: &dyn Fn(Condition) -> usize) -> String {
    [
        (Condition::Held, "held for a person"),
        (Condition::Upgrading, "upgrading"),
        (Condition::OutOfSupport, "out of support"),
        (Condition::Behind, "behind"),
        (Condition::Current, "up to date"),
    ]
    .into_iter()
    .map(|(condition, word)| (of(condition), word))
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{} {word}", wording::grouped(number)))
    .collect::<Vec<_>>()
    .join(", ")
}

/// One cluster in one sentence.
pub(crate) fn cluster(
    snapshot: &ClusterSnapshot,
    execution: Option<&ExecutionView>,
    standing: &Standing,
    now: Timestamp,
) -> (Mark, String) {
    let live = snapshot.live.as_deref();
    let word = wording::sentence_start(&standing.word);
    let on_the_way = || live.map_or_else(String::new, heading);
    let done = || live.and_then(done_text);
    let text = match standing.condition {
        Condition::Stuck => {
            let waiting = live.and_then(|live| waits_for(live, now));
            format!(
                "Stuck: {}{}",
                waiting.map_or_else(String::new, |waiting| waiting.long()),
                live.map_or_else(String::new, window_short)
            )
        }
        Condition::Upgrading => match live.and_then(progress_text) {
            Some(progress) if standing.word == "upgrading" => format!("{word}{}: {progress}", on_the_way()),
            Some(progress) => format!("{word} on the way{}: {progress}", on_the_way()),
            None => word,
        },
        Condition::Failed => {
            let parts: Vec<String> = [failure(snapshot, execution), done()].into_iter().flatten().collect();
            if parts.is_empty() {
                word
            } else {
                format!("{word}: {}", parts.join("; "))
            }
        }
        Condition::Held if execution.is_some_and(|execution| execution.gate.is_some()) => {
            execution.and_then(|execution| gate(execution, now)).unwrap_or(word)
        }
        Condition::Held => done().map_or(word.clone(), |done| {
            format!("{word} on the way{}: {done}", on_the_way())
        }),
        Condition::Unread | Condition::Stopped | Condition::Busy => word,
        Condition::OutOfSupport | Condition::Behind | Condition::Current => runs_and_offers(snapshot, standing),
    };
    (standing.condition.mark(), text)
}

/// Where it failed, and Azure's code: `node pool user: ErrCode_InsufficientVCPUQuota`.
pub(crate) fn failure(snapshot: &ClusterSnapshot, execution: Option<&ExecutionView>) -> Option<String> {
    let step = execution.and_then(|execution| {
        execution.steps.iter().find_map(|step| match &step.state {
            StepState::Failed { error } => Some(format!("{}: {}", step.step.kind.title(), error.code)),
            _ => None,
        })
    });
    step.or_else(|| {
        let cluster = snapshot.cluster.value.as_deref()?;
        let pool = cluster
            .pools
            .iter()
            .find_map(|pool| Some(format!("node pool {}: {}", pool.name, pool.error.as_ref()?.code)));
        pool.or_else(|| Some(cluster.error.as_ref()?.code.clone()))
    })
}

fn heading(live: &LivePicture) -> String {
    let target = live.target.as_ref().and_then(|target| {
        target
            .control_plane
            .or_else(|| target.pools.values().find_map(|pool| pool.version))
    });
    target.map_or_else(String::new, |version| format!(" to {version}"))
}

/// Whose change runs that no execution of ours began: `begun 12 min ago by bob`, or why nobody is named. `None` while
/// nobody asked.
pub(crate) fn begun_by(snapshot: &ClusterSnapshot, now: Timestamp) -> Option<String> {
    let author = &snapshot.change_author;
    match (&author.value, &author.state) {
        (Some(found), _) => Some(format!("begun {} by {}", wording::ago(found.at, now), found.caller)),
        (None, SourceState::NotAsked) => None,
        (None, SourceState::Loading) => Some("the activity log is asked whose it is".to_owned()),
        (None, state) => Some(format!("whose it is: {}", state.why().unwrap_or_default())),
    }
}

/// `6 of 15 nodes done, 18 to 25 min left, will likely not fit the window`; `None` while no pool moves.
pub(crate) fn progress_text(live: &LivePicture) -> Option<String> {
    let (done, total) = live.progress();
    let ahead = Some(live).filter(|live| live.is_running && done < total);
    let left = ahead
        .and_then(LivePicture::time_left)
        .map_or_else(String::new, |left| format!(", {left}"));
    Some(format!("{}{left}{}", done_text(live)?, window_short(live)))
}

/// `, will likely not fit the window`; nothing where it fits.
fn window_short(live: &LivePicture) -> String {
    let short = live.window.as_ref().and_then(WindowFit::short);
    short.map_or_else(String::new, |short| format!(", {short}"))
}

fn done_text(live: &LivePicture) -> Option<String> {
    let (done, total) = live.progress();
    (total > 0).then(|| format!("{} of {} done", wording::grouped(done), count(total, "node")))
}

fn runs_and_offers(snapshot: &ClusterSnapshot, standing: &Standing) -> String {
    let Some(cluster) = snapshot.cluster.value.as_deref() else {
        return wording::sentence_start(&standing.word);
    };
    let runs = cluster
        .version
        .map_or_else(|| "Version not known".to_owned(), |version| format!("Runs {version}"));
    let offered = snapshot.upgrades.value.as_deref().map(|upgrades| {
        let newest = upgrades
            .control_plane
            .iter()
            .filter(|offer| !offer.is_preview)
            .map(|offer| offer.version)
            .max();
        newest.map_or_else(
            || "; Azure offers no newer version now".to_owned(),
            |version| format!("; Azure offers {version} as the next step"),
        )
    });
    format!("{runs}, {}{}", standing.word, offered.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::condition::standing_of;
    use crate::ui::fixtures;

    #[test]
    fn the_fleet_is_told_trouble_first() {
        let now = fixtures::now();
        let standing = |condition: Condition| Standing {
            condition,
            word: String::new(),
        };
        let (stuck, failed, behind) = (
            standing(Condition::Stuck),
            standing(Condition::Failed),
            standing(Condition::Behind),
        );
        let story = fixtures::story();
        let told = |name: &'static str, standing| Told {
            name,
            standing,
            snapshot: story.clusters.iter().find(|cluster| cluster.id.name() == name).unwrap(),
            execution: None,
        };
        let all = [
            told("pay-prod", &stuck),
            told("shop-test", &failed),
            told("shop-prod", &behind),
            told("ops-prod", &behind),
        ];
        assert_eq!(
            fleet(&all, now),
            (
                Mark::Stuck,
                "1 upgrade is stuck: pay-prod node aks-user-…-vmss000004 waits for shop/cart-pdb, 14 min; \
                 1 failed: shop-test (node pool user: ErrCode_InsufficientVCPUQuota); 2 behind"
                    .to_owned()
            )
        );
        assert_eq!(fleet(&all[2..], now), (Mark::Good, "2 behind".to_owned()));
        let held = standing(Condition::Held);
        assert_eq!(
            fleet(&[told("shop-prod", &held)], now),
            (Mark::Held, "1 held for a person".to_owned())
        );
        assert_eq!(fleet(&[], now), (Mark::Good, "All quiet: 0 clusters".to_owned()));
    }

    #[test]
    fn whose_change_runs_is_said_as_far_as_it_is_known() {
        let mut snapshot = fixtures::snapshot(fixtures::cluster("shop-prod", "1.33.5"));
        assert_eq!(begun_by(&snapshot, fixtures::now()), None);
        snapshot.change_author.state = SourceState::Unavailable {
            why: "the activity log does not say".to_owned(),
        };
        assert_eq!(
            begun_by(&snapshot, fixtures::now()).as_deref(),
            Some("whose it is: the activity log does not say")
        );
        snapshot.change_author = fixtures::author("bob@contoso.com", 12);
        assert_eq!(
            begun_by(&snapshot, fixtures::now()).as_deref(),
            Some("begun 12 min ago by bob@contoso.com")
        );
    }

    #[test]
    fn a_quiet_cluster_says_what_it_runs() {
        let snapshot = fixtures::snapshot(fixtures::cluster("shop-prod", "1.33.5"));
        let standing = standing_of(&snapshot, None, fixtures::now());
        assert_eq!(
            cluster(&snapshot, None, &standing, fixtures::now()).1,
            "Runs 1.33.5, 1 minor behind; Azure offers 1.34.2 as the next step"
        );
    }
}
