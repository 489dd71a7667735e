//! What the API server calls outside of itself, webhooks of admission and of conversion, and whether somebody answers.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use futures::try_join;

use super::reader::{Listed, Reader};
use crate::domain::survey::{ConversionFact, Reading, WebhookFact};
use crate::kubernetes::wire::{SlimDefinition, SlimEndpointSlice, SlimNamespace, SlimWebhooks};

const SYSTEM: &str = "kube-system";
/// Definitions carry whole schemas.
const DEFINITIONS_AT_ONCE: u32 = 50;
/// Labels of kube-system in AKS, for where they may not be read (AKS docs "FAQ", 2026: admission controller webhooks).
const SYSTEM_LABELS: [(&str, &str); 2] = [("kubernetes.io/metadata.name", SYSTEM), ("control-plane", "true")];

/// Namespace and name.
type Service = (String, String);

/// The webhooks of both kinds of configuration, with the ready endpoints of their Services.
pub(super) async fn webhooks(reader: &Reader<'_>) -> Reading<Vec<WebhookFact>> {
    let labels = system_labels(reader).await;
    let of = async |plural: &str, kind: &str| {
        let listed = Listed::new(format!("/apis/admissionregistration.k8s.io/v1/{plural}"));
        let slim = |webhooks: SlimWebhooks| Some(webhooks.into_facts(kind, &labels));
        reader.list(&listed, slim).await
    };
    let (validating, mutating) = try_join!(
        of("validatingwebhookconfigurations", "ValidatingWebhookConfiguration"),
        of("mutatingwebhookconfigurations", "MutatingWebhookConfiguration"),
    )?;
    let mut webhooks: Vec<WebhookFact> = validating.into_iter().chain(mutating).flatten().collect();
    let ready = ready_endpoints(reader, webhooks.iter().filter_map(|webhook| webhook.service.clone())).await;
    for webhook in &mut webhooks {
        webhook.ready_endpoints = webhook.service.as_ref().and_then(|service| ready.get(service).copied());
    }
    Ok(webhooks)
}

/// Definitions whose objects are converted by a webhook, with the ready endpoints of its Service.
pub(super) async fn conversions(reader: &Reader<'_>) -> Reading<Vec<ConversionFact>> {
    let listed = Listed::new("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").page_size(DEFINITIONS_AT_ONCE);
    let mut conversions = reader.list(&listed, SlimDefinition::into_fact).await?;
    let services = conversions.iter().filter_map(|conversion| conversion.service.clone());
    let ready = ready_endpoints(reader, services).await;
    for conversion in &mut conversions {
        conversion.ready_endpoints = conversion
            .service
            .as_ref()
            .and_then(|service| ready.get(service).copied());
    }
    Ok(conversions)
}

/// Ready endpoints by Service; one whose slices could not be read is left out.
async fn ready_endpoints(reader: &Reader<'_>, services: impl Iterator<Item = Service>) -> BTreeMap<Service, usize> {
    let distinct: BTreeSet<Service> = services.collect();
    let counts = distinct.into_iter().map(async |service| {
        let (namespace, name) = &service;
        let listed = Listed::new(format!(
            "/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
        ))
        .labelled(format!("kubernetes.io/service-name={name}"));
        let slices = reader
            .list(&listed, |slice: SlimEndpointSlice| Some(slice.ready()))
            .await;
        (service, slices)
    });
    join_all(counts)
        .await
        .into_iter()
        .filter_map(|(service, slices)| Some((service, slices.ok()?.into_iter().sum())))
        .collect()
}

async fn system_labels(reader: &Reader<'_>) -> BTreeMap<String, String> {
    let read: Reading<SlimNamespace> = reader.get("/api/v1/namespaces/kube-system", "get namespaces").await;
    let usual = || {
        let labels = SYSTEM_LABELS.into_iter();
        labels.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    };
    match read {
        Ok(namespace) if namespace.name() == SYSTEM => namespace.labels(),
        _ => usual(),
    }
}
