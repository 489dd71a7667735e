//! The API server's side of a survey: everything a check or a cause needs, read in parts that fail on their own.
//! Lists come in pages and are made slim as they arrive. Changes nothing.

mod endpoints;
mod health;
mod lists;
mod manifests;
mod metrics;
mod reader;

use std::future::Future;

use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};

use self::metrics::Figures;
use self::reader::Reader;
use super::client::KubernetesClient;
use super::error::KubernetesError;
use crate::domain::survey::{ApiServerHealth, KubernetesSurvey, Reading, SurveyDepth, Unread, not_asked};
use crate::domain::text::printable;

impl KubernetesClient {
    /// Reads the API server's side of a survey: all parts at the same time, a few requests at once.
    ///
    /// A diagnosis leaves out what only checks before an upgrade look at. A part that cannot be read says why.
    pub async fn survey(&self, depth: SurveyDepth) -> KubernetesSurvey {
        let reader = Reader::new(self);
        let mut survey = KubernetesSurvey::default();
        let mut checks = not_asked();
        let mut figures = not_asked();
        {
            let mut parts = self.parts(&reader, &mut survey, depth);
            let looks = if depth == SurveyDepth::Preflight { 2 } else { 1 };
            parts.push(fill(&mut checks, health::failed_checks(&reader)));
            parts.push(fill(&mut figures, metrics::figures(&reader, looks)));
            join_all(parts).await;
        }
        if depth == SurveyDepth::Preflight {
            survey.deprecated_uses = figures.as_ref().map(Figures::deprecated_uses).map_err(Clone::clone);
        }
        survey.health = health_of(checks, figures.ok());
        survey
    }

    fn parts<'a>(
        &'a self,
        reader: &'a Reader<'a>,
        survey: &'a mut KubernetesSurvey,
        depth: SurveyDepth,
    ) -> Vec<BoxFuture<'a, ()>> {
        let mut parts = vec![
            fill(&mut survey.server_version, self.version_reading()),
            fill(&mut survey.nodes, lists::nodes(reader)),
            fill(&mut survey.pods, lists::pods(reader)),
            fill(&mut survey.budgets, lists::budgets(reader)),
            fill(&mut survey.workloads, lists::workloads(reader)),
            fill(&mut survey.autoscalers, lists::autoscalers(reader)),
            fill(&mut survey.volumes, lists::volumes(reader)),
            fill(&mut survey.attachments, lists::attachments(reader)),
            fill(&mut survey.webhooks, endpoints::webhooks(reader)),
            fill(&mut survey.api_services, lists::api_services(reader)),
            fill(&mut survey.events, lists::events(reader)),
            fill(&mut survey.unapproved_requests, lists::unapproved_requests(reader)),
            fill(&mut survey.flow_schemas, lists::flow_schemas(reader)),
            fill(&mut survey.ending_namespaces, lists::ending_namespaces(reader)),
        ];
        if depth == SurveyDepth::Preflight {
            parts.push(fill(&mut survey.conversions, endpoints::conversions(reader)));
            parts.push(fill(&mut survey.manifests, manifests::stored(reader)));
            parts.push(fill(&mut survey.served, lists::served(reader)));
        }
        parts
    }

    async fn version_reading(&self) -> Reading<crate::domain::version::KubernetesVersion> {
        let text = self.server_version().await.map_err(|error| unread(&error))?;
        text.parse().map_err(|error| Unread::Failed {
            why: format!("the API server names its version '{text}': {error}"),
        })
    }
}

fn fill<'a, T: Send + 'a>(
    place: &'a mut Reading<T>,
    reading: impl Future<Output = Reading<T>> + Send + 'a,
) -> BoxFuture<'a, ()> {
    reading.map(|found| *place = found).boxed()
}

/// Health is known where `/readyz` answers; the figures of `/metrics` take a right of their own and may be missing.
fn health_of(checks: Reading<Vec<String>>, figures: Option<Figures>) -> Reading<ApiServerHealth> {
    let failed_checks = checks?;
    let figures = figures.unwrap_or_default();
    Ok(ApiServerHealth {
        failed_checks,
        etcd_bytes: figures.etcd_bytes,
        object_counts: figures.object_counts(),
        rejected_requests: figures.rejected_requests,
        certificate_ends: None,
    })
}

/// A survey of an API server that cannot be asked at all.
pub fn unreadable(error: &KubernetesError) -> KubernetesSurvey {
    let unread = unread(error);
    KubernetesSurvey {
        server_version: Err(unread.clone()),
        health: Err(unread.clone()),
        nodes: Err(unread.clone()),
        pods: Err(unread.clone()),
        budgets: Err(unread.clone()),
        workloads: Err(unread.clone()),
        autoscalers: Err(unread.clone()),
        volumes: Err(unread.clone()),
        attachments: Err(unread.clone()),
        webhooks: Err(unread.clone()),
        api_services: Err(unread.clone()),
        conversions: Err(unread.clone()),
        deprecated_uses: Err(unread.clone()),
        manifests: Err(unread.clone()),
        served: Err(unread.clone()),
        events: Err(unread.clone()),
        unapproved_requests: Err(unread.clone()),
        flow_schemas: Err(unread.clone()),
        ending_namespaces: Err(unread),
    }
}

/// Why a part was not read: a missing right, a missing API, or an answer that was none.
fn unread(error: &KubernetesError) -> Unread {
    match error {
        KubernetesError::Denied { what, why } => Unread::Denied {
            right: what.clone(),
            why: why.clone(),
        },
        KubernetesError::Refused { status: 404, .. } => Unread::NotServed {
            why: printable(&format!("{error}: {}", error.why())),
        },
        _ => Unread::Failed {
            why: printable(&format!("{error}: {}", error.why())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_apis_and_failures_are_told_apart() {
        let refused = |status| KubernetesError::Refused {
            what: "list jobs".into(),
            status,
            why: "no".into(),
        };
        let denied = KubernetesError::Denied {
            what: "list pods".into(),
            why: "forbidden".into(),
        };
        assert_eq!(
            unread(&denied).to_string(),
            "the right 'list pods' is missing: forbidden"
        );
        assert_eq!(
            unread(&refused(404)).to_string(),
            "not served: the API server answered list jobs with 404: no"
        );
        assert!(matches!(unread(&refused(500)), Unread::Failed { .. }));
        let survey = unreadable(&denied);
        assert!(matches!(survey.webhooks, Err(Unread::Denied { .. })));
        assert!(matches!(survey.served, Err(Unread::Denied { .. })));
    }

    #[test]
    fn health_needs_its_probe_and_not_the_figures() {
        assert!(health_of(not_asked(), Some(Figures::default())).is_err());
        let health = health_of(Ok(vec!["etcd".into()]), None).unwrap();
        assert_eq!(
            (health.failed_checks.as_slice(), health.etcd_bytes),
            (&["etcd".to_owned()][..], None)
        );
    }
}
