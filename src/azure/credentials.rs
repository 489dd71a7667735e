//! Tokens for Azure: which cloud, which credential, cached until shortly before they end.
//! A token is never logged, printed or stored.

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderValue;
use tokio::sync::Mutex;
use url::Url;

use super::error::{AzureError, TriedCredential};
use super::login::{Environment, LoginChain};

/// Which cloud, with its endpoint, scope and login authority (azure-mgmt-core `get_arm_endpoints`, 2026).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cloud {
    #[default]
    Public,
    UsGov,
    China,
}

impl Cloud {
    /// Every cloud there is.
    pub const ALL: [Self; 3] = [Self::Public, Self::UsGov, Self::China];

    /// The word of the setting.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::UsGov => "usgov",
            Self::China => "china",
        }
    }

    /// Where Azure Resource Manager listens.
    pub fn arm_endpoint(self) -> Url {
        let text = match self {
            Self::Public => "https://management.azure.com",
            Self::UsGov => "https://management.usgovcloudapi.net",
            Self::China => "https://management.chinacloudapi.cn",
        };
        text.parse().expect("the table holds URLs")
    }

    /// Where tokens are issued.
    pub fn login_authority(self) -> &'static str {
        match self {
            Self::Public => "https://login.microsoftonline.com",
            Self::UsGov => "https://login.microsoftonline.us",
            Self::China => "https://login.chinacloudapi.cn",
        }
    }

    /// What an ARM token is asked for.
    pub fn arm_scope(self) -> &'static str {
        match self {
            Self::Public => "https://management.azure.com/.default",
            Self::UsGov => "https://management.core.usgovcloudapi.net/.default",
            Self::China => "https://management.chinacloudapi.cn/.default",
        }
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The word names no cloud.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no Azure cloud; there are public, usgov and china")]
pub struct NotACloud(pub String);

impl std::str::FromStr for Cloud {
    type Err = NotACloud;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|cloud| cloud.as_str().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| NotACloud(text.to_owned()))
    }
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    ResourceManager,
    /// The API servers of clusters with Entra ID.
    Kubernetes,
}

/// The server application of AKS, the same in every cloud (AKS docs "Use kubelogin", 2026).
const KUBERNETES_SCOPE: &str = "6dae42f8-4368-4678-94ff-3960e28e3630/.default";
/// A token is renewed this long before it ends.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(5);
/// A failed login is not tried again within this time: many requests fail for one reason at once.
const FAILURE_HOLDS: SignedDuration = SignedDuration::from_secs(5);
/// The end of a given token is not known; after this time it is simply used again.
const GIVEN_LASTS: SignedDuration = SignedDuration::from_hours(1);

/// A token and its end. `Debug` never shows it.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) secret: Arc<str>,
    pub(super) expires: Timestamp,
}

impl Token {
    /// The value of the `Authorization` header, marked as sensitive.
    pub(super) fn header(&self) -> Result<HeaderValue, AzureError> {
        let mut header =
            HeaderValue::from_str(&format!("Bearer {}", self.secret)).map_err(|_| AzureError::Settings {
                why: "the token holds characters that no token has".to_owned(),
            })?;
        header.set_sensitive(true);
        Ok(header)
    }

    fn ends_within(&self, margin: SignedDuration, now: Timestamp) -> bool {
        self.expires.duration_since(now) <= margin
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Token")
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// How to get tokens; clones share one cache. `Debug` never shows a secret.
#[derive(Clone)]
pub struct Credential {
    inner: Arc<Inner>,
}

struct Inner {
    source: Source,
    resource_manager: Mutex<Slot>,
    kubernetes: Mutex<Slot>,
}

enum Source {
    Given(Arc<str>),
    Discovered { cloud: Cloud, chain: LoginChain },
}

/// One cached token. The lock around it is held while a new one is fetched, so that it is fetched once.
#[derive(Default)]
struct Slot {
    token: Option<Token>,
    failed: Option<(Timestamp, Vec<TriedCredential>)>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner.source {
            Source::Given(_) => formatter.write_str("Credential(given token)"),
            Source::Discovered { cloud, .. } => write!(formatter, "Credential(discovered, {cloud} cloud)"),
        }
    }
}

impl Credential {
    /// Environment secret, workload identity, Azure CLI, Azure Developer CLI, managed identity: the first that works.
    pub fn discover(cloud: Cloud) -> Self {
        Self::from_environment(cloud, &Environment::read())
    }

    /// As `discover`, with the environment as a value.
    pub fn from_environment(cloud: Cloud, environment: &Environment) -> Self {
        Self::from_chain(cloud, LoginChain::new(cloud, environment))
    }

    /// One given token, for a loopback endpoint or a pipeline.
    ///
    /// # Errors
    /// When the text cannot be an HTTP header value.
    pub fn given(token: &str) -> Result<Self, AzureError> {
        let token = token.trim();
        if token.is_empty() {
            return Err(AzureError::Settings {
                why: "the given token is empty".to_owned(),
            });
        }
        let given = Token {
            secret: token.into(),
            expires: Timestamp::MAX,
        };
        given.header()?;
        Ok(Self::of(Source::Given(given.secret)))
    }

    pub(super) fn from_chain(cloud: Cloud, chain: LoginChain) -> Self {
        Self::of(Source::Discovered { cloud, chain })
    }

    fn of(source: Source) -> Self {
        Self {
            inner: Arc::new(Inner {
                source,
                resource_manager: Mutex::default(),
                kubernetes: Mutex::default(),
            }),
        }
    }

    /// A token that lasts, from the cache or a new one.
    pub(super) async fn token(&self, audience: Audience, now: Timestamp) -> Result<Token, AzureError> {
        let (cloud, chain) = match &self.inner.source {
            Source::Given(secret) => {
                return Ok(Token {
                    secret: Arc::clone(secret),
                    expires: now + GIVEN_LASTS,
                });
            }
            Source::Discovered { cloud, chain } => (*cloud, chain),
        };
        let mut slot = self.slot(audience).lock().await;
        if let Some(token) = slot
            .token
            .as_ref()
            .filter(|token| !token.ends_within(RENEW_BEFORE, now))
        {
            return Ok(token.clone());
        }
        let usable = slot
            .token
            .clone()
            .filter(|token| !token.ends_within(SignedDuration::ZERO, now));
        if let Some((at, tried)) = &slot.failed
            && now.duration_since(*at) < FAILURE_HOLDS
        {
            return usable.ok_or_else(|| AzureError::NotLoggedIn { tried: tried.clone() });
        }
        let scope = match audience {
            Audience::ResourceManager => cloud.arm_scope(),
            Audience::Kubernetes => KUBERNETES_SCOPE,
        };
        match chain.token(scope).await {
            Ok(token) => {
                *slot = Slot {
                    token: Some(token.clone()),
                    failed: None,
                };
                Ok(token)
            }
            Err(tried) => {
                slot.failed = Some((now, tried.clone()));
                usable.ok_or(AzureError::NotLoggedIn { tried })
            }
        }
    }

    /// Drops a token that was refused; false where no other can be had.
    pub(super) async fn forget(&self, audience: Audience, refused: &Token) -> bool {
        if matches!(self.inner.source, Source::Given(_)) {
            return false;
        }
        let mut slot = self.slot(audience).lock().await;
        slot.token = slot.token.take().filter(|token| token.secret != refused.secret);
        true
    }

    fn slot(&self, audience: Audience) -> &Mutex<Slot> {
        match audience {
            Audience::ResourceManager => &self.inner.resource_manager,
            Audience::Kubernetes => &self.inner.kubernetes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::login::tests::{Script, chain_of};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn clouds_are_read_as_they_are_written() {
        for cloud in Cloud::ALL {
            assert_eq!(cloud.to_string().to_uppercase().parse(), Ok(cloud));
            assert_eq!(cloud.arm_endpoint().scheme(), "https");
            assert!(cloud.arm_scope().ends_with("/.default") && cloud.login_authority().starts_with("https://"));
        }
        assert!(
            "germany"
                .parse::<Cloud>()
                .unwrap_err()
                .to_string()
                .contains("'germany'")
        );
    }

    #[test]
    fn a_given_token_is_checked_and_never_shown() {
        let credential = Credential::given(" s3cret\n").unwrap();
        assert!(!format!("{credential:?}").contains("s3cret"));
        for text in ["", " ", "a\nb", "a\u{1b}b"] {
            let error = Credential::given(text).unwrap_err();
            assert!(matches!(error, AzureError::Settings { .. }), "{text:?}");
        }
    }

    #[tokio::test]
    async fn a_token_is_fetched_once_and_renewed_five_minutes_before_its_end() {
        let script = Script::tokens(&[("one", 3600), ("two", 7200)]);
        let credential = Credential::from_chain(Cloud::Public, chain_of(vec![("az", &script)]));
        let secret = async |second| {
            let token = credential.token(Audience::ResourceManager, at(second)).await.unwrap();
            assert!(!format!("{token:?}").contains(&*token.secret));
            token.secret
        };
        let (first, second) = tokio::join!(secret(0), secret(0));
        assert_eq!((&*first, &*second, script.calls()), ("one", "one", 1));
        assert_eq!(&*secret(3299).await, "one");
        assert_eq!(&*secret(3300).await, "two");
        assert_eq!(script.calls(), 2);
        credential.token(Audience::Kubernetes, at(0)).await.unwrap_err();
        assert_eq!(script.calls(), 3, "another audience is another token");
    }

    #[tokio::test]
    async fn a_refused_token_is_dropped_once() {
        let script = Script::tokens(&[("one", 3600), ("two", 3600)]);
        let credential = Credential::from_chain(Cloud::Public, chain_of(vec![("az", &script)]));
        let first = credential.token(Audience::ResourceManager, at(0)).await.unwrap();
        assert!(credential.forget(Audience::ResourceManager, &first).await);
        let second = credential.token(Audience::ResourceManager, at(0)).await.unwrap();
        assert!(
            credential.forget(Audience::ResourceManager, &first).await,
            "too late, and harmless"
        );
        let third = credential.token(Audience::ResourceManager, at(0)).await.unwrap();
        assert_eq!((&*second.secret, &*third.secret), ("two", "two"));
        let given = Credential::given("x").unwrap();
        let token = given.token(Audience::Kubernetes, at(0)).await.unwrap();
        assert!(!given.forget(Audience::Kubernetes, &token).await);
        assert_eq!(token.expires, at(3600));
    }

    #[tokio::test]
    async fn a_failed_renewal_keeps_a_token_that_still_lasts() {
        let script = Script::tokens(&[("one", 3600)]);
        let credential = Credential::from_chain(Cloud::Public, chain_of(vec![("az", &script)]));
        let token = async |second| credential.token(Audience::ResourceManager, at(second)).await;
        token(0).await.unwrap();
        assert_eq!(&*token(3400).await.unwrap().secret, "one");
        assert_eq!(&*token(3401).await.unwrap().secret, "one");
        assert_eq!(script.calls(), 2, "a failure is not repeated at once");
        let error = token(3600).await.unwrap_err();
        assert!(matches!(error, AzureError::NotLoggedIn { tried } if tried.len() == 1));
        assert_eq!(script.calls(), 3);
    }
}
