//! Lists for a survey: page by page, a few requests at once, each object made slim before the next page is asked for.

use std::time::Duration;

use http::header::{ACCEPT, HeaderValue};
use kube::api::ListParams;
use kube::core::Request;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::unread;
use crate::domain::survey::Reading;
use crate::kubernetes::client::KubernetesClient;
use crate::kubernetes::error::KubernetesError;
use crate::kubernetes::wire::Page;

/// Requests of one survey at a time: the API server has others to serve.
const REQUESTS_AT_ONCE: usize = 6;
/// Objects of one page.
const PAGE_SIZE: u32 = 500;
/// How long one answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// A list whose pages expire while they are read is begun anew, so often in all.
const ATTEMPTS: u32 = 3;
/// Metadata alone (Kubernetes docs "Kubernetes API Concepts", 2026).
const METADATA_ONLY: HeaderValue =
    HeaderValue::from_static("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");

/// A list, with the right it takes.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    path: String,
    /// As `list pods`.
    right: String,
    labels: Option<String>,
    page_size: u32,
    is_metadata_only: bool,
}

impl Listed {
    /// All objects under a path; the last word of the path is the resource.
    pub(super) fn new(path: impl Into<String>) -> Self {
        let path = path.into();
        let plural = path.rsplit('/').next().unwrap_or_default();
        Self {
            right: format!("list {plural}"),
            labels: None,
            page_size: PAGE_SIZE,
            is_metadata_only: false,
            path,
        }
    }

    /// Only those with these labels.
    pub(super) fn labelled(mut self, selector: impl Into<String>) -> Self {
        self.labels = Some(selector.into());
        self
    }

    /// Fewer at a time, where objects are large.
    pub(super) fn page_size(mut self, objects: u32) -> Self {
        self.page_size = objects;
        self
    }

    /// Without what the objects say and how they are.
    pub(super) fn metadata_only(mut self) -> Self {
        self.is_metadata_only = true;
        self
    }
}

/// Reads for one survey.
pub(super) struct Reader<'client> {
    pub(super) client: &'client KubernetesClient,
    gate: Semaphore,
}

impl<'client> Reader<'client> {
    pub(super) fn new(client: &'client KubernetesClient) -> Self {
        Self {
            client,
            gate: Semaphore::new(REQUESTS_AT_ONCE),
        }
    }

    /// Waits until one more request may be sent; it counts until this is dropped.
    pub(super) async fn permit(&self) -> SemaphorePermit<'_> {
        self.gate.acquire().await.expect("the gate is never closed")
    }

    /// All objects of a list as `slim` makes them; those it leaves out are not kept.
    pub(super) async fn list<T, R>(&self, listed: &Listed, slim: impl Fn(T) -> Option<R>) -> Reading<Vec<R>>
    where
        T: DeserializeOwned,
    {
        let mut attempt = 1;
        loop {
            match self.pages(listed, &slim).await {
                Err(KubernetesError::Refused { status: 410, .. }) if attempt < ATTEMPTS => attempt += 1,
                answer => return answer.map_err(|error| unread(&error)),
            }
        }
    }

    /// One answer as a whole; `right` names what it takes to have it.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, right: &str) -> Reading<T> {
        let request = http::Request::get(path)
            .body(Vec::new())
            .expect("a path of ours makes a request");
        let _permit = self.permit().await;
        let answer = self.client.ask(right, request, ANSWER_WITHIN).await;
        answer.map_err(|error| unread(&error))
    }

    /// All pages show the same moment, that of the first.
    async fn pages<T, R>(&self, listed: &Listed, slim: &impl Fn(T) -> Option<R>) -> Result<Vec<R>, KubernetesError>
    where
        T: DeserializeOwned,
    {
        let mut found = Vec::new();
        let mut parameters = ListParams {
            label_selector: listed.labels.clone(),
            limit: Some(listed.page_size),
            ..ListParams::default()
        };
        loop {
            let mut request = Request::new(listed.path.as_str()).list(&parameters).map_err(|error| {
                KubernetesError::from_kube(self.client.server(), &listed.right, kube::Error::BuildRequest(error))
            })?;
            if listed.is_metadata_only {
                request.headers_mut().insert(ACCEPT, METADATA_ONLY);
            }
            let permit = self.permit().await;
            let page: Page<T> = self.client.ask(&listed.right, request, ANSWER_WITHIN).await?;
            drop(permit);
            found.extend(page.items.into_iter().filter_map(slim));
            if page.metadata.next.is_empty() {
                return Ok(found);
            }
            parameters.continue_token = Some(page.metadata.next);
        }
    }
}
