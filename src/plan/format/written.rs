//! The plan file as it is written: the shape of each table, in the order people read it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{PLAN_SCHEMA, time_words};
use crate::domain::smoke_test::{Carried, Expectation, Flow, HttpRequest, OnFailure, SmokeTest};
use crate::plan::step::{Plan, Step, StepKind, WaitUntil};

const HEAD: &str = "\
# A plan of aks-cockpit. Steps run one after another; each can be moved, changed or taken out.
# `aks-cockpit plan` shows what a changed file would do, and `start --plan` checks it before anything is sent.
";

pub(super) fn plans(plans: &[Plan]) -> String {
    let file = PlansFile {
        schema: PLAN_SCHEMA,
        plans: plans.iter().map(plan).collect(),
    };
    let body = toml::to_string(&file).expect("texts, numbers, lists and tables can all be written as TOML");
    format!("{HEAD}{body}")
}

#[derive(Serialize)]
struct PlansFile<'a> {
    schema: &'static str,
    plans: Vec<PlanTable<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanTable<'a> {
    id: &'a str,
    cluster: &'a str,
    cluster_name: &'a str,
    created_at: String,
    steps: Vec<StepTable>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    smoke_tests: Vec<SmokeTable<'a>>,
}

/// All keys a step may have; those that its kind lacks are left out.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct StepTable {
    id: String,
    kind: &'static str,
    pool: Option<String>,
    from: Option<String>,
    to: Option<String>,
    node_image: Option<String>,
    max_surge: Option<String>,
    max_unavailable: Option<String>,
    drain_timeout_minutes: Option<u32>,
    node_soak_minutes: Option<u32>,
    undrainable_node_behavior: Option<String>,
    question: Option<String>,
    r#for: Option<String>,
    until: Option<String>,
    test: Option<String>,
    pause_after: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    guards: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SmokeTable<'a> {
    name: &'a str,
    on_failure: &'static str,
    retry_seconds: u32,
    failures_in_a_row: u32,
    command: Option<CommandTable<'a>>,
    http: Option<Vec<RequestTable<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CommandTable<'a> {
    program: &'a str,
    arguments: &'a [String],
    timeout_seconds: u32,
}

#[derive(Serialize)]
struct RequestTable<'a> {
    method: &'a str,
    url: &'a str,
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: &'a BTreeMap<String, String>,
    expect: ExpectTable<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    carry: BTreeMap<&'a str, CarryTable<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExpectTable<'a> {
    #[serde(skip_serializing_if = "<[u16]>::is_empty")]
    status: &'a [u16],
    body_contains: Option<&'a str>,
    body_matches: Option<&'a str>,
    within_milliseconds: u32,
}

#[derive(Default, Serialize)]
struct CarryTable<'a> {
    json: Option<&'a str>,
    header: Option<&'a str>,
    r#match: Option<&'a str>,
}

fn plan(plan: &Plan) -> PlanTable<'_> {
    PlanTable {
        id: plan.id.as_str(),
        cluster: plan.cluster.as_str(),
        cluster_name: &plan.cluster_name,
        created_at: plan.created_at.to_string(),
        steps: plan.steps.iter().map(step).collect(),
        smoke_tests: plan.smoke_tests.iter().map(smoke_test).collect(),
    }
}

fn step(step: &Step) -> StepTable {
    let mut table = StepTable {
        id: step.id.to_string(),
        kind: step.kind.word(),
        pool: step.kind.pool().map(ToString::to_string),
        pause_after: step.pause_after.then_some(true),
        guards: step.guards.iter().map(ToString::to_string).collect(),
        ..StepTable::default()
    };
    match &step.kind {
        StepKind::ControlPlaneUpgrade { from, to } | StepKind::NodePoolUpgrade { from, to, .. } => {
            table.from = from.map(|from| from.to_string());
            table.to = Some(to.to_string());
        }
        StepKind::NodeImageUpgrade { from, to, .. } => {
            table.from = from.as_ref().map(ToString::to_string);
            table.to = to.as_ref().map(ToString::to_string);
        }
        StepKind::PoolRollback {
            from, to, node_image, ..
        } => {
            table.from = from.map(|from| from.to_string());
            table.to = Some(to.to_string());
            table.node_image = Some(node_image.to_string());
        }
        StepKind::PoolSettings { settings, .. } => {
            table.max_surge = settings.max_surge.map(|share| share.to_string());
            table.max_unavailable = settings.max_unavailable.map(|share| share.to_string());
            table.drain_timeout_minutes = settings.drain_timeout_minutes;
            table.node_soak_minutes = settings.node_soak_minutes;
            let behavior = settings.undrainable_node_behavior.as_ref();
            table.undrainable_node_behavior = behavior.map(ToString::to_string);
        }
        StepKind::Approval { question } => table.question = Some(question.clone()),
        StepKind::Wait {
            until: WaitUntil::Seconds(seconds),
        } => table.r#for = Some(time_words::write(*seconds)),
        StepKind::Wait {
            until: WaitUntil::Time(at),
        } => table.until = Some(at.to_string()),
        StepKind::SmokeTest { test } => table.test = Some(test.to_string()),
        StepKind::ReadinessGate | StepKind::Verify => {}
    }
    table
}

fn smoke_test(test: &SmokeTest) -> SmokeTable<'_> {
    let (command, http) = match &test.flow {
        Flow::Command(command) => (
            Some(CommandTable {
                program: &command.program,
                arguments: &command.arguments,
                timeout_seconds: command.timeout_seconds,
            }),
            None,
        ),
        Flow::Http(requests) => (None, Some(requests.iter().map(request).collect())),
    };
    SmokeTable {
        name: test.name.as_str(),
        on_failure: match test.on_failure {
            OnFailure::Hold => "hold",
            OnFailure::Pause => "pause",
        },
        retry_seconds: test.retry_seconds,
        failures_in_a_row: test.failures_in_a_row,
        command,
        http,
    }
}

fn request(request: &HttpRequest) -> RequestTable<'_> {
    let Expectation {
        status,
        body_contains,
        body_matches,
        within_milliseconds,
    } = &request.expect;
    RequestTable {
        method: &request.method,
        url: &request.url,
        body: request.body.as_deref(),
        headers: &request.headers,
        expect: ExpectTable {
            status,
            body_contains: body_contains.as_deref(),
            body_matches: body_matches.as_deref(),
            within_milliseconds: *within_milliseconds,
        },
        carry: request
            .carry
            .iter()
            .map(|(name, value)| (name.as_str(), carried(value)))
            .collect(),
    }
}

fn carried(value: &Carried) -> CarryTable<'_> {
    let mut table = CarryTable::default();
    match value {
        Carried::Json(pointer) => table.json = Some(pointer),
        Carried::Header(header) => table.header = Some(header),
        Carried::Match(expression) => table.r#match = Some(expression),
    }
    table
}
