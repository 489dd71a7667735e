//! The plan editor and its questions as text.

use insta::assert_snapshot;

use crate::problem::{Exit, Problem};
use crate::ui::command::Ticket;
use crate::ui::drafting::Draft;
use crate::ui::fixtures::{self, Stage};
use crate::ui::message::{Message, Prepared};
use crate::ui::theme::{Colour, Look};

fn editor(columns: u16, rows: u16, name: &str, draft: Draft) -> Stage {
    let mut stage = Stage::with(columns, rows, fixtures::story(), Vec::new());
    stage.keys(&format!("/name={name}<enter>Ue"));
    stage.send(Message::Drafted(Ok(Box::new(draft))));
    stage
}

fn long(columns: u16, rows: u16) -> Stage {
    let draft = fixtures::draft(fixtures::long_plan("shop-prod"));
    editor(columns, rows, "shop-prod", draft)
}

#[test]
fn plan_at_three_sizes() {
    assert_snapshot!("plan_80x24", long(80, 24).keys("jjjjj").text());
    assert_snapshot!("plan_120x40", long(120, 40).keys("jj").text());
    assert_snapshot!("plan_200x60", long(200, 60).keys("jjjjj").text());
}

#[test]
fn plan_with_findings_differences_long_names_and_nothing() {
    let wrong = || fixtures::wrong_draft("shop-prod");
    assert_snapshot!(
        "plan_wrong_120x40",
        editor(120, 40, "shop-prod", wrong()).keys("G k").text()
    );
    assert_snapshot!(
        "plan_compare_200x60",
        editor(200, 60, "shop-prod", wrong()).keys("c").text()
    );
    let name = "analytics-platform-shared-production-westeurope-blue-01";
    let mut draft = fixtures::draft(fixtures::long_plan(name));
    draft.estimate.steps.truncate(4);
    draft.estimate.extra_vcpus = None;
    assert_snapshot!("plan_long_name_80x24", editor(80, 24, name, draft).text());
    let mut stage = Stage::with(80, 24, fixtures::story(), Vec::new());
    assert_snapshot!("plan_empty", stage.keys("/name=shop-prod<enter>4").text());
    let problem = Problem::new(Exit::NotFound, "shop-prod is not offered 1.35.0").try_this("choose another");
    let mut stage = Stage::with(80, 24, fixtures::story(), Vec::new());
    stage.keys("/name=shop-prod<enter>Ue");
    stage.send(Message::Drafted(Err(problem)));
    assert_snapshot!("plan_impossible", stage.text());
}

#[test]
fn plan_in_ascii_without_colour() {
    let look = Look {
        ascii: true,
        colour: Colour::None,
        ..Look::default()
    };
    let mut stage = Stage::empty(80, 24, look, false);
    stage.send(Message::Fleet(std::sync::Arc::new(fixtures::story())));
    stage.keys("/name=shop-prod<enter>Ue");
    stage.send(Message::Drafted(Ok(Box::new(fixtures::wrong_draft("shop-prod")))));
    let text = stage.text();
    assert!(text.is_ascii() && !stage.has_colour(), "{text}");
}

#[test]
fn plan_questions() {
    assert_snapshot!("add_gate_80x24", long(80, 24).keys("+").text());
    assert_snapshot!("add_wait_80x24", long(80, 24).keys("+j<enter>x<enter>").text());
    assert_snapshot!(
        "pool_settings_80x24",
        long(80, 24).keys("jj<enter><tab>lots<enter>").text()
    );
    assert_snapshot!("save_plan_80x24", long(80, 24).keys("<ctrl-s>").text());
    let mut stage = long(120, 40);
    stage.keys("U");
    let later = std::iter::repeat_n(None, 9);
    let requests = [None, Some(Ok(fixtures::request("shop-prod")))]
        .into_iter()
        .chain(later);
    let prepared = Prepared {
        plan: fixtures::long_plan("shop-prod"),
        requests: requests.collect(),
    };
    stage.send(Message::Prepared(Ticket(1), Ok(prepared)));
    assert_snapshot!("confirm_long_plan_120x40", stage.text());
}
