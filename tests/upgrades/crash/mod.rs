//! Kills the real program right before and right after each kind of record it writes, and at random moments, and
//! starts it again: the same final world, every request sent once, nothing lost. Real processes, real SQLite, real
//! HTTP to a simulator in this process.
//!
//! Right before and right after every kind of record are points, taken from the first journey that comes by; records
//! of one transaction share theirs. `benches/kills.rs` takes every point of every journey, and 1,000 random moments.

mod estate;
mod journeys;
mod points;
mod run;

use std::collections::BTreeSet;

use aks_cockpit::engine::record::Record;
use points::{Case, Judged, Met, drills, judge_all, random_kills, undisturbed};

/// Every so many journeys one is also killed at a random moment; `benches/kills.rs` does many more.
const KILLED: usize = 5;

/// Times a point is gone to, until a process has ended there.
const ROUNDS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_around_any_record_changes_nothing_about_the_end() {
    let endings = undisturbed().await;
    let random = endings
        .iter()
        .step_by(KILLED)
        .flat_map(|(journey, ending)| random_kills(journey, ending, 1, 20_261_123));
    let mut judged = judge_all(random.collect()).await;
    // A journey does not come by every point each time: what was missed is gone to again.
    for _ in 0..ROUNDS {
        let mut wanted = points_left(&judged);
        let mut cases: Vec<Case<'_>> = endings
            .iter()
            .flat_map(|(journey, ending)| drills(journey, ending))
            .collect();
        // A journey that once came by a point by chance is not asked for it again before the others.
        cases.sort_by_key(|case| {
            let is_of = |judged: &&Judged| judged.journey == case.journey.name && judged.points == case.points();
            judged.iter().filter(is_of).count()
        });
        let now = cases
            .into_iter()
            .filter(|case| case.points().into_iter().filter(|point| wanted.remove(point)).count() > 0)
            .collect();
        judged.extend(judge_all(now).await);
    }
    let wrong: Vec<String> = judged.iter().filter_map(|judged| judged.wrong.clone()).collect();
    let (count, wrongs) = (judged.len(), wrong.len());
    let hits = judged.iter().filter(|judged| judged.hit_after.is_some()).count();
    assert!(
        wrong.is_empty(),
        "{wrongs} of {count} runs, {hits} of them with a crash, ended differently:\n\n{}",
        wrong.join("\n\n")
    );
    let never = points_left(&judged);
    assert!(never.is_empty(), "in no journey a process ended right {never:?}");
}

/// Right before and right after each kind of record, as far as no process has ended there.
fn points_left(judged: &[Judged]) -> BTreeSet<String> {
    let all = ["before", "after"]
        .into_iter()
        .flat_map(|moment| Record::KINDS.iter().map(move |kind| format!("{moment} {kind}")));
    all.filter(|point| !reached(judged, point)).collect()
}

fn reached(judged: &[Judged], point: &str) -> bool {
    judged
        .iter()
        .any(|judged| judged.met == Met::Point && judged.points.iter().any(|one| one == point))
}
