//! The list of clusters: one Resource Graph query, or one LIST per subscription where that is refused.
//! What cannot be read is a finding beside the rest.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{AzureClient, ClusterListing};
use super::error::{AzureError, AzureErrorKind};
use super::http::Call;
use super::paths;
use super::retry::Repeat;
use super::wire::{self, Page, WrongShape};
use crate::domain::cluster::Cluster;
use crate::domain::ids::SubscriptionId;

const GRAPH_PATH: &str = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
const SUBSCRIPTIONS_PATH: &str = "/subscriptions?api-version=2022-12-01";

/// Only what the overview shows. The id is kept and sorted by, without which there is no token for a next page
/// (Azure docs "Working with large Azure resource data sets", 2026).
const QUERY: &str = "resources
| where type =~ 'microsoft.containerservice/managedclusters'
| project id, name, location, resourceGroup, subscriptionId, sku, tags,
    provisioningState = tostring(properties.provisioningState), powerState = tostring(properties.powerState.code),
    kubernetesVersion = tostring(properties.kubernetesVersion), currentKubernetesVersion = tostring(properties.currentKubernetesVersion),
    supportPlan = tostring(properties.supportPlan), fqdn = tostring(properties.fqdn), privateFQDN = tostring(properties.privateFQDN),
    nodeResourceGroup = tostring(properties.nodeResourceGroup), autoUpgradeProfile = properties.autoUpgradeProfile,
    upgradeSettings = properties.upgradeSettings, status = properties.status, agentPoolProfiles = properties.agentPoolProfiles
| order by id asc";

/// Rows of one answer, Resource Graph's own limit.
const ROWS: u32 = 1000;
/// Pages followed before a list is taken for endless.
const PAGES: usize = 200;
const LISTS_AT_ONCE: usize = 4;

impl AzureClient {
    /// Every cluster in the given subscriptions, or in all visible ones where none is given. In id order.
    ///
    /// # Errors
    /// When nothing at all could be listed.
    pub async fn list_clusters(&self, subscriptions: &[SubscriptionId]) -> Result<ClusterListing, AzureError> {
        let mut listing = match self.graph_listing(subscriptions).await {
            Ok(listing) => listing,
            // The other way needs the same login and the same endpoint.
            Err(error) if matches!(error.kind(), AzureErrorKind::NotLoggedIn | AzureErrorKind::Unreachable) => {
                return Err(error);
            }
            Err(error) => {
                let mut listing = self.listing_by_subscription(subscriptions).await?;
                let why = in_words(&error);
                let finding = format!("Resource Graph could not be asked, so each subscription was listed: {why}");
                listing.findings.insert(0, finding);
                listing
            }
        };
        listing.clusters.sort_by(|one, other| one.id.cmp(&other.id));
        listing.clusters.dedup_by(|one, other| one.id == other.id);
        Ok(listing)
    }

    async fn graph_listing(&self, subscriptions: &[SubscriptionId]) -> Result<ClusterListing, AzureError> {
        let mut listing = ClusterListing::default();
        let mut tokens = BTreeSet::new();
        let mut token = None;
        for _ in 0..PAGES {
            let call = self.graph_call(subscriptions, token.as_deref())?;
            let page = self.read(&call, wire::graph_page).await?;
            listing.clusters.extend(page.items);
            listing.findings.extend(page.findings);
            match page.next {
                Some(next) if tokens.insert(next.clone()) => token = Some(next),
                Some(_) => return Ok(cut(listing, "Resource Graph gave the same page twice")),
                None => return Ok(listing),
            }
        }
        Ok(cut(listing, "Resource Graph's answer does not end"))
    }

    fn graph_call(&self, subscriptions: &[SubscriptionId], token: Option<&str>) -> Result<Call, AzureError> {
        let mut options = json!({"$top": ROWS, "resultFormat": "objectArray"});
        if let Some(token) = token {
            options["$skipToken"] = json!(token);
        }
        let mut body = json!({"query": QUERY, "options": options});
        if !subscriptions.is_empty() {
            body["subscriptions"] = subscriptions.iter().map(SubscriptionId::as_str).collect();
        }
        Ok(Call {
            body: Some(Bytes::from(body.to_string())),
            // A POST that changes nothing.
            ..self.call(
                "ask Resource Graph for the clusters",
                Method::POST,
                GRAPH_PATH,
                Repeat::BriefRead,
            )?
        })
    }

    async fn listing_by_subscription(&self, subscriptions: &[SubscriptionId]) -> Result<ClusterListing, AzureError> {
        let mut listing = ClusterListing::default();
        let visible;
        let subscriptions = if subscriptions.is_empty() {
            let first = self.call("list the subscriptions", Method::GET, SUBSCRIPTIONS_PATH, Repeat::Read)?;
            let (found, broken) = self.pages(first, wire::subscription_page).await;
            listing.findings.extend(found.findings);
            match broken {
                Some(error) if found.items.is_empty() => return Err(error),
                Some(error) => {
                    let why = in_words(&error);
                    listing.findings.push(format!("not every subscription is known: {why}"));
                }
                None => {}
            }
            visible = found.items;
            &visible
        } else {
            subscriptions
        };
        let mut first_error = None;
        let mut lists = stream::iter(subscriptions.to_vec())
            .map(|subscription| async move { (self.clusters_of(&subscription).await, subscription) })
            .buffered(LISTS_AT_ONCE);
        let mut is_any_listed = subscriptions.is_empty();
        while let Some((answer, subscription)) = lists.next().await {
            match answer {
                Ok(page) => {
                    is_any_listed = true;
                    listing.clusters.extend(page.items);
                    listing.findings.extend(page.findings);
                }
                Err(error) => {
                    let why = in_words(&error);
                    listing
                        .findings
                        .push(format!("subscription {subscription} could not be listed: {why}"));
                    first_error.get_or_insert(error);
                }
            }
        }
        match first_error {
            Some(error) if !is_any_listed => Err(error),
            _ => Ok(listing),
        }
    }

    async fn clusters_of(&self, subscription: &SubscriptionId) -> Result<Page<Cluster>, AzureError> {
        let path = paths::in_subscription(subscription, "providers/Microsoft.ContainerService/managedClusters")?;
        let first = self.get(format!("list the clusters of subscription {subscription}"), &path)?;
        let (mut page, broken) = self.pages(first, wire::cluster_page).await;
        match broken {
            Some(error) if page.items.is_empty() => Err(error),
            Some(error) => {
                let why = in_words(&error);
                page.findings
                    .push(format!("subscription {subscription} is listed in part: {why}"));
                Ok(page)
            }
            None => Ok(page),
        }
    }

    /// Follows a list to its end; the error, if any, is where it broke off.
    ///
    /// A page may be empty although more follow. A link to another host is not followed: the token would leak.
    pub(super) async fn pages<T>(
        &self,
        first: Call,
        read: fn(&Value) -> Result<Page<T>, WrongShape>,
    ) -> (Page<T>, Option<AzureError>) {
        let mut all = Page {
            items: Vec::new(),
            next: None,
            findings: Vec::new(),
        };
        let mut seen = BTreeSet::new();
        let mut call = first;
        loop {
            let page = match self.read(&call, read).await {
                Ok(page) => page,
                Err(error) => return (all, Some(error)),
            };
            all.items.extend(page.items);
            all.findings.extend(page.findings);
            let Some(next) = page.next else {
                return (all, None);
            };
            let trusted = self.trusted(&next).filter(|_| seen.len() < PAGES && seen.insert(next));
            let Some(url) = trusted else {
                let why = "the link to its next page leads in a circle or to another host";
                return (all, Some(call.unreadable(&why, &[])));
            };
            call = Call {
                url,
                request_id: uuid::Uuid::new_v4(),
                ..call
            };
        }
    }
}

fn cut(mut listing: ClusterListing, why: &str) -> ClusterListing {
    listing
        .findings
        .push(format!("{why}: clusters may be missing from the list"));
    listing
}

/// An error with Azure's own words behind it.
fn in_words(error: &AzureError) -> String {
    match error.detail() {
        Some(detail) => format!("{error}, {detail}"),
        None => error.to_string(),
    }
}
