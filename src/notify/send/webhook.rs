//! Posts notices to webhooks. Follows no redirect, repeats what may pass, and never shows more of an address than its
//! host: the rest is a secret.

use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client as HttpClient, ClientBuilder};
use tokio::time::sleep;
use url::Url;

use super::super::notice::{Notice, cut};
use super::super::settings::{Webhook, host, is_loopback};
use super::super::shapes;
use crate::domain::text::printable;

/// How long one attempt may take.
const WITHIN: Duration = Duration::from_secs(10);
/// Waits before the second and the third attempt, in real time.
const WAITS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];
/// Longest wait a receiver may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read, and characters of it that are quoted.
const MOST_OF_ANSWER: usize = 4 * 1024;
const LONGEST_QUOTE: usize = 200;

/// The HTTP clients, built when they are first needed.
#[derive(Debug, Default)]
pub(super) struct Client {
    /// Through the proxies of the environment.
    usual: OnceLock<Result<HttpClient, String>>,
    /// For this machine, which no proxy can reach.
    loopback: OnceLock<Result<HttpClient, String>>,
}

/// How an attempt went wrong.
struct Failed {
    why: String,
    may_pass: bool,
    /// What the receiver asks for.
    wait: Option<Duration>,
}

impl Client {
    /// Posts one notice.
    ///
    /// # Errors
    /// When it was not taken after three attempts, or will not be; without the address.
    pub(super) async fn send(&self, hook: &Webhook, notice: &Notice) -> Result<(), String> {
        let url = hook.url.resolve(|name| std::env::var(name).ok())?;
        let body = shapes::payload(notice, hook.shape).to_string();
        let mut waits = WAITS.into_iter();
        loop {
            let failed = match self.post(&url, &body).await {
                Ok(()) => return Ok(()),
                Err(failed) => failed,
            };
            match waits.next().filter(|_| failed.may_pass) {
                Some(wait) => sleep(failed.wait.unwrap_or(wait).clamp(wait, LONGEST_WAIT)).await,
                None => return Err(format!("{} ({}): {}", host(&url), hook.shape.as_str(), failed.why)),
            }
        }
    }

    async fn post(&self, url: &Url, body: &str) -> Result<(), Failed> {
        let lasting = |why: String| Failed {
            why,
            may_pass: false,
            wait: None,
        };
        let request = self
            .of(url)
            .map_err(|why| lasting(why.clone()))?
            .post(url.clone())
            .header("content-type", "application/json")
            .body(body.to_owned())
            .timeout(WITHIN);
        let mut response = request.send().await.map_err(|error| Failed {
            why: words(&error.without_url()),
            may_pass: true,
            wait: None,
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let wait = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let mut answer = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            answer.extend_from_slice(&chunk);
            if answer.len() >= MOST_OF_ANSWER {
                break;
            }
        }
        let said = printable(String::from_utf8_lossy(&answer).trim());
        let said = if said.is_empty() || said.contains(url.path()) {
            String::new()
        } else {
            format!(", {}", cut(&said, LONGEST_QUOTE))
        };
        Err(Failed {
            why: format!("answered {}{said}", status.as_u16()),
            may_pass: status.is_server_error() || matches!(status.as_u16(), 408 | 429),
            wait,
        })
    }

    fn of(&self, url: &Url) -> Result<&HttpClient, &String> {
        let client = if is_loopback(url) {
            self.loopback.get_or_init(|| built(HttpClient::builder().no_proxy()))
        } else {
            self.usual.get_or_init(|| built(HttpClient::builder()))
        };
        client.as_ref()
    }
}

fn built(builder: ClientBuilder) -> Result<HttpClient, String> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    builder
        .user_agent(concat!("aks-cockpit/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| format!("no HTTP client can be made: {}", words(&error)))
}

/// An error with all its causes on one line; reqwest says the reason only in the causes.
fn words(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    printable(&text)
}
