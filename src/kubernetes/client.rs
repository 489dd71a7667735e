//! Connects to an API server from a kubeconfig, with a token of ours where the cluster uses Entra ID.
//! Every call has a time limit; none is repeated here.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use kube::client::ClientBuilder;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::{KubernetesError, chain, login_trouble};
use super::kubeconfig::{Chosen, choose, read_file};
use super::logged::LogLayer;
use super::token::TokenLayer;
use crate::clock::Clock;
use crate::domain::text::printable;
use crate::requests::log::RequestLog;

/// How long a login plugin of a kubeconfig may take.
const LOGIN_WITHIN: Duration = Duration::from_mins(1);

/// How long one call may take, the whole answer included.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Gives a bearer token and the time it ends; the error is a printable sentence.
pub type TokenProvider = Arc<dyn Fn() -> BoxFuture<'static, Result<(String, jiff::Timestamp), String>> + Send + Sync>;

/// How to reach one API server. `Debug` shows no secret.
#[derive(Clone)]
pub struct Access {
    /// Where the kubeconfig is from, for messages: a file name, or `Azure`.
    pub origin: String,
    /// The text; a path in it is seen from the working directory, see [`Access::from_file`].
    pub kubeconfig: String,
    /// `None` takes the current context.
    pub context: Option<String>,
    /// Used in place of an exec plugin or auth provider the kubeconfig asks for.
    pub token: Option<TokenProvider>,
}

impl Access {
    /// Reads a kubeconfig file; paths in it are seen from the file's folder, as `kubectl` does.
    ///
    /// # Errors
    /// When the file cannot be read or is no kubeconfig.
    pub fn from_file(path: &Path, context: Option<&str>) -> Result<Self, KubernetesError> {
        Ok(Self {
            origin: printable(&path.display().to_string()),
            kubeconfig: read_file(path)?,
            context: context.map(str::to_owned),
            token: None,
        })
    }

    /// The context that is used: the one asked for, else the file's current one; printable. `None` where the
    /// kubeconfig cannot be read or names none.
    pub fn context_name(&self) -> Option<String> {
        let current = || {
            kube::config::Kubeconfig::from_yaml(&self.kubeconfig)
                .ok()?
                .current_context
        };
        let name = self.context.clone().or_else(current)?;
        Some(printable(&name)).filter(|name| !name.is_empty())
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Access({}, context {:?})", self.origin, self.context)
    }
}

/// A connected client; clones share connections and what was learnt about the server.
#[derive(Clone)]
pub struct KubernetesClient {
    pub(super) inner: kube::Client,
    server: Arc<str>,
    /// The server has no streaming lists.
    pages_only: Arc<AtomicBool>,
}

impl fmt::Debug for KubernetesClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KubernetesClient({})", self.server)
    }
}

impl KubernetesClient {
    /// Connects; nothing is sent to the API server yet, but a login plugin of the kubeconfig may run.
    ///
    /// # Errors
    /// When the kubeconfig cannot be used, with the contexts it has, or its login plugin fails.
    pub async fn connect(access: &Access) -> Result<Self, KubernetesError> {
        Self::connect_logged(access, &RequestLog::new(Clock::wall())).await
    }

    /// The same, with every request in this log.
    ///
    /// # Errors
    /// As for [`Self::connect`].
    pub async fn connect_logged(access: &Access, log: &RequestLog) -> Result<Self, KubernetesError> {
        let Chosen { config, wants_token } = choose(access).await?;
        let server: Arc<str> = printable(&server_name(&config.cluster_url)).into();
        // Runs the login plugin, and waits for it.
        let building = tokio::task::spawn_blocking(move || ClientBuilder::try_from(config));
        let login_failed = |why: String| KubernetesError::Kubeconfig {
            origin: access.origin.clone(),
            why,
            contexts: Vec::new(),
        };
        let builder = match tokio::time::timeout(LOGIN_WITHIN, building).await {
            Ok(Ok(Ok(builder))) => builder,
            Ok(Ok(Err(kube::Error::Auth(error)))) => return Err(login_failed(login_trouble(&error))),
            Ok(Ok(Err(error))) => return Err(login_failed(chain(&error))),
            Ok(Err(_)) => return Err(login_failed("its login plugin could not be run".to_owned())),
            Err(_) => {
                let why = format!("its login plugin took more than {} s", LOGIN_WITHIN.as_secs());
                return Err(login_failed(why));
            }
        };
        let builder = builder.with_layer(&LogLayer {
            log: log.clone(),
            server: Arc::clone(&server),
            name: access.context_name(),
        });
        let inner = match access.token.clone().filter(|_| wants_token) {
            Some(provider) => builder.with_layer(&TokenLayer::new(provider, Clock::wall())).build(),
            None => builder.build(),
        };
        Ok(Self {
            inner,
            server,
            pages_only: Arc::default(),
        })
    }

    /// The API server's address, for messages.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Asks the API server for its version, as it writes it (`v1.33.5`); any login may ask, so it serves as a probe.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses the login, or answers with something else.
    pub async fn server_version(&self) -> Result<String, KubernetesError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            git_version: String,
        }
        let request = http::Request::get("/version")
            .body(Vec::new())
            .expect("a constant path makes a request");
        let version: Version = self.ask("the version", request, ANSWER_WITHIN).await?;
        Ok(printable(&version.git_version))
    }

    /// Sends one request and reads the whole answer; `what` names it in errors.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        what: &str,
        request: http::Request<Vec<u8>>,
        within: Duration,
    ) -> Result<T, KubernetesError> {
        let text = tokio::time::timeout(within, self.inner.request_text(request))
            .await
            .map_err(|_| KubernetesError::no_answer(&self.server, within))?
            .map_err(|error| KubernetesError::from_kube(&self.server, what, error))?;
        serde_json::from_str(&text).map_err(|error| KubernetesError::unreadable(what, &error))
    }

    /// False once the server has shown that it has no streaming lists.
    pub(super) fn streams_lists(&self) -> bool {
        !self.pages_only.load(Ordering::Relaxed)
    }

    /// Remembers that this server has no streaming lists.
    pub(super) fn lists_by_page_from_now_on(&self) {
        self.pages_only.store(true, Ordering::Relaxed);
    }
}

/// Scheme, host and port, without a user or a path.
fn server_name(url: &http::Uri) -> String {
    let port = url.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    let scheme = url.scheme_str().unwrap_or("https");
    format!("{scheme}://{}{port}", url.host().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_names_its_context() {
        let check = |kubeconfig: &str, context: Option<&str>, expected: Option<&str>| {
            let access = Access {
                origin: "file.yaml".into(),
                kubeconfig: kubeconfig.into(),
                context: context.map(str::to_owned),
                token: None,
            };
            assert_eq!(access.context_name().as_deref(), expected, "{kubeconfig}");
        };
        check("current-context: kind-one\nkind: Config\n", None, Some("kind-one"));
        check(r#"{"current-context":"stock","kind":"Config"}"#, None, Some("stock"));
        check("current-context: kind-one\n", Some("other"), Some("other"));
        check("current-context: \"\"\n", None, None);
        check("[", None, None);
    }

    #[test]
    fn a_server_is_named_without_what_may_be_secret() {
        let name = |url: &str| server_name(&url.parse().unwrap());
        assert_eq!(
            name("https://user:pass@shop.example:6443/k8s/c-1?x=y"),
            "https://shop.example:6443"
        );
        assert_eq!(name("http://127.0.0.1:80"), "http://127.0.0.1:80");
    }
}
