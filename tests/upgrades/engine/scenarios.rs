//! Everything that goes wrong has a scenario of its own: the upgrade ends as promised, sends nothing twice, and says
//! what happened, why, and what to do.

use aks_cockpit::domain::ids::ExecutionId;
use aks_cockpit::engine::command::Command;
use aks_cockpit::engine::handle::EngineHandle;
use aks_cockpit::engine::record::Record;
use aks_cockpit::engine::timeline::entries;
use aks_cockpit::engine::view::ExecutionView;
use aks_cockpit::plan::builder::{Options, PoolChoice};
use aks_cockpit::simulator::faults::{Fault, Trouble};
use futures::future::join_all;

use super::world::{Estate, eventually, person, until, until_state};

/// What an execution came to, and what its journal says of the way.
struct Course {
    state: &'static str,
    story: Vec<String>,
    has_waited: bool,
}

impl Course {
    /// Waits until the execution rests.
    async fn of(engine: &EngineHandle, id: &ExecutionId) -> Self {
        let rests = |view: &ExecutionView| view.state.is_final() || ["Failed", "Paused"].contains(&view.state.word());
        let state = until(engine, id, "at rest", rests).await.state.word();
        let records = engine.records(id).await.unwrap();
        Self {
            state,
            story: entries(&records).into_iter().map(|entry| entry.what).collect(),
            has_waited: records
                .iter()
                .any(|(_, record)| matches!(record, Record::Waiting { .. })),
        }
    }

    fn says(&self, words: &[&str]) -> bool {
        words
            .iter()
            .all(|word| self.story.iter().any(|sentence| sentence.contains(word)))
    }
}

/// What a scenario must come to.
struct Promise {
    scenario: &'static str,
    /// The state in which it rests first.
    rests: &'static str,
    /// Words that were said on the way.
    says: &'static [&'static str],
    /// What a person does then, to end well.
    cure: Option<Command>,
    /// Operations that Azure ran for us.
    operations: usize,
}

/// It ends well by itself, with one operation for the control plane and one for each of three pools.
const fn well(scenario: &'static str, says: &'static [&'static str]) -> Promise {
    Promise {
        scenario,
        rests: "Succeeded",
        says,
        cure: None,
        operations: 4,
    }
}

/// It fails, and a person's command ends it well.
const fn cured(scenario: &'static str, says: &'static [&'static str], cure: Command, operations: usize) -> Promise {
    Promise {
        scenario,
        rests: "Failed",
        says,
        cure: Some(cure),
        operations,
    }
}

async fn keeps(promise: Promise) {
    let scenario = promise.scenario;
    let estate = Estate::new(scenario).await;
    let engine = estate.engine();
    let plan = estate.plan_with(PoolChoice::All, &verified()).await;
    let id = engine.start(plan, person("ada")).await.unwrap();
    let course = Course::of(&engine, &id).await;
    assert_eq!(course.state, promise.rests, "{scenario}: {:?}", course.story);
    assert!(course.says(promise.says), "{scenario} says {:?}", course.story);
    if promise.says.iter().any(|word| word.contains("another operation")) {
        assert!(course.has_waited, "{scenario}: {:?}", course.story);
    }
    if let Some(cure) = promise.cure {
        engine.send(&id, cure, person("bob")).await.unwrap();
        until_state(&engine, &id, "Succeeded").await;
    }
    assert_eq!(
        estate.own_operations(),
        promise.operations,
        "{scenario}: {:#?}",
        estate.answers(&id)
    );
    engine.leave().await;
}

async fn all_keep(promises: impl IntoIterator<Item = Promise>) {
    join_all(promises.into_iter().map(keeps)).await;
}

fn verified() -> Options {
    Options {
        verify: true,
        ..Options::default()
    }
}

fn skip() -> Command {
    Command::Skip {
        step: None,
        reason: "the pool is gone on purpose".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttling_and_lost_answers_are_survived() {
    all_keep([
        well("throttled-silent", &[]),
        well("put-504-started", &[]),
        well("put-500-started", &[]),
        well("put-502-lost", &[]),
        well("lost-operation", &[]),
        well("slow", &[]),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_that_end_and_an_azure_that_cannot_be_asked_are_waited_for() {
    all_keep([
        well("token-expired", &["AKS_COCKPIT_TOKEN"]),
        well("login-lost", &["AKS_COCKPIT_TOKEN", "what runs there goes on"]),
        well("arm-down", &["cannot be reached", "what runs there goes on"]),
        well("not-json", &["it is not JSON"]),
        well("api-away-long", &[]),
        well("stale-reads", &[]),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflicts_of_every_kind_hold_the_plan_or_are_prepared_anew() {
    all_keep([
        well(
            "conflict",
            &["another operation", "Another operation (apps - Updating)"],
        ),
        well("etag-conflict", &[]),
        well("precondition", &[]),
        well("tag-saved", &[]),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_azure_claims_and_others_do_is_told_and_can_be_cured() {
    all_keep([
        cured("failed-but-fine", &["Internal server error"], Command::Retry, 5),
        cured("cancelled-by-other", &["cancelled by someone else"], Command::Retry, 5),
        cured(
            "pool-deleted",
            &["does not exist any more", "skip this step"],
            skip(),
            3,
        ),
        well("pool-added", &["perhaps added since: extra"]),
        Promise {
            operations: 1,
            ..well(
                "foreign-auto-upgrade",
                &[
                    "another operation runs",
                    "started by AKS automatic upgrade",
                    "nothing was sent",
                ],
            )
        },
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_were_left_behind_are_named() {
    let estate = Estate::new("left-behind").await;
    let engine = estate.engine();
    let id = engine
        .start(estate.plan(PoolChoice::All).await, person("ada"))
        .await
        .unwrap();
    let course = Course::of(&engine, &id).await;
    assert_eq!(course.state, "Failed");
    assert!(
        course.says(&[
            "NodesBehind",
            "1 of its nodes did not move",
            "aks-apps-",
            "node image upgrade"
        ]),
        "{:?}",
        course.story
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_was_deleted_is_told_when_it_is_asked_for_again() {
    let estate = Estate::new("cluster-deleted").await;
    let engine = estate.engine();
    let id = engine
        .start(estate.plan(PoolChoice::All).await, person("ada"))
        .await
        .unwrap();
    until_state(&engine, &id, "Failed").await;
    engine.send(&id, Command::Retry, person("ada")).await.unwrap();
    let gone = until(&engine, &id, "gone", |view| {
        view.message
            .as_ref()
            .is_some_and(|message| message.contains("does not exist any more"))
    })
    .await;
    assert_eq!(gone.state.word(), "Failed", "{:?}", gone.message);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_started_what_holds_the_plan_is_named_where_the_activity_log_may_be_read() {
    for may_read in [true, false] {
        let estate = Estate::new("foreign-fleet").await;
        if !may_read {
            estate.meet(Fault::new(Trouble::Denied).on("GET", "/providers/Microsoft.Insights/"));
        }
        eventually("the fleet's upgrade runs", || estate.operations() == 1).await;
        let engine = estate.engine();
        let plan = estate.plan_with(PoolChoice::All, &verified()).await;
        let id = engine.start(plan, person("ada")).await.unwrap();
        let course = Course::of(&engine, &id).await;
        assert_eq!(course.state, "Succeeded", "{:?}", course.story);
        assert!(course.says(&["another operation runs"]), "{:?}", course.story);
        assert_eq!(
            course.says(&["started by fleet hub retail-fleet"]),
            may_read,
            "{:?}",
            course.story
        );
        assert_eq!(estate.own_operations(), 4);
    }
}
