//! The real program killed at 1,000 random moments (SIGKILL), and started again each time: the same final world as
//! undisturbed, every request sent once, nothing lost, in every journey of `tests/upgrades/crash`.
//!
//! The moments come from a seed and are spread evenly between the first record and the end of each journey's
//! undisturbed run; kills that come when a run is over do not count. Told in the end: how many hit after which last
//! durable record. Takes about ten minutes on two cores. `AKS_COCKPIT_KILLS` and `AKS_COCKPIT_KILLS_SEED` give another
//! count and seed. With `AKS_COCKPIT_DRILL_ALL` and a debug build (`cargo bench --profile dev --bench kills`) also
//! every point of every journey is drilled first, some 600 more runs.

#![cfg(unix)]
#![expect(clippy::print_stdout, reason = "a measurement is told on stdout")]
#![expect(clippy::unwrap_used, reason = "a run that cannot be made ends in a panic")]

#[path = "../tests/upgrades/crash/estate.rs"]
mod estate;
#[path = "../tests/upgrades/crash/journeys.rs"]
mod journeys;
#[path = "../tests/upgrades/crash/points.rs"]
mod points;
mod report;
#[path = "../tests/upgrades/crash/run.rs"]
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use aks_cockpit::engine::record::Record;
use points::{Case, Judged, Met, drills, judge_all, random_kills, undisturbed};

#[tokio::main]
async fn main() {
    let (count, seed) = (
        setting("AKS_COCKPIT_KILLS", 1_000),
        setting("AKS_COCKPIT_KILLS_SEED", 7),
    );
    let begun = Instant::now();
    println!("machine: {}", report::machine());
    let endings = undisturbed().await;
    println!("journeys: {}, all undisturbed at first", endings.len());
    let mut wrong = Vec::new();
    if cfg!(debug_assertions) && std::env::var_os("AKS_COCKPIT_DRILL_ALL").is_some() {
        let cases: Vec<Case<'_>> = endings
            .iter()
            .flat_map(|(journey, ending)| drills(journey, ending))
            .collect();
        println!("drills: {} points", cases.len());
        let drilled = judge_all(cases).await;
        let met = drilled.iter().filter(|judged| judged.met == Met::Point);
        let reached: BTreeSet<&String> = met.flat_map(|judged| &judged.points).collect();
        let all = 2 * Record::KINDS.len();
        println!(
            "drills: right before or right after a kind of record {} of {all}",
            reached.len()
        );
        wrong.extend(drilled.into_iter().filter_map(|judged| judged.wrong));
    }
    let mut judged: Vec<Judged> = Vec::new();
    for round in 0.. {
        let met = judged.iter().filter(|judged| judged.met == Met::Point).count();
        let missing = usize::try_from(count).unwrap().saturating_sub(met);
        if missing == 0 {
            break;
        }
        let each = missing.div_ceil(endings.len());
        let cases = endings.iter().zip(0..).flat_map(|((journey, ending), place)| {
            random_kills(journey, ending, each, seed + 1_000_003 * round + place)
        });
        judged.extend(judge_all(cases.collect()).await);
    }
    let mut hits: BTreeMap<String, u32> = BTreeMap::new();
    for hit in judged.iter().filter_map(|judged| judged.hit_after.clone()) {
        *hits.entry(hit).or_default() += 1;
    }
    let met = judged.iter().filter(|judged| judged.met == Met::Point);
    let journeys: BTreeSet<&str> = met.map(|judged| judged.journey).collect();
    println!(
        "kills: {} runs with seed {seed}, of which {} were killed on the way, in {} journeys",
        judged.len(),
        hits.values().sum::<u32>(),
        journeys.len()
    );
    for (kind, count) in &hits {
        println!("  {count:>5} after {kind}");
    }
    wrong.extend(judged.iter().filter_map(|judged| judged.wrong.clone()));
    println!(
        "ended differently: {}, after {:.0} s",
        wrong.len(),
        begun.elapsed().as_secs_f64()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}
