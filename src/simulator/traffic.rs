//! Counts what is asked of a simulator, so that a client's cost can be told. Changes no answer.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::{BoxError, Router};
use futures::Stream;

/// What one API was asked, and what it answered, since the simulator started.
#[derive(Debug, Default)]
pub struct Traffic {
    requests: AtomicU64,
    answered_bytes: AtomicU64,
}

impl Traffic {
    /// Requests that came.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Bytes of the bodies that were answered, as they were sent; headers do not count.
    pub fn answered_bytes(&self) -> u64 {
        self.answered_bytes.load(Ordering::Relaxed)
    }
}

/// The router with every request of it counted.
pub(super) fn counted(router: Router, traffic: &Arc<Traffic>) -> Router {
    router.layer(from_fn_with_state(Arc::clone(traffic), count))
}

async fn count(State(traffic): State<Arc<Traffic>>, request: Request, next: Next) -> Response {
    traffic.requests.fetch_add(1, Ordering::Relaxed);
    let answer = next.run(request).await;
    answer.map(|body| {
        Body::from_stream(Counted {
            body: body.into_data_stream(),
            traffic,
        })
    })
}

/// A body that is counted as it is sent.
struct Counted {
    body: axum::body::BodyDataStream,
    traffic: Arc<Traffic>,
}

impl Stream for Counted {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.body).poll_next(context);
        if let Poll::Ready(Some(Ok(bytes))) = &polled {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            self.traffic.answered_bytes.fetch_add(length, Ordering::Relaxed);
        }
        polled.map(|item| item.map(|item| item.map_err(BoxError::from)))
    }
}
