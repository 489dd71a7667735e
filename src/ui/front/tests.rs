//! A part that panics leaves a panel, and a cockpit that goes on.

use std::num::NonZeroU16;

use super::*;
use crate::ui::fixtures::{self, Stage};
use crate::ui::keymap::keys_of;

fn front(columns: u16, rows: u16) -> Front<Vec<u8>> {
    let stage = Stage::with(columns, rows, fixtures::story(), fixtures::story_executions());
    Front::new(stage.app, Vec::new())
}

fn press(front: &mut Front<Vec<u8>>, keys: &str) -> Vec<Command> {
    let events = keys_of(keys).into_iter().map(|key| Message::Key(key.event()));
    events.flat_map(|key| front.tell(key)).collect()
}

/// What a terminal shows after all that was written.
fn shown(front: &mut Front<Vec<u8>>) -> String {
    front.draw().unwrap();
    let (columns, rows) = front.app.size;
    let size = |number: u16| NonZeroU16::new(number).unwrap();
    let mut parser = vt100::Parser::new(size(rows), size(columns), 0);
    parser.process(front.canvas.out());
    parser.screen().contents()
}

#[test]
fn a_screen_that_panics_leaves_a_panel_and_esc_goes_on_below_it() {
    let mut front = front(80, 24);
    press(&mut front, "<enter>");
    assert!(shown(&mut front).contains("nodes"));
    front.draw_by(|_, _, _| panic!("no row 7")).unwrap();
    let panel = shown(&mut front);
    assert!(
        panel.contains("This screen broke") && panel.contains("no row 7"),
        "{panel}"
    );
    press(&mut front, "<esc>");
    let below = shown(&mut front);
    assert!(!below.contains("broke") && below.contains("pay-prod"), "{below}");
    press(&mut front, "<enter>");
    assert!(shown(&mut front).contains("nodes"), "the screen can be opened again");
}

#[test]
fn an_update_that_panics_leaves_a_panel_and_the_overview_begins_anew() {
    for (columns, rows) in [(80, 24), (40, 12), (20, 5)] {
        let mut front = front(columns, rows);
        assert!(front.tell_by(|_| panic!("what came in was odd")).is_empty());
        let panel = shown(&mut front);
        assert!(panel.contains("broke"), "{panel}");
        assert!(press(&mut front, "j").is_empty());
        assert!(!shown(&mut front).contains("broke"));
    }
}

#[test]
fn a_broken_cockpit_can_be_left() {
    let mut front = front(80, 24);
    front.tell_by(|_| panic!("odd"));
    press(&mut front, "<ctrl-c>");
    let question = shown(&mut front);
    assert!(
        question.contains("Leave"),
        "an upgrade is driven from here:\n{question}"
    );
}

#[test]
fn ticks_that_change_nothing_visible_write_nothing() {
    let mut front = Front::new(
        Stage::with(80, 24, fixtures::fleet(Vec::new()), Vec::new()).app,
        Vec::new(),
    );
    assert!(front.draw().unwrap() > 0);
    for _ in 0..5 {
        front.tell(Message::Tick(fixtures::now()));
        assert_eq!(front.draw().unwrap(), 0);
    }
}

#[test]
fn resize_storms_end_in_the_last_size() {
    let mut front = front(80, 24);
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..500 {
        let size = (random.u16(1..=300), random.u16(1..=100));
        front.tell(Message::Resized(size.0, size.1));
        front.draw().unwrap();
        front.canvas.out().clear();
    }
    front.tell(Message::Resized(80, 24));
    assert!(shown(&mut front).contains("pay-prod"));
    assert!(front.app.fault.is_none());
}
