//! The document of `plan`: `aks-cockpit/plan-view/v1`. The plan file is another format: `plan::format`.

use jiff::Timestamp;
use serde::Serialize;

use super::Looked;
use super::request::Prepared;
use crate::domain::change::FieldChange;
use crate::plan::diff::Difference;
use crate::plan::estimate::{StepEstimate, Undo};
use crate::plan::overview::{StepLine, difference_line};
use crate::plan::step::Step;
use crate::plan::validate::{PlanFinding, Severity};

#[derive(Debug, Serialize)]
pub(super) struct PlansDocument {
    schema: &'static str,
    plans: Vec<PlanRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanRow {
    id: String,
    cluster: String,
    cluster_name: String,
    created_at: Timestamp,
    low_seconds: u64,
    high_seconds: u64,
    /// True where people decide how long it takes.
    waits_for_people: bool,
    #[serde(flatten)]
    extra: ExtraRow,
    steps: Vec<StepRow>,
    smoke_tests: Vec<String>,
    findings: Vec<FindingRow>,
    /// `null` where it was compared with nothing.
    differences: Option<Vec<DifferenceRow>>,
}

/// What surge takes for a while.
#[derive(Debug, Serialize)]
struct ExtraRow {
    #[serde(rename = "extraNodes")]
    nodes: u32,
    #[serde(rename = "extraVcpus")]
    vcpus: Option<u32>,
    #[serde(rename = "extraVcpusUnknown", skip_serializing_if = "Option::is_none")]
    vcpus_unknown: Option<&'static str>,
    #[serde(rename = "extraAddresses")]
    addresses: Option<u32>,
    #[serde(rename = "extraAddressesUnknown", skip_serializing_if = "Option::is_none")]
    addresses_unknown: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StepRow {
    number: usize,
    id: String,
    kind: &'static str,
    title: String,
    pool: Option<String>,
    pause_after: bool,
    guards: Vec<String>,
    nodes: u32,
    width: u32,
    #[serde(flatten)]
    extra: ExtraRow,
    low_seconds: u64,
    high_seconds: u64,
    /// What it takes and leaves open, in phrases.
    facts: Vec<String>,
    undo: UndoRow,
    /// `null` where the step sends none, or it is not known yet.
    request: Option<RequestRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_unknown: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UndoRow {
    kind: &'static str,
    /// For `writeBack`: what the settings were.
    before: Option<String>,
    within_seconds: Option<u64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestRow {
    method: String,
    path: String,
    if_match: Option<String>,
    fields: Vec<FieldChange>,
    body: Option<serde_json::Value>,
}

#[derive(Debug, Serialize)]
struct FindingRow {
    severity: &'static str,
    step: Option<String>,
    what: String,
    why: String,
    #[serde(rename = "do")]
    todo: String,
}

#[derive(Debug, Serialize)]
struct DifferenceRow {
    kind: &'static str,
    title: String,
    text: String,
}

pub(super) fn document(plans: &[Looked]) -> PlansDocument {
    PlansDocument {
        schema: "aks-cockpit/plan-view/v1",
        plans: plans.iter().map(row).collect(),
    }
}

fn row(looked: &Looked) -> PlanRow {
    let (plan, estimate) = (&looked.plan, &looked.estimate);
    let steps = plan.steps.iter().zip(&estimate.steps);
    let words = looked.overview.steps.iter().zip(&looked.requests);
    PlanRow {
        id: plan.id.to_string(),
        cluster: plan.cluster.as_str().to_owned(),
        cluster_name: plan.cluster_name.clone(),
        created_at: plan.created_at,
        low_seconds: estimate.low.as_secs(),
        high_seconds: estimate.high.as_secs(),
        waits_for_people: estimate.waits_for_people,
        extra: extra(estimate.extra_nodes, estimate.extra_vcpus, estimate.extra_addresses),
        steps: steps
            .zip(words)
            .map(|((step, estimate), (line, request))| step_row(step, estimate, line, request))
            .collect(),
        smoke_tests: plan.smoke_tests.iter().map(|test| test.name.to_string()).collect(),
        findings: looked.findings.iter().map(finding).collect(),
        differences: looked
            .differences
            .as_ref()
            .map(|differences| differences.iter().map(difference).collect()),
    }
}

fn step_row(step: &Step, estimate: &StepEstimate, line: &StepLine, request: &Prepared) -> StepRow {
    let (request, request_unknown) = match request {
        Prepared::None => (None, None),
        Prepared::Unknown(why) => (None, Some(why.clone())),
        Prepared::Exact(preview) => (
            Some(RequestRow {
                method: preview.method.clone(),
                path: preview.path.clone(),
                if_match: preview.if_match.clone(),
                fields: preview.fields.clone(),
                body: preview.body.clone(),
            }),
            None,
        ),
    };
    StepRow {
        number: line.number,
        id: step.id.to_string(),
        kind: line.kind,
        title: line.title.clone(),
        pool: step.kind.pool().map(ToString::to_string),
        pause_after: step.pause_after,
        guards: step.guards.iter().map(ToString::to_string).collect(),
        nodes: estimate.nodes,
        width: estimate.width,
        extra: extra(estimate.extra_nodes, estimate.extra_vcpus, estimate.extra_addresses),
        low_seconds: estimate.low.as_secs(),
        high_seconds: estimate.high.as_secs(),
        facts: line.facts.clone(),
        undo: undo(&estimate.undo),
        request,
        request_unknown,
    }
}

fn extra(nodes: u32, vcpus: Option<u32>, addresses: Option<u32>) -> ExtraRow {
    ExtraRow {
        nodes,
        vcpus,
        vcpus_unknown: vcpus.is_none().then_some("the VM size does not tell"),
        addresses,
        addresses_unknown: addresses.is_none().then_some("the network is not known"),
    }
}

fn undo(undo: &Undo) -> UndoRow {
    UndoRow {
        kind: match undo {
            Undo::Nothing => "nothing",
            Undo::Never => "never",
            Undo::RollBack { .. } => "rollBack",
            Undo::WriteBack { .. } => "writeBack",
            Undo::UpgradeAgain => "upgradeAgain",
        },
        before: match undo {
            Undo::WriteBack { before } => Some(before.clone()),
            _ => None,
        },
        within_seconds: match undo {
            Undo::RollBack { within } => Some(within.as_secs()),
            _ => None,
        },
    }
}

fn finding(finding: &PlanFinding) -> FindingRow {
    FindingRow {
        severity: match finding.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        },
        step: finding.step.as_ref().map(ToString::to_string),
        what: finding.what.clone(),
        why: finding.why.clone(),
        todo: finding.todo.clone(),
    }
}

fn difference(difference: &Difference) -> DifferenceRow {
    let (kind, title) = match difference {
        Difference::Added { title, .. } => ("added", title),
        Difference::Removed { title, .. } => ("removed", title),
        Difference::Moved { title, .. } => ("moved", title),
        Difference::Changed { title, .. } => ("changed", title),
    };
    DifferenceRow {
        kind,
        title: title.clone(),
        text: difference_line(difference),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::looked;
    use super::*;

    #[test]
    fn unknown_values_are_null_beside_a_reason() {
        let document = serde_json::to_value(document(&[looked()])).unwrap();
        assert_eq!(document["schema"], "aks-cockpit/plan-view/v1");
        let plan = &document["plans"][0];
        assert!(
            plan["extraVcpus"].is_null() && plan["extraVcpusUnknown"].is_string(),
            "{plan}"
        );
        assert_eq!(plan["extraAddresses"], 33);
        let steps = plan["steps"].as_array().unwrap();
        assert_eq!(steps[0]["request"]["method"], "PUT");
        assert!(steps[1]["request"].is_null() && steps[1]["requestUnknown"].is_string());
        assert!(steps[2]["request"].is_null() && steps[2].get("requestUnknown").is_none());
        assert_eq!(steps[1]["undo"]["withinSeconds"], 7 * 86_400);
        assert_eq!(plan["findings"][0]["severity"], "error");
        assert_eq!(plan["differences"][0]["kind"], "moved");
    }
}
