//! The Kubernetes watches over real HTTP, against a server that answers from a script.

mod fake_api_server;
mod reading;
mod trouble;
mod workloads;

use std::time::Duration;

use aks_cockpit::kubernetes::client::{Access, KubernetesClient};
use aks_cockpit::kubernetes::watch::{ClusterWatch, WatchSettings, WatchState, WatchUpdate, Watched};
use fake_api_server::{Answer, FakeApiServer, status};
use serde_json::json;

/// Far more than any of these tests needs.
const PATIENCE: Duration = Duration::from_secs(30);

fn quick() -> WatchSettings {
    WatchSettings {
        first_retry: Duration::from_millis(10),
        longest_retry: Duration::from_millis(40),
        denied_retry: Duration::from_millis(30),
        steady_after: Duration::ZERO,
        ..WatchSettings::default()
    }
}

fn access(server: &FakeApiServer, user: &serde_json::Value) -> Access {
    Access {
        origin: "test".into(),
        kubeconfig: json!({
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "ann"}}],
            "clusters": [{"name": "test", "cluster": {"server": server.url()}}],
            "users": [{"name": "ann", "user": user}]
        })
        .to_string(),
        context: None,
        token: None,
    }
}

async fn connect(server: &FakeApiServer) -> KubernetesClient {
    KubernetesClient::connect(&access(server, &json!({"token": "good"})))
        .await
        .unwrap()
}

async fn watch(server: &FakeApiServer) -> ClusterWatch {
    connect(server).await.watch_with(quick())
}

/// Takes updates until `wanted` finds what it waits for.
async fn until<T>(watch: &mut ClusterWatch, mut wanted: impl FnMut(&WatchUpdate) -> Option<T>) -> T {
    tokio::time::timeout(PATIENCE, async {
        loop {
            let update = watch.updates.recv().await.expect("the watch goes on");
            if let Some(found) = wanted(&update) {
                return found;
            }
        }
    })
    .await
    .expect("what is waited for comes")
}

async fn until_state(watch: &mut ClusterWatch, kind: Watched, wanted: impl Fn(&WatchState) -> bool) -> WatchState {
    until(watch, |update| match update {
        WatchUpdate::State { watched, state } if *watched == kind && wanted(state) => Some(state.clone()),
        _ => None,
    })
    .await
}

/// What was told about nodes, in short; states without the texts that vary.
fn node_story(update: &WatchUpdate) -> Option<String> {
    let names = |nodes: &[aks_cockpit::domain::node::Node]| -> String {
        nodes
            .iter()
            .map(|node| node.name.to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    Some(match update {
        WatchUpdate::NodesReplaced(nodes) => format!("all {}", names(nodes)),
        WatchUpdate::NodeApplied(node) => format!("+{}", node.name),
        WatchUpdate::NodeRemoved(name) => format!("-{name}"),
        WatchUpdate::State {
            watched: Watched::Nodes,
            state,
        } => match state {
            WatchState::Broken { .. } => "broken".into(),
            other => format!("{other:?}").to_lowercase(),
        },
        _ => return None,
    })
}

/// Collects what is told about nodes up to and including `last`.
async fn node_story_until(watch: &mut ClusterWatch, last: &str) -> Vec<String> {
    let mut story = Vec::new();
    until(watch, |update| {
        story.extend(node_story(update));
        (story.last().map(String::as_str) == Some(last)).then_some(())
    })
    .await;
    story
}

fn no_streaming() -> Answer {
    Answer::Json(
        422,
        status(
            422,
            "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
        ),
    )
}
