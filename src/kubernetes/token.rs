//! Bearer tokens of ours on every request, kept until shortly before they end.
//! Never shows a token: the header is marked as sensitive and nothing here is logged.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::header::{AUTHORIZATION, HeaderValue};
use http::{Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use kube::client::Body;
use tokio::sync::Mutex;
use tower::buffer::Buffer;
use tower::{BoxError, Layer, Service};

use super::client::TokenProvider;
use crate::clock::Clock;

/// How long before its end a token is replaced.
const RENEWED_BEFORE_END: SignedDuration = SignedDuration::from_mins(5);

/// Requests that may wait while one token is fetched.
const WAITING_REQUESTS: usize = 64;

/// No token could be had; the text says why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct TokenError(pub(super) String);

/// One token, asked for by one request at a time.
struct TokenCache {
    provider: TokenProvider,
    clock: Clock,
    held: Mutex<Option<Held>>,
}

#[derive(Clone)]
struct Held {
    header: HeaderValue,
    renew_at: Timestamp,
}

impl TokenCache {
    async fn header(&self) -> Result<HeaderValue, TokenError> {
        let mut held = self.held.lock().await;
        let now = self.clock.now();
        if let Some(token) = held.as_ref().filter(|token| now < token.renew_at) {
            return Ok(token.header.clone());
        }
        let (token, ends_at) = (self.provider)().await.map_err(TokenError)?;
        let mut header = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| TokenError("the token is not one that fits in a header".to_owned()))?;
        header.set_sensitive(true);
        *held = Some(Held {
            header: header.clone(),
            renew_at: renew_at(now, ends_at),
        });
        Ok(header)
    }

    /// Drops `refused`, unless another request has already replaced it.
    async fn forget(&self, refused: &HeaderValue) {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|token| token.header == *refused) {
            *held = None;
        }
    }
}

/// Five minutes before the end; half of the life left for a token that lives shorter than ten.
fn renew_at(now: Timestamp, ends_at: Timestamp) -> Timestamp {
    let left = ends_at.duration_since(now);
    now.saturating_add((left - RENEWED_BEFORE_END).max(left / 2))
        .unwrap_or(ends_at)
}

/// Puts a token on every request that passes.
#[derive(Clone)]
pub(super) struct TokenLayer(Arc<TokenCache>);

impl TokenLayer {
    pub(super) fn new(provider: TokenProvider, clock: Clock) -> Self {
        Self(Arc::new(TokenCache {
            provider,
            clock,
            held: Mutex::new(None),
        }))
    }
}

impl<S> Layer<S> for TokenLayer
where
    S: Service<Request<Body>, Error = BoxError> + Send + 'static,
    S::Future: Send,
{
    type Service = WithToken<S::Future>;

    fn layer(&self, inner: S) -> Self::Service {
        WithToken {
            inner: Buffer::new(inner, WAITING_REQUESTS),
            tokens: self.0.clone(),
        }
    }
}

/// The service below, with tokens; the buffer makes it one that can be cloned into a future.
pub(super) struct WithToken<F> {
    inner: Buffer<Request<Body>, F>,
    tokens: Arc<TokenCache>,
}

impl<F, B> Service<Request<Body>> for WithToken<F>
where
    F: Future<Output = Result<Response<B>, BoxError>> + Send + 'static,
    B: Send + 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<B>, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let fresh = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, fresh);
        let tokens = Arc::clone(&self.tokens);
        Box::pin(async move {
            let header = tokens.header().await?;
            request.headers_mut().insert(AUTHORIZATION, header.clone());
            let response = ready.call(request).await?;
            if response.status() == StatusCode::UNAUTHORIZED {
                tokens.forget(&header).await;
            }
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    fn counting_cache(life: SignedDuration) -> (TokenCache, Arc<AtomicUsize>) {
        let clock = Clock::stepped(Timestamp::UNIX_EPOCH);
        let asked = Arc::new(AtomicUsize::new(0));
        let provider: TokenProvider = {
            let (clock, asked) = (clock.clone(), asked.clone());
            Arc::new(move || {
                let token = format!("t{}", asked.fetch_add(1, Ordering::SeqCst));
                let ends_at = clock.now() + life;
                Box::pin(async move { Ok((token, ends_at)) })
            })
        };
        let cache = TokenCache {
            provider,
            clock,
            held: Mutex::new(None),
        };
        (cache, asked)
    }

    async fn token(cache: &TokenCache) -> String {
        cache.header().await.unwrap().to_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn a_token_is_kept_until_five_minutes_before_its_end() {
        let (cache, asked) = counting_cache(SignedDuration::from_mins(60));
        assert_eq!(token(&cache).await, "Bearer t0");
        cache.clock.advance(Duration::from_secs(55 * 60 - 1));
        assert_eq!(token(&cache).await, "Bearer t0");
        cache.clock.advance(Duration::from_secs(1));
        assert_eq!(token(&cache).await, "Bearer t1");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_short_token_is_kept_for_half_of_its_life() {
        let (cache, _) = counting_cache(SignedDuration::from_mins(4));
        token(&cache).await;
        cache.clock.advance(Duration::from_secs(119));
        assert_eq!(token(&cache).await, "Bearer t0");
        cache.clock.advance(Duration::from_secs(1));
        assert_eq!(token(&cache).await, "Bearer t1");
    }

    #[tokio::test]
    async fn only_the_refused_token_is_forgotten() {
        let (cache, _) = counting_cache(SignedDuration::from_mins(60));
        let first = cache.header().await.unwrap();
        assert!(!format!("{first:?}").contains("t0"), "a token is never printed");
        cache.forget(&first).await;
        assert_eq!(token(&cache).await, "Bearer t1");
        cache.forget(&first).await;
        assert_eq!(token(&cache).await, "Bearer t1");
    }

    #[tokio::test]
    async fn trouble_is_passed_on_in_words() {
        let cache = TokenCache {
            provider: Arc::new(|| Box::pin(async { Err("run az login".to_owned()) })),
            clock: Clock::stepped(Timestamp::UNIX_EPOCH),
            held: Mutex::new(None),
        };
        assert_eq!(cache.header().await.unwrap_err().to_string(), "run az login");
    }
}
