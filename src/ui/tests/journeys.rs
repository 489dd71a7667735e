//! What a person does, key by key, without a terminal.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::engine::command::{Command as EngineCommand, PauseDepth};
use crate::engine::view::ExecutionState;
use crate::plan::builder::{Intent, PoolChoice};
use crate::preflight::finding::Report;
use crate::problem::{Exit, Problem};
use crate::ui::actions::{ACTIONS, Place};
use crate::ui::command::{Command, Proposal, Ticket};
use crate::ui::fixtures::{self, Stage};
use crate::ui::message::{Message, Prepared};
use crate::ui::theme::Look;

fn stage() -> Stage {
    Stage::with(100, 40, fixtures::story(), fixtures::story_executions())
}

fn on(state: ExecutionState) -> Stage {
    let executions = vec![Arc::new(fixtures::execution("pay-prod", state))];
    Stage::with(100, 40, fixtures::story(), executions)
}

fn last_ticket(stage: &Stage) -> Ticket {
    stage
        .commands
        .iter()
        .rev()
        .find_map(|command| match command {
            Command::Prepare { ticket, .. } | Command::Preview { ticket, .. } => Some(*ticket),
            _ => None,
        })
        .expect("something was asked")
}

#[track_caller]
fn shows(stage: &mut Stage, texts: &[&str]) {
    let screen = stage.text();
    for text in texts {
        assert!(screen.contains(text), "no '{text}' in\n{screen}");
    }
}

#[test]
fn one_key_from_the_start_to_the_pod_and_the_budget() {
    let mut stage = stage();
    shows(&mut stage, &["1 upgrade is stuck: pay-prod"]);
    stage.keys("<enter>");
    assert!(matches!(&stage.commands[..], [Command::Focus(id)] if id.name() == "pay-prod"));
    shows(
        &mut stage,
        &[
            "shop/cart-5d9c7b4f6-x2x9k",
            "ReplicaSet/cart-5d9c7b4f6",
            "PodDisruptionBudget shop/cart-pdb",
            "6 of 21 pods left",
            "times out in 16 min",
            "kubectl -n shop edit pdb cart-pdb",
        ],
    );
    stage.keys("<esc><esc>");
    assert!(matches!(stage.commands.last(), Some(Command::Unfocus(_))));
    shows(&mut stage, &["worst first"]);
}

#[test]
fn an_upgrade_is_chosen_shown_and_only_then_started() {
    let mut stage = stage();
    stage.keys("/name=shop-prod<enter><enter>U");
    shows(
        &mut stage,
        &["Upgrade shop-prod", "1.34.2", "1 minor ahead", "node images only"],
    );
    stage.keys("<enter>");
    let Some(Command::Prepare {
        ticket,
        proposal: Proposal::Intent { intent, .. },
    }) = stage.commands.last().cloned()
    else {
        panic!("{:?}", stage.commands);
    };
    assert!(matches!(
        intent,
        Intent::Upgrade {
            pools: PoolChoice::All,
            ..
        }
    ));
    stage.keys("y<tab><enter>");
    assert!(
        !stage
            .commands
            .iter()
            .any(|command| matches!(command, Command::Start { .. })),
        "nothing was shown yet"
    );

    stage.keys("U<enter>");
    let second = last_ticket(&stage);
    assert_ne!(ticket, second);
    let prepared = || Prepared {
        plan: fixtures::plan("shop-prod"),
        requests: vec![Some(Ok(fixtures::request("shop-prod"))), None, None],
    };
    stage.send(Message::Prepared(ticket, Ok(prepared())));
    stage.keys("y");
    assert!(
        !stage
            .commands
            .iter()
            .any(|command| matches!(command, Command::Start { .. })),
        "a late answer counts for nothing"
    );
    stage.send(Message::Prepared(second, Ok(prepared())));
    stage.keys("y");
    assert!(
        !matches!(stage.commands.last(), Some(Command::Start { .. })),
        "the checks are not made yet"
    );
    stage.answer_checks(Report::default());
    shows(
        &mut stage,
        &[
            "control plane to 1.34.2",
            "properties.orchestratorVersion",
            "1.33.5 → 1.34.2",
            "The control plane cannot go back",
        ],
    );
    stage.keys("<enter>");
    assert!(
        !stage
            .commands
            .iter()
            .any(|command| matches!(command, Command::Start { .. })),
        "Cancel is the default"
    );
    stage.keys("U<enter>");
    stage.send(Message::Prepared(last_ticket(&stage), Ok(prepared())));
    stage.answer_checks(Report::default()).keys("<tab><enter>");
    assert!(matches!(stage.commands.last(), Some(Command::Start { plan, .. }) if plan.cluster_name == "shop-prod"));
}

#[test]
fn pools_can_be_left_out() {
    let mut stage = stage();
    stage.keys("/name=shop-prod<enter>U<tab>j<space><enter>");
    let Some(Command::Prepare {
        proposal: Proposal::Intent { intent, .. },
        ..
    }) = stage.commands.last()
    else {
        panic!("{:?}", stage.commands);
    };
    assert!(matches!(intent, Intent::Upgrade { pools: PoolChoice::These(pools), .. } if pools.len() == 1));
}

#[test]
fn each_pause_depth_is_confirmed() {
    let sent = |keys: &str| {
        let mut stage = on(ExecutionState::Running);
        stage.keys("/name=pay-prod<enter><enter>P").keys(keys);
        if stage
            .commands
            .iter()
            .any(|command| matches!(command, Command::Preview { .. }))
        {
            let ticket = last_ticket(&stage);
            stage.send(Message::Previewed(ticket, Ok(fixtures::request("pay-prod"))));
        }
        stage.keys("y");
        match stage.commands.pop() {
            Some(Command::Send { command, .. }) => Some(command),
            _ => None,
        }
    };
    let pause = |depth: PauseDepth| Some(EngineCommand::Pause { depth });
    assert_eq!(sent("<enter>"), pause(PauseDepth::AfterStep));
    assert_eq!(sent("j<enter>"), pause(PauseDepth::NodeBoundary));
    assert_eq!(sent("jj<enter>"), pause(PauseDepth::Now));
    assert_eq!(sent("<esc>"), None);
}

#[test]
fn resume_retry_and_abort_are_confirmed() {
    let sent = |state: ExecutionState, key: &str| {
        let mut stage = on(state);
        stage.keys("/name=pay-prod<enter><enter>").keys(key);
        if stage
            .commands
            .iter()
            .any(|command| matches!(command, Command::Preview { .. }))
        {
            let ticket = last_ticket(&stage);
            stage.send(Message::Previewed(ticket, Ok(fixtures::request("pay-prod"))));
        }
        assert!(
            !stage
                .commands
                .iter()
                .any(|command| matches!(command, Command::Send { .. }))
        );
        stage.keys("y");
        match stage.commands.pop() {
            Some(Command::Send { command, .. }) => Some(command),
            _ => None,
        }
    };
    assert_eq!(sent(ExecutionState::Paused, "P"), Some(EngineCommand::Resume));
    assert_eq!(sent(ExecutionState::Failed, "R"), Some(EngineCommand::Retry));
    assert_eq!(sent(ExecutionState::Running, "A"), Some(EngineCommand::Abort));
    assert_eq!(sent(ExecutionState::Running, "R"), None, "nothing has failed");
    assert_eq!(sent(ExecutionState::Aborting, "A"), None);
}

#[test]
fn what_cannot_work_now_is_absent_and_says_why_when_pressed() {
    let mut stage = stage();
    stage.keys("/name=web-prod<enter>");
    let screen = stage.text();
    assert!(screen.contains("U upgrade") && !screen.contains("P pause"), "{screen}");
    stage.keys("P");
    shows(&mut stage, &["No upgrade runs here that could be steered"]);
}

#[test]
fn read_only_has_no_capital_anywhere() {
    let mut stage = Stage::empty(160, 50, Look::default(), true);
    stage.send(Message::Fleet(Arc::new(fixtures::story())));
    stage.send_executions(fixtures::story_executions());
    for keys in ["", "<enter>", "?"] {
        let screen = stage.keys(keys).text();
        let footer = screen.lines().last().unwrap();
        for action in ACTIONS.iter().filter(|action| action.changes_the_world()) {
            assert!(!footer.contains(&format!("{} ", action.keys[0])), "{footer}");
            assert!(!screen.contains(action.help), "{}", action.name);
        }
    }
    shows(&mut stage, &["READ-ONLY"]);
    stage.keys("<esc>UPRAYKHy");
    assert!(
        stage
            .commands
            .iter()
            .all(|command| matches!(command, Command::Focus(_)))
    );
}

#[test]
fn the_footer_shows_only_keys_that_work() {
    let mut stage = on(ExecutionState::Failed);
    let shown: Vec<&str> = {
        let titles = stage.app.titles();
        ACTIONS
            .iter()
            .filter(|action| action.places.contains(&Place::Clusters) && action.changes_the_world())
            .filter_map(titles)
            .collect()
    };
    assert_eq!(shown, ["retry", "skip", "abort"]);
    let footer = stage.text().lines().last().unwrap().to_owned();
    assert!(
        footer.contains("R retry") && footer.contains("? help") && !footer.contains("U upgrade"),
        "{footer}"
    );
}

#[test]
fn leaving_while_driving_asks() {
    let mut stage = on(ExecutionState::Running);
    stage.keys("q");
    assert!(stage.commands.is_empty());
    shows(
        &mut stage,
        &["This cockpit drives the upgrade of pay-prod", "the plan then holds"],
    );
    stage.keys("<enter>");
    assert!(stage.commands.is_empty(), "Stay is the default");
    stage.keys("<ctrl-c>jj<enter>");
    assert_eq!(stage.commands, [Command::Quit]);
    let mut stage = on(ExecutionState::Paused);
    stage.keys("q");
    assert_eq!(stage.commands, [Command::Quit]);
}

#[test]
fn filter_and_sort_keep_the_selection() {
    let mut stage = stage();
    stage.keys("/web");
    shows(&mut stage, &["2 of 11 clusters", "web-prod", "web-test"]);
    assert!(!stage.text().contains("ops-prod"));
    stage.keys("<enter>jss");
    assert_eq!(stage.app.subject().unwrap().id.name(), "web-test");
    stage.keys("<esc>");
    shows(&mut stage, &["11 clusters", "ops-prod"]);
    assert_eq!(stage.app.subject().unwrap().id.name(), "web-test");
    stage.keys("/colour=red<enter>");
    shows(&mut stage, &["no field 'colour'", "No cluster matches the filter"]);
}

#[test]
fn a_problem_says_what_why_and_what_to_do() {
    let mut stage = stage();
    let problem = Problem::new(Exit::Refused, "shop-prod: Azure answered 409")
        .because("OperationNotAllowed: another operation is in progress")
        .try_this("look at the cluster, then try again");
    stage.send(Message::Started(Err(problem)));
    shows(
        &mut stage,
        &[
            "Azure answered 409",
            "because: OperationNotAllowed",
            "do: look at the cluster",
        ],
    );
    stage.keys("<enter>");
    shows(&mut stage, &["worst first"]);
}

#[test]
fn any_key_in_any_place_at_any_size_is_survived() {
    let keys = "jkhlgG<ctrl-d><ctrl-u><tab><shift-tab><space>vseed?<esc>y/x<enter><esc>UPRAYKH<esc>Ue<esc>12457tb+-<>pucU<esc><ctrl-s><esc>q<enter>";
    for (columns, rows) in [(1, 1), (59, 16), (60, 16), (80, 24), (250, 80)] {
        for fleet in [fixtures::story(), fixtures::fleet(Vec::new())] {
            let mut stage = Stage::with(columns, rows, fleet, fixtures::story_executions());
            for opening in ["", "<enter>", "<esc>", "<enter>", "<enter>", "?"] {
                stage.keys(opening);
                for key in crate::ui::keymap::keys_of(keys) {
                    stage.send(Message::Key(key.event()));
                    stage.draw();
                }
                stage.keys("<esc><esc>");
            }
        }
    }
}

#[test]
fn a_fleet_that_shrinks_under_an_open_screen_is_survived() {
    let mut stage = stage();
    stage.keys("<enter>");
    stage.send(Message::Fleet(Arc::new(fixtures::fleet(Vec::new()))));
    shows(&mut stage, &["no longer in the list"]);
    stage.keys("dUPAev<tab>j<esc><esc>");
    shows(&mut stage, &["No clusters here"]);
}

#[test]
fn escape_and_a_quick_key_are_two_keys() {
    let mut stage = stage();
    stage.keys("j<enter>");
    let quick = KeyEvent::new(KeyCode::Char('j'), KeyModifiers::ALT);
    stage.send(Message::Key(quick));
    shows(&mut stage, &["worst first", "› ops-prod"]);
}
