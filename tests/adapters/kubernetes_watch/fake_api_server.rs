//! An API server that answers each request as a script says, and remembers what it was asked.
//! Knows nothing of the client under test.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// The only token this server takes.
const TOKEN: &str = "Bearer good";

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) path: String,
    /// How many requests like this one came before: same path, same selector, both lists or both watches.
    pub(crate) nth: usize,
    parameters: HashMap<String, String>,
}

impl Ask {
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    pub(crate) fn wants_stream(&self) -> bool {
        self.parameter("sendInitialEvents") == "true"
    }

    pub(crate) fn is_watch_of(&self, plural: &str) -> bool {
        self.path.ends_with(plural) && self.parameter("watch") == "true"
    }

    pub(crate) fn is_list_of(&self, plural: &str) -> bool {
        self.path.ends_with(plural) && self.parameter("watch").is_empty()
    }

    fn is_like(&self, other: &Self) -> bool {
        self.path == other.path
            && ["fieldSelector", "watch"]
                .iter()
                .all(|name| self.parameter(name) == other.parameter(name))
    }
}

/// What the script answers.
pub(crate) enum Answer {
    Json(u16, Value),
    /// Watch events; then the connection stays open.
    Events(Vec<Value>),
    EventsThenClose(Vec<Value>),
}

impl Answer {
    pub(crate) fn events(events: &[Value]) -> Self {
        Self::Events(events.to_vec())
    }

    pub(crate) fn events_then_close(events: &[Value]) -> Self {
        Self::EventsThenClose(events.to_vec())
    }

    pub(crate) fn page(version: u64, next: &str, items: &[Value]) -> Self {
        Self::Json(200, list(version, next, &json!(items)))
    }

    /// The answer of a cluster in which nothing is and nothing happens.
    pub(crate) fn quiet(ask: &Ask) -> Self {
        if ask.path == "/version" {
            Self::Json(200, json!({"major": "1", "minor": "33", "gitVersion": "v1.33.5"}))
        } else if ask.wants_stream() {
            Self::Events(vec![bookmark(1, true)])
        } else if ask.parameter("watch") == "true" {
            Self::Events(Vec::new())
        } else {
            Self::page(1, "", &[])
        }
    }
}

pub(crate) fn list(version: u64, next: &str, items: &Value) -> Value {
    json!({"kind": "List", "metadata": {"resourceVersion": version.to_string(), "continue": next}, "items": items})
}

pub(crate) fn node(name: &str, version: u64) -> Value {
    object("Node", name, version)
}

pub(crate) fn object(kind: &str, name: &str, version: u64) -> Value {
    json!({"kind": kind, "metadata": {"name": name, "uid": name, "resourceVersion": version.to_string()}})
}

pub(crate) fn event(kind: &str, object: Value) -> Value {
    let mut event = json!({"type": kind});
    event["object"] = object;
    event
}

pub(crate) fn bookmark(version: u64, ends_list: bool) -> Value {
    let mut object = json!({"kind": "Node", "apiVersion": "v1", "metadata": {"resourceVersion": version.to_string()}});
    if ends_list {
        object["metadata"]["annotations"] = json!({"k8s.io/initial-events-end": "true"});
    }
    event("BOOKMARK", object)
}

pub(crate) fn status(code: u16, message: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message})
}

type Script = dyn Fn(&Ask) -> Answer + Send + Sync;

struct Shared {
    script: Box<Script>,
    log: Mutex<Vec<(Ask, bool)>>,
    /// A watch was closed.
    closed: Notify,
    /// True while the server is to cut all connections.
    cut: watch::Sender<bool>,
}

/// The server; it stops with the runtime of its test.
pub(crate) struct FakeApiServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl FakeApiServer {
    pub(crate) async fn start(script: impl Fn(&Ask) -> Answer + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared {
            script: Box::new(script),
            log: Mutex::default(),
            closed: Notify::new(),
            cut: watch::Sender::new(false),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = serve(listener, shared.clone());
        Self {
            address,
            shared,
            serving,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Goes away: cuts every connection, and accepts none.
    pub(crate) async fn stop(&mut self) {
        self.shared.cut.send_replace(true);
        (&mut self.serving).await.unwrap();
    }

    /// Comes back at the same address.
    pub(crate) async fn start_again(&mut self) {
        self.shared.cut.send_replace(false);
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serving = serve(listener, self.shared.clone());
    }

    /// What was asked so far, of the kind wanted.
    pub(crate) fn asks(&self, wanted: impl Fn(&Ask) -> bool) -> Vec<Ask> {
        let log = self.shared.log.lock().unwrap();
        log.iter()
            .map(|(ask, _)| ask)
            .filter(|ask| wanted(ask))
            .cloned()
            .collect()
    }

    /// Waits until the client has ended all watches of the kind wanted.
    pub(crate) async fn until_closed(&self, wanted: impl Fn(&Ask) -> bool) {
        let all_closed = || {
            let log = self.shared.log.lock().unwrap();
            log.iter().filter(|(ask, _)| wanted(ask)).all(|(_, is_open)| !is_open)
        };
        tokio::time::timeout(Duration::from_secs(30), async {
            loop {
                let next_close = self.shared.closed.notified();
                if all_closed() {
                    return;
                }
                next_close.await;
            }
        })
        .await
        .expect("the client ends its watches");
    }
}

fn serve(listener: TcpListener, shared: Arc<Shared>) -> JoinHandle<()> {
    let mut cut = shared.cut.subscribe();
    let router = Router::new().fallback(answer).with_state(shared);
    tokio::spawn(async move {
        let stopped = async move {
            let _ = cut.wait_for(|cut| *cut).await;
        };
        axum::serve(listener, router)
            .with_graceful_shutdown(stopped)
            .await
            .unwrap();
    })
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    Query(parameters): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    if request
        .headers()
        .get(header::AUTHORIZATION)
        .is_none_or(|token| token != TOKEN)
    {
        return (StatusCode::UNAUTHORIZED, Json(status(401, "Unauthorized"))).into_response();
    }
    let mut ask = Ask {
        path: request.uri().path().to_owned(),
        nth: 0,
        parameters,
    };
    let place = {
        let mut log = shared.log.lock().unwrap();
        ask.nth = log.iter().filter(|(other, _)| ask.is_like(other)).count();
        log.push((ask.clone(), false));
        log.len() - 1
    };
    let (events, stays_open) = match (shared.script)(&ask) {
        Answer::Json(code, body) => return (StatusCode::from_u16(code).unwrap(), Json(body)).into_response(),
        Answer::Events(events) => (events, true),
        Answer::EventsThenClose(events) => (events, false),
    };
    shared.log.lock().unwrap()[place].1 = true;
    let mut cut = shared.cut.subscribe();
    let lines = stream::iter(events).map(|event| Bytes::from(format!("{event}\n")));
    let rest = stream::once(async move {
        if stays_open {
            let _ = cut.wait_for(|cut| *cut).await;
        }
        Bytes::new()
    });
    let open = OpenWatch { shared, place };
    Body::from_stream(Watched {
        lines: lines.chain(rest).boxed(),
        _open: open,
    })
    .into_response()
}

/// Notes the end of a watch, whoever ends it.
struct OpenWatch {
    shared: Arc<Shared>,
    place: usize,
}

impl Drop for OpenWatch {
    fn drop(&mut self) {
        self.shared.log.lock().unwrap()[self.place].1 = false;
        self.shared.closed.notify_waiters();
    }
}

struct Watched {
    lines: Pin<Box<dyn Stream<Item = Bytes> + Send>>,
    _open: OpenWatch,
}

impl Stream for Watched {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.lines.as_mut().poll_next(context).map(|line| line.map(Ok))
    }
}
