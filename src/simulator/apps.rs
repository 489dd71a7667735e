//! The simulated applications over HTTP: what their users get while the nodes below them are replaced.
//! Needs no token, as a shop's front page needs none; knows nothing of ARM or of the Kubernetes API.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::shared::SharedWorld;
use super::world::World;
use super::world::applications::Health;

/// What an answer says of its simulated duration; in wall time it takes a hundredth of it.
const LATENCY_HEADER: &str = "x-simulated-latency-ms";
/// Larger orders are refused.
const LARGEST_ORDER: usize = 64 << 10;

/// `/apps/{cluster}/{namespace}/{workload}[/anything]`.
pub(super) fn router(world: SharedWorld) -> Router {
    Router::new().fallback(handle).with_state(world)
}

/// Names an application, and what comes behind it in the path.
struct Place<'a> {
    cluster: &'a str,
    namespace: &'a str,
    workload: &'a str,
    rest: Vec<&'a str>,
}

impl<'a> Place<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let mut words = path.split('/').filter(|word| !word.is_empty());
        (words.next()? == "apps").then_some(())?;
        Some(Self {
            cluster: words.next()?,
            namespace: words.next()?,
            workload: words.next()?,
            rest: words.collect(),
        })
    }
}

struct Answer {
    status: StatusCode,
    body: Value,
    latency_ms: u64,
}

impl Answer {
    fn new(status: StatusCode, latency_ms: u64, body: Value) -> Self {
        Self {
            status,
            body,
            latency_ms,
        }
    }
}

async fn handle(State(world): State<SharedWorld>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_ORDER).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "The order is too large.").into_response();
    };
    let answer = match Place::of(head.uri.path()) {
        Some(place) => world.with(|world| answer(world, &head.method, &place, &body)),
        None => unknown(head.uri.path()),
    };
    tokio::time::sleep(Duration::from_micros(10 * answer.latency_ms)).await;
    let latency = [(LATENCY_HEADER, answer.latency_ms.to_string())];
    (answer.status, latency, axum::Json(answer.body)).into_response()
}

fn unknown(path: &str) -> Answer {
    let body = json!({"error": format!("there is no application at {path}")});
    Answer::new(StatusCode::NOT_FOUND, 1, body)
}

fn answer(world: &mut World, method: &Method, place: &Place<'_>, body: &Bytes) -> Answer {
    let Place {
        cluster,
        namespace,
        workload,
        rest,
    } = place;
    let Some(health) = world.health_of(cluster, namespace, workload) else {
        return unknown(&format!("/apps/{cluster}/{namespace}/{workload}"));
    };
    if *method == Method::POST && rest[..] == ["fix"] {
        let fixed = world.fix(cluster, namespace, workload);
        return Answer::new(StatusCode::OK, 1, json!({"service": workload, "fixed": fixed}));
    }
    if let Some(failure) = failure(workload, &health) {
        return failure;
    }
    let latency = health.latency_ms();
    match *method {
        Method::GET | Method::HEAD => read(world, place, &health),
        Method::POST => {
            let sent = serde_json::from_slice(body).unwrap_or(Value::Null);
            let id = world.applications.keep_order(cluster, namespace, workload, sent);
            Answer::new(StatusCode::CREATED, latency, json!({"service": workload, "id": id}))
        }
        _ => Answer::new(
            StatusCode::METHOD_NOT_ALLOWED,
            latency,
            json!({"error": "the application answers GET and POST"}),
        ),
    }
}

/// What users get while no pod is ready, or while the application does not agree with its nodes.
fn failure(workload: &str, health: &Health) -> Option<Answer> {
    let told = |status, error: &str| {
        let body = json!({"service": workload, "error": error, "ready": health.ready, "wanted": health.wanted});
        Some(Answer::new(status, health.latency_ms(), body))
    };
    if health.ready == 0 {
        told(StatusCode::SERVICE_UNAVAILABLE, "no pod is ready")
    } else if health.is_broken {
        told(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the application does not agree with the version of its nodes",
        )
    } else {
        None
    }
}

/// The application's own state, or an order where the path ends with its id.
fn read(world: &mut World, place: &Place<'_>, health: &Health) -> Answer {
    let Place {
        cluster,
        namespace,
        workload,
        rest,
    } = place;
    let latency = health.latency_ms();
    if let Some(id) = rest.last().filter(|word| word.starts_with("order-")) {
        return match world.applications.order(cluster, namespace, workload, id) {
            Some(sent) => Answer::new(
                StatusCode::OK,
                latency,
                json!({"service": workload, "id": id, "sent": sent}),
            ),
            None => Answer::new(
                StatusCode::NOT_FOUND,
                latency,
                json!({"service": workload, "error": format!("there is no {id}")}),
            ),
        };
    }
    let order = world.applications.count_answer(cluster, namespace, workload);
    Answer::new(
        StatusCode::OK,
        latency,
        json!({"service": workload, "ready": health.ready, "wanted": health.wanted, "order": order}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_an_application() {
        let place = Place::of("/apps/shop-prod/shop/web/orders/order-1").unwrap();
        assert_eq!(
            (place.cluster, place.namespace, place.workload),
            ("shop-prod", "shop", "web")
        );
        assert_eq!(place.rest, ["orders", "order-1"]);
        for path in ["/", "/apps", "/apps/shop-prod/shop", "/app/shop-prod/shop/web"] {
            assert!(Place::of(path).is_none(), "{path}");
        }
    }
}
