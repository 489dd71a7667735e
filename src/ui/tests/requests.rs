//! The requests of the session: what is shown, what stands out, and that the selection stays while others come.

use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;
use jiff::SignedDuration;

use crate::requests::entry::{Entry, Kind, Outcome, Sent};
use crate::requests::log::Picture;
use crate::requests::totals::Tally;
use crate::ui::command::Command;
use crate::ui::fixtures::{self, Stage};
use crate::ui::message::Message;

fn entry(number: u64, kind: Kind, path: &str, why: &str, outcome: Outcome) -> Entry {
    let is_azure = kind.is_azure();
    Entry {
        number,
        at: fixtures::now() - SignedDuration::from_secs(66 - 4 * i64::try_from(number).unwrap()),
        request: Sent {
            kind,
            method: "GET",
            server: if is_azure {
                "https://management.azure.com"
            } else {
                "https://10.0.0.1:443"
            }
            .to_owned(),
            name: (!is_azure).then(|| "pay-prod".to_owned()),
            path: path.to_owned(),
            query: if is_azure {
                "api-version=2026-08-01"
            } else {
                "limit=500"
            }
            .to_owned(),
            is_whole: true,
            why: why.to_owned(),
            attempt: 1,
            sent: 0,
            request_id: None,
        },
        outcome,
        took: Duration::from_millis(40 * number),
        received: 1_500 * number,
        request_id: is_azure.then(|| format!("5f0c2c3e-0000-4000-8000-{number:012}")),
        headers: Vec::new(),
        error: None,
    }
}

fn picture(more: u64) -> Picture {
    let ok = || Outcome::Answered { status: 200 };
    let cluster =
        "/subscriptions/0a1/resourceGroups/rg-pay/providers/Microsoft.ContainerService/managedClusters/pay-prod";
    let mut entries = vec![
        entry(1, Kind::AzureRead, "/subscriptions", "list the subscriptions", ok()),
        entry(
            2,
            Kind::KubernetesWatch,
            "/api/v1/nodes",
            "watch nodes",
            Outcome::Open { status: Some(200) },
        ),
        entry(
            3,
            Kind::AzureRead,
            cluster,
            "read cluster pay-prod",
            Outcome::Answered { status: 429 },
        ),
        entry(
            4,
            Kind::AzureRead,
            cluster,
            "read cluster pay-prod",
            Outcome::Throttled {
                wait: Duration::from_secs(17),
            },
        ),
        entry(5, Kind::AzureRead, cluster, "read cluster pay-prod", ok()),
        entry(
            6,
            Kind::KubernetesRead,
            "/apis/policy/v1/poddisruptionbudgets",
            "list poddisruptionbudgets",
            Outcome::Answered { status: 403 },
        ),
        entry(7, Kind::AzureChange, cluster, "upgrade node pool user", ok()),
        entry(
            8,
            Kind::KubernetesRead,
            "/version",
            "read /version",
            Outcome::Failed {
                why: "connection refused".to_owned(),
            },
        ),
    ];
    entries[1].took = Duration::from_mins(12);
    entries[4].took = Duration::from_millis(2_300);
    entries[4].headers = vec![
        (
            "x-ms-ratelimit-remaining-subscription-reads".to_owned(),
            "11987".to_owned(),
        ),
        (
            "x-ms-correlation-request-id".to_owned(),
            "c0ffee00-0000-4000-8000-000000000005".to_owned(),
        ),
    ];
    entries[5].error = Some("{\"kind\":\"Status\",\"message\":\"poddisruptionbudgets is forbidden\"}".to_owned());
    entries[6].request.method = "PUT";
    for number in 0..more {
        entries.push(entry(
            9 + number,
            Kind::KubernetesRead,
            "/api/v1/pods",
            "list pods",
            ok(),
        ));
    }
    Picture {
        entries: entries.into_iter().rev().map(Arc::new).collect(),
        tally: Tally {
            requests: 1_240,
            errors: 3,
            throttled: 2,
            slow: 1,
            received: 4_200_000,
            slowest: Duration::from_millis(2_300),
        },
    }
}

fn stage(columns: u16, rows: u16, keys: &str) -> Stage {
    let mut stage = Stage::with(columns, rows, fixtures::story(), fixtures::story_executions());
    stage.keys("@").send(Message::Requests(Arc::new(picture(0))));
    stage.keys(keys);
    stage
}

#[test]
fn requests_at_two_sizes_and_with_details() {
    assert_snapshot!("requests_80x24", stage(80, 24, "").text());
    assert_snapshot!("requests_200x60", stage(200, 60, "").text());
    assert_snapshot!("requests_details_80x24", stage(80, 24, "jjj<enter>").text());
    assert_snapshot!(
        "requests_worst_filtered_120x40",
        stage(120, 40, "s/!state=open<enter>").text()
    );
}

#[test]
fn the_log_is_looked_at_while_it_is_on_the_screen() {
    let mut stage = Stage::with(80, 24, fixtures::story(), Vec::new());
    let looks = |stage: &Stage| {
        let is_look = |command: &&Command| matches!(command, Command::ReadRequests);
        stage.commands.iter().filter(is_look).count()
    };
    stage.send(Message::Tick(fixtures::now()));
    assert_eq!(looks(&stage), 0);
    stage.keys("8");
    assert!(stage.text().contains("Looking at the log of requests"));
    stage.send(Message::Tick(fixtures::now()));
    assert_eq!(looks(&stage), 2);
    stage.keys("<esc>").send(Message::Tick(fixtures::now()));
    assert_eq!(looks(&stage), 2);
}

#[test]
fn the_selection_stays_on_its_request() {
    let mut stage = stage(80, 24, "jj");
    let selected = |stage: &mut Stage| {
        stage
            .text()
            .lines()
            .find(|line| line.starts_with('›'))
            .unwrap()
            .to_owned()
    };
    let before = selected(&mut stage);
    assert!(before.contains("403"), "{before}");
    stage.send(Message::Requests(Arc::new(picture(30))));
    assert_eq!(selected(&mut stage), before);
    // Without a selection the newest is in front.
    stage.keys("g");
    assert!(selected(&mut stage).contains("list pods"));
    stage.send(Message::Requests(Arc::new(picture(3))));
    assert!(selected(&mut stage).contains("list pods"));
    // The ring has lost what was selected: the next older one takes its place.
    stage.keys("jjjjj");
    let mut shorter = picture(0);
    shorter.entries.retain(|entry| entry.number < 6);
    stage.send(Message::Requests(Arc::new(shorter)));
    assert!(selected(&mut stage).contains("200 slow"), "{}", stage.text());
}

#[test]
fn a_read_can_be_copied_as_a_command_and_a_change_cannot() {
    let stage = stage(80, 24, "jjo");
    let copied = stage.commands.iter().rev().find_map(|command| match command {
        Command::Copy(text) => Some(text.clone()),
        _ => None,
    });
    assert_eq!(
        copied.as_deref(),
        Some("kubectl --context pay-prod get --raw '/apis/policy/v1/poddisruptionbudgets?limit=500'")
    );
    let mut stage = self::stage(80, 24, "jo");
    assert!(!stage.commands.iter().any(|command| matches!(command, Command::Copy(_))));
    assert!(stage.text().contains("only reads can be made again by hand"));
}

#[test]
fn the_way_in_and_out_keeps_what_was_open() {
    let mut stage = stage(80, 24, "<esc><enter>@");
    assert!(stage.text().contains("requests"));
    stage.keys("?8");
    assert!(stage.text().contains("last minute"), "help was on top of it");
    stage.keys("<esc>");
    assert!(!stage.text().contains("last minute"));
    stage.keys("@1");
    assert!(stage.text().starts_with(" aks-cockpit · simulated  clusters"));
}
