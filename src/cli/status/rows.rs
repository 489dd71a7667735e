//! The document of `status`: `aks-cockpit/status/v1`.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::config::cluster::{ClusterRules, Named};
use crate::domain::ids::ClusterId;
use crate::engine::brief::{Brief, brief};
use crate::engine::command::Person;
use crate::engine::handle::ForeignOperation;
use crate::engine::lease::LeaseHolder;
use crate::engine::record::LeaseState;
use crate::engine::view::{ExecutionView, GateView, SmokeView, StepView};
use crate::inventory::snapshot::FleetSnapshot;
use crate::progress::eta::EtaRange;
use crate::progress::held::HeldDrain;
use crate::progress::picture::LivePicture;
use crate::progress::window::WindowFit;

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct StatusDocument {
    schema: &'static str,
    pub(super) executions: Vec<ExecutionRow>,
    /// The cluster that was named, as other machines and tools see it.
    pub(super) clusters: Vec<ClusterRow>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExecutionRow {
    pub(super) id: String,
    pub(super) cluster: String,
    pub(super) state: &'static str,
    since: Timestamp,
    started_at: Timestamp,
    started_by: String,
    /// The step that runs or comes next.
    step: Option<String>,
    pub(super) steps: Vec<StepRow>,
    pub(super) gate: Option<GateRow>,
    eta: Option<EtaRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eta_unknown: Option<&'static str>,
    /// `18 to 25 min left`, for the table.
    #[serde(skip)]
    pub(super) time_left: Option<String>,
    /// The held drain that times out first; `null` where none is held.
    pub(super) held: Option<HeldRow>,
    /// The window it runs in; `null` where it runs in none.
    pub(super) window: Option<WindowRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_unknown: Option<String>,
    pub(super) driver: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    driver_unknown: Option<&'static str>,
    /// `held`, `unavailable` or `lost`.
    lease: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_unknown: Option<String>,
    controls_asked_by: Option<String>,
    handed_to: Option<String>,
    /// Where it came from, as the journal has it; `null` where it began here.
    origin: Option<Value>,
    pub(super) blockers: Vec<String>,
    pub(super) brief: BriefRow,
    pub(super) smoke_tests: Vec<SmokeRow>,
    message: Option<String>,
    leftovers: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct StepRow {
    id: String,
    kind: String,
    pub(super) title: String,
    pub(super) state: &'static str,
    pub(super) attempt: u32,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct GateRow {
    step: String,
    kind: &'static str,
    reason: String,
    since: Timestamp,
    until: Option<Timestamp>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct EtaRow {
    low_seconds: u64,
    high_seconds: u64,
}

impl From<EtaRange> for EtaRow {
    fn from(range: EtaRange) -> Self {
        Self {
            low_seconds: range.low.as_secs(),
            high_seconds: range.high.as_secs(),
        }
    }
}

/// A drain that is held, and what its timeout does.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeldRow {
    node: String,
    other_nodes: usize,
    since: Timestamp,
    drain_timeout_seconds: u64,
    deadline: Timestamp,
    /// `fails` or `quarantines`.
    then: &'static str,
    /// Time left from the moment it is freed.
    once_freed: EtaRow,
    pub(super) says: String,
}

/// The maintenance window it runs in.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WindowRow {
    name: String,
    schedule: String,
    closes_at: Timestamp,
    /// `fits`, `mayNotFit`, `likelyNotFit`, `willNotFit` or `closed`.
    fit: &'static str,
    /// In a sentence; `null` where it fits.
    pub(super) says: Option<String>,
    #[serde(rename = "do")]
    pub(super) todo: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BriefRow {
    pub(super) headline: String,
    pub(super) next_decision: String,
    pub(super) deadlines: Vec<DeadlineRow>,
    pub(super) notes: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct DeadlineRow {
    pub(super) at: Timestamp,
    pub(super) what: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SmokeRow {
    pub(super) name: String,
    /// Runs that are kept; the newest 120.
    pub(super) runs: usize,
    pub(super) failed: usize,
    pub(super) last: Option<RunRow>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunRow {
    pub(super) at: Timestamp,
    pub(super) passed: bool,
    pub(super) latency_milliseconds: u32,
    pub(super) detail: String,
}

/// What a cluster itself tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClusterRow {
    pub(super) cluster: String,
    pub(super) lease: Option<HolderRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lease_unknown: Option<String>,
    /// An upgrade that was not started from this journal.
    pub(super) foreign: Option<ForeignRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) foreign_unknown: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HolderRow {
    pub(super) driver: String,
    pub(super) execution: String,
    pub(super) renewed_at: Timestamp,
    pub(super) expired: bool,
    controls_asked_by: Option<String>,
    pub(super) state: Option<String>,
    pub(super) headline: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ForeignRow {
    pub(super) operation: String,
    pub(super) started_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) started_by_unknown: Option<String>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) steps: Vec<String>,
}

pub(super) fn document(
    views: &[Arc<ExecutionView>],
    fleet: &FleetSnapshot,
    clusters: Vec<ClusterRow>,
    now: Timestamp,
) -> StatusDocument {
    StatusDocument {
        schema: "aks-cockpit/status/v1",
        executions: views.iter().map(|view| row(view, fleet, now)).collect(),
        clusters,
    }
}

impl StatusDocument {
    /// Adds whom to ask about each cluster to its brief.
    pub(super) fn name_contacts(mut self, rules: &ClusterRules) -> Self {
        for row in &mut self.executions {
            let cluster = Named::of_word(&row.cluster);
            if let Some(contact) = rules.contact(&cluster) {
                row.brief.notes.push(format!("contact for {}: {contact}", cluster.name));
            }
        }
        self
    }
}

fn row(view: &ExecutionView, fleet: &FleetSnapshot, now: Timestamp) -> ExecutionRow {
    let snapshot = fleet.cluster(&view.plan.cluster).filter(|_| !view.state.is_final());
    let live = snapshot.and_then(|cluster| cluster.live.as_deref());
    let eta = live.and_then(|live| live.eta);
    let told = brief(view, live, now);
    let (lease, lease_unknown) = lease(view.lease.as_ref());
    let window = live.and_then(|live| live.window.as_ref());
    ExecutionRow {
        id: view.id.to_string(),
        cluster: view.plan.cluster.as_str().to_owned(),
        state: view.state.word(),
        since: view.since,
        started_at: view.started_at,
        started_by: person(&view.started_by),
        step: view.current_step().map(|step| step.step.kind.title()),
        steps: view.steps.iter().map(step_row).collect(),
        gate: view.gate.as_ref().map(gate_row),
        eta: eta.map(EtaRow::from),
        eta_unknown: eta.is_none().then_some("nothing runs, or its nodes are not seen"),
        time_left: live.and_then(LivePicture::time_left),
        held: live.and_then(|live| live.held.as_ref()).map(|held| held_row(held, now)),
        window: window.map(|window| window_row(window, view.is_at_last_move())),
        window_unknown: eta
            .is_some()
            .then(|| snapshot.and_then(|cluster| cluster.windows.state.why()))
            .flatten(),
        driver: view.driver.as_ref().map(person),
        driver_unknown: view.driver.is_none().then_some("nobody drives it"),
        lease,
        lease_unknown,
        controls_asked_by: view.controls_asked_by.as_ref().map(person),
        handed_to: view.handed_to.as_ref().map(person),
        origin: view
            .origin
            .as_ref()
            .and_then(|origin| serde_json::to_value(origin).ok()),
        blockers: told.blockers.clone(),
        brief: brief_row(told),
        smoke_tests: view.smoke.iter().map(smoke_row).collect(),
        message: view.message.clone(),
        leftovers: view.leftovers.iter().map(ToString::to_string).collect(),
    }
}

fn held_row(held: &HeldDrain, now: Timestamp) -> HeldRow {
    HeldRow {
        node: held.node.to_string(),
        other_nodes: held.others,
        since: held.began,
        drain_timeout_seconds: held.timeout.as_secs(),
        deadline: held.deadline,
        then: held.then.as_str(),
        once_freed: held.rest.into(),
        says: held.in_full(now),
    }
}

fn window_row(window: &WindowFit, is_last_step: bool) -> WindowRow {
    WindowRow {
        name: window.window.clone(),
        schedule: window.schedule.clone(),
        closes_at: window.closes,
        fit: window.fit.as_str(),
        says: window.in_words(),
        todo: window.remedy(is_last_step),
    }
}

fn step_row(step: &StepView) -> StepRow {
    StepRow {
        id: step.step.id.to_string(),
        kind: step.step.kind.word().to_owned(),
        title: step.step.kind.title(),
        state: step.state.word(),
        attempt: step.attempt,
    }
}

fn gate_row(gate: &GateView) -> GateRow {
    GateRow {
        step: gate.step.to_string(),
        kind: gate.kind.word(),
        reason: gate.reason.clone(),
        since: gate.since,
        until: gate.until,
    }
}

fn brief_row(brief: Brief) -> BriefRow {
    BriefRow {
        headline: brief.headline,
        next_decision: brief.next_decision,
        deadlines: brief
            .deadlines
            .into_iter()
            .map(|(at, what)| DeadlineRow { at, what })
            .collect(),
        notes: brief.notes,
    }
}

fn smoke_row(view: &SmokeView) -> SmokeRow {
    SmokeRow {
        name: view.name.to_string(),
        runs: view.runs.len(),
        failed: view.runs.iter().filter(|run| !run.passed).count(),
        last: view.runs.last().map(|run| RunRow {
            at: run.at,
            passed: run.passed,
            latency_milliseconds: run.latency_milliseconds,
            detail: run.detail.clone(),
        }),
    }
}

/// The Lease as this journal's driver knows it.
fn lease(lease: Option<&LeaseState>) -> (Option<&'static str>, Option<String>) {
    match lease {
        None => (None, Some("no driver has asked for it yet".to_owned())),
        Some(LeaseState::Held) => (Some("held"), None),
        Some(LeaseState::Unavailable { why }) => (Some("unavailable"), Some(why.clone())),
        Some(LeaseState::Lost { .. }) => (Some("lost"), None),
    }
}

impl ClusterRow {
    pub(super) fn new(
        cluster: &ClusterId,
        lease: Result<Option<LeaseHolder>, String>,
        foreign: Result<Option<ForeignOperation>, String>,
    ) -> Self {
        let (lease, lease_unknown) = known(lease);
        let (foreign, foreign_unknown) = known(foreign);
        Self {
            cluster: cluster.as_str().to_owned(),
            lease: lease.map(|holder| HolderRow {
                driver: person(&holder.person),
                execution: holder.execution.to_string(),
                renewed_at: holder.renewed_at,
                expired: holder.is_expired,
                controls_asked_by: holder.asked_by.as_ref().map(person),
                state: holder.note.as_ref().map(|note| note.state.clone()),
                headline: holder.note.map(|note| note.headline),
            }),
            lease_unknown,
            foreign: foreign.map(|foreign| ForeignRow {
                operation: foreign.operation,
                started_by: foreign.started_by,
                started_by_unknown: None,
                started_at: foreign.started_at,
                steps: foreign.plan.steps.iter().map(|step| step.kind.title()).collect(),
            }),
            foreign_unknown,
        }
    }
}

fn known<T>(result: Result<Option<T>, String>) -> (Option<T>, Option<String>) {
    match result {
        Ok(value) => (value, None),
        Err(why) => (None, Some(why)),
    }
}

fn person(person: &Person) -> String {
    format!("{}@{}", person.name, person.host)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::progress::held::AtTimeout;
    use crate::progress::window::Fit;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(60 * minute).unwrap()
    }

    #[test]
    fn a_held_drain_and_a_window_are_told_with_their_words() {
        let held = HeldDrain {
            node: "n1".into(),
            pool: Some("web".into()),
            others: 0,
            began: at(0),
            timeout: Duration::from_mins(30),
            deadline: at(30),
            then: AtTimeout::Fails,
            rest: EtaRange {
                low: Duration::from_mins(5),
                high: Duration::from_mins(9),
            },
        };
        assert_eq!(
            serde_json::to_value(held_row(&held, at(14))).unwrap(),
            json!({
                "node": "n1", "otherNodes": 0, "since": "1970-01-01T00:00:00Z", "drainTimeoutSeconds": 1800,
                "deadline": "1970-01-01T00:30:00Z", "then": "fails",
                "onceFreed": { "lowSeconds": 300, "highSeconds": 540 },
                "says": "Node n1 is drained since 00:00 UTC: the drain timeout of 30 min fails the upgrade in 16 min, 00:30 UTC",
            })
        );
        let window = WindowFit {
            window: "default".to_owned(),
            schedule: "every day".to_owned(),
            closes: at(20),
            fit: Fit::SurelyNot,
            ends: (at(21), at(40)),
            as_of: at(14),
        };
        assert_eq!(
            serde_json::to_value(window_row(&window, false)).unwrap(),
            json!({
                "name": "default", "schedule": "every day", "closesAt": "1970-01-01T00:20:00Z", "fit": "willNotFit",
                "says": "Will not fit the maintenance window, which closes 00:20 UTC: ends 00:21 UTC at the soonest",
                "do": "pause after this step, or widen the window default",
            })
        );
    }
}
