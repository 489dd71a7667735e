//! One test for each family of scenarios; all differences of a family are in one message.

use futures::StreamExt;
use futures::stream;

use aks_cockpit::simulator::scenario::Scenario;

use super::compare::differences;
use super::look::look;

/// Simulators that run at the same time.
const AT_ONCE: usize = 4;

async fn check(family: &str) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let scenarios: Vec<Scenario> = Scenario::of_family(family)
        .map(|name| Scenario::built_in(name).unwrap())
        .filter(|scenario| scenario.expected().is_some())
        .collect();
    assert!(!scenarios.is_empty(), "there is no family '{family}'");
    let looks = scenarios.iter().map(|scenario| async move {
        let expected = scenario.expected().unwrap();
        let diagnosis = look(scenario, expected).await;
        let found = differences(expected, &diagnosis);
        let told: Vec<String> = diagnosis
            .causes
            .iter()
            .map(|cause| format!("{}. {} ({})", cause.rank, cause.code, cause.confidence.as_str()))
            .collect();
        found
            .iter()
            .map(|difference| {
                format!(
                    "{:<28} {difference}\n{:<28} told: {}",
                    scenario.name,
                    "",
                    told.join(", ")
                )
            })
            .collect::<Vec<String>>()
    });
    let found: Vec<String> = stream::iter(looks).buffered(AT_ONCE).concat().await;
    assert!(
        found.is_empty(),
        "{} differences in {} scenarios of '{family}':\n\n{}\n",
        found.len(),
        scenarios.len(),
        found.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn healthy_upgrades_have_no_cause() {
    check("health").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drains() {
    check("drains").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leftovers() {
    check("leftovers").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn surge_nodes() {
    check("surge").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn machines() {
    check("machines").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals() {
    check("refusals").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pods() {
    check("pods").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_planes() {
    check("control").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_causes_at_once() {
    check("combined").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_names_words_and_sights() {
    check("variants").await;
}
