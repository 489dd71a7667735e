//! The document of `status`: `aks-cockpit/status/v1`.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::domain::ids::ClusterId;
use crate::engine::brief::{Brief, brief};
use crate::engine::command::Person;
use crate::engine::handle::ForeignOperation;
use crate::engine::lease::LeaseHolder;
use crate::engine::record::LeaseState;
use crate::engine::view::{ExecutionView, GateView, SmokeView, StepView};
use crate::inventory::snapshot::FleetSnapshot;

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

fn row(view: &ExecutionView, fleet: &FleetSnapshot, now: Timestamp) -> ExecutionRow {
    let live = fleet
        .cluster(&view.plan.cluster)
        .filter(|_| !view.state.is_final())
        .and_then(|cluster| cluster.live.as_deref());
    let eta = live.and_then(|live| live.eta);
    let told = brief(view, live, now);
    let (lease, lease_unknown) = lease(view.lease.as_ref());
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
        eta: eta.map(|eta| EtaRow {
            low_seconds: eta.low.as_secs(),
            high_seconds: eta.high.as_secs(),
        }),
        eta_unknown: eta.is_none().then_some("nothing runs, or its nodes are not seen"),
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
