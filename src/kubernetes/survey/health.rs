//! `/readyz?verbose`: which parts of the API server are not well.

use std::time::Duration;

use super::reader::Reader;
use super::unread;
use crate::domain::survey::{Reading, Unread};
use crate::domain::text::printable;
use crate::kubernetes::error::KubernetesError;

const RIGHT: &str = "get /readyz";
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// The failed parts by name, in the server's order; empty for a server that is ready.
pub(super) async fn failed_checks(reader: &Reader<'_>) -> Reading<Vec<String>> {
    let request = http::Request::get("/readyz?verbose")
        .body(Vec::new())
        .expect("a constant path makes a request");
    let _permit = reader.permit().await;
    let server = reader.client.server();
    match tokio::time::timeout(ANSWER_WITHIN, reader.client.inner.request_text(request)).await {
        Ok(Ok(text)) => Ok(failed_in(&text)),
        // Not ready: the parts come with 500, as plain text.
        Ok(Err(kube::Error::Api(status))) if status.code >= 500 => {
            let failed = failed_in(&status.message);
            if failed.is_empty() {
                Err(unread(&KubernetesError::from_status(RIGHT, &status)))
            } else {
                Ok(failed)
            }
        }
        Ok(Err(error)) => Err(unread(&KubernetesError::from_kube(server, RIGHT, error))),
        Err(_) => Err(Unread::Failed {
            why: format!("{server} did not answer /readyz in {} s", ANSWER_WITHIN.as_secs()),
        }),
    }
}

/// Lines such as `[-]etcd failed: reason withheld` (Kubernetes docs "Kubernetes API health endpoints", 2026).
fn failed_in(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("[-]"))
        .map(|line| printable(line.split(" failed").next().unwrap_or(line).trim()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_parts_are_named() {
        let text = "[+]ping ok\n[-]etcd failed: reason withheld\n[+]log ok\n[-]poststarthook/rbac/bootstrap-roles failed: \
                    not finished\nreadyz check failed\n";
        assert_eq!(failed_in(text), ["etcd", "poststarthook/rbac/bootstrap-roles"]);
        assert!(failed_in("ok").is_empty() && failed_in("").is_empty());
    }
}
