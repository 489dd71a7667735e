//! Plans made, changed, saved and started, key by key.

use crate::domain::ids::{NodePoolName, SmokeTestName, StepId};
use crate::domain::node_pool::UpgradeSettings;
use crate::domain::surge::Share;
use crate::plan::edit::Edit;
use crate::plan::step::{StepKind, WaitUntil};
use crate::preflight::finding::Report;
use crate::problem::{Exit, Problem};
use crate::ui::command::{Command, Proposal, Ticket};
use crate::ui::drafting::{Draft, Wish};
use crate::ui::fixtures::{self, Stage};
use crate::ui::message::{Message, Prepared};

fn stage() -> Stage {
    let mut stage = Stage::with(120, 40, fixtures::story(), Vec::new());
    stage.keys("/name=shop-prod<enter>");
    stage
}

fn drafted(draft: Draft) -> Message {
    Message::Drafted(Ok(Box::new(draft)))
}

/// The editor on the long plan.
fn editor() -> Stage {
    let mut stage = stage();
    stage.keys("Ue");
    stage.send(drafted(fixtures::draft(fixtures::long_plan("shop-prod"))));
    stage
}

#[track_caller]
fn edit_of(stage: &Stage) -> Edit {
    match stage.commands.last() {
        Some(Command::Draft {
            wish: Wish::Change { edit, .. },
            ..
        }) => edit.clone(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn shows(stage: &mut Stage, texts: &[&str]) {
    let screen = stage.text();
    for text in texts {
        assert!(screen.contains(text), "no '{text}' in\n{screen}");
    }
}

#[test]
fn a_target_over_several_hops_is_planned_and_opened_in_the_editor() {
    let mut stage = stage();
    stage.keys("U");
    shows(&mut stage, &["1.35.0", "via 1.34.2"]);
    stage.keys("jje");
    let Some(Command::Draft {
        wish: Wish::Build(intent),
        base: None,
        facts,
    }) = stage.commands.last()
    else {
        panic!("{:?}", stage.commands);
    };
    assert!(format!("{intent:?}").contains("35"), "{intent:?}");
    assert!(facts.region.is_some());
    stage.send(drafted(fixtures::draft(fixtures::long_plan("shop-prod"))));
    shows(
        &mut stage,
        &[
            "11 steps",
            "control plane to 1.35.0",
            "the time people take",
            "can be started",
        ],
    );
}

#[test]
fn keys_change_the_selected_step() {
    let mut stage = editor();
    let step = |id: &str| StepId::new(id);
    stage.keys("jj>");
    assert_eq!(
        edit_of(&stage),
        Edit::Move {
            step: step("settings-user"),
            by: 1
        }
    );
    stage.keys("<<");
    stage.keys("<");
    assert_eq!(
        edit_of(&stage),
        Edit::Move {
            step: step("settings-user"),
            by: -1
        }
    );
    stage.keys("-");
    assert_eq!(
        edit_of(&stage),
        Edit::Remove {
            step: step("settings-user")
        }
    );
    stage.keys("p");
    let pause = Edit::PauseAfter {
        step: step("settings-user"),
        on: true,
    };
    assert_eq!(edit_of(&stage), pause);
}

#[test]
fn each_gate_can_be_added() {
    let added = |keys: &str| {
        let mut stage = editor();
        stage.keys("j+").keys(keys);
        match edit_of(&stage) {
            Edit::Insert { after, kind } => {
                assert_eq!(after, Some(StepId::new("control-plane")));
                kind
            }
            other => panic!("{other:?}"),
        }
    };
    for (typed, question) in [("Is all well?", "Is all well?"), ("", "Go on?")] {
        let question = question.to_owned();
        let keys = format!("<enter>{typed}<enter>");
        assert_eq!(added(&keys), StepKind::Approval { question });
    }
    for (typed, seconds) in [("2 h", 7200), ("", 1800)] {
        let until = WaitUntil::Seconds(seconds);
        assert_eq!(added(&format!("j<enter>{typed}<enter>")), StepKind::Wait { until });
    }
    assert_eq!(added("jj<enter>"), StepKind::ReadinessGate);
    let test = SmokeTestName::new("checkout");
    assert_eq!(added("jjj<enter>"), StepKind::SmokeTest { test });
    let test = SmokeTestName::new("sign-in");
    assert_eq!(
        added("jjjjj<enter>"),
        StepKind::SmokeTest { test },
        "one that is offered to every plan"
    );
    assert_eq!(added("jjjjjj<enter>"), StepKind::Verify);
    let mut stage = editor();
    stage.keys("j+j<enter>soon<enter>");
    shows(&mut stage, &["! 'soon' is no duration"]);
}

#[test]
fn a_step_that_moves_nodes_is_guarded_and_unguarded() {
    let guarded = |keys: &str| {
        let mut stage = editor();
        stage.keys(keys);
        match edit_of(&stage) {
            Edit::Guard { step, test, on } => (step.to_string(), test.to_string(), on),
            other => panic!("{other:?}"),
        }
    };
    let guard = |step: &str, test: &str, on| (step.to_owned(), test.to_owned(), on);
    // Behind three gates and three smoke tests.
    assert_eq!(guarded("jjjj+jjjjjj<enter>"), guard("pool-system", "checkout", true));
    assert_eq!(guarded("jjjj+jjjjjjjj<enter>"), guard("pool-system", "sign-in", true));
    assert_eq!(guarded("jjjjj+jjjjjj<enter>"), guard("pool-user", "checkout", false));
    let mut stage = Stage::with(80, 24, fixtures::story(), Vec::new());
    stage.keys("/name=shop-prod<enter>Ue");
    stage.send(drafted(fixtures::draft(fixtures::long_plan("shop-prod"))));
    stage.keys("jjjjj+jjjjjj");
    shows(&mut stage, &["While its nodes move: smoke test checkout no more"]);
    stage.keys("jjj");
    // More gates than rows: the chosen one is seen.
    shows(&mut stage, &["› Verify", "promised."]);
}

#[test]
fn settings_are_typed_and_checked() {
    let mut stage = editor();
    stage.keys("jj<enter>");
    shows(&mut stage, &["Settings of node pool user", "33%", "45"]);
    stage.keys("<tab><tab><tab>90<enter>");
    shows(&mut stage, &["! a node soak has 0 to 30 minutes"]);
    stage.keys("<backspace><backspace>10<enter>");
    let expected = UpgradeSettings {
        max_surge: Some(Share::Percent(33)),
        drain_timeout_minutes: Some(45),
        node_soak_minutes: Some(10),
        ..UpgradeSettings::default()
    };
    assert_eq!(
        edit_of(&stage),
        Edit::PoolSettings {
            pool: NodePoolName::new("user"),
            settings: expected
        }
    );
    let mut stage = editor();
    stage.keys("<enter>");
    shows(&mut stage, &["A gate has no settings"]);
}

#[test]
fn a_change_that_makes_no_sense_leaves_the_plan_and_the_last_change_can_be_taken_back() {
    let mut stage = editor();
    stage.keys("<");
    let problem = Problem::new(Exit::Refused, "smoke-checkout cannot be moved any further");
    stage.send(Message::Drafted(Err(problem)));
    shows(&mut stage, &["cannot be moved any further", "11 steps"]);
    let original = fixtures::long_plan("shop-prod");
    let mut changed = fixtures::draft(original.clone());
    changed.plan.steps.remove(0);
    stage.keys("-").send(drafted(changed));
    stage.keys("u");
    assert!(
        matches!(stage.commands.last(), Some(Command::Draft { wish: Wish::Assess(plan), .. }) if **plan == original)
    );
    stage.send(drafted(fixtures::draft(original)));
    stage.keys("u");
    shows(&mut stage, &["Nothing was changed yet"]);
}

#[test]
fn a_plan_is_saved_loaded_and_kept_while_one_looks_elsewhere() {
    let mut stage = editor();
    stage.keys("<ctrl-s>");
    shows(&mut stage, &["Save the plan", "shop-prod.plan.toml"]);
    stage.keys("<enter>");
    assert!(matches!(stage.commands.last(), Some(Command::SavePlan { path, .. }) if path == "shop-prod.plan.toml"));
    stage.send(Message::PlanSaved(Ok("shop-prod.plan.toml".to_owned())));
    shows(&mut stage, &["Saved to shop-prod.plan.toml"]);
    stage.keys("<ctrl-o>my.toml<enter>");
    assert!(matches!(stage.commands.last(), Some(Command::LoadPlan { path, .. }) if path == "my.toml"));
    stage.send(Message::PlanLoaded(Ok(Box::new(fixtures::plan("shop-prod")))));
    stage.send(drafted(fixtures::draft(fixtures::plan("shop-prod"))));
    shows(&mut stage, &["3 steps"]);
    stage.keys("5");
    assert!(!stage.text().contains("3 steps"));
    stage.keys("4");
    shows(&mut stage, &["3 steps", "clusters › shop-prod › plan"]);
}

#[test]
fn the_plan_on_the_screen_is_started_with_its_requests_shown() {
    let mut stage = editor();
    stage.keys("U");
    let Some(Command::Prepare {
        ticket,
        proposal: Proposal::Plan(plan),
    }) = stage.commands.last().cloned()
    else {
        panic!("{:?}", stage.commands);
    };
    let later = |count: usize| std::iter::repeat_n(None, count);
    let request = Some(Ok(fixtures::request("shop-prod")));
    let requests = std::iter::once(None).chain([request]).chain(later(9)).collect();
    stage.send(Message::Prepared(ticket, Ok(Prepared { plan: *plan, requests })));
    shows(
        &mut stage,
        &[
            "sends nothing to Azure",
            "is prepared when its turn comes",
            "[ Cancel ]",
        ],
    );
    stage.answer_checks(Report::default()).keys("y");
    assert!(matches!(stage.commands.last(), Some(Command::Start { plan, .. }) if plan.steps.len() == 11));
    shows(&mut stage, &["› nodes"]);
}

#[test]
fn a_plan_azure_would_refuse_is_not_asked_for() {
    let mut stage = editor();
    stage.send(drafted(fixtures::wrong_draft("shop-prod")));
    let before = stage.commands.len();
    stage.keys("U");
    assert_eq!(stage.commands.len(), before);
    shows(&mut stage, &["1 error in the plan: node pool user would go past"]);
}

#[test]
fn from_the_question_one_can_still_go_to_the_editor() {
    let mut stage = stage();
    stage.keys("U<enter>");
    let ticket = Ticket(1);
    let plan = fixtures::plan("shop-prod");
    let requests = vec![Some(Ok(fixtures::request("shop-prod"))), None, None];
    stage.send(Message::Prepared(ticket, Ok(Prepared { plan, requests })));
    stage.keys("e");
    assert!(matches!(
        stage.commands.last(),
        Some(Command::Draft {
            wish: Wish::Assess(_),
            ..
        })
    ));
    stage.send(drafted(fixtures::draft(fixtures::plan("shop-prod"))));
    shows(&mut stage, &["3 steps"]);
}
