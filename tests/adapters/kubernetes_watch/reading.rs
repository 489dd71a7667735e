//! What is read: lists by page and by stream, changes, events of two lists, pods on demand.

use std::collections::BTreeSet;

use aks_cockpit::domain::ids::NodeName;
use aks_cockpit::kubernetes::watch::{ClusterWatch, WatchState, WatchUpdate};

use super::fake_api_server::{Answer, Ask, FakeApiServer, bookmark, event, list, node, object, status};
use super::{connect, no_streaming, node_story, node_story_until, quick, until, watch};

#[tokio::test]
async fn pages_become_one_list() {
    let server = FakeApiServer::start(|ask: &Ask| match ask {
        ask if ask.wants_stream() => no_streaming(),
        ask if ask.is_watch_of("nodes") => {
            Answer::events(&[event("ADDED", node("d", 8)), event("DELETED", node("a", 9))])
        }
        ask if ask.is_list_of("nodes") => match ask.parameter("continue") {
            "" => Answer::page(5, "next", &[node("a", 1), node("b", 2)]),
            "next" => Answer::page(5, "", &[node("c", 3)]),
            other => panic!("{other}"),
        },
        ask => Answer::quiet(ask),
    })
    .await;
    let mut watch = watch(&server).await;
    assert_eq!(
        node_story_until(&mut watch, "-a").await,
        ["connecting", "all a b c", "live", "+d", "-a"]
    );
    let pages = server.asks(|ask| ask.is_list_of("nodes"));
    assert_eq!(pages[0].parameter("limit"), "500");
    let watches = server.asks(|ask| ask.is_watch_of("nodes") && !ask.wants_stream());
    assert_eq!(watches[0].parameter("resourceVersion"), "5");
}

#[tokio::test]
async fn a_streaming_list_ends_at_its_bookmark() {
    let server = FakeApiServer::start(|ask: &Ask| match ask {
        ask if ask.is_watch_of("nodes") && ask.wants_stream() => Answer::events(&[
            event("ADDED", node("a", 1)),
            bookmark(1, false),
            event("ADDED", node("b", 2)),
            bookmark(7, true),
            bookmark(8, false),
            event("MODIFIED", node("b", 9)),
        ]),
        ask => Answer::quiet(ask),
    })
    .await;
    let mut watch = watch(&server).await;
    assert_eq!(
        node_story_until(&mut watch, "+b").await,
        ["connecting", "all a b", "live", "+b"]
    );
    assert_eq!(server.asks(|ask| ask.is_list_of("nodes")).len(), 0);
}

#[tokio::test]
async fn an_error_in_the_stream_falls_back_to_pages_for_good() {
    let server = FakeApiServer::start(|ask: &Ask| match ask {
        ask if ask.wants_stream() => Answer::events(&[event(
            "ERROR",
            status(500, "required storage feature RequestWatchProgress is disabled"),
        )]),
        ask if ask.is_list_of("nodes") => Answer::page(5, "", &[node("a", 1)]),
        ask => Answer::quiet(ask),
    })
    .await;
    let client = connect(&server).await;
    let mut first = client.watch_with(quick());
    let (mut story, mut live) = (Vec::new(), BTreeSet::new());
    until(&mut first, |update| {
        story.extend(node_story(update));
        if let WatchUpdate::State {
            watched,
            state: WatchState::Live,
        } = update
        {
            live.insert(*watched);
        }
        (live.len() == 3).then_some(())
    })
    .await;
    assert_eq!(story, ["connecting", "all a", "live"]);
    drop(first);
    let before = server.asks(Ask::wants_stream).len();
    let mut second = client.watch_with(quick());
    node_story_until(&mut second, "live").await;
    assert_eq!(server.asks(Ask::wants_stream).len(), before, "the client remembers");
}

#[tokio::test]
async fn an_expired_version_is_read_anew_without_blinking() {
    let server = FakeApiServer::start(|ask: &Ask| match ask {
        ask if ask.wants_stream() => no_streaming(),
        ask if ask.is_list_of("nodes") && ask.nth == 0 => Answer::page(5, "", &[node("a", 1), node("b", 2)]),
        ask if ask.is_list_of("nodes") => Answer::page(9, "", &[node("a", 1), node("c", 8)]),
        ask if ask.is_watch_of("nodes") && ask.parameter("resourceVersion") == "5" => {
            Answer::events(&[event("ERROR", status(410, "too old resource version: 5 (7)"))])
        }
        ask => Answer::quiet(ask),
    })
    .await;
    let mut watch = watch(&server).await;
    assert_eq!(
        node_story_until(&mut watch, "all a c").await,
        ["connecting", "all a b", "live", "all a c"]
    );
}

#[tokio::test]
async fn a_watch_goes_on_where_it_stopped() {
    let server = FakeApiServer::start(|ask: &Ask| match ask {
        ask if ask.is_watch_of("nodes") && ask.wants_stream() => {
            Answer::events_then_close(&[event("ADDED", node("a", 1)), bookmark(3, true), bookmark(6, false)])
        }
        ask if ask.is_watch_of("nodes") && ask.parameter("resourceVersion") == "6" => {
            Answer::events_then_close(&[event("MODIFIED", node("a", 7))])
        }
        ask if ask.is_watch_of("nodes") && ask.parameter("resourceVersion") == "7" => {
            Answer::events(&[event("ADDED", node("b", 8))])
        }
        ask => Answer::quiet(ask),
    })
    .await;
    let mut watch = watch(&server).await;
    assert_eq!(
        node_story_until(&mut watch, "+b").await,
        ["connecting", "all a", "live", "+a", "+b"]
    );
}

#[tokio::test]
async fn a_list_with_an_empty_body_is_an_empty_list() {
    let server = FakeApiServer::start(|ask: &Ask| match ask {
        ask if ask.wants_stream() => no_streaming(),
        ask if ask.is_list_of("nodes") => Answer::Json(200, list(4, "", &serde_json::Value::Null)),
        ask => Answer::quiet(ask),
    })
    .await;
    let mut watch = watch(&server).await;
    assert_eq!(
        node_story_until(&mut watch, "live").await,
        ["connecting", "all ", "live"]
    );
}

#[tokio::test]
async fn events_about_nodes_and_pools_come_as_one_list() {
    let server = FakeApiServer::start(|ask: &Ask| match (ask.path.as_str(), ask.parameter("fieldSelector")) {
        ("/api/v1/namespaces/default/events", "involvedObject.kind=Node") => {
            Answer::events(&[event("ADDED", object("Event", "drain", 1)), bookmark(1, true)])
        }
        ("/api/v1/namespaces/default/events", "involvedObject.kind!=Node,reason=Upgrade") => {
            Answer::events(&[event("ADDED", object("Event", "start", 2)), bookmark(2, true)])
        }
        _ => Answer::quiet(ask),
    })
    .await;
    let mut watch = watch(&server).await;
    let both = until(&mut watch, |update| match update {
        WatchUpdate::EventsReplaced(events) if events.len() == 2 => Some(events.clone()),
        _ => None,
    })
    .await;
    let mut uids: Vec<&str> = both.iter().map(|event| event.uid.as_str()).collect();
    uids.sort_unstable();
    assert_eq!(uids, ["drain", "start"]);
}

#[tokio::test]
async fn pods_are_watched_only_where_they_are_wanted() {
    let server = FakeApiServer::start(|ask: &Ask| match (ask.path.as_str(), ask.parameter("fieldSelector")) {
        ("/api/v1/pods", "spec.nodeName=a") => Answer::events(&[
            event("ADDED", object("Pod", "one", 1)),
            bookmark(1, true),
            event("DELETED", object("Pod", "one", 2)),
        ]),
        ("/api/v1/pods", "spec.nodeName=b") => {
            Answer::events(&[bookmark(1, true), event("ADDED", object("Pod", "two", 2))])
        }
        ("/api/v1/pods", other) => panic!("{other}"),
        _ => Answer::quiet(ask),
    })
    .await;
    let mut watch = watch(&server).await;
    node_story_until(&mut watch, "live").await;
    assert_eq!(server.asks(|ask| ask.path == "/api/v1/pods").len(), 0);

    let want = |watch: &ClusterWatch, names: &[&str]| {
        let names: BTreeSet<NodeName> = names.iter().map(NodeName::new).collect();
        watch.pods_of.send_replace(names);
    };
    let pod_story = |update: &WatchUpdate| match update {
        WatchUpdate::PodsReplaced { node, pods } => Some(format!("{node} all {}", pods.len())),
        WatchUpdate::PodApplied { node, pod } => Some(format!("{node} +{}", pod.name)),
        WatchUpdate::PodRemoved { node, name, .. } => Some(format!("{node} -{name}")),
        WatchUpdate::PodsForgotten { node } => Some(format!("{node} forgotten")),
        _ => None,
    };
    want(&watch, &["a"]);
    let mut story = Vec::new();
    while story.len() < 2 {
        story.push(until(&mut watch, pod_story).await);
    }
    assert_eq!(story, ["a all 1", "a -one"]);

    want(&watch, &["b"]);
    let mut story = Vec::new();
    while story.len() < 3 {
        story.push(until(&mut watch, pod_story).await);
    }
    assert_eq!(story, ["a forgotten", "b all 0", "b +two"]);
    server
        .until_closed(|ask| ask.parameter("fieldSelector") == "spec.nodeName=a")
        .await;

    want(&watch, &["a", "b"]);
    assert_eq!(until(&mut watch, pod_story).await, "a all 1");
}
