//! Smoke tests over real HTTP against a small server on loopback, and with real programs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aks_cockpit::clock::Clock;
use aks_cockpit::domain::ids::SmokeTestName;
use aks_cockpit::domain::smoke_test::{SmokeRun, SmokeTest};
use aks_cockpit::smoke::SmokeRunner;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{interval, timeout};

/// Far more than any of these tests needs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Set by cargo for every test; stands for a secret here.
const VARIABLE: &str = "${CARGO_PKG_NAME}";

fn secret() -> String {
    std::env::var("CARGO_PKG_NAME").unwrap()
}

/// Reads the flow as a plan file has it; `HOST` stands for the server.
fn flow(host: &str, flow: &Value) -> SmokeTest {
    let text = flow.to_string().replace("HOST", host);
    let mut document: Value = serde_json::from_str(&text).unwrap();
    document["name"] = json!(SmokeTestName::new("shop"));
    serde_json::from_value(document).unwrap()
}

fn runner() -> SmokeRunner {
    SmokeRunner::new(Clock::stepped("2026-11-23T09:00:00Z".parse().unwrap()))
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    host
}

async fn run(host: &str, requests: Value) -> SmokeRun {
    let test = flow(host, &json!({"http": requests}));
    timeout(PATIENCE, runner().run(&test)).await.unwrap()
}

/// Answers with what it was sent, as JSON.
async fn echo(uri: Uri, headers: HeaderMap, body: Bytes) -> Json<Value> {
    let headers: BTreeMap<String, String> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    Json(json!({"uri": uri.to_string(), "headers": headers, "body": String::from_utf8_lossy(&body)}))
}

#[tokio::test]
async fn a_flow_carries_values_from_answer_to_answer() {
    let router = Router::new()
        .route(
            "/login",
            post(|body: Bytes| async move {
                assert_eq!(String::from_utf8_lossy(&body), format!("user=ann&pass={}", secret()));
                Json(json!({"token": "a b/\"c\"-token"}))
            }),
        )
        .route(
            "/orders",
            post(|headers: HeaderMap, body: Bytes| async move {
                assert_eq!(headers["authorization"], "Bearer a b/\"c\"-token");
                let body: Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(body, json!({"by": "a b/\"c\"-token"}));
                (
                    StatusCode::CREATED,
                    [("location", "/orders/7?view=full")],
                    "order number 7 is open",
                )
            }),
        )
        .route("/orders/{id}", get(echo));
    let host = serve(router).await;
    let run = run(
        &host,
        json!([
            {"method": "POST", "url": "http://HOST/login", "body": format!("user=ann&pass={VARIABLE}"),
             "headers": {"content-type": "application/x-www-form-urlencoded"}, "carry": {"token": {"json": "/token"}}},
            {"method": "POST", "url": "http://HOST/orders", "body": "{\"by\": \"{{token}}\"}",
             "headers": {"authorization": "Bearer {{token}}", "content-type": "application/json"},
             "expect": {"status": [201], "bodyMatches": "number \\d+"},
             "carry": {"order": {"match": "number (\\d+)"}, "location": {"header": "Location"}}},
            {"url": "{{location}}", "expect": {"bodyContains": "\"uri\":\"/orders/7?view=full\""}},
            {"url": "http://HOST/orders/{{order}}?key={{token}}",
             "expect": {"bodyContains": "/orders/7?key=a%20b%2F%22c%22-token"}},
        ]),
    )
    .await;
    assert_eq!((run.passed, run.detail.as_str()), (true, ""));
    assert_eq!(run.at.to_string(), "2026-11-23T09:00:00Z");
    assert_eq!(run.test, SmokeTestName::new("shop"));
}

#[tokio::test]
async fn a_failure_says_which_request_and_why() {
    let router = Router::new()
        .route("/ok", get(|| async { "fine" }))
        .route(
            "/down",
            get(|| async { (StatusCode::SERVICE_UNAVAILABLE, "no healthy\nupstream") }),
        )
        .route("/never", get(std::future::pending::<()>))
        .route("/large", get(|| async { "x".repeat(3 << 20) }))
        .route("/echo", any(echo));
    let host = serve(router).await;
    for (requests, expected) in [
        (
            json!([{"url": "http://HOST/ok"}, {"url": "http://bob:pw@HOST/down?key=v"}]),
            "request 2 of 2: GET http://HOST/down?key=...: expected status 200 to 299, got 503 with \"no healthy \
             upstream\"",
        ),
        (
            json!([{"url": "http://HOST/ok", "expect": {"bodyContains": "great"}}]),
            "GET http://HOST/ok: expected \"great\" in the body, got \"fine\"",
        ),
        (
            json!([{"url": "http://HOST/never", "expect": {"withinMilliseconds": 30}}]),
            "GET http://HOST/never: took longer than 30 ms",
        ),
        (
            json!([{"url": "http://HOST/large", "carry": {"x": {"json": "/x"}}}]),
            "GET http://HOST/large: the value 'x' cannot be carried over: the body is longer than 1 MiB, and so it is \
             not read whole",
        ),
        (
            json!([{"url": "${NO_SUCH_VARIABLE}/ok"}]),
            "GET: the environment variable NO_SUCH_VARIABLE is not set",
        ),
        (
            json!([{"url": "http://HOST/ok", "headers": {"x": "{{id}}"}}]),
            "GET: no earlier answer gave a value named 'id'",
        ),
        (
            json!([{"method": "G ET", "url": "http://HOST/ok"}]),
            "G ET: this is no HTTP method",
        ),
        (
            json!([{"url": "/ok"}]),
            "GET: its address is no URL (relative URL without a base)",
        ),
        (
            json!([{"url": "ftp://HOST/ok"}]),
            "GET: 'ftp' is no way to reach an application; use http or https",
        ),
        (
            json!([{"url": "http://HOST/ok", "headers": {"a b": "c"}}]),
            "GET: 'a b' is no name of a header",
        ),
        (json!([]), "the test has no request to send"),
    ] {
        let run = run(&host, requests).await;
        assert_eq!((run.passed, run.detail), (false, expected.replace("HOST", &host)));
    }
    let fine = run(&host, json!([{"url": "http://HOST/large"}])).await;
    assert!(fine.passed, "a large answer is no failure by itself: {}", fine.detail);
}

#[tokio::test]
async fn secrets_never_reach_the_detail() {
    let router = Router::new()
        .route("/login", get(|| async { Json(json!({"token": "0123456789abcdef"})) }))
        .fallback(echo);
    let host = serve(router).await;
    let run = run(
        &host,
        json!([
            {"url": "http://HOST/login", "carry": {"token": {"json": "/token"}}},
            {"method": "POST", "url": format!("http://HOST/a/{VARIABLE}/{{{{token}}}}?k={VARIABLE}"),
             "body": format!("{VARIABLE} {{{{token}}}}"), "expect": {"bodyContains": "nothing like this"}},
        ]),
    )
    .await;
    assert_eq!(
        run.detail,
        format!(
            "request 2 of 2: POST http://{host}/a/{VARIABLE}/{{{{token}}}}?k=...: expected \"nothing like this\" in \
             the body, got \"{{\"body\":\"{VARIABLE} {{{{token}}}}\",\"headers\":{{\"accept\":\"*/*\",\"accept-encoding...\""
        )
    );
    let early = json!([{"url": "http://HOST/login", "carry": {"token": {"json": "/token"}},
        "expect": {"status": [204]}}]);
    let detail = self::run(&host, early).await.detail;
    assert!(
        detail.ends_with("got 200 with \"{\"token\":\"{{token}}\"}\""),
        "{detail}"
    );
}

#[tokio::test]
async fn redirects_are_followed_unless_one_is_expected() {
    let elsewhere = serve(Router::new().fallback(echo)).await;
    let away = format!("http://{elsewhere}/there");
    let router = Router::new()
        .route("/start", get(|| async { Redirect::to("/middle?x=1") }))
        .route("/middle", get(|| async { Redirect::permanent("/end") }))
        .route("/end", get(|| async { "arrived" }))
        .route("/round", get(|| async { Redirect::to("/round") }))
        .route("/bare", get(|| async { StatusCode::FOUND }))
        .route(
            "/away/{status}",
            any(|Path(status): Path<u16>| async move {
                (StatusCode::from_u16(status).unwrap(), [("location", away)]).into_response()
            }),
        );
    let host = serve(router).await;
    let fine = run(
        &host,
        json!([
            {"url": "http://HOST/start", "expect": {"bodyContains": "arrived"}},
            {"url": "http://HOST/start", "expect": {"status": [303]}, "carry": {"next": {"header": "location"}}},
            {"url": "{{next}}", "expect": {"bodyContains": "arrived"}},
            {"url": "http://HOST/bare", "expect": {"status": [302]}},
        ]),
    )
    .await;
    assert_eq!((fine.passed, fine.detail.as_str()), (true, ""));
    let round = run(&host, json!([{"url": "http://HOST/round"}])).await;
    assert!(
        round.detail.ends_with("is redirected more than 10 times"),
        "{}",
        round.detail
    );

    let private = json!({"x-key": VARIABLE, "authorization": "Basic xyz", "x-open": "yes"});
    let seen = run(
        &host,
        json!([{"url": "http://HOST/away/302", "headers": private, "expect": {"bodyContains": "\"x-open\":\"yes\""}}]),
    )
    .await;
    assert!(seen.passed, "{}", seen.detail);
    for header in ["x-key", "authorization"] {
        let seen = run(
            &host,
            json!([{"url": "http://HOST/away/302", "headers": private, "expect": {"bodyContains": header}}]),
        )
        .await;
        assert!(!seen.passed, "{header} went to another host");
    }
    let body = run(
        &host,
        json!([{"method": "POST", "url": "http://HOST/away/307", "body": VARIABLE}]),
    )
    .await;
    assert!(
        body.detail.contains("values that are not meant for it"),
        "{}",
        body.detail
    );
}

#[tokio::test]
async fn an_application_that_is_away_is_told() {
    let host = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let run = run(&host, json!([{"url": "http://HOST/cart"}])).await;
    assert!(!run.passed);
    let expected = format!("GET http://{host}/cart: http://{host} cannot be reached (");
    assert!(run.detail.starts_with(&expected), "{}", run.detail);
    assert!(run.detail.contains("refused"), "{}", run.detail);
}

/// Tells when it is dropped.
struct Farewell(mpsc::UnboundedSender<&'static str>);

impl Drop for Farewell {
    fn drop(&mut self) {
        let _ = self.0.send("gone");
    }
}

#[tokio::test]
async fn dropping_a_run_ends_its_request() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let told = Arc::new(Mutex::new(told));
    let router = Router::new().route(
        "/never",
        get(move || {
            let told = told.lock().unwrap().clone();
            async move {
                told.send("here").unwrap();
                let _farewell = Farewell(told);
                std::future::pending::<()>().await;
            }
        }),
    );
    let host = serve(router).await;
    let test = flow(&host, &json!({"http": [{"url": "http://HOST/never"}]}));
    let running = tokio::spawn(async move { runner().run(&test).await });
    assert_eq!(timeout(PATIENCE, heard.recv()).await.unwrap(), Some("here"));
    running.abort();
    assert_eq!(timeout(PATIENCE, heard.recv()).await.unwrap(), Some("gone"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_is_a_test_too() {
    let command = |script: &str| flow("", &json!({"command": {"program": "sh", "arguments": ["-c", script]}}));
    let fine = runner().run(&command("echo 12 checks passed")).await;
    assert_eq!((fine.passed, fine.detail.as_str()), (true, "12 checks passed"));
    let failed = runner().run(&command("echo 'cart is\x1b[31m red' >&2; exit 2")).await;
    assert_eq!(failed.detail, "expected exit code 0, got 2: cart is[31m red");
    assert!(!failed.passed);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn dropping_a_run_ends_its_program_and_what_it_started() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("numbers");
    let script = "sleep 600 & echo $$ $! > \"$0.new\" && mv \"$0.new\" \"$0\"; wait";
    let test = flow(
        "",
        &json!({"command": {"program": "sh", "arguments": ["-c", script, file.to_str().unwrap()]}}),
    );
    let running = tokio::spawn(async move { runner().run(&test).await });
    until(|| file.exists()).await;
    let numbers = std::fs::read_to_string(&file).unwrap();
    let is_alive = |number: &str| {
        let state = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        // The word after the name in brackets; a dead process may stay as a zombie until its parent looks.
        let state = state.rsplit(") ").next().unwrap_or_default();
        !state.is_empty() && !state.starts_with('Z') && !state.starts_with('X')
    };
    assert!(numbers.split_whitespace().all(is_alive));
    running.abort();
    until(|| !numbers.split_whitespace().any(is_alive)).await;
}

#[cfg(target_os = "linux")]
async fn until(mut is_so: impl FnMut() -> bool) {
    timeout(PATIENCE, async {
        let mut ticks = interval(Duration::from_millis(5));
        while !is_so() {
            ticks.tick().await;
        }
    })
    .await
    .unwrap();
}
