//! Checks before a start, causes, and repairs, key by key.

use std::sync::Arc;

use crate::engine::view::ExecutionState;
use crate::preflight::finding::Report;
use crate::problem::{Exit, Problem};
use crate::remedy::library::Risk;
use crate::ui::checking::Goal;
use crate::ui::command::{Command, Look, Ticket};
use crate::ui::fixtures::{self, Stage};
use crate::ui::message::{Message, Prepared};
use crate::ui::theme;

fn story() -> Stage {
    Stage::with(120, 40, fixtures::story(), Vec::new())
}

/// The causes of the stuck cluster, one key from the overview.
fn causes() -> Stage {
    let mut stage = story();
    stage.keys("x").answer_causes(fixtures::held_by_budget());
    stage
}

#[track_caller]
fn shows(stage: &mut Stage, texts: &[&str]) {
    let screen = stage.text();
    for text in texts {
        assert!(screen.contains(text), "no '{text}' in\n{screen}");
    }
}

#[track_caller]
fn shows_not(stage: &mut Stage, text: &str) {
    let screen = stage.text();
    assert!(!screen.contains(text), "'{text}' in\n{screen}");
}

fn last_ticket(stage: &Stage) -> Ticket {
    let mut commands = stage.commands.iter().rev();
    let found = commands.find_map(|command| match command {
        Command::PlanRepair { ticket, .. } | Command::PreviewUndo { ticket, .. } | Command::Prepare { ticket, .. } => {
            Some(*ticket)
        }
        _ => None,
    });
    found.expect("something was asked")
}

fn prepared() -> Prepared {
    Prepared {
        plan: fixtures::plan("shop-prod"),
        requests: vec![Some(Ok(fixtures::request("shop-prod"))), None, None],
    }
}

/// The question before a start, with its requests.
fn start_question() -> Stage {
    let mut stage = story();
    stage.keys("/name=shop-prod<enter>U<enter>");
    let ticket = last_ticket(&stage);
    stage.send(Message::Prepared(ticket, Ok(prepared())));
    stage
}

#[test]
fn one_key_from_a_cold_start_to_the_cause_and_its_evidence() {
    let mut stage = story();
    stage.keys("x");
    let asked: Vec<&Command> = stage.commands.iter().collect();
    assert!(
        matches!(&asked[..], [Command::Focus(id), Command::Diagnose { look: Look::Survey, .. }] if id.name() == "pay-prod"),
        "{asked:?}"
    );
    stage.answer_causes(fixtures::held_by_budget());
    shows(
        &mut stage,
        &[
            "PodDisruptionBudget shop/cart-pdb needs 3 of its 3 pods",
            "confirmed · stalled · for 14 min · 1 node · fails the upgrade in 16 min",
            "Eviction blocked by Too Many Requests",
            "disruptionsAllowed 0",
            "M does it",
            "poddrainfailure",
            "Not looked at",
        ],
    );
}

#[test]
fn causes_are_looked_at_again_as_they_grow_old_and_with_each_new_picture() {
    let mut stage = causes();
    let asked = |stage: &Stage| {
        let looks = stage.commands.iter().filter_map(|command| match command {
            Command::Diagnose { look, .. } => Some(look.clone()),
            _ => None,
        });
        looks.collect::<Vec<_>>()
    };
    let later = |seconds: i64| Message::Tick(fixtures::now() + jiff::SignedDuration::from_secs(seconds));
    stage.send(later(14));
    assert_eq!(asked(&stage).len(), 1);
    stage.send(later(15));
    assert_eq!(asked(&stage)[1..], [Look::Survey]);
    stage.send(later(31));
    assert_eq!(asked(&stage).len(), 2, "one question at a time");
    stage.answer_causes(fixtures::held_by_budget());
    stage.send(Message::Fleet(Arc::new(fixtures::story())));
    assert!(matches!(asked(&stage)[2..], [Look::Again(_)]), "{:?}", asked(&stage));
    // A cause that has gone away disappears by itself.
    stage.answer_causes(crate::diagnosis::cause::Diagnosis::default());
    shows(&mut stage, &["No cause found: nothing points at trouble."]);
}

#[test]
fn the_live_nodes_name_the_top_cause_and_lead_to_it() {
    let mut stage = story();
    stage.keys("<enter>");
    stage.send(Message::Tick(fixtures::now()));
    stage.answer_causes(fixtures::held_by_budget());
    shows(
        &mut stage,
        &["cause: PodDisruptionBudget shop/cart-pdb needs 3 of its 3 pods"],
    );
    stage.keys("x");
    shows(&mut stage, &["› nodes › why"]);
    stage.keys("<esc>");
    shows(&mut stage, &["› nodes"]);
}

#[test]
fn a_quiet_cluster_is_not_surveyed_for_causes_by_its_nodes() {
    let mut stage = story();
    stage.keys("/name=shop-prod<enter><enter><enter>");
    stage.send(Message::Tick(fixtures::now()));
    stage.send(Message::Fleet(Arc::new(fixtures::story())));
    assert!(
        !stage
            .commands
            .iter()
            .any(|command| matches!(command, Command::Diagnose { .. })),
        "{:?}",
        stage.commands
    );
}

#[test]
fn a_page_and_a_guide_are_one_key_away() {
    let mut stage = causes();
    stage.keys("o");
    assert!(matches!(stage.commands.last(), Some(Command::Copy(link)) if link.ends_with("poddrainfailure")));
    stage.keys("<enter>");
    shows(
        &mut stage,
        &[
            "drain-blocked-by-pdb · A disruption budget",
            "Here",
            "Why",
            "Remedies, safest first",
            "undo  ",
        ],
    );
    stage.keys("<esc>");
    shows(&mut stage, &["› why"]);
}

#[test]
fn checks_are_asked_for_the_newest_version_and_given_up_with_the_screen() {
    let mut stage = story();
    stage.keys("/name=shop-prod<enter>c");
    let Some(Command::Check { ticket, goal, .. }) = stage.commands.last().cloned() else {
        panic!("{:?}", stage.commands);
    };
    assert_eq!(goal, Goal::Version("1.34.2".parse().unwrap()));
    shows(&mut stage, &["reading the cluster, its workloads"]);
    stage.keys("<esc>");
    assert!(
        stage.commands.contains(&Command::Forget(ticket)),
        "{:?}",
        stage.commands
    );
    stage.keys("3").answer_checks(fixtures::report());
    shows(
        &mut stage,
        &[
            "✖ 2 blockers",
            "! 1 warning",
            "? 1 unknown",
            "✓ 2 passed",
            "AKS insights",
            "enter shows them",
        ],
    );
    // Another target is asked about with the survey that is there.
    stage.keys("l");
    assert!(
        matches!(stage.commands.last(), Some(Command::Check { survey: Some(_), .. })),
        "{:?}",
        stage.commands.last()
    );
}

#[test]
fn checks_are_filtered_and_passes_unfolded() {
    let mut stage = story();
    stage.keys("/name=shop-prod<enter>c").answer_checks(fixtures::report());
    stage.keys("G<enter>");
    shows(&mut stage, &["Cluster is in a steady state"]);
    stage.keys("/result=unknown<enter>");
    shows(&mut stage, &["ip-headroom"]);
    shows_not(&mut stage, "pdb-zero");
    stage.keys("<esc>");
    shows(&mut stage, &["pdb-zero", "› checks"]);
    stage.keys("g<enter>");
    shows(&mut stage, &["pdb-zero · ", "Rule", "What it leads to"]);
}

#[test]
fn blockers_need_a_reason_that_goes_with_the_start() {
    let mut stage = start_question();
    stage.answer_checks(fixtures::report());
    shows(&mut stage, &["✖ 2 blockers", "3 of 3 pods are needed", "Start anyway"]);
    stage.keys("y");
    shows(
        &mut stage,
        &["Start the upgrade of shop-prod anyway", "3 of 3 pods are needed"],
    );
    stage.keys("<enter>");
    shows(&mut stage, &["say why"]);
    stage.keys("the budget is being fixed<enter>");
    let Some(Command::Start { preparation, .. }) = stage.commands.last() else {
        panic!("{:?}", stage.commands.last());
    };
    assert_eq!(preparation.despite.as_deref(), Some("the budget is being fixed"));
    let kept: Report = serde_json::from_str(preparation.baseline.as_deref().unwrap()).unwrap();
    assert_eq!(kept, fixtures::report());
}

#[test]
fn checks_that_could_not_be_made_need_a_reason_too() {
    let mut stage = start_question();
    let ticket = stage.commands.iter().rev().find_map(|command| match command {
        Command::Check { ticket, cluster, .. } => Some((*ticket, cluster.clone())),
        _ => None,
    });
    let (ticket, cluster) = ticket.unwrap();
    let problem = Problem::new(Exit::Unexpected, "a task of the cockpit broke");
    stage.send(Message::Checked(ticket, cluster, Err(problem)));
    stage.keys("y");
    shows(
        &mut stage,
        &["the checks could not be made: a task of the cockpit broke"],
    );
}

#[test]
fn a_protected_cluster_asks_for_its_name() {
    let mut protected = fixtures::cluster("shop-prod", "1.33.5");
    protected
        .tags
        .insert("aks-cockpit-protected".to_owned(), "true".to_owned());
    let fleet = fixtures::fleet(vec![fixtures::snapshot(protected)]);
    let mut stage = Stage::with(120, 40, fleet, Vec::new());
    stage.keys("U<enter>");
    let ticket = last_ticket(&stage);
    stage.send(Message::Prepared(ticket, Ok(prepared())));
    stage.answer_checks(Report::default()).keys("y");
    shows(&mut stage, &["Type shop-prod to go on", "protected"]);
    stage.keys("shop<enter>");
    shows(&mut stage, &["that is not shop-prod: nothing was sent"]);
    stage.keys("-prod<enter>");
    assert!(matches!(stage.commands.last(), Some(Command::Start { .. })));
}

#[test]
fn after_an_upgrade_the_same_checks_run_again() {
    let mut stage = Stage::with(
        120,
        40,
        fixtures::story(),
        vec![Arc::new(fixtures::execution("shop-prod", ExecutionState::Running))],
    );
    let done = Arc::new(fixtures::execution("shop-prod", ExecutionState::Succeeded));
    stage.send(Message::Executions(Arc::new(vec![done])));
    let Some(Command::Check {
        ticket, cluster, goal, ..
    }) = stage.commands.last().cloned()
    else {
        panic!("{:?}", stage.commands);
    };
    assert!(matches!(goal, Goal::After { .. }));
    let mut answer = fixtures::checked_again("shop-prod");
    answer.goal = goal;
    stage.send(Message::Checked(ticket, cluster, Ok(Box::new(answer))));
    shows(
        &mut stage,
        &["shop-prod: checked again: 1 new, 1 changed, 1 gone; 3 shows it"],
    );
    stage.keys("/name=shop-prod<enter>3");
    shows(
        &mut stage,
        &[
            "Checks after the upgrade",
            "Only what differs",
            "warning, new",
            "was info",
            "gone",
        ],
    );
}

#[test]
fn a_repair_is_shown_made_and_listed() {
    let mut stage = causes();
    stage.keys("M");
    shows(&mut stage, &["Mend pay-prod", "medium risk", "the cockpit does it"]);
    stage.keys("<enter>");
    let Some(Command::PlanRepair {
        ticket,
        remedy,
        ailment,
    }) = stage.commands.last().cloned()
    else {
        panic!("{:?}", stage.commands.last());
    };
    assert_eq!(ailment.cause.code, "drain-blocked-by-pdb");
    assert!(crate::remedy::library::remedy(&remedy).is_some_and(|remedy| remedy.automatable));
    stage.keys("y");
    assert!(!sends_repair(&stage), "nothing was shown yet");
    let preview = fixtures::repair_preview("pay-prod");
    stage.send(Message::RepairPlanned(ticket, Ok(Box::new(preview))));
    shows(
        &mut stage,
        &[
            "PATCH /apis/policy/v1/namespaces/shop/poddisruptionbudgets/cart-pdb",
            "\"minAvailable\": 2",
            "Argo CD manages it",
            "also after a restart",
            "[ Cancel ]",
        ],
    );
    stage.keys("<enter>");
    assert!(!sends_repair(&stage), "Cancel is the default");
    stage.keys("M<enter>");
    let ticket = last_ticket(&stage);
    let preview = fixtures::repair_preview("pay-prod");
    stage.send(Message::RepairPlanned(ticket, Ok(Box::new(preview.clone()))));
    stage.keys("y");
    assert_eq!(stage.commands.last(), Some(&Command::ApplyRepair(Box::new(preview))));
    let entry = fixtures::repair_entries("pay-prod").swap_remove(0);
    let cluster = entry.cluster.clone();
    stage.send(Message::Repaired(cluster.clone(), Ok(Box::new(entry))));
    shows(&mut stage, &["Repaired: r-7", "spec.minAvailable 3 to 2"]);
    assert!(stage.commands.contains(&Command::ReadRepairs(cluster.clone())));
    assert!(
        matches!(
            stage.commands.last(),
            Some(Command::Diagnose { look: Look::Survey, .. })
        ),
        "is the cause gone?"
    );
    stage.send(Message::RepairsRead(cluster, Ok(fixtures::repair_entries("pay-prod"))));
    stage.keys("<esc>r");
    shows(
        &mut stage,
        &["Repairs of pay-prod · 3 repairs", "✓ done", "✖ failed", "□ undone"],
    );
}

fn sends_repair(stage: &Stage) -> bool {
    let mut commands = stage.commands.iter();
    commands.any(|command| matches!(command, Command::ApplyRepair(_) | Command::UndoRepair { .. }))
}

#[test]
fn high_risk_takes_a_typed_word() {
    let mut stage = causes();
    stage.keys("M<enter>");
    let mut preview = fixtures::repair_preview("pay-prod");
    preview.repair.risk = Risk::High;
    let ticket = last_ticket(&stage);
    stage.send(Message::RepairPlanned(ticket, Ok(Box::new(preview))));
    stage.keys("y");
    shows(&mut stage, &["The risk of this repair is high", "Type repair to go on"]);
    stage.keys("yes<enter>");
    assert!(!sends_repair(&stage));
    stage.keys("<esc>");
    assert!(!sends_repair(&stage));
}

#[test]
fn a_repair_is_taken_back_by_one_key_and_its_own_question() {
    let mut stage = causes();
    stage.keys("r");
    let cluster = fixtures::repair_preview("pay-prod").repair.cluster;
    stage.send(Message::RepairsRead(cluster, Ok(fixtures::repair_entries("pay-prod"))));
    stage.keys("jZ");
    shows(&mut stage, &["Nothing is selected that could be taken back"]);
    stage.keys("kZ");
    let Some(Command::PreviewUndo { ticket, id }) = stage.commands.last().cloned() else {
        panic!("{:?}", stage.commands.last());
    };
    let preview = fixtures::repair_preview("pay-prod");
    stage.send(Message::RepairPlanned(ticket, Ok(Box::new(preview))));
    shows(&mut stage, &["Take r-7 back on pay-prod?", "PATCH", "[ Cancel ]"]);
    stage.keys("y");
    assert!(matches!(stage.commands.last(), Some(Command::UndoRepair { id: sent, .. }) if *sent == id));
}

#[test]
fn what_cannot_be_done_here_is_told() {
    let mut stage = causes();
    stage.keys("M<enter>");
    let problem = Problem::new(Exit::Unexpected, "The cockpit cannot do this here: Add one replica")
        .because("no Deployment owns the pod")
        .try_this("by hand: kubectl scale");
    let ticket = last_ticket(&stage);
    stage.send(Message::RepairPlanned(ticket, Err(problem)));
    shows(&mut stage, &["no Deployment owns the pod", "by hand: kubectl scale"]);
    stage.keys("y");
    assert!(!sends_repair(&stage));
}

#[test]
fn read_only_has_no_remedy_key() {
    let mut stage = Stage::empty(120, 40, theme::Look::default(), true);
    stage.send(Message::Fleet(Arc::new(fixtures::story())));
    stage.keys("x").answer_causes(fixtures::held_by_budget());
    shows(&mut stage, &["Remedies, safest first", "READ-ONLY"]);
    shows_not(&mut stage, "M does it");
    shows_not(&mut stage, "M mend");
    stage.keys("M");
    shows(&mut stage, &["Read-only"]);
}
