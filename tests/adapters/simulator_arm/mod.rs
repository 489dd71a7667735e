//! The simulated ARM over real HTTP: every route, every fault, and the manners real clients depend on.

mod applications;
mod changes;
mod coming_and_going;
mod reads;
mod scenarios;
mod troubles;

use std::time::Duration;

use aks_cockpit::clock::Clock;
use aks_cockpit::simulator::faults::Fault;
use aks_cockpit::simulator::scenario::Scenario;
use aks_cockpit::simulator::server::RunningSimulator;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

const SUBSCRIPTION: &str = "4c7d1f2a-6b0e-4d39-9a58-1e3f7b2c8d60";
const VERSION: &str = "api-version=2026-08-01";

/// One simulator and a way to talk to it.
struct Arm {
    simulator: RunningSimulator,
    clock: Clock,
    http: reqwest::Client,
}

impl Arm {
    async fn start(scenario: &str) -> Self {
        // A process has one provider; the first test of it wins.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Clock::stepped("2026-11-23T10:00:00Z".parse().unwrap());
        let scenario = Scenario::built_in(scenario).unwrap();
        let simulator = RunningSimulator::start(&scenario, 1, clock.clone()).await.unwrap();
        Self {
            simulator,
            clock,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// A request with the right token to a path below ARM's endpoint; a query is added.
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mark = if path.contains('?') { '&' } else { '?' };
        self.http
            .request(method, format!("{}{path}{mark}{VERSION}", self.simulator.arm_endpoint))
            .bearer_auth(&self.simulator.token)
    }

    async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    async fn body(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    async fn post(&self, path: &str) -> Response {
        self.request(Method::POST, path).send().await.unwrap()
    }

    /// Reads a resource, changes it and writes it back, as the Azure CLI does.
    async fn put(&self, path: &str, change: impl FnOnce(&mut Value)) -> Response {
        let mut body = self.body(path).await;
        change(&mut body);
        self.request(Method::PUT, path).json(&body).send().await.unwrap()
    }

    /// Follows a URL exactly as it was handed out.
    async fn follow(&self, url: &str) -> Response {
        self.http
            .get(url)
            .bearer_auth(&self.simulator.token)
            .send()
            .await
            .unwrap()
    }

    async fn status(&self, url: &str) -> Value {
        let response = self.follow(url).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.simulator.world.with(|_| ());
    }

    fn fault(&self, fault: Fault) {
        self.simulator.world.with(|world| world.faults.push(fault));
    }
}

fn cluster_path() -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-shop-prod/providers/Microsoft.ContainerService/managedClusters/shop-prod"
    )
}

fn header(response: &Response, name: &str) -> String {
    response
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

async fn error_code(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    let code = body["error"]["code"].as_str().or(body["code"].as_str());
    (status, code.unwrap_or_default().to_owned())
}

fn full_upgrade(to: &str) -> impl FnOnce(&mut Value) {
    let to = to.to_owned();
    move |body| {
        body["properties"]["kubernetesVersion"] = json!(to);
        for pool in body["properties"]["agentPoolProfiles"].as_array_mut().unwrap() {
            pool["orchestratorVersion"] = json!(to);
        }
    }
}

fn control_plane_upgrade(to: &str) -> impl FnOnce(&mut Value) {
    let to = to.to_owned();
    move |body| body["properties"]["kubernetesVersion"] = json!(to)
}

/// The value behind a key of a kubeconfig.
fn field<'a>(text: &'a str, key: &str) -> &'a str {
    let line = text.lines().find(|line| line.trim().starts_with(key)).unwrap();
    line.trim().strip_prefix(key).unwrap().trim()
}
