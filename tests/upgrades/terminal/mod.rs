//! The cockpit in a real terminal, by keys alone: find what is stuck, and take an upgrade through its whole life.

mod people;
mod pty;
mod trouble;
mod world;

use pty::Cockpit;

/// The line of the screen that contains `text`.
fn line_with<'a>(screen: &'a str, text: &str) -> Option<&'a str> {
    screen.lines().find(|line| line.contains(text))
}

fn assert_closes_with(cockpit: Cockpit, code: u32) {
    assert_eq!(cockpit.wait_for_exit().exit_code(), code);
}

/// Selects a cluster in the overview by its filter.
fn select(cockpit: &mut Cockpit, name: &str) {
    cockpit.press("/");
    cockpit.wait_for("keep filter");
    cockpit.press(name);
    cockpit.wait_until("the filter's result", |screen| screen.contains("1 of 12"));
    cockpit.press("<enter>");
    cockpit.wait_until("the filter kept", |screen| !screen.contains("keep filter"));
}

#[test]
fn the_stuck_cluster_and_what_holds_it_are_two_keys_away() {
    for (columns, rows) in [(80, 24), (200, 60)] {
        let mut cockpit = Cockpit::start(&["demo"], columns, rows);
        let overview = cockpit.wait_until("the stuck cluster and its budget", |screen| {
            line_with(screen, "shop-prod").is_some_and(|line| line.contains("stuck"))
        });
        assert!(overview.contains("1 upgrade is stuck"), "{overview}");
        select(&mut cockpit, "shop-prod");
        cockpit.press("<enter>");
        let nodes = cockpit.wait_until("the pod and the budget", |screen| {
            screen.contains("checkout-pdb") && screen.contains("shop/checkout-")
        });
        assert!(nodes.contains("stuck"), "{nodes}");
        cockpit.press("<ctrl-c>");
        assert_closes_with(cockpit, 0);
    }
}

#[test]
fn an_upgrade_is_started_paused_at_each_depth_resumed_and_finished() {
    let mut cockpit = Cockpit::start(&["demo", "--speed", "60"], 120, 40);
    cockpit.wait_for("pay-stage");
    select(&mut cockpit, "pay-stage");
    cockpit.press("<enter>");
    cockpit.wait_for("offered now");
    start_newest(&mut cockpit);

    // The control plane has no nodes: the pause takes hold after the step.
    pause(&mut cockpit, 0);
    cockpit.wait_for("Paused");
    resume(&mut cockpit);

    // Every pool of two nodes passes through its phases.
    cockpit.wait_until("a node at work", |screen| {
        ["draining", "reimaging", "joining"]
            .iter()
            .any(|phase| screen.contains(phase))
    });
    pause(&mut cockpit, 1);
    cockpit.wait_for("Paused");
    resume(&mut cockpit);

    cockpit.wait_until("a node at work again", |screen| {
        ["draining", "reimaging", "joining", "surge"]
            .iter()
            .any(|phase| screen.contains(phase))
    });
    pause(&mut cockpit, 2);
    cockpit.wait_for("Paused");
    resume(&mut cockpit);

    cockpit.wait_until("the end", |screen| {
        screen.contains("4 upgraded") && !screen.contains("Running")
    });
    cockpit.press("<ctrl-c>");
    assert_closes_with(cockpit, 0);
}

#[test]
fn a_failed_upgrade_is_retried_and_aborted() {
    let mut cockpit = Cockpit::start(&["demo", "--scenario", "quota", "--speed", "100"], 120, 40);
    cockpit.wait_for("shop-prod");
    cockpit.press("<enter>");
    cockpit.wait_for("offered now");
    start_newest(&mut cockpit);
    // Azure's word and the engine's come one after the other; the key works with the engine's.
    let failed = cockpit.wait_for("R retry");
    assert!(failed.to_lowercase().contains("quota"), "{failed}");
    cockpit.press("R");
    confirm(&mut cockpit);
    cockpit.wait_until("the second attempt failed", |screen| {
        screen.contains("attempt 2") && screen.contains("R retry")
    });
    cockpit.press("A");
    confirm(&mut cockpit);
    cockpit.wait_for("Aborted");
    cockpit.press("<ctrl-c>");
    assert_closes_with(cockpit, 0);
}

#[test]
fn a_plan_is_edited_held_by_an_approval_and_goes_on_with_a_yes() {
    let mut cockpit = Cockpit::start(&["demo", "--scenario", "smoke", "--speed", "100"], 120, 40);
    cockpit.wait_for("shop-prod");
    cockpit.press("<enter>");
    cockpit.wait_for("offered now");
    cockpit.press("U");
    // Over several hops: the way is told before anything is planned.
    cockpit.wait_for("via 1.");
    cockpit.press("e");
    cockpit.wait_for("can be started");
    cockpit.press("+");
    cockpit.wait_for("A gate behind control-plane");
    cockpit.press("<enter>");
    cockpit.wait_for("Question");
    cockpit.press("Really?<enter>");
    cockpit.wait_for("1 change not saved");
    cockpit.press("U");
    let question = cockpit.wait_for("sends nothing to Azure");
    assert!(question.contains("PUT"), "{question}");
    start(&mut cockpit);
    cockpit.wait_until("the approval", |screen| {
        screen.contains("Y approve") && screen.contains("Really?")
    });
    cockpit.press("Y");
    cockpit.wait_for("You are");
    cockpit.press("checked<enter>");
    confirm(&mut cockpit);
    cockpit.wait_for("step 3 of");
    cockpit.press("t");
    cockpit.wait_until("the approval in the timeline", |screen| {
        line_with(screen, "checked").is_some_and(|line| line.contains("you"))
    });
    cockpit.press("<ctrl-c>");
    cockpit.wait_for("Keep driving in the background: not possible");
    cockpit.press("jj<enter>");
    assert_closes_with(cockpit, 0);
}

#[test]
fn what_somebody_else_started_says_whose_it_is_before_it_is_stopped() {
    let mut cockpit = Cockpit::start(&["demo"], 120, 40);
    cockpit.wait_until("the stuck cluster", |screen| {
        line_with(screen, "shop-prod").is_some_and(|line| line.contains("stuck"))
    });
    select(&mut cockpit, "shop-prod");
    cockpit.press("<enter>");
    cockpit.wait_for("checkout-pdb");
    cockpit.press("A");
    let question = cockpit.wait_for("/abort");
    assert!(
        question.contains("started this") && question.contains("adopt it"),
        "{question}"
    );
    cockpit.press("<esc>");
    cockpit.wait_until("nothing was adopted", |screen| !screen.contains("driven by"));
    cockpit.press("<ctrl-c>");
    assert_closes_with(cockpit, 0);
}

/// Plans the newest version on offer and says yes.
fn start_newest(cockpit: &mut Cockpit) {
    cockpit.press("U");
    cockpit.wait_for("Where to go");
    cockpit.press("<enter>");
    let request = cockpit.wait_for("What is sent to Azure");
    assert!(request.contains("PUT") || cockpit.wait_for("PUT").contains("PUT"));
    start(cockpit);
    cockpit.wait_for("step 1 of");
}

/// Says yes to a start once its checks were made, with a reason where they name blockers.
fn start(cockpit: &mut Cockpit) {
    cockpit.wait_until("what the checks say", |screen| {
        screen.contains("What the checks say") && screen.contains(" passed")
    });
    confirm(cockpit);
    let next = cockpit.wait_until("the nodes, or a reason to be given", |screen| {
        screen.contains("start anyway") || screen.contains("› nodes")
    });
    if next.contains("start anyway") {
        cockpit.press("a test goes on<enter>");
    }
}

/// Cancel is the default, so yes takes two keys; there is no yes before the request is shown.
fn confirm(cockpit: &mut Cockpit) {
    cockpit.wait_until("a question that can be answered", |screen| {
        screen.contains("[ Cancel ]") && screen.contains("yes, do it")
    });
    cockpit.press("<tab>");
    cockpit.wait_until("yes is chosen", |screen| !screen.contains("[ Cancel ]"));
    cockpit.press("<enter>");
}

/// Asks for a pause at a depth: 0 after the step, 1 at a node boundary, 2 now.
fn pause(cockpit: &mut Cockpit, depth: usize) {
    cockpit.press("P");
    cockpit.wait_for("Pause the upgrade");
    cockpit.press(&"j".repeat(depth));
    cockpit.press("<enter>");
    confirm(cockpit);
}

fn resume(cockpit: &mut Cockpit) {
    cockpit.press("P");
    confirm(cockpit);
    cockpit.wait_until("running again", |screen| screen.contains("Running"));
}

#[test]
fn every_size_is_drawn_or_says_what_it_needs() {
    let mut cockpit = Cockpit::start(&["demo"], 250, 80);
    cockpit.wait_for("shop-prod");
    for (columns, rows) in [(80, 24), (120, 40), (61, 17), (200, 60)] {
        cockpit.resize(columns, rows);
        cockpit.wait_until("the overview", |screen| {
            screen.contains("clusters") && screen.contains("shop-prod")
        });
    }
    cockpit.resize(40, 10);
    cockpit.wait_for("needs");
    cockpit.resize(100, 30);
    cockpit.wait_for("shop-prod");
    cockpit.press("q");
    assert_closes_with(cockpit, 0);
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for signal in ["-TERM", "-HUP", "-INT"] {
        let cockpit = Cockpit::start(&["demo"], 100, 30);
        cockpit.wait_for("shop-prod");
        cockpit.signal(signal);
        // That the terminal is as before is checked by waiting for the exit.
        assert_closes_with(cockpit, 130);
    }
}

#[test]
fn read_only_shows_no_key_that_changes_anything() {
    let mut cockpit = Cockpit::start(&["demo", "--read-only"], 160, 40);
    let screen = cockpit.wait_for("shop-prod");
    assert!(screen.contains("READ-ONLY"), "{screen}");
    assert!(!screen.contains("U upgrade"), "{screen}");
    cockpit.press("q");
    assert_closes_with(cockpit, 0);
}
