//! Before the button, and when it goes wrong: the cause from a cold start, checks before a start, a page, a guide.

use super::pty::Cockpit;
use super::{assert_closes_with, line_with, select, start};

/// Types keys, and counts them.
struct Counted {
    cockpit: Cockpit,
    keys: usize,
}

impl Counted {
    fn press(&mut self, key: &str) {
        self.keys += 1;
        self.cockpit.press(key);
    }
}

#[test]
fn two_keys_are_enough_from_a_cold_start_to_the_cause_of_a_stuck_upgrade_and_its_evidence() {
    for (columns, rows) in [(80, 24), (200, 60)] {
        let mut person = Counted {
            cockpit: Cockpit::start(&["demo"], columns, rows),
            keys: 0,
        };
        person
            .cockpit
            .wait_until("the upgrade that somebody else began, stuck, on top", |screen| {
                let mut lines = screen.lines();
                lines.any(|line| line.starts_with('›') && line.contains("shop-prod") && line.contains("stuck"))
            });
        person.press("x");
        let why = person.cockpit.wait_until("the cause and its evidence", |screen| {
            screen.contains("confirmed") && screen.contains("Evidence") && screen.contains("disruptionsAllowed")
        });
        assert!(
            why.contains("checkout-pdb") && why.contains("A disruption budget"),
            "{why}"
        );
        assert!(person.keys <= 2, "{} keys", person.keys);
        person.cockpit.press("<enter>");
        person.cockpit.wait_for("Why");
        person.cockpit.press("<ctrl-c>");
        assert_closes_with(person.cockpit, 0);
    }
}

#[test]
fn the_checks_are_shown_before_a_start_and_read_page_by_page() {
    let mut cockpit = Cockpit::start(&["demo", "--scenario", "clean"], 120, 40);
    cockpit.wait_for("shop-prod");
    cockpit.press("c");
    let checks = cockpit.wait_until("the findings", |screen| {
        screen.contains("Checks to 1.") && screen.contains("What") && !screen.contains("checks are made from it")
    });
    assert!(checks.contains("Result"), "{checks}");
    cockpit.press("<enter>");
    cockpit.wait_for("Rule");
    cockpit.press("<esc>");
    cockpit.wait_for("Checks to 1.");
    cockpit.press("U");
    cockpit.wait_for("Where to go");
    cockpit.press("<enter>");
    start(&mut cockpit);
    cockpit.wait_for("step 1 of");
    cockpit.press("<ctrl-c>");
    cockpit.wait_for("Keep driving");
    cockpit.press("jj<enter>");
    assert_closes_with(cockpit, 0);
}

#[test]
fn read_only_shows_the_cause_and_no_key_that_mends() {
    let mut cockpit = Cockpit::start(&["demo", "--read-only"], 120, 40);
    cockpit.wait_until("the stuck cluster", |screen| {
        line_with(screen, "shop-prod").is_some_and(|line| line.contains("stuck"))
    });
    select(&mut cockpit, "shop-prod");
    cockpit.press("x");
    let why = cockpit.wait_for("Remedies, safest first");
    assert!(!why.contains("M does it") && !why.contains("M mend"), "{why}");
    cockpit.press("<ctrl-c>");
    assert_closes_with(cockpit, 0);
}
