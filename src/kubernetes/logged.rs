//! Writes every request to an API server into the session's log, at the last place before it leaves.
//! Never keeps a header of the request, nor the body of a success.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use kube::client::Body;
use tower::{BoxError, Layer, Service};

use super::error::{chain, login_trouble};
use crate::domain::text::printable;
use crate::requests::entry::Sent;
use crate::requests::log::{Answer, Pending, RequestLog};
use crate::requests::{purpose, shown};

/// Bytes of a refusal that are read along for the log.
const MOST_OF_ERROR: usize = 8 * 1024;

/// Who is asked, and where that is written down.
#[derive(Clone)]
pub(super) struct LogLayer {
    pub(super) log: RequestLog,
    /// Scheme, host and port.
    pub(super) server: Arc<str>,
    /// The kubeconfig's context.
    pub(super) name: Option<String>,
}

impl<S> Layer<S> for LogLayer {
    type Service = Logged<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Logged {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service below, every request of which is written down.
pub(super) struct Logged<S> {
    inner: S,
    layer: LogLayer,
}

impl<S, B> Service<Request<Body>> for Logged<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response<LoggedBody<B>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let pending = self.layer.log.begin(self.layer.sent(&request));
        let answering = self.inner.call(request);
        Box::pin(async move {
            match answering.await {
                Ok(response) => Ok(followed(response, pending)),
                Err(error) => {
                    pending.failed(why(&error));
                    Err(error)
                }
            }
        })
    }
}

impl LogLayer {
    fn sent(&self, request: &Request<Body>) -> Sent {
        let (method, uri) = (method_name(request.method()), request.uri());
        let (query, is_whole) = shown::query(uri.query());
        let (kind, why) = purpose::of_kubernetes(method, uri.path(), uri.query());
        Sent {
            kind,
            method,
            server: self.server.to_string(),
            name: self.name.clone(),
            path: printable(uri.path()),
            query,
            is_whole,
            why,
            attempt: 1,
            sent: request.body().size_hint().exact().unwrap_or_default(),
            request_id: None,
        }
    }
}

fn followed<B>(response: Response<B>, pending: Pending) -> Response<LoggedBody<B>> {
    let status = response.status().as_u16();
    let headers = response.headers();
    let answer = Answer {
        // Names the request in the API server's audit log (Kubernetes docs "Auditing", 1.34).
        request_id: headers.get("audit-id").and_then(|id| id.to_str().ok()).map(printable),
        headers: shown::headers(headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))),
    };
    pending.answering(status, answer);
    response.map(|inner| LoggedBody {
        inner,
        status,
        refusal: Vec::new(),
        pending: Some(pending),
    })
}

/// A body whose bytes are counted as they come; its end, or its drop, is the end of the request.
pub(super) struct LoggedBody<B> {
    inner: B,
    status: u16,
    /// The start of the body, where it is an error's.
    refusal: Vec<u8>,
    pending: Option<Pending>,
}

impl<B> LoggedBody<B> {
    fn take(&mut self, data: &Bytes) {
        if let Some(pending) = &self.pending {
            pending.add_received(data.len());
        }
        if self.status >= 400 {
            let room = MOST_OF_ERROR.saturating_sub(self.refusal.len()).min(data.len());
            self.refusal.extend_from_slice(&data[..room]);
        }
    }

    fn end(&mut self) {
        if let Some(pending) = self.pending.take() {
            pending.answered(self.status, shown::error(&self.refusal));
        }
    }
}

impl<B> Drop for LoggedBody<B> {
    fn drop(&mut self) {
        self.end();
    }
}

impl<B> HttpBody for LoggedBody<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        polled.map(|frame| match frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.take(data);
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => {
                let error: BoxError = error.into();
                if let Some(pending) = self.pending.take() {
                    pending.failed(why(&error));
                }
                Some(Err(error))
            }
            None => {
                self.end();
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Why there is no answer. What a login plugin printed may be a token and stays away.
fn why(error: &BoxError) -> String {
    match error.downcast_ref::<kube::Error>() {
        Some(kube::Error::Auth(login)) => printable(&login_trouble(login)),
        _ => match error.downcast_ref::<kube::client::AuthError>() {
            Some(login) => printable(&login_trouble(login)),
            None => printable(&chain(&**error)),
        },
    }
}

fn method_name(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}
