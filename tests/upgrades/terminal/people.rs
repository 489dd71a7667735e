//! Several terminals on one upgrade: approvals from two of them, controls that change hands, a cockpit that is left.

use super::pty::Cockpit;
use super::world::{ADA, BOB, World};
use super::{assert_closes_with, confirm, line_with, start, start_newest};

/// Opens the cluster of the scenarios; once that is done, Azure's offers are there.
fn open_shop(cockpit: &mut Cockpit) {
    cockpit.wait_for("shop-prod");
    cockpit.press("<enter>");
    cockpit.wait_for("offered now");
}

/// Opens the upgrade that is driven elsewhere, which tells how it stands, and closes what it tells.
fn open_upgrade(cockpit: &mut Cockpit) {
    // Azure may tell of an upgrade before the journal does; whose it is, the journal knows.
    cockpit.wait_until("the upgrade and its journal", |screen| {
        line_with(screen, "shop-prod").is_some_and(|line| line.contains("upgrading")) && screen.contains("b brief")
    });
    cockpit.press("<enter>");
    close_brief(cockpit);
}

fn close_brief(cockpit: &mut Cockpit) {
    cockpit.wait_until("the brief", |screen| {
        screen.contains("Brief of") && screen.contains("shop-prod is running")
    });
    cockpit.press("<esc>");
    cockpit.wait_until("the brief closed", |screen| !screen.contains("Brief of"));
}

#[test]
fn three_hops_are_loaded_approved_from_two_terminals_stopped_by_a_smoke_test_and_finished() {
    let world = World::new("smoke", "300");
    let target = world.target(3);
    let plan = world.save_plan(&target);
    let mut ada = world.cockpit(ADA);
    open_shop(&mut ada);
    ada.press("4");
    ada.wait_for("ctrl-o");
    ada.press("<ctrl-o>");
    ada.wait_for("Load a plan");
    ada.press(&format!("{}<enter>", plan.display()));
    ada.wait_for("can be started");
    ada.press("U");
    ada.wait_for("What is sent to Azure");
    start(&mut ada);

    ada.wait_for("Y approve");
    world.must_run(BOB, &["approve", "last", "--reason", "staging is fine", "--yes"]);
    ada.wait_until("the first approval taken", |screen| !screen.contains("Y approve"));
    ada.wait_for("Y approve");
    ada.press("Y");
    ada.wait_for("You are ada@desk");
    ada.press("the team agrees<enter>");
    confirm(&mut ada);

    ada.wait_until("what the smoke test found, and what to do", |screen| {
        [
            "Paused",
            "node pool apps",
            "smoke test order failed",
            "do: repair the application",
        ]
        .iter()
        .all(|text| screen.contains(text))
    });
    ada.press("b");
    ada.wait_for("next: Repair the application, then resume it");
    ada.press("<esc>");
    world.repair_checkout();
    ada.press("P");
    confirm(&mut ada);
    ada.wait_for("ago: all 22 steps done");
    assert!(world.all_nodes_run(&target), "nodes were left behind");

    ada.press("t");
    ada.wait_for("records");
    for (key, reason, who) in [
        ("g", "staging is fine", "bob@laptop"),
        ("<ctrl-d><ctrl-d>", "the team agrees", "you"),
    ] {
        ada.press(key);
        ada.wait_until("who approved what", |screen| {
            line_with(screen, reason).is_some_and(|line| line.contains(who))
        });
    }
    ada.press("<ctrl-c>");
    assert_closes_with(ada, 0);
}

#[test]
fn the_controls_go_from_one_cockpit_to_another_and_one_drives_at_a_time() {
    let world = World::new("clean", "80");
    let target = world.target(1);
    let (mut ada, mut bob) = (world.cockpit(ADA), world.cockpit(BOB));
    open_shop(&mut ada);
    start_newest(&mut ada);
    open_upgrade(&mut bob);
    bob.wait_until("who drives, and where the nodes are heading", |screen| {
        screen.contains("driven by ada@desk") && screen.contains(&format!("ready · to {target}"))
    });
    bob.press("H");
    bob.wait_for("Ask for the controls");
    bob.press("<enter>");
    confirm(&mut bob);

    ada.wait_for("bob@laptop asks for the controls");
    ada.press("H");
    ada.wait_for("Hand-over of shop-prod to bob@laptop");
    confirm(&mut ada);
    // Who asked gets the controls without another key, and is told how it stands.
    close_brief(&mut bob);
    bob.wait_for("driven by you");
    ada.wait_for("driven by bob@laptop");

    for mut cockpit in [ada, bob] {
        cockpit.wait_for("ago: all 3 steps done");
        cockpit.press("<ctrl-c>");
        assert_closes_with(cockpit, 0);
    }
    assert!(world.all_nodes_run(&target), "nodes were left behind");
    let drivers = world.told(&["driverTaken", "driverLeft"]);
    let kinds: Vec<&str> = drivers.iter().filter_map(|entry| entry["kind"].as_str()).collect();
    assert_eq!(kinds[..3], ["driverTaken", "driverLeft", "driverTaken"], "{drivers:#?}");
    assert!(!kinds[3..].contains(&"driverTaken"), "{drivers:#?}");
    let intents = world.told(&["intent"]);
    assert_eq!(intents.len(), 3, "one for each step: {intents:#?}");
}

#[test]
fn an_upgrade_goes_on_without_its_cockpit_and_another_one_pauses_it() {
    let world = World::new("smoke", "60");
    let mut ada = world.cockpit(ADA);
    open_shop(&mut ada);
    start_newest(&mut ada);
    ada.press("<ctrl-c>");
    ada.wait_for("Keep driving in the background");
    ada.press("j<enter>");
    assert_closes_with(ada, 0);
    assert_eq!(world.in_background().len(), 1);

    let mut ada = world.cockpit(ADA);
    open_upgrade(&mut ada);
    ada.wait_for("driven by you, in another process");
    ada.press("P");
    ada.wait_for("Pause the upgrade");
    ada.press("jj<enter>");
    confirm(&mut ada);
    ada.wait_for("Paused for");
    ada.press("<ctrl-c>");
    assert_closes_with(ada, 0);
    assert_eq!(world.json(&["status", "last"])["executions"][0]["state"], "Paused");
    world.end_background();
}
