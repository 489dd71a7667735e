//! What goes wrong: servers that go away, missing rights, refused logins, answers that make no sense.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aks_cockpit::kubernetes::client::KubernetesClient;
use aks_cockpit::kubernetes::error::KubernetesError;
use aks_cockpit::kubernetes::watch::{WatchSettings, WatchState, WatchUpdate, Watched};
use serde_json::json;

use super::fake_api_server::{Answer, Ask, FakeApiServer, bookmark, event, node, object, status};
use super::{PATIENCE, access, connect, no_streaming, node_story_until, quick, until, until_state, watch};

#[tokio::test]
async fn a_server_that_goes_away_is_told_and_found_again() {
    let script = |ask: &Ask| match ask {
        ask if ask.wants_stream() => no_streaming(),
        ask if ask.is_list_of("nodes") => Answer::page(5, "", &[node("a", 1)]),
        ask if ask.is_watch_of("nodes") && ask.nth > 1 => Answer::events(&[event("ADDED", node("b", 6))]),
        ask => Answer::quiet(ask),
    };
    let mut server = FakeApiServer::start(script).await;
    let mut watch = watch(&server).await;
    node_story_until(&mut watch, "live").await;
    server.stop().await;
    let broken = until_state(&mut watch, Watched::Nodes, |state| {
        matches!(state, WatchState::Broken { .. })
    })
    .await;
    let WatchState::Broken { why, retry_in } = broken else {
        unreachable!()
    };
    assert!(why.to_lowercase().contains("refused"), "{why}");
    assert!(retry_in <= quick().longest_retry);
    server.start_again().await;
    let story = node_story_until(&mut watch, "+b").await;
    assert!(story.ends_with(&["live".into(), "+b".into()]), "{story:?}");
    assert!(
        !story.iter().any(|told| told.starts_with("all")),
        "nothing was lost: {story:?}"
    );
}

#[tokio::test]
async fn a_missing_right_is_named_while_the_rest_works() {
    let server = FakeApiServer::start(|ask: &Ask| match ask {
        ask if ask.path.ends_with("poddisruptionbudgets") && ask.nth < 3 => Answer::Json(
            403,
            status(
                403,
                "poddisruptionbudgets.policy is forbidden: User \"ann\" cannot watch",
            ),
        ),
        ask if ask.path.ends_with("poddisruptionbudgets") => Answer::events(&[
            event("ADDED", object("PodDisruptionBudget", "cart", 3)),
            bookmark(3, true),
        ]),
        ask if ask.is_watch_of("nodes") => Answer::events(&[event("ADDED", node("a", 1)), bookmark(1, true)]),
        ask => Answer::quiet(ask),
    })
    .await;
    let mut watch = watch(&server).await;
    let (mut denied, mut nodes_live, mut budgets) = (None, false, 0);
    until(&mut watch, |update| {
        match update {
            WatchUpdate::State {
                watched: Watched::Budgets,
                state: state @ WatchState::Denied { .. },
            } => denied = Some(state.clone()),
            WatchUpdate::State {
                watched: Watched::Nodes,
                state: WatchState::Live,
            } => nodes_live = true,
            WatchUpdate::BudgetsReplaced(all) => budgets = all.len(),
            _ => {}
        }
        (denied.is_some() && nodes_live && budgets == 1).then_some(())
    })
    .await;
    assert_eq!(
        denied,
        Some(WatchState::Denied {
            right: "list and watch poddisruptionbudgets".into(),
            why: "poddisruptionbudgets.policy is forbidden: User \"ann\" cannot watch".into()
        })
    );
}

#[tokio::test]
async fn a_refused_login_is_told_as_such() {
    let server = FakeApiServer::start(Answer::quiet).await;
    let client = KubernetesClient::connect(&access(&server, &json!({"token": "stale"})))
        .await
        .unwrap();
    let error = client.server_version().await.unwrap_err();
    assert!(
        matches!(&error, KubernetesError::Denied { what, .. } if what == "the login"),
        "{error:?}"
    );
    let mut watch = client.watch_with(quick());
    let state = until_state(&mut watch, Watched::Nodes, |state| *state != WatchState::Connecting).await;
    assert_eq!(
        state,
        WatchState::Denied {
            right: "the login".into(),
            why: "Unauthorized".into()
        }
    );
}

#[tokio::test]
async fn our_token_replaces_a_login_plugin_and_is_renewed_when_refused() {
    let server = FakeApiServer::start(Answer::quiet).await;
    let user = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-login-command"}});
    let mut access = access(&server, &user);
    let without_token = KubernetesClient::connect(&access).await.unwrap_err();
    assert!(without_token.why().contains("auth exec"), "{without_token:?}");

    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    access.token = Some(Arc::new(move || {
        let token = if counter.fetch_add(1, Ordering::SeqCst) == 0 {
            "stale"
        } else {
            "good"
        };
        let ends_at = "2999-01-01T00:00:00Z".parse().unwrap();
        Box::pin(async move { Ok((token.to_owned(), ends_at)) })
    }));
    let client = KubernetesClient::connect(&access).await.unwrap();
    assert!(client.server_version().await.is_err(), "the first token is refused");
    assert_eq!(client.server_version().await.unwrap(), "v1.33.5");
    assert_eq!(client.server_version().await.unwrap(), "v1.33.5");
    assert_eq!(asked.load(Ordering::SeqCst), 2);

    access.token = Some(Arc::new(|| Box::pin(async { Err("run az login".to_owned()) })));
    let client = KubernetesClient::connect(&access).await.unwrap();
    let error = client.server_version().await.unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.why().as_str()),
        ("the API server refused the login", "run az login")
    );
}

#[tokio::test]
async fn answers_that_are_not_kubernetes_are_told() {
    let server = FakeApiServer::start(|ask: &Ask| match ask {
        ask if ask.path == "/version" => Answer::Json(200, json!({"hello": 1})),
        ask if ask.wants_stream() => no_streaming(),
        ask if ask.is_list_of("nodes") => Answer::Json(200, json!({"items": []})),
        ask => Answer::quiet(ask),
    })
    .await;
    let client = connect(&server).await;
    let error = client.server_version().await.unwrap_err();
    assert!(
        matches!(error, KubernetesError::Refused { status: 200, .. }),
        "{error:?}"
    );
    let mut watch = client.watch_with(quick());
    let state = until_state(&mut watch, Watched::Nodes, |state| *state != WatchState::Connecting).await;
    assert!(
        matches!(&state, WatchState::Broken { why, .. } if why == "the answer has no resourceVersion"),
        "{state:?}"
    );
}

#[tokio::test]
async fn dropping_the_watch_ends_every_request() {
    let server = FakeApiServer::start(Answer::quiet).await;
    let mut watch = watch(&server).await;
    node_story_until(&mut watch, "live").await;
    drop(watch);
    server.until_closed(|ask| ask.parameter("watch") == "true").await;
}

#[tokio::test]
async fn a_server_that_ends_every_watch_is_not_asked_in_a_tight_loop() {
    let server = FakeApiServer::start(|ask: &Ask| match ask {
        ask if ask.is_watch_of("nodes") && ask.wants_stream() => Answer::events_then_close(&[bookmark(1, true)]),
        ask if ask.is_watch_of("nodes") && ask.nth >= 6 => Answer::events(&[event("ADDED", node("late", 2))]),
        ask if ask.is_watch_of("nodes") => Answer::events_then_close(&[]),
        ask => Answer::quiet(ask),
    })
    .await;
    let settings = WatchSettings {
        steady_after: PATIENCE,
        ..quick()
    };
    let started = std::time::Instant::now();
    let mut watch = connect(&server).await.watch_with(settings);
    let story = node_story_until(&mut watch, "+late").await;
    assert_eq!(story[..4], ["connecting", "all ", "live", "broken"]);
    // Pauses of at least 5, 10, 20, 20 and 20 ms lie between the attempts.
    assert!(
        started.elapsed() >= Duration::from_millis(75),
        "{:?}",
        started.elapsed()
    );
}
