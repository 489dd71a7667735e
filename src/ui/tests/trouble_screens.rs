//! Checks, causes, pages and repairs as text, in their states and sizes.

use std::sync::Arc;

use insta::assert_snapshot;

use crate::diagnosis::cause::Diagnosis;
use crate::inventory::snapshot::SourceState;
use crate::problem::{Exit, Problem};
use crate::ui::command::Command;
use crate::ui::fixtures::{self, Stage};
use crate::ui::message::Message;
use crate::ui::theme::{Colour, Look};

const LONG: &str = "analytics-platform-shared-production-westeurope-blue-01";

fn story(columns: u16, rows: u16) -> Stage {
    Stage::with(columns, rows, fixtures::story(), Vec::new())
}

fn checks(columns: u16, rows: u16) -> Stage {
    let mut stage = story(columns, rows);
    stage.keys("/name=shop-prod<enter>c").answer_checks(fixtures::report());
    stage
}

fn causes(columns: u16, rows: u16, diagnosis: Diagnosis) -> Stage {
    let mut stage = story(columns, rows);
    stage.keys("x").answer_causes(diagnosis);
    stage
}

fn problem() -> Problem {
    Problem::new(Exit::Unexpected, "a task of the cockpit broke").because("it panicked")
}

#[test]
fn checks_at_three_sizes() {
    assert_snapshot!("checks_80x24", checks(80, 24).text());
    assert_snapshot!("checks_120x40", checks(120, 40).keys("jjj").text());
    assert_snapshot!("checks_200x60", checks(200, 60).keys("G<enter>g").text());
}

#[test]
fn checks_loading_waiting_failed_filtered() {
    let mut stage = story(80, 24);
    assert_snapshot!("checks_loading", stage.keys("/name=shop-prod<enter>c").text());
    let mut snapshot = fixtures::snapshot(fixtures::cluster("shop-prod", "1.33.5"));
    snapshot.upgrades.value = None;
    snapshot.upgrades.state = SourceState::Loading;
    let mut stage = Stage::with(80, 24, fixtures::fleet(vec![snapshot]), Vec::new());
    assert_snapshot!("checks_waiting", stage.keys("c").text());
    let mut stage = story(80, 24);
    stage.keys("/name=shop-prod<enter>c");
    let Some(Command::Check { ticket, cluster, .. }) = stage.commands.last().cloned() else {
        panic!("{:?}", stage.commands);
    };
    stage.send(Message::Checked(ticket, cluster, Err(problem())));
    assert_snapshot!("checks_failed", stage.text());
    assert_snapshot!("checks_filtered", checks(80, 24).keys("/pdb colour=red").text());
}

#[test]
fn checks_of_a_long_name_in_ascii() {
    let look = Look {
        ascii: true,
        colour: Colour::None,
        ..Look::default()
    };
    let mut stage = Stage::empty(80, 24, look, true);
    let long = fixtures::snapshot(fixtures::cluster(LONG, "1.33.5"));
    stage.send(Message::Fleet(Arc::new(fixtures::fleet(vec![long]))));
    stage.keys("c").answer_checks(fixtures::report());
    let text = stage.text();
    assert!(text.is_ascii() && !stage.has_colour(), "{text}");
    assert_snapshot!("checks_ascii_read_only", text);
}

#[test]
fn checks_after_the_upgrade() {
    let execution = fixtures::execution("shop-prod", crate::engine::view::ExecutionState::Succeeded);
    let mut stage = Stage::with(120, 40, fixtures::story(), vec![Arc::new(execution)]);
    stage.keys("/name=shop-prod<enter>c");
    let Some(Command::Check {
        ticket, cluster, goal, ..
    }) = stage.commands.last().cloned()
    else {
        panic!("{:?}", stage.commands);
    };
    let mut answer = fixtures::checked_again("shop-prod");
    answer.goal = goal;
    stage.send(Message::Checked(ticket, cluster, Ok(Box::new(answer))));
    assert_snapshot!("checks_after_120x40", stage.text());
}

#[test]
fn causes_at_three_sizes() {
    let held = fixtures::held_by_budget;
    assert_snapshot!("causes_80x24", causes(80, 24, held()).text());
    assert_snapshot!("causes_120x40", causes(120, 40, held()).keys("j").text());
    assert_snapshot!("causes_200x60", causes(200, 60, held()).text());
}

#[test]
fn causes_loading_none_unexplained_failed() {
    assert_snapshot!("causes_loading", story(80, 24).keys("x").text());
    assert_snapshot!("causes_none", causes(80, 24, Diagnosis::default()).text());
    assert_snapshot!("causes_unexplained", causes(80, 24, fixtures::unexplained()).text());
    let mut stage = story(80, 24);
    stage.keys("x");
    let Some(Command::Diagnose { ticket, cluster, .. }) = stage.commands.last().cloned() else {
        panic!("{:?}", stage.commands);
    };
    stage.send(Message::Diagnosed(ticket, cluster, Err(problem())));
    assert_snapshot!("causes_failed", stage.text());
}

#[test]
fn the_nodes_with_their_cause() {
    let mut stage = story(80, 24);
    stage.keys("<enter>");
    stage.send(Message::Tick(fixtures::now()));
    stage.answer_causes(fixtures::held_by_budget());
    assert_snapshot!("live_cause_80x24", stage.text());
}

#[test]
fn claims_beside_the_nodes() {
    let open = |columns: u16, rows: u16| {
        let mut stage = story(columns, rows);
        stage.keys("/name=shop-test<enter><enter>2hhh");
        stage
    };
    assert_snapshot!("claims_loading", open(80, 24).text());
    let mut stage = open(80, 24);
    stage.answer_causes(Diagnosis::default());
    assert_snapshot!("claims_80x24", stage.text());
    let mut stage = open(120, 40);
    stage.answer_causes(Diagnosis::default());
    assert_snapshot!("claims_120x40", stage.keys("j").text());
    stage.keys("M");
    assert_snapshot!("claims_mend_120x40", stage.text());
}

#[test]
fn pages() {
    let mut stage = causes(80, 24, fixtures::held_by_budget());
    assert_snapshot!("page_cause_80x24", stage.keys("<enter>").text());
    assert_snapshot!("page_finding_120x40", checks(120, 40).keys("<enter>").text());
}

#[test]
fn repair_questions() {
    let mut stage = causes(80, 24, fixtures::held_by_budget());
    assert_snapshot!("choose_remedy_80x24", stage.keys("M").text());
    stage.keys("<enter>");
    assert_snapshot!("confirm_repair_preparing", stage.text());
    let Some(Command::PlanRepair { ticket, .. }) = stage.commands.last().cloned() else {
        panic!("{:?}", stage.commands);
    };
    let preview = fixtures::repair_preview("pay-prod");
    stage.send(Message::RepairPlanned(ticket, Ok(Box::new(preview))));
    assert_snapshot!("confirm_repair_80x24", stage.text());
    let mut stage = checks(80, 24);
    stage.keys("U<enter>");
}

#[test]
fn repairs_made() {
    let open = |columns: u16, rows: u16| {
        let mut stage = story(columns, rows);
        stage.keys("r");
        stage
    };
    assert_snapshot!("repairs_loading", open(80, 24).text());
    let with = |columns: u16, rows: u16, some: bool| {
        let mut stage = open(columns, rows);
        let entries = fixtures::repair_entries("pay-prod");
        let cluster = entries[0].cluster.clone();
        let entries = if some { entries } else { Vec::new() };
        stage.send(Message::RepairsRead(cluster, Ok(entries)));
        stage
    };
    assert_snapshot!("repairs_none", with(80, 24, false).text());
    assert_snapshot!("repairs_80x24", with(80, 24, true).text());
    assert_snapshot!("repairs_200x60", with(200, 60, true).text());
    assert_snapshot!("repair_details_120x40", with(120, 40, true).keys("<enter>").text());
}
