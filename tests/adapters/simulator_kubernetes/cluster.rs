//! A simulated cluster behind its real server, and short ways to talk to it. The clock is stepped: nothing happens
//! that a test did not ask for.

use std::time::Duration;

use aks_cockpit::clock::Clock;
use aks_cockpit::simulator::kubernetes::objects::{BudgetSpec, NodeSpec, ObjectStore, WorkloadSpec};
use aks_cockpit::simulator::scenario::Scenario;
use aks_cockpit::simulator::server::RunningSimulator;
use aks_cockpit::simulator::shared::SharedWorld;
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// Longer than any wait should take, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A cluster of three nodes with a guarded workload of three pods.
pub(crate) struct Cluster {
    pub(crate) world: SharedWorld,
    clock: Clock,
    pub(crate) base: String,
    pub(crate) token: String,
    pub(crate) client: reqwest::Client,
    _simulator: RunningSimulator,
}

pub(crate) fn start_time() -> jiff::Timestamp {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

pub(crate) fn node(name: &str) -> NodeSpec {
    NodeSpec {
        name: name.into(),
        pool: "user".into(),
        mode: "User".into(),
        version: "1.33.5".into(),
        node_image: "AKSUbuntu-2204gen2containerd-202610.01.0".into(),
        vm_size: "Standard_D4s_v5".into(),
        zone: None,
        node_resource_group: "MC_shop".into(),
        is_ready: true,
    }
}

pub(crate) fn workload(name: &str, kind: &str, replicas: u32) -> WorkloadSpec {
    WorkloadSpec {
        namespace: "shop".into(),
        name: name.into(),
        kind: kind.into(),
        replicas,
        pools: Vec::new(),
        start_time: Duration::from_secs(5),
        stop_time: Duration::from_secs(2),
        never_ready: 0,
        finalizer: None,
        budget: None,
    }
}

impl Cluster {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(prepare: impl FnOnce(&mut ObjectStore)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let now = start_time();
        let mut objects = ObjectStore::new(7, now);
        for name in ["n1", "n2", "n3"] {
            objects.add_node(&node(name), now);
        }
        let mut cart = workload("cart", "Deployment", 3);
        cart.budget = Some(BudgetSpec {
            name: "cart-pdb".into(),
            min_available: Some("3".into()),
            max_unavailable: None,
        });
        objects.add_workload(&cart, now);
        prepare(&mut objects);
        objects.advance_to(now);
        let clock = Clock::stepped(now);
        let scenario = Scenario::built_in("clean").unwrap();
        let simulator = RunningSimulator::start(&scenario, 7, clock.clone()).await.unwrap();
        let access = simulator.world.with(|world| {
            let cluster = world.clusters.get_mut("shop-prod").unwrap();
            cluster.objects = objects;
            cluster.access.clone()
        });
        Self {
            world: simulator.world.clone(),
            clock,
            base: access.endpoint,
            token: access.token,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            _simulator: simulator,
        }
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut ObjectStore, jiff::Timestamp) -> R) -> R {
        let answer = self.world.with(|world| {
            let now = world.now;
            change(&mut world.clusters.get_mut("shop-prod").unwrap().objects, now)
        });
        self.pass(0);
        answer
    }

    /// Lets seconds of the simulated time pass.
    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.world.with(|_| ());
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.token)
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: &Value,
    ) -> (StatusCode, Value) {
        let request = self
            .request(method, path)
            .header("content-type", content_type)
            .body(body.to_string());
        read(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (code, body) = read(self.request(Method::GET, path)).await;
        assert_eq!(code, StatusCode::OK, "{path}: {body}");
        body
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.send(Method::POST, path, "application/json", body).await
    }

    pub(crate) async fn merge(&self, path: &str, change: Value) -> (StatusCode, Value) {
        self.send(Method::PATCH, path, "application/merge-patch+json", &change)
            .await
    }

    pub(crate) async fn watch(&self, path: &str) -> Events {
        let response = self.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        Events {
            response,
            unread: Vec::new(),
        }
    }
}

pub(crate) async fn read(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let code = response.status();
    (code, response.json().await.unwrap())
}

/// The events of a running watch.
pub(crate) struct Events {
    pub(crate) response: reqwest::Response,
    pub(crate) unread: Vec<u8>,
}

impl Events {
    /// The next event; `None` when the watch has ended well, an error when its connection broke.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>, reqwest::Error> {
        tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = self.unread.drain(..=end).collect();
                    return Ok(Some(serde_json::from_slice(&line).unwrap()));
                }
                match self.response.chunk().await? {
                    Some(bytes) => self.unread.extend_from_slice(&bytes),
                    None => return Ok(None),
                }
            }
        })
        .await
        .expect("the watch says something")
    }

    pub(crate) async fn event(&mut self) -> Value {
        self.next().await.unwrap().expect("the watch goes on")
    }

    /// The next event as `TYPE name`.
    pub(crate) async fn brief(&mut self) -> String {
        let event = self.event().await;
        format!(
            "{} {}",
            text(&event["type"]),
            text(&event["object"]["metadata"]["name"])
        )
    }
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(crate) fn names(list: &Value) -> Vec<&str> {
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| text(&item["metadata"]["name"]))
        .collect()
}

pub(crate) fn version(object: &Value) -> &str {
    text(&object["metadata"]["resourceVersion"])
}
