//! Settings in the cockpit: other keys, settings read again while it runs, views, protection, and what is remembered.

use std::sync::Arc;

use crate::config::file::{Surroundings, read};
use crate::config::settings::Settings;
use crate::engine::brief::brief;
use crate::engine::view::ExecutionState;
use crate::problem::{Exit, Problem};
use crate::ui::command::Command;
use crate::ui::fixtures::{self, Stage};
use crate::ui::message::Message;
use crate::ui::preferences::vocabulary;
use crate::ui::remembered::Remembered;

pub(super) fn settings(text: &str) -> Settings {
    let file = read(text, &vocabulary(), &Surroundings::default()).unwrap();
    Settings::new(Vec::new(), file)
}

fn stage() -> Stage {
    Stage::with(100, 40, fixtures::story(), fixtures::story_executions())
}

fn reload(stage: &mut Stage, text: &str) {
    stage.send(Message::SettingsRead(Ok(Box::new(settings(text)))));
}

#[track_caller]
fn shows(stage: &mut Stage, texts: &[&str]) {
    let screen = stage.text();
    for text in texts {
        assert!(screen.contains(text), "no '{text}' in\n{screen}");
    }
}

fn broken() -> Problem {
    Problem::new(Exit::Usage, "the settings file cannot be used")
        .because("line 3, column 1: there is no key 'thme'; did you mean 'look.theme'?")
        .try_this("mend the file")
}

#[test]
fn other_keys_work_and_are_shown_everywhere() {
    let mut stage = stage();
    reload(&mut stage, "[keys]\nwhy = ['w', 'f2']\nfilter = 'f'\n");
    shows(&mut stage, &["Settings taken over", "w why"]);
    assert!(!stage.keys("/").text().contains("filter:"));
    shows(stage.keys("f"), &["filter:"]);
    shows(stage.keys("<esc>?"), &["w f2 "]);
    shows(stage.keys("<esc><f2>"), &["Why"]);
}

#[test]
fn a_capital_can_be_another_capital() {
    let mut stage = stage();
    reload(&mut stage, "[keys]\nupgrade = 'X'\n");
    stage.keys("/name=shop-prod<enter>U");
    assert!(!stage.text().contains("Upgrade shop-prod"));
    shows(stage.keys("X"), &["Upgrade shop-prod"]);
}

#[test]
fn a_broken_file_changes_nothing_and_says_what_to_do() {
    let mut stage = stage();
    reload(&mut stage, "[keys]\nfilter = 'f2'\n");
    stage.send(Message::SettingsRead(Err(broken())));
    shows(
        &mut stage,
        &[
            "cannot be used",
            "because: line 3, column 1",
            "what was set before still holds",
            "do: mend the file",
        ],
    );
    stage.keys("<esc>");
    shows(&mut stage, &["f2 filter"]);
    shows(
        stage.keys("9"),
        &["line 3, column 1", "what was set before still holds"],
    );
    reload(&mut stage, "");
    let screen = stage.text();
    assert!(
        !screen.contains("line 3") && screen.contains("Settings taken over"),
        "{screen}"
    );
}

#[test]
fn a_question_is_never_covered_by_a_broken_file() {
    let mut stage = stage();
    stage.keys("/sho");
    stage.send(Message::SettingsRead(Err(broken())));
    shows(&mut stage, &["filter: sho", "the settings screen shows why"]);
}

#[test]
fn what_takes_a_new_start_is_said() {
    let mut stage = stage();
    reload(&mut stage, "cloud = 'china'\n");
    shows(&mut stage, &["Settings taken over; cloud takes a new start"]);
    reload(&mut stage, "cloud = 'china'\n");
    shows(&mut stage, &["nothing is different"]);
}

#[test]
fn the_settings_screen_shows_filters_and_explains() {
    let mut stage = stage();
    reload(
        &mut stage,
        "[look]\nascii = true\n[notify]\nwebhook = 'https://hooks.example.com/token'\n",
    );
    reload(&mut stage, "[notify]\nwebhook = 'https://hooks.example.com/token'\n");
    shows(stage.keys(","), &["Settings", "look.theme", "by the terminal"]);
    shows(
        stage.keys("/webhook<enter>"),
        &["notify.webhook ", "https://hooks.example.", "2 of "],
    );
    assert!(!stage.text().contains("/token"));
    shows(
        stage.keys("<enter>"),
        &[
            "variable",
            "AKS_COCKPIT_NOTIFY_WEBHOOK",
            "when the cockpit is started again",
        ],
    );
    stage.keys("<esc><ctrl-r>");
    assert_eq!(stage.commands.last(), Some(&Command::ReadSettings));
    let screen = stage.keys("<esc>").text();
    assert!(screen.contains("look.ascii"), "esc clears the filter first: {screen}");
    shows(stage.keys("<esc>"), &["worst first"]);
}

#[test]
fn views_follow_one_another() {
    let mut stage = stage();
    stage.keys("v");
    shows(&mut stage, &["No view is set"]);
    reload(
        &mut stage,
        "[[view]]\nname = 'stuck ones'\nfilter = 'state=stuck'\nsort = 'name'\n[[view]]\nname = 'web'\nfilter = 'web'\n",
    );
    shows(stage.keys("v"), &["View: stuck ones", "filter: state=stuck", "by name"]);
    shows(stage.keys("v"), &["View: web", "by name"]);
    shows(stage.keys("v"), &["All clusters", "worst first"]);
}

#[test]
fn patterns_give_a_contact_and_a_theme() {
    let running = fixtures::execution("pay-prod", ExecutionState::Running);
    let mut stage = Stage::with(100, 40, fixtures::story(), vec![Arc::new(running)]);
    reload(
        &mut stage,
        "[[cluster]]\nmatch = 'pay-*'\ncontact = 'team pay'\ntheme = 'monochrome'\n",
    );
    assert!(stage.has_colour());
    stage.keys("<enter>b");
    let Some(Command::Brief { execution, live }) = stage.commands.last().cloned() else {
        panic!("{:?}", stage.commands);
    };
    let brief = brief(&execution, live.as_deref(), fixtures::now());
    stage.send(Message::Briefed(execution.id.clone(), Box::new(brief)));
    shows(&mut stage, &["contact for pay-prod: team pay"]);
    stage.keys("<esc><esc>");
    shows(&mut stage, &["contact: team pay"]);
    assert!(
        !stage.has_colour(),
        "the pattern's theme holds while the cluster is on the screen"
    );
}

#[test]
fn sort_filter_and_selection_are_remembered() {
    let mut stage = stage();
    stage.commands.clear();
    stage.keys("s/prod<enter>j");
    stage.send(Message::Tick(fixtures::now()));
    let Some(Command::Remember(remembered)) = stage.commands.last().cloned() else {
        panic!("{:?}", stage.commands);
    };
    assert_eq!((remembered.sort.as_str(), remembered.filter.as_str()), ("name", "prod"));
    assert!(remembered.selected.is_some());
    let written = stage.commands.len();
    stage.send(Message::Tick(fixtures::now()));
    assert_eq!(stage.commands.len(), written, "nothing new is not written again");
    let mut next = self::stage();
    next.send(Message::Remembered(Ok(remembered)));
    shows(&mut next, &["filter: prod", "by name", "The filter of last time is on"]);
}

#[test]
fn leaving_writes_the_last_word_first() {
    let mut stage = Stage::with(100, 40, fixtures::story(), Vec::new());
    stage.keys("s<ctrl-c>");
    assert!(matches!(&stage.commands[..], [Command::Remember(_), Command::Quit]));
}

#[test]
fn a_broken_memory_is_a_note_and_nothing_more() {
    let mut stage = stage();
    stage.send(Message::Remembered(
        Err("What was remembered cannot be read".to_owned()),
    ));
    shows(&mut stage, &["What was remembered cannot be read", "worst first"]);
    stage.send(Message::Remembered(Ok(Box::new(Remembered {
        sort: "by the moon".to_owned(),
        selected: Some("gone".to_owned()),
        ..Remembered::default()
    }))));
    shows(&mut stage, &["worst first"]);
}
