//! The chain of ways to log in, tried in order until one works; that one is then used for the whole session.
//! Reads the environment in one place, and never says a secret.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::ClientOptions;
use azure_identity::{
    AzureCliCredential, AzureDeveloperCliCredential, ClientAssertionCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use jiff::Timestamp;

use super::credentials::{Cloud, Token};
use super::error::TriedCredential;
use super::http::ensure_crypto_provider;
use crate::domain::text::printable;

/// What the environment says about logging in. `Debug` never shows the secret.
#[derive(Clone, Default)]
pub struct Environment {
    /// `AZURE_TENANT_ID`.
    pub tenant_id: Option<String>,
    /// `AZURE_CLIENT_ID`.
    pub client_id: Option<String>,
    /// `AZURE_CLIENT_SECRET`.
    pub client_secret: Option<String>,
    /// `AZURE_FEDERATED_TOKEN_FILE`.
    pub federated_token_file: Option<PathBuf>,
}

impl Environment {
    /// Reads this process's environment; empty values count as not set.
    pub fn read() -> Self {
        let read = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        Self {
            tenant_id: read("AZURE_TENANT_ID"),
            client_id: read("AZURE_CLIENT_ID"),
            client_secret: read("AZURE_CLIENT_SECRET"),
            federated_token_file: read("AZURE_FEDERATED_TOKEN_FILE").map(PathBuf::from),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Environment")
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .field("client_secret", &self.client_secret.as_ref().map(|_| "(secret)"))
            .field("federated_token_file", &self.federated_token_file)
            .finish()
    }
}

/// A credential ready to be asked, or why it is not.
type Prepared = Result<Arc<dyn TokenCredential>, String>;

/// One way to log in.
struct Link {
    name: &'static str,
    todo: &'static str,
    /// How long it may take before the next one is tried.
    limit: Duration,
    credential: Prepared,
}

/// The ways to log in, in order.
pub(super) struct LoginChain {
    links: Vec<Link>,
    works: OnceLock<usize>,
    /// Cut out of every text, should a credential quote it.
    secret: Option<String>,
}

const SERVER_LIMIT: Duration = Duration::from_secs(20);
/// `az` and `azd` start an interpreter and may have to ask the login server.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// Off Azure nobody answers at the address of the metadata service.
const METADATA_LIMIT: Duration = Duration::from_secs(3);

impl LoginChain {
    pub(super) fn new(cloud: Cloud, environment: &Environment) -> Self {
        ensure_crypto_provider();
        let links = vec![
            Link {
                name: "Client secret from the environment",
                todo: "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
                limit: SERVER_LIMIT,
                credential: client_secret(cloud, environment),
            },
            Link {
                name: "Workload identity",
                todo: "run in a pod with workload identity, where AZURE_FEDERATED_TOKEN_FILE is set",
                limit: SERVER_LIMIT,
                credential: workload_identity(cloud, environment),
            },
            Link {
                name: "Azure CLI",
                todo: match cloud {
                    Cloud::Public => "run: az login",
                    Cloud::UsGov => "run: az cloud set --name AzureUSGovernment && az login",
                    Cloud::China => "run: az cloud set --name AzureChinaCloud && az login",
                },
                limit: COMMAND_LIMIT,
                credential: prepared(AzureCliCredential::new(None)),
            },
            Link {
                name: "Azure Developer CLI",
                todo: "run: azd auth login",
                limit: COMMAND_LIMIT,
                credential: prepared(AzureDeveloperCliCredential::new(None)),
            },
            Link {
                name: "Managed identity",
                todo: "run on an Azure machine that has a managed identity",
                limit: METADATA_LIMIT,
                credential: managed_identity(environment),
            },
        ];
        Self {
            links,
            works: OnceLock::new(),
            secret: environment.client_secret.clone(),
        }
    }

    /// A token from the way that worked before, else from the first that works now.
    ///
    /// Who is logged in never changes within a session: when the way that worked fails later, that is an error.
    pub(super) async fn token(&self, scope: &str) -> Result<Token, Vec<TriedCredential>> {
        let chosen = self
            .works
            .get()
            .and_then(|index| Some((*index, self.links.get(*index)?)));
        let candidates: Vec<(usize, &Link)> = match chosen {
            Some(link) => vec![link],
            None => self.links.iter().enumerate().collect(),
        };
        let mut tried = Vec::with_capacity(candidates.len());
        for (index, link) in candidates {
            match link.token(scope).await {
                Ok(token) => {
                    if self.works.set(index).is_ok() {
                        tracing::info!(login = link.name, "logged in to Azure");
                    }
                    return Ok(token);
                }
                Err(why) => tried.push(TriedCredential {
                    name: link.name,
                    why: self.on_one_line(&why),
                    todo: link.todo,
                }),
            }
        }
        Err(tried)
    }

    fn on_one_line(&self, text: &str) -> String {
        let text = match &self.secret {
            Some(secret) => text.replace(secret.as_str(), "(secret)"),
            None => text.to_owned(),
        };
        let printable = printable(&text);
        printable.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Link {
    async fn token(&self, scope: &str) -> Result<Token, String> {
        let credential = self.credential.as_ref().map_err(Clone::clone)?;
        let token = tokio::time::timeout(self.limit, credential.get_token(&[scope], None))
            .await
            .map_err(|_| format!("no answer within {} seconds", self.limit.as_secs()))?
            .map_err(|error| error.to_string())?;
        let expires = Timestamp::from_second(token.expires_on.unix_timestamp())
            .map_err(|_| "the token's end is no time".to_owned())?;
        Ok(Token {
            secret: token.token.secret().into(),
            expires,
        })
    }
}

fn prepared<C: TokenCredential + 'static>(credential: azure_core::Result<Arc<C>>) -> Prepared {
    match credential {
        Ok(credential) => Ok(credential),
        Err(error) => Err(error.to_string()),
    }
}

/// A variable's value, or that it is missing.
fn needed<'a, T: ?Sized>(value: Option<&'a T>, name: &str) -> Result<&'a T, String> {
    value.ok_or_else(|| format!("{name} is not set"))
}

fn client_secret(cloud: Cloud, environment: &Environment) -> Prepared {
    let tenant = needed(environment.tenant_id.as_deref(), "AZURE_TENANT_ID")?;
    let client = needed(environment.client_id.as_deref(), "AZURE_CLIENT_ID")?;
    let secret = needed(environment.client_secret.as_deref(), "AZURE_CLIENT_SECRET")?;
    prepared(ClientSecretCredential::new(
        tenant,
        client.to_owned(),
        Secret::new(secret.to_owned()),
        Some(ClientSecretCredentialOptions {
            client_options: client_options(cloud),
        }),
    ))
}

fn workload_identity(cloud: Cloud, environment: &Environment) -> Prepared {
    let file = needed(
        environment.federated_token_file.as_deref(),
        "AZURE_FEDERATED_TOKEN_FILE",
    )?;
    let tenant = needed(environment.tenant_id.as_deref(), "AZURE_TENANT_ID")?;
    let client = needed(environment.client_id.as_deref(), "AZURE_CLIENT_ID")?;
    prepared(WorkloadIdentityCredential::new(Some(
        WorkloadIdentityCredentialOptions {
            credential_options: ClientAssertionCredentialOptions {
                client_options: client_options(cloud),
            },
            client_id: Some(client.to_owned()),
            tenant_id: Some(tenant.to_owned()),
            token_file_path: Some(file.to_owned()),
        },
    )))
}

fn managed_identity(environment: &Environment) -> Prepared {
    prepared(ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
        user_assigned_id: environment.client_id.clone().map(UserAssignedId::ClientId),
        ..ManagedIdentityCredentialOptions::default()
    })))
}

fn client_options(cloud: Cloud) -> ClientOptions {
    let mut custom = CustomConfiguration::default();
    cloud.login_authority().clone_into(&mut custom.authority_host);
    ClientOptions {
        cloud: Some(Arc::new(CloudConfiguration::Custom(custom))),
        ..ClientOptions::default()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use azure_core::credentials::{AccessToken, TokenRequestOptions};
    use azure_core::error::{Error, ErrorKind};
    use azure_core::time::OffsetDateTime;

    use super::*;

    /// A credential that gives what it was told, in order, and then fails.
    #[derive(Debug)]
    pub(crate) struct Script {
        tokens: Mutex<VecDeque<(String, i64)>>,
        calls: AtomicUsize,
    }

    impl Script {
        /// Tokens with their ends, in seconds after the tests' start of time.
        pub(crate) fn tokens(tokens: &[(&str, i64)]) -> Arc<Self> {
            let tokens = tokens
                .iter()
                .map(|(text, end)| ((*text).to_owned(), 1_800_000_000 + end));
            Arc::new(Self {
                tokens: Mutex::new(tokens.collect()),
                calls: AtomicUsize::new(0),
            })
        }

        pub(crate) fn calls(&self) -> usize {
            self.calls.load(Ordering::SeqCst)
        }
    }

    #[async_trait::async_trait]
    impl TokenCredential for Script {
        async fn get_token(&self, _: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
            self.calls.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            let Some((text, end)) = self.tokens.lock().unwrap().pop_front() else {
                let words = "not logged in:\r\n\tpw hunter2 is wrong\u{1b}[0m";
                return Err(Error::with_message(ErrorKind::Credential, words));
            };
            Ok(AccessToken::new(
                text,
                OffsetDateTime::from_unix_timestamp(end).unwrap(),
            ))
        }
    }

    /// A chain of scripted credentials.
    pub(crate) fn chain_of(links: Vec<(&'static str, &Arc<Script>)>) -> LoginChain {
        let links = links.into_iter().map(|(name, script)| Link {
            name,
            todo: "log in",
            limit: Duration::from_secs(5),
            credential: Ok(Arc::clone(script) as Arc<dyn TokenCredential>),
        });
        LoginChain {
            links: links.collect(),
            works: OnceLock::new(),
            secret: Some("hunter2".to_owned()),
        }
    }

    #[tokio::test]
    async fn the_first_that_works_is_kept() {
        let (none, some) = (Script::tokens(&[]), Script::tokens(&[("a", 1), ("b", 1)]));
        let chain = chain_of(vec![("one", &none), ("two", &some)]);
        assert_eq!(&*chain.token("s").await.unwrap().secret, "a");
        assert_eq!(&*chain.token("s").await.unwrap().secret, "b");
        let tried = chain.token("s").await.unwrap_err();
        assert_eq!(tried.iter().map(|tried| tried.name).collect::<Vec<_>>(), ["two"]);
        assert_eq!((none.calls(), some.calls()), (1, 3));
    }

    #[tokio::test]
    async fn every_failure_is_told_on_one_line_without_the_secret() {
        let none = Script::tokens(&[]);
        let tried = chain_of(vec![("one", &none), ("two", &none)])
            .token("s")
            .await
            .unwrap_err();
        assert_eq!(tried.len(), 2);
        assert_eq!(tried[0].why, "not logged in: pw (secret) is wrong[0m");
    }

    #[test]
    fn what_is_not_set_is_named() {
        let chain = LoginChain::new(Cloud::UsGov, &Environment::default());
        let why: Vec<&str> = chain
            .links
            .iter()
            .filter_map(|link| link.credential.as_ref().err().map(String::as_str))
            .collect();
        assert_eq!(
            why,
            ["AZURE_TENANT_ID is not set", "AZURE_FEDERATED_TOKEN_FILE is not set"]
        );
        assert!(chain.links[2].todo.contains("AzureUSGovernment"));
    }

    #[test]
    fn a_full_environment_prepares_each_way_and_stays_secret() {
        let environment = Environment {
            tenant_id: Some("00000000-0000-0000-0000-000000000001".into()),
            client_id: Some("00000000-0000-0000-0000-000000000002".into()),
            client_secret: Some("hunter2".into()),
            federated_token_file: Some("/nowhere/token".into()),
        };
        assert!(!format!("{environment:?}").contains("hunter2"));
        for cloud in Cloud::ALL {
            let chain = LoginChain::new(cloud, &environment);
            assert!(chain.links[0].credential.is_ok(), "{cloud}");
            assert!(chain.links[1].credential.is_err(), "the token file does not exist");
        }
    }
}
