//! What the API server asks while it answers: APIServices of others, and webhooks that convert custom resources. Where one
//! is away, discovery, the deletion of namespaces and autoscalers hang. Webhooks of admission are in `drain/`.

use crate::domain::subject::{ObjectRef, Subject};
use crate::domain::survey::{ApiServiceFact, ConversionFact, Unread};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    let kubernetes = &question.survey.kubernetes;
    let services: Result<_, &Unread> = kubernetes.api_services.as_ref();
    let conversions: Result<_, &Unread> = kubernetes.conversions.as_ref();
    let mut said = or_unknown(services.map(|services| services.iter().filter_map(of_service).collect()));
    said.extend(or_unknown(
        conversions.map(|conversions| conversions.iter().filter_map(of_conversion).collect()),
    ));
    said
}

fn of_service(service: &ApiServiceFact) -> Option<Said> {
    (!service.is_available).then(|| {
        let object = ObjectRef::of_cluster("apiregistration.k8s.io/v1", "APIService", &service.name);
        let said = Said::new(
            Outcome::Warning,
            Subject::Object { object },
            "what serves this API is away: discovery and the deletion of namespaces hang",
        );
        Said {
            evidence: Some(service.message.clone())
                .filter(|message| !message.is_empty())
                .into_iter()
                .collect(),
            ..said
        }
        .cured_by(&["webhook-backend-up"])
    })
}

fn of_conversion(conversion: &ConversionFact) -> Option<Said> {
    let (namespace, name) = conversion.service.as_ref()?;
    let object = ObjectRef::of_cluster(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        &conversion.definition,
    );
    let (outcome, headline) = match conversion.ready_endpoints {
        Some(0) => (
            Outcome::Warning,
            format!(
                "its conversion webhook, Service {namespace}/{name}, has no ready endpoint: its objects cannot be read"
            ),
        ),
        Some(_) => return None,
        None => (
            Outcome::Unknown,
            format!(
                "whether its conversion webhook, Service {namespace}/{name}, has a ready endpoint could not be read"
            ),
        ),
    };
    Some(Said::new(outcome, Subject::Object { object }, headline).cured_by(&["webhook-backend-up"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::samples::{check, denied, passes};

    #[test]
    fn an_api_without_its_server_is_told() {
        let said = check(
            look,
            |survey| {
                let service = &mut survey.kubernetes.api_services.as_mut().unwrap()[0];
                service.is_available = false;
                service.message = "no response".into();
            },
            Outcome::Warning,
            "APIService v1beta1.metrics.k8s.io",
        );
        assert_eq!(said.evidence, ["no response"]);
    }

    #[test]
    fn a_conversion_needs_an_endpoint() {
        for (endpoints, outcome) in [(Some(0), Outcome::Warning), (None, Outcome::Unknown)] {
            check(
                look,
                |survey| survey.kubernetes.conversions.as_mut().unwrap()[0].ready_endpoints = endpoints,
                outcome,
                "CustomResourceDefinition orders.shop.example",
            );
        }
        passes(look, |survey| {
            let conversion = &mut survey.kubernetes.conversions.as_mut().unwrap()[0];
            (conversion.ready_endpoints, conversion.service) = (None, None);
        });
    }

    #[test]
    fn without_the_lists_it_is_unknown() {
        check(
            look,
            |survey| survey.kubernetes.api_services = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
        check(
            look,
            |survey| survey.kubernetes.conversions = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
