//! The screens as text: each state once, sizes where the layout changes.

use std::sync::Arc;

use insta::assert_snapshot;

use crate::domain::cluster::Cluster;
use crate::engine::view::ExecutionState;
use crate::inventory::snapshot::{ChangeAuthor, ClusterSnapshot, FleetSnapshot, SeenChange, SourceState, Sourced};
use crate::problem::{Exit, Problem};
use crate::progress::window::Fit;
use crate::ui::command::Command;
use crate::ui::fixtures::{self, Stage};
use crate::ui::message::{Message, Prepared};
use crate::ui::screens::clusters::ViewSpec;
use crate::ui::theme::{Colour, Look};

fn story(columns: u16, rows: u16) -> Stage {
    Stage::with(columns, rows, fixtures::story(), fixtures::story_executions())
}

fn list(state: SourceState) -> String {
    let fleet = FleetSnapshot {
        list_as_of: (state == SourceState::Fresh).then(fixtures::now),
        list: state,
        ..fixtures::fleet(Vec::new())
    };
    Stage::with(80, 24, fleet, Vec::new()).text()
}

fn one(change: impl FnOnce(&mut ClusterSnapshot)) -> Stage {
    let mut snapshot = fixtures::snapshot(fixtures::cluster("shop-prod", "1.33.5"));
    change(&mut snapshot);
    Stage::with(80, 24, fixtures::fleet(vec![snapshot]), Vec::new())
}

#[test]
fn clusters_at_three_sizes() {
    assert_snapshot!("clusters_80x24", story(80, 24).text());
    assert_snapshot!("clusters_120x40", story(120, 40).text());
    assert_snapshot!("clusters_200x60", story(200, 60).text());
}

#[test]
fn clusters_loading_empty_denied_failed_stale() {
    assert_snapshot!("clusters_loading", list(SourceState::Loading));
    assert_snapshot!("clusters_empty", list(SourceState::Fresh));
    let denied = SourceState::Denied {
        right: "Microsoft.ContainerService/managedClusters/read".to_owned(),
        why: "AuthorizationFailed: the client has no access to the scope".to_owned(),
    };
    assert_snapshot!("clusters_denied", list(denied));
    let why = "management.azure.com cannot be reached: connection refused".to_owned();
    assert_snapshot!("clusters_failed", list(SourceState::Failed { why: why.clone() }));
    let mut fleet = fixtures::story();
    fleet.list = SourceState::Stale { why };
    fleet.list_as_of = Some(fixtures::now() - jiff::SignedDuration::from_mins(5));
    fleet.list_findings = vec!["subscription 9999 could not be read: AuthorizationFailed".to_owned()];
    assert_snapshot!("clusters_stale", Stage::with(100, 24, fleet, Vec::new()).text());
}

#[test]
fn clusters_filtered_in_ascii_without_colour() {
    let look = Look {
        ascii: true,
        colour: Colour::None,
        ..Look::default()
    };
    let mut stage = Stage::empty(80, 24, look, true);
    stage.send(Message::Fleet(Arc::new(fixtures::story())));
    stage.send_executions(fixtures::story_executions());
    let text = stage.keys("/prod !web name=-").text();
    assert!(text.is_ascii(), "{text}");
    assert!(!stage.has_colour());
    assert_snapshot!("clusters_ascii", text);
}

#[test]
fn cluster_at_three_sizes() {
    let open = |columns: u16, rows: u16| {
        let mut stage = story(columns, rows);
        stage.keys("/name=shop-prod<enter><enter>");
        stage
    };
    assert_snapshot!("cluster_80x24", open(80, 24).text());
    assert_snapshot!("cluster_versions_80x24", open(80, 24).keys("<tab>").text());
    assert_snapshot!("cluster_120x40", open(120, 40).text());
    let mut stage = story(200, 60);
    assert_snapshot!(
        "cluster_running_200x60",
        stage.keys("/name=pay-prod<enter><enter><esc>").text()
    );
}

#[test]
fn cluster_failed_in_azures_words() {
    let mut stage = story(100, 30);
    stage.keys("/name=shop-test<enter><enter>");
    assert_snapshot!("cluster_failed", stage.text());
}

#[test]
fn cluster_with_sources_missing() {
    let failed = || SourceState::Failed {
        why: "reading the upgrade profiles: Azure answered 500".to_owned(),
    };
    let no_offers = |snapshot: &mut ClusterSnapshot| {
        snapshot.upgrades = Sourced {
            state: failed(),
            ..Sourced::default()
        };
    };
    assert_snapshot!("cluster_offers_failed", one(no_offers).keys("<enter><tab>").text());
    let unread = |snapshot: &mut ClusterSnapshot| {
        snapshot.cluster = Sourced::<Cluster> {
            state: SourceState::Loading,
            ..Sourced::default()
        };
    };
    assert_snapshot!("cluster_loading", one(unread).keys("<enter>").text());
}

#[test]
fn cluster_settings_windows_and_history() {
    let open = |panel: usize| {
        let snapshot = fixtures::rich(fixtures::cluster("shop-prod", "1.33.5"));
        let ended = fixtures::execution("shop-prod", ExecutionState::Succeeded);
        let mut stage = Stage::with(80, 30, fixtures::fleet(vec![snapshot]), vec![Arc::new(ended)]);
        stage.keys("2").keys(&"<tab>".repeat(panel));
        stage
    };
    assert_snapshot!("cluster_settings", open(3).text());
    assert_snapshot!("cluster_windows", open(4).text());
    let mut stage = open(5);
    let asked = stage
        .commands
        .iter()
        .filter(|one| matches!(one, Command::ReadChanges { .. }))
        .count();
    assert_eq!(asked, 1, "{:?}", stage.commands);
    let change = SeenChange {
        author: ChangeAuthor {
            caller: "bob@contoso.com".to_owned(),
            at: fixtures::now() - jiff::SignedDuration::from_hours(50),
            operation: "Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action"
                .to_owned(),
        },
        pool: Some("user".into()),
    };
    let id = fixtures::cluster("shop-prod", "1.33.5").id;
    let changes = Sourced {
        value: Some(Arc::new(vec![change])),
        as_of: Some(fixtures::now()),
        state: SourceState::Fresh,
    };
    stage.send(Message::ChangesRead(id, changes));
    assert_snapshot!("cluster_history", stage.text());
}

#[test]
fn a_view_is_a_value_that_can_be_set_again() {
    let mut stage = story(120, 40);
    let first = stage.app.overview.view_spec();
    assert_eq!(first, ViewSpec::default());
    stage.keys("ssi/prod<enter>");
    let kept = stage.app.overview.view_spec();
    assert_eq!(
        (kept.filter.as_str(), kept.sort.to_string().as_str(), kept.folded),
        ("prod", "-version", true)
    );
    let text = stage.text();
    assert!(
        text.contains("newest version first") && text.contains("Version ↓"),
        "{text}"
    );
    stage.app.overview.show(first);
    assert!(stage.text().contains("3 healthy clusters"), "{}", stage.text());
    stage.app.overview.show(kept);
    assert_eq!(stage.text(), text);
}

#[test]
fn healthy_clusters_are_one_line_until_somebody_wants_them() {
    let mut stage = story(80, 24);
    assert!(stage.keys("G").text().contains("› ✓ 3 healthy clusters"));
    assert!(stage.app.overview.selected().is_none());
    let text = stage.keys("<enter>").text();
    assert!(
        text.contains("web-prod") && !text.contains("healthy clusters"),
        "{text}"
    );
    assert!(stage.keys("z").text().contains("3 healthy clusters"));
    assert!(
        stage.keys("/web-prod<enter>").text().contains("web-prod"),
        "a filter shows them"
    );
}

#[test]
fn the_live_view_zooms() {
    let open = |columns: u16, rows: u16| {
        let mut stage = story(columns, rows);
        stage.keys("/name=pay-prod<enter><enter>");
        stage
    };
    assert_snapshot!("live_cards_120x40", open(120, 40).keys("zlj").text());
    let mut stage = open(120, 40);
    assert!(stage.keys("zz").text().contains("6 nodes done"), "{}", stage.text());
    assert!(stage.keys("s").text().contains("by name"), "{}", stage.text());
    assert!(stage.keys("zs").text().contains("Nodes by zone"), "{}", stage.text());
}

#[test]
fn live_at_three_sizes() {
    let open = |columns: u16, rows: u16| {
        let mut stage = story(columns, rows);
        stage.keys("/name=pay-prod<enter><enter>");
        stage
    };
    assert_snapshot!("live_80x24", open(80, 24).text());
    assert_snapshot!("live_table_120x40", open(120, 40).keys("v").text());
    assert_snapshot!("live_200x60", open(200, 60).text());
    assert_snapshot!("live_events_120x40", open(120, 40).keys("e").text());
}

#[test]
fn live_with_many_nodes() {
    assert_snapshot!("live_500_nodes_80x24", Stage::live_of(500, 80, 24).text());
    assert_snapshot!("live_5000_nodes_200x60", Stage::live_of(5000, 200, 60).text());
}

#[test]
fn live_without_the_kubernetes_api() {
    let denied = |snapshot: &mut ClusterSnapshot| {
        snapshot.kubernetes = SourceState::Denied {
            right: "list nodes at cluster scope".to_owned(),
            why: "nodes is forbidden: User anna cannot list resource nodes".to_owned(),
        };
    };
    assert_snapshot!("live_denied", one(denied).keys("<enter><enter>").text());
    let private = |snapshot: &mut ClusterSnapshot| {
        snapshot.kubernetes = SourceState::Unavailable {
            why: "the API server has a private address that cannot be reached from here".to_owned(),
        };
    };
    assert_snapshot!("live_unavailable", one(private).keys("<enter><enter>").text());
}

#[test]
fn questions() {
    let mut stage = story(80, 24);
    assert_snapshot!("choose_upgrade_80x24", stage.keys("/name=shop-prod<enter>U").text());
    let mut stage = story(120, 40);
    stage.keys("/name=shop-prod<enter>U<enter>");
    assert_snapshot!("confirm_preparing", stage.text());
    let answer = Prepared {
        plan: fixtures::plan("shop-prod"),
        requests: vec![
            Some(Ok(fixtures::request("shop-prod"))),
            Some(Ok(fixtures::request("shop-prod"))),
            Some(Err(Problem::new(
                Exit::Unexpected,
                "reading the pool user: Azure is throttling",
            ))),
        ],
    };
    let ticket = crate::ui::command::Ticket(1);
    stage.send(Message::Prepared(ticket, Ok(answer)));
    stage.answer_checks(fixtures::report());
    assert_snapshot!("confirm_start_120x40", stage.text());
    assert_snapshot!("confirm_bodies_120x40", stage.keys("d").text());
    let mut stage = story(80, 24);
    assert_snapshot!("choose_pause_80x24", stage.keys("/name=pay-prod<enter><enter>P").text());
    assert_snapshot!("confirm_pause_80x24", stage.keys("<enter>").text());
    let mut stage = story(80, 24);
    assert_snapshot!("leave_80x24", stage.keys("q").text());
}

#[test]
fn executions_say_what_is_effective() {
    let tell = |state: ExecutionState| {
        let is_failed = state == ExecutionState::Failed;
        let mut execution = fixtures::execution("pay-prod", state);
        execution.message = Some("No node boundary for 10 min; choose again with P.".to_owned());
        execution.driver = None;
        execution.leftovers = vec![crate::domain::ids::NodeName::new("aks-user-29871234-vmss000004")];
        let mut stage = Stage::with(100, 30, fixtures::story(), vec![Arc::new(execution)]);
        stage
            .keys("/name=pay-prod<enter><enter><esc>")
            .keys(if is_failed { "" } else { "<tab><tab>" })
            .text()
    };
    let depth = crate::engine::command::PauseDepth::NodeBoundary;
    assert_snapshot!("execution_pausing", tell(ExecutionState::Pausing { depth }));
    assert_snapshot!("execution_failed", tell(ExecutionState::Failed));
}

#[test]
fn help_and_details() {
    assert_snapshot!("help_100x50", story(100, 50).keys("?").text());
    assert_snapshot!("details_80x24", story(80, 24).keys("d").text());
    assert_snapshot!("too_small", story(50, 10).text());
}

#[test]
fn an_upgrade_that_does_not_fit_its_window() {
    let in_window = |minutes, fit| {
        one(|snapshot| {
            snapshot.live = Some(Arc::new(fixtures::picture_in_window(fixtures::now(), minutes, fit)));
            let cluster = snapshot.cluster.value.as_mut().map(Arc::make_mut);
            if let Some(pool) = cluster.and_then(|cluster| cluster.pools.last_mut()) {
                pool.provisioning_state = "Upgrading".into();
            }
        })
    };
    assert_snapshot!(
        "live_window_likely_80x24",
        in_window(20, Fit::LikelyNot).keys("<enter>n").text()
    );
    assert_snapshot!(
        "cluster_window_closed_80x24",
        in_window(-5, Fit::Closed).keys("<enter>").text()
    );
    let fits = in_window(60, Fit::Fits).keys("<enter>n").text();
    assert!(!fits.contains("window"), "{fits}");
}
