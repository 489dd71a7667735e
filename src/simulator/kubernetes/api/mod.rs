//! The HTTP API of one simulated cluster: good enough for kube clients and for kubectl.
//! The world is locked for a look or a change only, never while something is written to a socket.

mod answer;
mod discovery;
mod evict;
mod failure;
mod filter;
mod form;
mod health;
mod list;
mod metrics;
mod openapi;
mod patch;
mod route;
mod scale;
mod table;
mod validate;
mod watch;
mod write;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method};
use jiff::Timestamp;

use self::failure::Failure;
use self::filter::Filter;
use self::form::Form;
use self::patch::PatchKind;
use self::route::{Query, Route, Target};
use super::objects::ObjectStore;
use super::objects::store::Key;
use crate::simulator::shared::SharedWorld;

/// The largest body an API server reads (its usual limit for JSON patches and objects).
const LARGEST_BODY: usize = 3 * 1024 * 1024;

/// The routes of the cluster named `cluster`. Every request needs `Authorization: Bearer <token>`.
pub fn router(world: SharedWorld, cluster: &str, token: &str) -> Router {
    let cluster = Cluster {
        world,
        name: cluster.into(),
        token: token.into(),
    };
    Router::new().fallback(answer).with_state(cluster)
}

/// One cluster in the shared world.
#[derive(Clone)]
struct Cluster {
    world: SharedWorld,
    name: Arc<str>,
    token: Arc<str>,
}

/// The API server cannot be reached.
struct Away;

impl Cluster {
    /// Brings the world up to now; tells whether the API server answers at all.
    fn wake(&self) -> Result<(), Away> {
        self.world.with(|world| match world.clusters.get(&*self.name) {
            Some(cluster) if !cluster.is_api_server_away => Ok(()),
            _ => Err(Away),
        })
    }

    /// Looks at the objects, without letting time pass.
    fn look<R>(&self, read: impl FnOnce(&ObjectStore) -> R) -> Result<R, Away> {
        self.world.look(|world| match world.clusters.get(&*self.name) {
            Some(cluster) if !cluster.is_api_server_away => Ok(read(&cluster.objects)),
            _ => Err(Away),
        })
    }

    /// Changes the objects at the time it is now, and wakes the watchers.
    fn change<R>(&self, change: impl FnOnce(&mut ObjectStore, Timestamp) -> R) -> Result<R, Away> {
        self.world.with(|world| {
            let now = world.now;
            match world.clusters.get_mut(&*self.name) {
                Some(cluster) if !cluster.is_api_server_away => Ok(change(&mut cluster.objects, now)),
                _ => Err(Away),
            }
        })
    }

    fn now(&self) -> Timestamp {
        self.world.clock().now()
    }
}

/// A request that cannot be answered as asked: told in a Status, or by a connection that breaks.
enum Trouble {
    Failure(Failure),
    Away,
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Away> for Trouble {
    fn from(_: Away) -> Self {
        Self::Away
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        match self {
            Self::Failure(failure) => failure.into_response(),
            Self::Away => broken_connection(),
        }
    }
}

/// A body that fails before its first byte: the server drops the connection without an answer.
fn broken_connection() -> Response {
    let nothing = futures::stream::iter([Err::<bytes::Bytes, io::Error>(gone_away())]);
    Response::new(Body::from_stream(nothing))
}

fn gone_away() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the API server went away")
}

async fn answer(State(cluster): State<Cluster>, request: Request) -> Response {
    match respond(&cluster, request).await {
        Ok(response) => response,
        Err(trouble) => trouble.into_response(),
    }
}

async fn respond(cluster: &Cluster, request: Request) -> Result<Response, Trouble> {
    cluster.wake()?;
    let (head, body) = request.into_parts();
    if !is_known(&head.headers, &cluster.token) {
        return Err(Failure::unauthorized().into());
    }
    let query = Query::parse(head.uri.query().unwrap_or_default())?;
    let target = match Route::parse(head.uri.path()) {
        Route::Objects(target) => target,
        Route::Health(probe) => return health::answer(cluster, probe, &query),
        Route::Metrics => return metrics::answer(cluster),
        other => return discovery::answer(cluster, &other, &head.method),
    };
    let form = Form::negotiate(&head.headers, &query)?;
    let body = axum::body::to_bytes(body, LARGEST_BODY)
        .await
        .map_err(|_| Failure::too_large())?;
    let call = Call {
        cluster,
        target,
        query,
        form,
        content_type: head
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned(),
        body,
    };
    call.dispatch(&head.method)
}

/// The token as `Bearer`, or as the password of `Basic`: kubectl sends no token over plain HTTP (client-go leaves the
/// user of a kubeconfig out there), but it does send what stands before the `@` of the server's address.
fn is_known(headers: &HeaderMap, token: &str) -> bool {
    let Some(given) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    match given.split_once(' ') {
        Some(("Bearer", given)) => given == token,
        Some(("Basic", encoded)) => {
            let decoded = STANDARD.decode(encoded).unwrap_or_default();
            let text = String::from_utf8(decoded).unwrap_or_default();
            text.split_once(':').is_some_and(|(_, password)| password == token)
        }
        _ => false,
    }
}

/// One request for objects, read and checked.
struct Call<'cluster> {
    cluster: &'cluster Cluster,
    target: Target,
    query: Query,
    form: Form,
    content_type: String,
    body: bytes::Bytes,
}

impl Call<'_> {
    fn dispatch(&self, method: &Method) -> Result<Response, Trouble> {
        let target = &self.target;
        let is_one = target.name.is_some();
        let verb = self.verb(method);
        let plural = target.kind.describe().plural;
        if !self.cluster.look(|objects| objects.is_served(plural))? {
            return Err(Failure::unknown_path().into());
        }
        if self
            .cluster
            .look(|objects| objects.is_denied(verb, &target.resource()))?
        {
            return Err(Failure::forbidden(target, verb).into());
        }
        match (method, is_one, target.subresource.as_deref()) {
            (&Method::POST, true, Some("eviction")) => self.evict(),
            (&Method::GET | &Method::PUT | &Method::PATCH, true, Some("scale")) => self.scale(method),
            (_, _, Some("eviction" | "scale")) => Err(Failure::method_not_allowed().into()),
            (&Method::GET, true, _) => self.get(),
            (&Method::GET, false, _) if self.query.is_watch => self.watch(),
            (&Method::GET, false, _) => self.list(),
            (&Method::POST, false, _) => self.create(),
            (&Method::PUT, true, _) => self.replace(),
            (&Method::PATCH, true, _) => self.patch(),
            (&Method::DELETE, true, None) => self.delete(),
            _ => Err(Failure::method_not_allowed().into()),
        }
    }

    /// The word access rules use for the request (Kubernetes docs "Authorization", 2026: request verb).
    fn verb(&self, method: &Method) -> &'static str {
        let is_one = self.target.name.is_some();
        match *method {
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE => "delete",
            _ if is_one => "get",
            _ if self.query.is_watch => "watch",
            _ => "list",
        }
    }

    fn filter(&self) -> Result<Filter, Failure> {
        Filter::parse(&self.target, &self.query.label_selector, &self.query.field_selector)
    }

    fn key(&self) -> Key {
        Key::new(
            self.target.namespace.as_deref().unwrap_or_default(),
            self.target.name.as_deref().unwrap_or_default(),
        )
    }

    fn not_found(&self) -> Failure {
        Failure::not_found(self.target.kind, self.target.name.as_deref().unwrap_or_default())
    }

    fn patch_kind(&self) -> Result<PatchKind, Failure> {
        PatchKind::parse(&self.content_type)
    }

    /// The body as JSON, which is what the server reads; clients of typed objects may send protobuf instead.
    fn json_body(&self) -> Result<serde_json::Value, Failure> {
        if self.content_type.contains("protobuf") || self.content_type.contains("cbor") {
            return Err(Failure::unsupported_media_type(&self.content_type));
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| Failure::bad_request(format!("the body is not valid JSON: {error}")))
    }
}
