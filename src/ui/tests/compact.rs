//! The smallest layout: 40 by 12 cells, in which every screen and question still works.

use insta::assert_snapshot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::fixtures::{self, Stage};
use crate::ui::message::Message;

use super::preferences::settings;

fn story(columns: u16, rows: u16) -> Stage {
    Stage::with(columns, rows, fixtures::story(), fixtures::story_executions())
}

/// Keys from the overview to each screen and question that needs no answer from outside, and a word that must be seen.
const PLACES: [(&str, &str); 14] = [
    ("", "pay-prod"),
    ("/prod", "filter: prod"),
    ("/name=shop-prod<enter><enter>", "system"),
    ("<enter>", "user"),
    ("<enter>v", "vmss"),
    ("/name=shop-prod<enter>c", "Checks to"),
    ("<enter>x", "Why"),
    ("?", "Keys"),
    ("d", "Cluster pay-prod"),
    ("/name=shop-prod<enter>U", "Upgrade shop-prod"),
    ("/name=shop-prod<enter>U<enter>", "[ Cancel ]"),
    ("<enter>P", "Pause the upgrade"),
    ("<enter>P<enter>", "[ Cancel ]"),
    ("q", "Stay"),
];

#[test]
fn every_place_works_in_the_smallest_layouts() {
    for (columns, rows) in [(40, 12), (47, 14), (60, 16), (300, 12), (40, 100)] {
        for (keys, word) in PLACES {
            let text = story(columns, rows).keys(keys).text();
            assert!(text.contains(word), "{columns}x{rows} {keys}: no {word} in\n{text}");
            let footer = text.lines().last().unwrap();
            assert!(footer.contains("esc") || footer.contains("leave"), "{keys}\n{text}");
        }
    }
}

#[test]
fn a_cluster_with_its_own_colours_has_them_where_it_is_open() {
    let mut stage = story(80, 24);
    stage.send(Message::SettingsRead(Ok(Box::new(settings(
        "[look]\ntheme = 'dark'\n[[cluster]]\nmatch = 'pay-prod'\ntheme = 'light'",
    )))));
    let bar = |stage: &mut Stage| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
        stage.app.draw(buffer.area, &mut buffer);
        buffer[(40, 0)].bg
    };
    let usual = bar(&mut stage);
    assert_ne!(bar(stage.keys("<enter>")), usual);
    assert_eq!(bar(stage.keys("<esc><esc>/name=shop-prod<enter><enter>")), usual);
}

#[test]
fn every_choice_is_seen_when_it_is_marked() {
    for (keys, choices) in [
        ("/name=shop-prod<enter>U", ["› 1.34.2", "› 1.34.0", "› 1.35.0"]),
        ("<enter>P", ["› after this", "› at the next", "› now"]),
        ("q", ["› Stay", "› Keep driving", "› Leave"]),
    ] {
        let mut stage = story(40, 12);
        stage.keys(keys);
        for choice in choices {
            let text = stage.text();
            assert!(text.contains(choice), "no {choice} in\n{text}");
            stage.keys("j");
        }
    }
}

#[test]
fn the_smallest_layouts_as_text() {
    assert_snapshot!("clusters_40x12", story(40, 12).text());
    assert_snapshot!("nodes_40x12", story(40, 12).keys("<enter>").text());
    assert_snapshot!("confirm_pause_40x12", story(40, 12).keys("<enter>P<enter>").text());
    assert_snapshot!(
        "choose_upgrade_40x12",
        story(40, 12).keys("/name=shop-prod<enter>U").text()
    );
    assert_snapshot!("too_small_39x11", story(39, 11).text());
    assert_snapshot!("too_small_9x3", story(9, 3).text());
}
