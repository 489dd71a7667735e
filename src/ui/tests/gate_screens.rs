//! Gates, smoke tests, controls, briefs and timelines as text.

use std::sync::Arc;

use insta::assert_snapshot;

use crate::domain::ids::ExecutionId;
use crate::engine::brief::Brief;
use crate::engine::view::ExecutionView;
use crate::plan::step::GateKind;
use crate::ui::command::Ticket;
use crate::ui::fixtures::{self, Stage};
use crate::ui::message::Message;

fn held(columns: u16, rows: u16, kind: GateKind) -> Stage {
    with(columns, rows, fixtures::held_at(kind))
}

fn with(columns: u16, rows: u16, execution: ExecutionView) -> Stage {
    let mut stage = Stage::with(columns, rows, fixtures::story(), vec![Arc::new(execution)]);
    stage.keys("/name=shop-prod<enter><enter>");
    stage
}

#[test]
fn gates_on_the_cluster() {
    assert_snapshot!("gate_approval_80x24", held(80, 24, GateKind::Approval).text());
    assert_snapshot!("gate_smoke_120x40", held(120, 40, GateKind::SmokeTest).text());
    assert_snapshot!("gate_wait_200x60", held(200, 60, GateKind::Wait).text());
}

#[test]
fn gates_on_the_overview_and_on_the_nodes() {
    let mut stage = Stage::with(
        120,
        40,
        fixtures::story(),
        vec![Arc::new(fixtures::held_at(GateKind::Approval))],
    );
    assert_snapshot!("gate_overview_120x40", stage.text());
    let mut execution = fixtures::held_at(GateKind::SmokeTest);
    execution.plan = Arc::new(fixtures::long_plan("pay-prod"));
    let mut stage = Stage::with(80, 24, fixtures::story(), vec![Arc::new(execution)]);
    stage.keys("/name=pay-prod<enter><enter>5");
    assert_snapshot!("gate_live_80x24", stage.text());
}

#[test]
fn gate_questions() {
    let mut stage = held(80, 24, GateKind::Approval);
    assert_snapshot!("approve_reason_80x24", stage.keys("Y").text());
    assert_snapshot!("approve_confirm_80x24", stage.keys("looks good<enter>").text());
    assert_snapshot!(
        "skip_reason_80x24",
        held(80, 24, GateKind::Readiness).keys("K<enter>").text()
    );
}

#[test]
fn controls() {
    let mut execution = fixtures::held_at(GateKind::Wait);
    execution.driver = Some(fixtures::colleague());
    assert_snapshot!("controls_here_80x24", with(80, 24, execution).keys("H").text());
    let mut stage = Stage::with(80, 24, fixtures::story(), Vec::new());
    stage.keys("/name=shop-prod<enter><enter>H");
    let holder = fixtures::holder("shop-prod");
    stage.send(Message::LeaseFound(Ticket(1), Ok(Some(Box::new(holder)))));
    assert_snapshot!("controls_lease_80x24", stage.text());
}

#[test]
fn what_others_started() {
    let mut stage = Stage::with(80, 24, fixtures::story(), Vec::new());
    stage.keys("/name=pay-prod<enter><enter>P");
    let foreign = fixtures::foreign("pay-prod");
    stage.send(Message::ForeignFound(Ticket(1), Ok(Some(Box::new(foreign)))));
    assert_snapshot!("foreign_pause_80x24", stage.text());
    stage.keys("j<enter>");
    stage.send(Message::Previewed(Ticket(2), Ok(fixtures::request("pay-prod"))));
    assert_snapshot!("foreign_confirm_80x24", stage.text());
}

#[test]
fn briefs() {
    let brief = Brief {
        headline: "shop-prod: 3 of 11 steps done, waits for an approval for 12 min".to_owned(),
        blockers: vec!["Go to production?".to_owned()],
        next_decision: "approve with Y, or end it with A".to_owned(),
        deadlines: vec![(
            fixtures::now() + jiff::SignedDuration::from_hours(2),
            "the maintenance window closes".to_owned(),
        )],
        notes: vec!["bob@desk-7 skipped the wait: hurry".to_owned()],
    };
    let mut stage = held(80, 24, GateKind::Approval);
    stage.send(Message::Briefed(ExecutionId::new("k3v9"), Box::new(brief)));
    assert_snapshot!("brief_80x24", stage.text());
}

#[test]
fn timelines() {
    let open = |columns: u16, rows: u16| {
        let mut stage = held(columns, rows, GateKind::Approval);
        stage.keys("t");
        stage.send(Message::TimelineRead(ExecutionId::new("k3v9"), Ok(fixtures::entries())));
        stage
    };
    assert_snapshot!("timeline_80x24", open(80, 24).text());
    assert_snapshot!("timeline_200x60", open(200, 60).text());
    assert_snapshot!("timeline_details_80x24", open(80, 24).keys("kkkd").text());
}
