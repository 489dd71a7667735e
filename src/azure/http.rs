//! One HTTP exchange with Azure: token, request id, repeats where they are safe, and a record of each attempt.
//! Follows no redirect, so that a token never goes where it was not meant to.

use std::error::Error;
use std::fmt::Display;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MATCH,
};
use reqwest::{Client, Method};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::client::AzureClient;
use super::credentials::{Audience, Token};
use super::error::{AzureError, TriedCredential};
use super::paths;
use super::retry::{self, Ending, Repeat};
use super::wire;
use crate::domain::text::printable;
use crate::requests::entry::{Kind, Sent};
use crate::requests::log::{self, Pending};
use crate::requests::shown;

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Azure's gateway gives up after a minute by itself.
const TIMEOUT: Duration = Duration::from_secs(75);
/// Well before Azure closes a quiet connection: a change sent on a closing one would be uncertain.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// A page of a thousand clusters is about 10 MB.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// One request.
#[derive(Debug)]
pub(super) struct Call {
    /// What it is for, in a few words, with the subject.
    pub(super) what: String,
    pub(super) method: Method,
    pub(super) url: Url,
    /// How the request log names it.
    pub(super) logged_as: String,
    /// JSON.
    pub(super) body: Option<Bytes>,
    pub(super) if_match: Option<String>,
    pub(super) request_id: Uuid,
    pub(super) repeat: Repeat,
    /// The right it needs.
    pub(super) needs: Option<String>,
    /// True where the answer is a secret that no error may quote.
    pub(super) is_secret: bool,
}

/// What Azure answered, of any status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) retry_after: Option<Duration>,
    pub(super) request_id: String,
}

/// An attempt without an answer.
enum Failure {
    NotConnected(Box<dyn Error + Send + Sync>),
    Lost(Box<dyn Error + Send + Sync>),
}

/// Installs ring as the process's TLS provider where none is; reqwest panics without one.
pub(super) fn ensure_crypto_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

/// The HTTP client for an endpoint. A loopback endpoint is never reached through a proxy.
pub(super) fn build_client(endpoint: &Url) -> Result<Client, AzureError> {
    ensure_crypto_provider();
    let mut builder = Client::builder()
        .user_agent(concat!("aks-cockpit/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none());
    if paths::is_loopback(endpoint) {
        builder = builder.no_proxy();
    }
    builder
        .build()
        .map_err(|error| AzureError::Settings { why: words(&error) })
}

impl Answer {
    /// Turns a status of 400 and above into the error it is.
    pub(super) fn checked(self, call: &Call) -> Result<Self, AzureError> {
        let status = self.status;
        if status < 300 {
            return Ok(self);
        }
        let error = wire::error_answer(status, &self.body);
        let what = call.what.clone();
        Err(match status {
            429 => AzureError::Throttled {
                what,
                retry_after: self.retry_after,
                error: Box::new(error),
            },
            408 | 500..=599 if call.repeat == Repeat::Write => AzureError::Uncertain {
                what,
                why: format!("Azure answered {status}, {error}"),
            },
            _ => AzureError::refused(&what, status, error, Some(self.request_id), call.needs.clone()),
        })
    }

    /// The body of a success, as JSON.
    pub(super) fn json(self, call: &Call) -> Result<Value, AzureError> {
        let answer = self.checked(call)?;
        serde_json::from_slice(&answer.body).map_err(|_| {
            let why = match answer.body.len() {
                0 => "it is empty",
                _ => "it is not JSON",
            };
            call.unreadable(&why, &answer.body)
        })
    }

    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }
}

impl Call {
    /// What the request log is told. A URL that is not ours is named by a word, and then its query stays away too.
    fn logged(&self, attempt: u32) -> Sent {
        let is_path = self.logged_as.starts_with('/');
        let (query, is_whole) = shown::query(self.url.query().filter(|_| is_path));
        Sent {
            kind: match self.repeat {
                Repeat::Write => Kind::AzureChange,
                _ => Kind::AzureRead,
            },
            method: method_name(&self.method),
            server: self.url.origin().ascii_serialization(),
            name: None,
            path: printable(&self.logged_as),
            query,
            is_whole: is_whole && is_path,
            why: printable(&self.what),
            attempt,
            sent: self
                .body
                .as_ref()
                .map_or(0, |body| u64::try_from(body.len()).unwrap_or(u64::MAX)),
            request_id: Some(self.request_id.to_string()),
        }
    }

    /// The error of an answer that came and says nothing this program understands.
    pub(super) fn unreadable(&self, why: &dyn Display, body: &[u8]) -> AzureError {
        AzureError::UnexpectedBody {
            what: self.what.clone(),
            why: why.to_string(),
            excerpt: if self.is_secret {
                String::new()
            } else {
                wire::excerpt(body)
            },
        }
    }
}

impl AzureClient {
    /// A read below the endpoint; `path` is without query.
    pub(super) fn get(&self, what: impl Into<String>, path: &str) -> Result<Call, AzureError> {
        let with_version = self.with_api_version(path);
        self.call(what, Method::GET, &with_version, Repeat::Read)
    }

    /// A request below the endpoint, with its query as it is.
    pub(super) fn call(
        &self,
        what: impl Into<String>,
        method: Method,
        path: &str,
        repeat: Repeat,
    ) -> Result<Call, AzureError> {
        Ok(Call {
            what: what.into(),
            url: paths::at_endpoint(self.endpoint(), path)?,
            logged_as: path.split('?').next().unwrap_or(path).to_owned(),
            body: None,
            if_match: None,
            request_id: Uuid::new_v4(),
            repeat,
            needs: wire::right_for(method.as_str(), path),
            is_secret: false,
            method,
        })
    }

    /// Asks and reads the JSON answer of a success.
    pub(super) async fn ask(&self, call: &Call) -> Result<Value, AzureError> {
        self.exchange(call).await?.json(call)
    }

    /// Asks, and reads the JSON answer of a success into a value.
    pub(super) async fn read<T>(
        &self,
        call: &Call,
        parse: fn(&Value) -> Result<T, wire::WrongShape>,
    ) -> Result<T, AzureError> {
        let answer = self.exchange(call).await?;
        let body = answer.body.clone();
        parse(&answer.json(call)?).map_err(|why| call.unreadable(&why, &body))
    }

    /// Sends a request until it is answered or may not be repeated. An answer of any status is a success here.
    pub(super) async fn exchange(&self, call: &Call) -> Result<Answer, AzureError> {
        let (mut attempts, mut waited, mut has_renewed) = (0, Duration::ZERO, false);
        loop {
            let token = self
                .credential()
                .token(Audience::ResourceManager, self.clock().now())
                .await?;
            let outcome = self.attempt(call, &token, attempts + 1).await?;
            // 401 means that nothing was carried out, so that any method may go again.
            if let Ok(answer) = &outcome
                && answer.status == 401
                && !has_renewed
            {
                if !self.credential().forget(Audience::ResourceManager, &token).await {
                    return Err(given_token_refused(answer));
                }
                has_renewed = true;
                continue;
            }
            let ending = match &outcome {
                Ok(answer) => Ending::Answered {
                    status: answer.status,
                    retry_after: answer.retry_after,
                },
                Err(Failure::NotConnected(_)) => Ending::NotConnected,
                Err(Failure::Lost(_)) => Ending::Lost,
            };
            attempts += 1;
            match retry::next_attempt(call.repeat, ending, attempts, waited, fastrand::f64()) {
                Some(wait) => {
                    self.wait(call, wait, attempts + 1).await;
                    waited += wait;
                }
                None => return outcome.map_err(|failure| self.lost(call, failure)),
            }
        }
    }

    /// Waits visibly: the wait is in the log before it begins.
    async fn wait(&self, call: &Call, wait: Duration, attempt: u32) {
        self.requests().wait(call.logged(attempt), wait);
        self.clock().sleep(wait).await;
    }

    fn lost(&self, call: &Call, failure: Failure) -> AzureError {
        let what = call.what.clone();
        match failure {
            Failure::Lost(why) if call.repeat == Repeat::Write => AzureError::Uncertain {
                what,
                why: words(&*why),
            },
            Failure::NotConnected(source) | Failure::Lost(source) => AzureError::Unreachable {
                what,
                endpoint: self.endpoint().origin().ascii_serialization(),
                source,
            },
        }
    }

    /// Sends once. The outer error is a request that cannot be built.
    async fn attempt(&self, call: &Call, token: &Token, attempt: u32) -> Result<Result<Answer, Failure>, AzureError> {
        let headers = headers(call, token)?;
        let at = self.clock().now();
        let mut request = self
            .http()
            .request(call.method.clone(), call.url.clone())
            .headers(headers);
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        self.meter().count(at);
        let pending = self.requests().begin(call.logged(attempt));
        let outcome = match request.send().await {
            Ok(response) => self.receive(response, call, at, &pending).await,
            Err(error) if error.is_connect() => Err(Failure::NotConnected(error.without_url().into())),
            Err(error) => Err(Failure::Lost(error.without_url().into())),
        };
        match &outcome {
            Ok(answer) => {
                let is_error = answer.status >= 400 && !call.is_secret;
                pending.answered(answer.status, shown::error(&answer.body).filter(|_| is_error));
            }
            Err(Failure::NotConnected(error) | Failure::Lost(error)) => pending.failed(words(&**error)),
        }
        Ok(outcome)
    }

    async fn receive(
        &self,
        mut response: reqwest::Response,
        call: &Call,
        at: Timestamp,
        pending: &Pending,
    ) -> Result<Answer, Failure> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let retry_after = text("retry-after").and_then(|value| retry::retry_after(value, at));
        let request_id = text("x-ms-request-id").map_or_else(|| call.request_id.to_string(), printable);
        let answering = log::Answer {
            request_id: Some(request_id.clone()),
            headers: shown::headers(headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))),
        };
        pending.answering(status, answering);
        let mut body = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= LARGEST_BODY => {
                    pending.add_received(chunk.len());
                    body.extend_from_slice(&chunk);
                }
                Ok(Some(_)) => return Err(Failure::Lost("the answer is larger than 64 MB".into())),
                Ok(None) => break,
                Err(error) => return Err(Failure::Lost(error.without_url().into())),
            }
        }
        let is_throttled = matches!(status, 429 | 503);
        let until = retry_after
            .filter(|_| is_throttled)
            .and_then(|wait| at.checked_add(wait).ok());
        self.meter().observe(&headers, until);
        Ok(Answer {
            status,
            body: body.freeze(),
            retry_after,
            request_id,
            headers,
        })
    }
}

/// A given token has come to its end: nobody but the one who gave it can give another.
fn given_token_refused(answer: &Answer) -> AzureError {
    AzureError::NotLoggedIn {
        tried: vec![TriedCredential {
            name: "the given token",
            why: format!("Azure refused it, {}", wire::error_answer(answer.status, &answer.body)),
            todo: "put a fresh token into AKS_COCKPIT_TOKEN and start again; executions go on where they are",
        }],
    }
}

fn headers(call: &Call, token: &Token) -> Result<HeaderMap, AzureError> {
    let value = |text: &str| {
        HeaderValue::from_str(text).map_err(|_| AzureError::Settings {
            why: format!("{}: a header holds characters that no header has", call.what),
        })
    };
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, token.header()?);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CLIENT_REQUEST_ID, value(&call.request_id.to_string())?);
    if call.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    } else if call.method != Method::GET {
        // Gateways demand the length of an empty body too (RFC 9110, section 8.6).
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    if let Some(etag) = &call.if_match {
        headers.insert(IF_MATCH, value(etag)?);
    }
    Ok(headers)
}

fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::PUT => "PUT",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// An error with all its causes on one line; reqwest says the reason only in the causes.
fn words(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    printable(&text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::azure::client::{API_VERSION, AzureSettings};
    use crate::azure::credentials::{Cloud, Credential};
    use crate::azure::error::AzureErrorKind;
    use crate::azure::login::tests::{Script, chain_of};
    use crate::clock::Clock;

    /// Answers one connection after the other, and gives back what was asked.
    async fn serve(listener: TcpListener, answers: &[(&str, &str)]) -> Vec<String> {
        let mut asked = Vec::new();
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") && !request.ends_with(b"{}") {
                stream.read_buf(&mut request).await.unwrap();
            }
            asked.push(String::from_utf8(request).unwrap());
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        asked
    }

    async fn client(tokens: &Arc<Script>) -> (AzureClient, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = AzureSettings {
            endpoint: format!("http://{}", listener.local_addr().unwrap()).parse().unwrap(),
            credential: Credential::from_chain(Cloud::Public, chain_of(vec![("az", tokens)])),
            api_version: API_VERSION.to_owned(),
            clock: Clock::stepped(Timestamp::from_second(1_800_000_000).unwrap()),
        };
        (AzureClient::try_new(settings).unwrap(), listener)
    }

    const EXPIRED: (&str, &str) = ("401 Unauthorized", r#"{"error":{"code":"ExpiredAuthenticationToken"}}"#);

    #[tokio::test]
    async fn a_refused_token_is_renewed_once_even_for_a_write() {
        let tokens = Script::tokens(&[("old", 3600), ("new", 3600)]);
        let (client, listener) = client(&tokens).await;
        let call = Call {
            body: Some(Bytes::from_static(b"{}")),
            ..client
                .call("change it", Method::PUT, "/x?api-version=1", Repeat::Write)
                .unwrap()
        };
        let (answer, asked) = tokio::join!(client.ask(&call), serve(listener, &[EXPIRED, ("200 OK", "{}")]));
        assert_eq!(answer.unwrap(), json!({}));
        assert!(asked[0].contains("Bearer old") && asked[1].contains("Bearer new"));
        let id = call.request_id.to_string();
        assert!(asked.iter().all(|request| request.contains(&id)));
    }

    #[tokio::test]
    async fn a_second_refusal_is_the_answer() {
        let tokens = Script::tokens(&[("old", 3600), ("new", 3600)]);
        let (client, listener) = client(&tokens).await;
        let call = client.get("read it", "/subscriptions").unwrap();
        let (answer, _) = tokio::join!(client.ask(&call), serve(listener, &[EXPIRED, EXPIRED]));
        let error = answer.unwrap_err();
        assert_eq!((error.kind(), error.missing_right()), (AzureErrorKind::Denied, None));
        assert_eq!(error.detail().unwrap().code, "ExpiredAuthenticationToken");
    }
}
