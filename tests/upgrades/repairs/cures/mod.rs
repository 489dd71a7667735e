//! Remedies that cure: after them the upgrade that was stuck, had failed or was refused goes on to its end, and the undo
//! leaves what was repaired as it was. Without them it does not come to its end.

mod cases;
mod journey;
mod kept;
mod look;

use std::collections::BTreeSet;

use aks_cockpit::remedy::library::library;
use futures::StreamExt;
use futures::stream;
use journey::Case;

/// Simulators that run at the same time in one test.
const AT_ONCE: usize = 3;

/// Automatable remedies that by their nature bring no upgrade to its end, and why.
const END_NOTHING: [(&str, &str); 1] = [(
    "abort",
    "it stops what runs; its undo sends the same upgrade again, which `an_abort_is_taken_back_by_the_upgrade_itself` follows",
)];

async fn all_cure(cases: &[Case]) {
    let mut without = BTreeSet::new();
    let runs = cases.iter().map(|case| {
        // Several remedies of one cause need only one look at what comes without them.
        let is_new = without.insert((case.scenario, case.cause, format!("{:?}", case.then)));
        async move {
            let mut found: Vec<String> = Box::pin(case.run()).await.err().into_iter().collect();
            if is_new {
                found.extend(case.run_without().await.err());
            }
            let place = format!("{} in {}", case.remedy, case.scenario);
            found
                .iter()
                .map(|why| format!("{place}: {why}"))
                .collect::<Vec<String>>()
        }
    });
    let found: Vec<String> = stream::iter(runs).buffer_unordered(AT_ONCE).concat().await;
    assert!(
        found.is_empty(),
        "{} complaints:\n\n{}\n",
        found.len(),
        found.join("\n")
    );
}

#[tokio::test]
async fn remedies_of_objects_cure() {
    all_cure(cases::OBJECTS).await;
}

#[tokio::test]
async fn remedies_of_pools_cure() {
    all_cure(cases::POOLS).await;
}

#[tokio::test]
async fn remedies_of_clusters_cure() {
    all_cure(cases::CLUSTERS).await;
}

#[test]
fn every_automatable_remedy_is_tested() {
    let automatable: BTreeSet<&str> = library()
        .iter()
        .filter(|remedy| remedy.automatable)
        .map(|remedy| remedy.id.as_str())
        .collect();
    let cases = [cases::OBJECTS, cases::POOLS, cases::CLUSTERS];
    let cured = cases.into_iter().flatten().map(|case| case.remedy);
    let tested: BTreeSet<&str> = cured.chain(END_NOTHING.map(|(remedy, _)| remedy)).collect();
    assert_eq!(tested, automatable);
}

#[tokio::test]
async fn an_abort_is_taken_back_by_the_upgrade_itself() {
    journey::abort_and_take_back().await.unwrap();
}

#[tokio::test]
async fn an_upgrade_that_was_run_again_can_be_aborted() {
    journey::retry_and_take_back().await.unwrap();
}
