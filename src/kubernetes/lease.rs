//! The Lease `aks-cockpit` in `kube-system`: read, made, renewed and given away, each write tied to the version
//! that was read. Knows what is stored where; never decides who may drive.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Api;
use kube::api::{ObjectMeta, PostParams};

use super::client::KubernetesClient;
use super::error::KubernetesError;
pub use crate::domain::lease::LeaseObject;
use crate::domain::text::printable;

const NAMESPACE: &str = "kube-system";
const NAME: &str = "aks-cockpit";

/// What our annotations begin with.
const PREFIX: &str = "aks-cockpit/";

/// How long one call may take; well below the time in which a Lease has to be renewed.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// How a write went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseWrite {
    Written(LeaseObject),
    /// Somebody else wrote in between: read again.
    Conflict,
}

impl KubernetesClient {
    /// Reads the Lease; `None` where there is none.
    ///
    /// # Errors
    /// When the API server cannot be asked, or a right is missing.
    pub async fn read_lease(&self) -> Result<Option<LeaseObject>, KubernetesError> {
        let leases = self.leases();
        let found = self.within(leases.get_opt(NAME), "get the lease aks-cockpit in kube-system");
        Ok(found.await??.map(object_of))
    }

    /// Makes the Lease where `resource_version` is empty, else replaces the one of that version. Annotations of
    /// others are not kept: the Lease is ours.
    ///
    /// # Errors
    /// When the API server cannot be asked, or a right is missing.
    pub async fn write_lease(&self, lease: &LeaseObject) -> Result<LeaseWrite, KubernetesError> {
        let leases = self.leases();
        let (body, parameters) = (lease_of(lease), PostParams::default());
        let is_new = lease.resource_version.is_empty();
        let written = if is_new {
            let created = leases.create(&parameters, &body);
            self.within(created, "create leases in kube-system").await?
        } else {
            let replaced = leases.replace(NAME, &parameters, &body);
            self.within(replaced, "update the lease aks-cockpit in kube-system")
                .await?
        };
        match written {
            Ok(written) => Ok(LeaseWrite::Written(object_of(written))),
            Err(KubernetesError::Refused { status: 409, .. }) => Ok(LeaseWrite::Conflict),
            // Deleted in between.
            Err(KubernetesError::Refused { status: 404, .. }) if !is_new => Ok(LeaseWrite::Conflict),
            Err(error) => Err(error),
        }
    }

    fn leases(&self) -> Api<Lease> {
        Api::namespaced(self.inner.clone(), NAMESPACE)
    }

    /// Waits for an answer; the outer error says that none came, the inner one what came instead.
    async fn within<T>(
        &self,
        call: impl Future<Output = kube::Result<T>>,
        what: &str,
    ) -> Result<Result<T, KubernetesError>, KubernetesError> {
        let answer = tokio::time::timeout(ANSWER_WITHIN, call)
            .await
            .map_err(|_| KubernetesError::no_answer(self.server(), ANSWER_WITHIN))?;
        Ok(answer.map_err(|error| KubernetesError::from_kube(self.server(), what, error)))
    }
}

fn object_of(lease: Lease) -> LeaseObject {
    let spec = lease.spec.unwrap_or_default();
    let notes = lease.metadata.annotations.unwrap_or_default();
    LeaseObject {
        resource_version: lease.metadata.resource_version.unwrap_or_default(),
        holder: spec
            .holder_identity
            .map(|holder| printable(&holder))
            .filter(|holder| !holder.is_empty()),
        duration_seconds: spec.lease_duration_seconds.and_then(|seconds| seconds.try_into().ok()),
        acquired_at: spec.acquire_time.map(|time| time.0),
        renewed_at: spec.renew_time.map(|time| time.0),
        transitions: spec
            .lease_transitions
            .and_then(|count| count.try_into().ok())
            .unwrap_or(0),
        notes: notes
            .into_iter()
            .filter_map(|(key, value)| Some((key.strip_prefix(PREFIX)?.to_owned(), printable(&value))))
            .collect(),
    }
}

fn lease_of(object: &LeaseObject) -> Lease {
    let annotations: BTreeMap<String, String> = object
        .notes
        .iter()
        .map(|(key, value)| (format!("{PREFIX}{key}"), value.clone()))
        .collect();
    let version = Some(object.resource_version.clone()).filter(|version| !version.is_empty());
    Lease {
        metadata: ObjectMeta {
            name: Some(NAME.to_owned()),
            namespace: Some(NAMESPACE.to_owned()),
            resource_version: version,
            annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
            ..ObjectMeta::default()
        },
        spec: Some(LeaseSpec {
            holder_identity: object.holder.clone(),
            lease_duration_seconds: object.duration_seconds.and_then(|seconds| seconds.try_into().ok()),
            acquire_time: object.acquired_at.map(MicroTime),
            renew_time: object.renewed_at.map(MicroTime),
            lease_transitions: object.transitions.try_into().ok(),
            ..LeaseSpec::default()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::kubernetes::client::Access;
    use crate::simulator::scenario::Scenario;
    use crate::simulator::server::RunningSimulator;

    async fn api_server() -> (RunningSimulator, KubernetesClient) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let scenario = Scenario::built_in("clean").unwrap();
        let simulator = RunningSimulator::start(&scenario, 7, Clock::wall()).await.unwrap();
        let kubeconfig = simulator.world.look(|world| {
            let access = &world.clusters["shop-prod"].access;
            serde_json::json!({
                "current-context": "shop",
                "contexts": [{"name": "shop", "context": {"cluster": "shop", "user": "ada"}}],
                "clusters": [{"name": "shop", "cluster": {"server": access.endpoint}}],
                "users": [{"name": "ada", "user": {"token": access.token}}],
            })
        });
        let access = Access {
            origin: "test".to_owned(),
            kubeconfig: kubeconfig.to_string(),
            context: None,
            token: None,
        };
        let client = KubernetesClient::connect(&access).await.unwrap();
        (simulator, client)
    }

    fn lease() -> LeaseObject {
        let at = "2026-11-23T09:00:00.123456Z".parse().unwrap();
        LeaseObject {
            resource_version: String::new(),
            holder: Some("ada@desk 3f2a".to_owned()),
            duration_seconds: Some(40),
            acquired_at: Some(at),
            renewed_at: Some(at),
            transitions: 1,
            notes: BTreeMap::from([("execution".to_owned(), "3f2a".to_owned())]),
        }
    }

    fn written(write: LeaseWrite) -> LeaseObject {
        match write {
            LeaseWrite::Written(object) => object,
            LeaseWrite::Conflict => panic!("a conflict"),
        }
    }

    #[tokio::test]
    async fn a_lease_is_made_read_and_replaced_as_it_was_written() {
        let (_simulator, client) = api_server().await;
        assert_eq!(client.read_lease().await.unwrap(), None);
        let made = written(client.write_lease(&lease()).await.unwrap());
        let read = client.read_lease().await.unwrap().unwrap();
        assert_eq!(read, made);
        let expected = LeaseObject {
            resource_version: read.resource_version.clone(),
            ..lease()
        };
        assert_eq!(read, expected);
        let free = LeaseObject {
            holder: None,
            notes: BTreeMap::new(),
            ..read
        };
        let freed = written(client.write_lease(&free).await.unwrap());
        assert_eq!((freed.holder, freed.notes.len()), (None, 0));
    }

    #[tokio::test]
    async fn whoever_read_an_older_version_is_told_to_read_again() {
        let (_simulator, client) = api_server().await;
        let first = written(client.write_lease(&lease()).await.unwrap());
        assert_eq!(client.write_lease(&lease()).await.unwrap(), LeaseWrite::Conflict);
        let second = written(
            client
                .write_lease(&LeaseObject {
                    transitions: 2,
                    ..first.clone()
                })
                .await
                .unwrap(),
        );
        assert_ne!(first.resource_version, second.resource_version);
        assert_eq!(client.write_lease(&first).await.unwrap(), LeaseWrite::Conflict);
    }

    #[tokio::test]
    async fn a_missing_right_is_named() {
        let (simulator, client) = api_server().await;
        simulator.world.with(|world| {
            let objects = &mut world.clusters.get_mut("shop-prod").unwrap().objects;
            objects.deny("create", "leases");
            objects.deny("get", "leases");
        });
        let read = client.read_lease().await.unwrap_err();
        assert!(matches!(read, KubernetesError::Denied { ref what, .. } if what.contains("get the lease")));
        let written = client.write_lease(&lease()).await.unwrap_err();
        assert!(matches!(written, KubernetesError::Denied { ref what, .. } if what.contains("create leases")));
    }
}
