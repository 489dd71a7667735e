//! What can go wrong between this program and a Kubernetes API server.
//! Never holds a token, a key or the text of a kubeconfig.

use std::error::Error;
use std::time::Duration;

use super::token::TokenError;
use crate::domain::text::printable;

/// Longest text of an answer that is quoted; a gateway may answer with a whole page.
const LONGEST_QUOTE: usize = 400;

/// A Kubernetes call that did not do what it was for.
#[derive(Debug, thiserror::Error)]
pub enum KubernetesError {
    #[error("the kubeconfig {origin} cannot be used: {why}")]
    Kubeconfig {
        origin: String,
        why: String,
        /// The contexts the kubeconfig has, in its order; empty where it could not be read.
        contexts: Vec<String>,
    },
    #[error("the API server {server} cannot be reached")]
    Unreachable {
        server: String,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    #[error("the API server refused {what}")]
    Denied {
        /// The right that is missing, for instance `list and watch nodes`, or `the login`.
        what: String,
        why: String,
    },
    #[error("the API server answered {what} with {status}")]
    Refused {
        what: String,
        /// HTTP status, or the code of a Kubernetes Status; 200 for an answer that cannot be read.
        status: u16,
        why: String,
    },
}

impl KubernetesError {
    /// Says why in one printable line: the server's own words, or those of the operating system.
    pub fn why(&self) -> String {
        match self {
            Self::Unreachable { source, .. } => chain(source.as_ref()),
            Self::Kubeconfig { why, .. } | Self::Denied { why, .. } | Self::Refused { why, .. } => why.clone(),
        }
    }

    /// Turns an error of kube into ours; `what` says what was asked for.
    pub(super) fn from_kube(server: &str, what: &str, error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::from_status(what, &status),
            kube::Error::Auth(error) => Self::Denied {
                what: "the login".to_owned(),
                why: login_trouble(&error),
            },
            kube::Error::Service(source) if source.is::<TokenError>() => Self::Denied {
                what: "the login".to_owned(),
                why: printable(&source.to_string()),
            },
            kube::Error::Service(source) => Self::Unreachable {
                server: server.to_owned(),
                source,
            },
            kube::Error::SerdeError(error) => Self::unreadable(what, &error),
            kube::Error::FromUtf8(error) => Self::unreadable(what, &error),
            other => Self::Unreachable {
                server: server.to_owned(),
                source: Box::new(other),
            },
        }
    }

    /// Turns a Kubernetes Status into an error. 401 and 403 are about rights, all else is a refusal.
    pub(super) fn from_status(what: &str, status: &kube::core::Status) -> Self {
        let said = if status.message.is_empty() {
            &status.reason
        } else {
            &status.message
        };
        let why = quote(said);
        match status.code {
            401 => Self::Denied {
                what: "the login".to_owned(),
                why,
            },
            403 => Self::Denied {
                what: what.to_owned(),
                why,
            },
            code => Self::Refused {
                what: what.to_owned(),
                status: code,
                why,
            },
        }
    }

    /// The server answered, but not in the way a Kubernetes API server does.
    pub(super) fn unreadable(what: &str, error: &dyn Error) -> Self {
        Self::Refused {
            what: what.to_owned(),
            status: 200,
            why: format!(
                "the answer is not what a Kubernetes API server sends: {}",
                quote(&error.to_string())
            ),
        }
    }

    /// No answer came in time.
    pub(super) fn no_answer(server: &str, after: Duration) -> Self {
        Self::Unreachable {
            server: server.to_owned(),
            source: format!("no answer in {} s", after.as_secs()).into(),
        }
    }
}

/// Texts of an error and of its sources in one line; what an outer text already says is not repeated.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let said = inner.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = inner.source();
    }
    quote(&text)
}

/// Says what is wrong with a login plugin without its standard output, which may hold a token.
pub(super) fn login_trouble(error: &kube::client::AuthError) -> String {
    match error {
        kube::client::AuthError::AuthExecRun { cmd, out } => quote(&format!(
            "the login command '{cmd}' failed with {}: {}",
            out.status,
            String::from_utf8_lossy(&out.stderr).trim()
        )),
        kube::client::AuthError::AuthExecParse(_) => "the login command printed no credential".to_owned(),
        other => chain(other),
    }
}

fn quote(text: &str) -> String {
    let text = printable(text.trim());
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16, message: &str) -> kube::Error {
        kube::Error::Api(
            kube::core::Status::failure(message, "SomeReason")
                .with_code(code)
                .boxed(),
        )
    }

    #[test]
    fn answers_become_errors_with_the_servers_words() {
        let check = |error: kube::Error, expected: &str| {
            let error = KubernetesError::from_kube("https://a.example", "list and watch nodes", error);
            assert_eq!(format!("{error} | {}", error.why()), expected);
        };
        check(
            status(401, "Unauthorized"),
            "the API server refused the login | Unauthorized",
        );
        check(
            status(403, "nodes is forbidden\u{1b}[2J"),
            "the API server refused list and watch nodes | nodes is forbidden[2J",
        );
        check(
            status(500, ""),
            "the API server answered list and watch nodes with 500 | SomeReason",
        );
        check(
            kube::Error::Service(Box::new(TokenError("az is not logged in".into()))),
            "the API server refused the login | az is not logged in",
        );
        check(
            kube::Error::Service("connection refused".into()),
            "the API server https://a.example cannot be reached | connection refused",
        );
        let not_json = serde_json::from_str::<serde_json::Value>("<html>").expect_err("not JSON");
        check(
            kube::Error::SerdeError(not_json),
            "the API server answered list and watch nodes with 200 | the answer is not what a Kubernetes API server \
             sends: expected value at line 1 column 1",
        );
    }

    #[test]
    fn long_answers_are_cut() {
        let error = KubernetesError::from_kube("s", "w", status(502, &"é".repeat(5000)));
        assert_eq!(error.why().chars().count(), LONGEST_QUOTE + 3);
    }

    #[test]
    fn sources_are_told_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("connect failed: {0}")]
        struct Outer(#[source] std::io::Error);
        assert_eq!(
            chain(&Outer(std::io::Error::other("refused"))),
            "connect failed: refused"
        );
    }
}
