//! Notices over real HTTP against a small server on loopback, and once for all who see the same change.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aks_cockpit::notify::{
    Desktop, Heard, Notice, NoticeKind, Notifier, NotifierSettings, NotifySettings, Shape, Webhook, test_notice,
};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// Far more than any of these tests needs.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a server was asked, and what it answers next.
#[derive(Clone, Default)]
struct Server {
    asked: Arc<Mutex<Vec<(String, Value)>>>,
    answers: Arc<Mutex<Vec<(StatusCode, &'static str)>>>,
}

impl Server {
    async fn start(answers: &[(StatusCode, &'static str)]) -> (Self, String) {
        let server = Self {
            answers: Arc::new(Mutex::new(answers.iter().rev().copied().collect())),
            ..Self::default()
        };
        let router = Router::new().fallback(post(take)).with_state(server.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (server, address)
    }

    fn asked(&self) -> Vec<(String, Value)> {
        self.asked.lock().unwrap().clone()
    }
}

async fn take(
    State(server): State<Server>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1], &'static str) {
    assert_eq!(headers["content-type"], "application/json");
    let body = serde_json::from_slice(&body).unwrap();
    server.asked.lock().unwrap().push((uri.path().to_owned(), body));
    let (status, text) = server.answers.lock().unwrap().pop().unwrap_or((StatusCode::OK, "ok"));
    (status, [("location", "/elsewhere")], text)
}

fn hook(address: &str, path: &str, shape: Shape, on: Option<Vec<NoticeKind>>) -> Webhook {
    Webhook {
        url: format!("{address}{path}").try_into().unwrap(),
        shape,
        on,
    }
}

fn notifier(webhooks: Vec<Webhook>, directory: &Path, is_simulated: bool) -> Notifier {
    Notifier::start(NotifierSettings {
        channels: NotifySettings {
            bell: false,
            desktop: Desktop::Off,
            webhooks,
            ..NotifySettings::default()
        },
        directory: directory.join("notices"),
        is_simulated,
    })
}

fn notice(kind: NoticeKind) -> Notice {
    Notice {
        kind,
        key: format!("k3v9/{}/1", kind.as_str()),
        ..test_notice("2026-11-23T09:00:00Z".parse().unwrap())
    }
}

#[tokio::test]
async fn each_webhook_gets_its_shape_and_its_kinds_once() {
    let directory = tempfile::tempdir().unwrap();
    let (server, address) = Server::start(&[]).await;
    let hooks = || {
        vec![
            hook(&address, "/slack/hunter2", Shape::Slack, None),
            hook(&address, "/teams", Shape::Teams, Some(vec![NoticeKind::Failed])),
            hook(&address, "/json", Shape::Json, None),
        ]
    };
    let one = notifier(hooks(), directory.path(), false);
    one.tell(notice(NoticeKind::Failed));
    one.tell(notice(NoticeKind::Done));
    timeout(PATIENCE, one.finish()).await.unwrap();
    // A second process, or the same one after a restart, sees the same changes.
    let other = notifier(hooks(), directory.path(), false);
    other.tell(notice(NoticeKind::Failed));
    timeout(PATIENCE, other.finish()).await.unwrap();
    let mut asked = server.asked();
    asked.sort_by(|a, b| a.0.cmp(&b.0));
    let paths: Vec<&str> = asked.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/json", "/json", "/slack/hunter2", "/slack/hunter2", "/teams"]);
    assert!(
        asked[..2]
            .iter()
            .all(|(_, body)| body["schema"] == "aks-cockpit/notice/v1")
    );
    assert!(asked[2].1["blocks"].is_array());
    assert_eq!(asked[4].1["attachments"][0]["content"]["type"], "AdaptiveCard");
}

#[tokio::test]
async fn passing_trouble_is_tried_again_and_a_refusal_is_told_without_the_address() {
    let directory = tempfile::tempdir().unwrap();
    let busy = (StatusCode::SERVICE_UNAVAILABLE, "busy");
    let (server, address) = Server::start(&[busy]).await;
    let (refusing, refusing_address) = Server::start(&[(StatusCode::NOT_FOUND, "no_service\u{1b}[2J")]).await;
    let (moved, moved_address) = Server::start(&[(StatusCode::FOUND, "")]).await;
    let hooks = vec![
        hook(&address, "/", Shape::Json, None),
        hook(&refusing_address, "/hunter2", Shape::Slack, None),
        hook(&moved_address, "/hunter2", Shape::Json, None),
        Webhook {
            url: "env:AKS_COCKPIT_NO_SUCH_HOOK".to_owned().try_into().unwrap(),
            shape: Shape::Json,
            on: None,
        },
    ];
    let notifier = notifier(hooks, directory.path(), false);
    let mut listener = notifier.listen();
    notifier.tell(notice(NoticeKind::Blocked));
    timeout(PATIENCE, notifier.finish()).await.unwrap();
    assert_eq!(
        (server.asked().len(), refusing.asked().len(), moved.asked().len()),
        (2, 1, 1)
    );
    let mut heard = Vec::new();
    while let Some(next) = listener.waiting() {
        heard.push(next);
    }
    assert!(matches!(&heard[0], Heard::Notice(told) if told.kind == NoticeKind::Blocked));
    let mut told: Vec<String> = heard
        .into_iter()
        .filter_map(|heard| match heard {
            Heard::NotDelivered(why) => Some(why),
            Heard::Notice(_) => None,
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "Not told (webhook-2): aks-cockpit: this is a test: 127.0.0.1 (slack): answered 404, no_service[2J",
            "Not told (webhook-3): aks-cockpit: this is a test: 127.0.0.1 (json): answered 302",
            "Not told (webhook-4): aks-cockpit: this is a test: the environment variable AKS_COCKPIT_NO_SUCH_HOOK is \
             not set",
        ]
    );
}

#[tokio::test]
async fn a_simulated_world_tells_nobody_outside() {
    let directory = tempfile::tempdir().unwrap();
    let (server, address) = Server::start(&[]).await;
    let notifier = notifier(vec![hook(&address, "/", Shape::Json, None)], directory.path(), true);
    let mut listener = notifier.listen();
    notifier.tell(notice(NoticeKind::Failed));
    timeout(PATIENCE, notifier.finish()).await.unwrap();
    assert!(server.asked().is_empty());
    assert!(matches!(listener.waiting(), Some(Heard::Notice(_))));
}
