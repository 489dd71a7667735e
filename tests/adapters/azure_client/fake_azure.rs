//! A scripted Azure on loopback, a client for it, and the bodies that the tests send around.

use std::sync::{Arc, Mutex};

use aks_cockpit::azure::client::{API_VERSION, AzureClient, AzureSettings};
use aks_cockpit::azure::credentials::Credential;
use aks_cockpit::clock::Clock;
use aks_cockpit::domain::change::{Change, OperationLink, RequestPreview};
use aks_cockpit::domain::ids::{ClusterId, NodePoolName};
use aks_cockpit::domain::version::KubernetesVersion;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Response, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const TOKEN: &str = "the-secret-token";
pub(crate) const CLUSTER: &str =
    "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/shop";

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Value>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What the server answers.
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// A body: JSON, or any text.
pub(crate) struct Content(String);

impl From<Value> for Content {
    fn from(value: Value) -> Self {
        Self(value.to_string())
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

pub(crate) fn reply(status: u16, body: impl Into<Content>) -> Reply {
    Reply {
        status,
        headers: Vec::new(),
        body: body.into().0,
    }
}

impl Reply {
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A server whose answers the test decides, by request and by how many came before it.
pub(crate) struct FakeAzure {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl FakeAzure {
    pub(crate) async fn start(answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let log = Arc::clone(&seen);
        let answer = Arc::new(answer);
        let handler = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let request = Seen {
                method: method.to_string(),
                path: uri.path().to_owned(),
                query: uri.query().unwrap_or_default().to_owned(),
                headers,
                body: serde_json::from_slice(&body).ok(),
            };
            let before = log.lock().unwrap().len();
            log.lock().unwrap().push(request.clone());
            let reply = answer(&request, before);
            async move {
                let mut response = Response::builder().status(reply.status);
                for (name, value) in reply.headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(reply.body)).unwrap()
            }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handler)).await });
        Self { url, seen }
    }

    /// A client whose seconds pass in a millisecond.
    pub(crate) fn client(&self) -> AzureClient {
        client(&self.url)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

pub(crate) fn client(endpoint: &str) -> AzureClient {
    client_with(endpoint, Clock::running(1000.0))
}

pub(crate) fn client_with(endpoint: &str, clock: Clock) -> AzureClient {
    AzureClient::try_new(AzureSettings {
        endpoint: endpoint.parse().unwrap(),
        credential: Credential::given(TOKEN).unwrap(),
        api_version: API_VERSION.to_owned(),
        clock,
    })
    .unwrap()
}

pub(crate) fn shop() -> ClusterId {
    ClusterId::new(CLUSTER)
}

pub(crate) fn cluster_body(version: &str) -> Value {
    json!({"id": CLUSTER, "location": "westeurope", "eTag": "cluster-etag", "properties": {
        "provisioningState": "Succeeded", "kubernetesVersion": version, "currentKubernetesVersion": version,
        "servicePrincipalProfile": {"clientId": "msi"},
        "agentPoolProfiles": [{"name": "user", "orchestratorVersion": version, "nodeImageVersion": "img-1"}]}})
}

pub(crate) fn pool_body(version: &str) -> Value {
    json!({"name": "user", "properties": {"provisioningState": "Succeeded", "orchestratorVersion": version,
        "nodeImageVersion": "img-1", "eTag": "pool-etag", "count": 3}})
}

pub(crate) fn error_body(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

pub(crate) fn upgrade_pool() -> Change {
    Change::UpgradeNodePool {
        cluster: shop(),
        pool: NodePoolName::new("user"),
        to: KubernetesVersion::new(1, 34, 2),
    }
}

pub(crate) fn preview(change: Change) -> RequestPreview {
    RequestPreview {
        path: format!("{CLUSTER}/agentPools/user?api-version={API_VERSION}"),
        change,
        method: "PUT".to_owned(),
        if_match: Some("pool-etag".to_owned()),
        fields: Vec::new(),
        body: Some(json!({"properties": {}})),
    }
}

pub(crate) fn link(async_operation: Option<String>, location: Option<String>) -> OperationLink {
    OperationLink {
        async_operation,
        location,
        cluster: shop(),
        pool: Some(NodePoolName::new("user")),
    }
}
