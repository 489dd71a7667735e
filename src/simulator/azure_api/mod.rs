//! The ARM routes: requests into changes of the world, the world into Azure's payloads.
//! Written from the public wire facts alone; shares no type with the clients it is there to test.

mod activity_log;
mod beside;
mod bodies;
mod changes;
pub(super) mod credentials;
mod landscape;
mod profiles;
mod reads;
mod reply;
mod resource_graph;
mod route;
mod settings;
mod signature;
mod trouble;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use reply::{Call, Reply};
use route::{ClusterAt, ClusterCall, PoolCall, Route};

use super::shared::SharedWorld;
use super::world::{Author, SimulatedCluster, World, guid};

/// The one tenant of the simulated estate.
const TENANT: &str = "7d3c1a52-5f0e-4c6b-9a44-2b8e6f10d9c7";
/// The caller, as ARM names it in refusals.
const CALLER: &str = "3f6a2b90-8c1d-4e57-b0a3-9d7c5e4f2a18";
/// Bodies beyond this are cut off; real clusters are far smaller.
const LARGEST_BODY: usize = 4 << 20;

/// All routes of ARM.
pub fn router(world: SharedWorld) -> Router {
    Router::new().fallback(handle).with_state(world)
}

async fn handle(State(world): State<SharedWorld>, request: Request) -> Response {
    let mut call = read(request).await;
    let reply = world.with(|world| answer(world, &mut call));
    if !reply.delay.is_zero() {
        world.clock().sleep(reply.delay).await;
    }
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    response
        .body(Body::from(reply.body))
        .expect("statuses and headers are made here and valid")
}

async fn read(request: Request) -> Call {
    let (parts, body) = request.into_parts();
    let header = |name: &str| {
        let value = parts.headers.get(name)?;
        Some(value.to_str().ok()?.to_owned())
    };
    let path = parts.uri.path();
    Call {
        method: parts.method.as_str().to_owned(),
        segments: path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(str::to_owned)
            .collect(),
        path: path.to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        endpoint: format!("http://{}", header("host").unwrap_or_default()),
        if_match: header("if-match"),
        if_none_match: header("if-none-match"),
        authorization: header("authorization"),
        author: Author {
            client_request: header("x-ms-client-request-id"),
            ..Author::default()
        },
        body: axum::body::to_bytes(body, LARGEST_BODY)
            .await
            .map(|bytes| bytes.to_vec())
            .unwrap_or_default(),
    }
}

/// Answers one request; the only way in, so that manners and faults are the same everywhere.
fn answer(world: &mut World, call: &mut Call) -> Reply {
    let request_id = guid(&mut world.request_ids);
    call.author = Author {
        caller: world.identity.clone(),
        correlation: request_id.clone(),
        client_request: call.author.client_request.take(),
    };
    let reply = judge(world, call);
    let is_read = call.method == "GET" || call.path.to_ascii_lowercase().contains("microsoft.resourcegraph");
    let budget = world.request_budget.spend(is_read, world.now);
    let mut reply = reply
        .with("cache-control", "no-cache")
        .with("pragma", "no-cache")
        .with("expires", "-1")
        .with("strict-transport-security", "max-age=31536000; includeSubDomains")
        .with("x-content-type-options", "nosniff")
        .with("x-ms-request-id", request_id.clone())
        .with("x-ms-correlation-request-id", request_id);
    reply.headers.extend(budget);
    reply
}

fn judge(world: &mut World, call: &Call) -> Reply {
    if let Some(refused) = refuse_caller(world, call).or_else(|| refuse_version(call)) {
        return refused;
    }
    match world.faults.meet(&call.method, &call.path, world.now) {
        Some(trouble) => trouble::answer(world, call, trouble),
        None => route(world, call),
    }
}

fn unauthorized(code: &str, message: &str) -> Reply {
    let challenge = format!(
        "Bearer authorization_uri=\"https://login.microsoftonline.com/{TENANT}\", error=\"invalid_token\", \
         error_description=\"The access token is missing or invalid.\""
    );
    Reply::arm_error(401, code, message).with("www-authenticate", challenge)
}

fn refuse_caller(world: &World, call: &Call) -> Option<Reply> {
    let refuse = |code, message| Some(unauthorized(code, message));
    match call.authorization.as_deref() {
        None => refuse(
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        ),
        Some(text) if text.strip_prefix("Bearer ") == Some(world.token.as_str()) => None,
        Some(_) => refuse("InvalidAuthenticationToken", "The access token is invalid."),
    }
}

/// Any api-version of the right form is known here.
fn refuse_version(call: &Call) -> Option<Reply> {
    let Some(version) = call.parameter("api-version") else {
        return Some(Reply::arm_error(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ));
    };
    let date = version.strip_suffix("-preview").unwrap_or(&version);
    let is_date = date.parse::<jiff::civil::Date>().is_ok() && date.len() == 10;
    (!is_date).then(|| {
        Reply::arm_error(
            400,
            "InvalidApiVersionParameter",
            &format!("The api-version '{version}' is invalid."),
        )
    })
}

fn no_route() -> Reply {
    Reply::arm_error(
        404,
        "InvalidResourceType",
        "The resource type could not be found in the namespace for the given api version and method.",
    )
}

fn route(world: &mut World, call: &Call) -> Reply {
    let Some(route) = Route::of(call) else {
        return no_route();
    };
    if let Some(id) = route.subscription() {
        match world
            .subscriptions
            .iter()
            .find(|known| known.id.eq_ignore_ascii_case(id))
        {
            None => {
                return Reply::arm_error(
                    404,
                    "SubscriptionNotFound",
                    &format!("The subscription '{id}' could not be found."),
                );
            }
            Some(subscription) if subscription.is_denied => return denied(&route, call),
            Some(_) => {}
        }
    }
    if let Some(refused) = landscape::refuse(world, &route, call) {
        return refused;
    }
    match route {
        Route::Subscriptions => reads::subscriptions(world),
        Route::ResourceGraph => resource_graph::answer(world, call),
        Route::ListClusters {
            subscription,
            resource_group,
        } => reads::clusters(world, subscription, resource_group, call),
        Route::KubernetesVersions { .. } => profiles::of_region(&world.catalogue),
        Route::ActivityLog { subscription } => activity_log::answer(world, subscription, call),
        Route::Operation { subscription, id, link } => reads::operation(world, subscription, id, link, call),
        Route::Cluster { at, call: what } => on_cluster(world, at, what, call),
        Route::Pool { at, pool, call: what } => on_pool(world, at, pool, what, call),
        Route::Around(around) => landscape::answer(world, around, call),
        Route::Beside(beside) => beside::answer(world, beside, call),
    }
}

/// ARM's usual words for a missing right.
fn denied(route: &Route<'_>, call: &Call) -> Reply {
    let scope = call.path.trim_end_matches('/');
    Reply::arm_error(
        403,
        "AuthorizationFailed",
        &format!(
            "The client '{CALLER}' with object id '{CALLER}' does not have authorization to perform action '{}' over \
             scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
            route.action()
        ),
    )
}

fn find<'a>(world: &'a World, at: ClusterAt<'_>) -> Result<&'a SimulatedCluster, Reply> {
    world
        .find(at.subscription, at.resource_group, at.name)
        .ok_or_else(|| Reply::not_found("Microsoft.ContainerService/managedClusters", at.name, at.resource_group))
}

fn on_cluster(world: &mut World, at: ClusterAt<'_>, what: ClusterCall, call: &Call) -> Reply {
    let cluster = match find(world, at) {
        Ok(cluster) => cluster,
        // What is gone needs no deleting.
        Err(_) if what == ClusterCall::Delete => return Reply::empty(204),
        Err(reply) => return reply,
    };
    let name = cluster.profile.name.clone();
    if let Some(refused) = beside::refuse_locked(cluster, call) {
        return refused;
    }
    match what {
        ClusterCall::Get => Reply::of_aks(200, &bodies::cluster(cluster)),
        ClusterCall::UpgradeProfile => profiles::of_cluster(cluster, &world.catalogue),
        ClusterCall::UserCredential => credentials::user_credential(cluster),
        ClusterCall::PoolVersions => profiles::pool_versions(cluster, &world.catalogue),
        ClusterCall::MaintenanceConfigurations => reads::maintenance_configurations(world, cluster, call),
        ClusterCall::ListPools => reads::pools(world, cluster, call),
        ClusterCall::Put => changes::put_cluster(world, &name, call).unwrap_or_else(|refused| refused),
        ClusterCall::Delete => changes::delete(world, &name, None, call).unwrap_or_else(|refused| refused),
        ClusterCall::Abort => changes::abort(world, &name, None, call).unwrap_or_else(|refused| refused),
        ClusterCall::Start | ClusterCall::Stop | ClusterCall::RotateCertificates => {
            changes::act(world, &name, what, call).unwrap_or_else(|refused| refused)
        }
    }
}

fn on_pool(world: &mut World, at: ClusterAt<'_>, pool: &str, what: PoolCall, call: &Call) -> Reply {
    let cluster = match find(world, at) {
        Ok(cluster) => cluster,
        Err(reply) => return reply,
    };
    let name = cluster.profile.name.clone();
    if let Some(refused) = beside::refuse_locked(cluster, call) {
        return refused;
    }
    let Some(known) = cluster.pool(pool) else {
        match what {
            PoolCall::Put => return changes::create_pool(world, &name, pool, call).unwrap_or_else(|refused| refused),
            PoolCall::Delete => return Reply::empty(204),
            _ => {}
        }
        let full = format!("{}/{pool}", at.name);
        return Reply::not_found(
            "Microsoft.ContainerService/managedClusters/agentPools",
            &full,
            at.resource_group,
        );
    };
    let answered = match what {
        PoolCall::Get => Ok(Reply::of_aks(200, &bodies::pool(cluster, known))),
        PoolCall::UpgradeProfile => Ok(profiles::of_pool(cluster, known, &world.catalogue)),
        PoolCall::Put => changes::put_pool(world, &name, pool, call),
        PoolCall::Delete => changes::delete(world, &name, Some(pool), call),
        PoolCall::Abort => changes::abort(world, &name, Some(pool), call),
        PoolCall::DeleteMachines => changes::delete_machines(world, &name, pool, call),
        PoolCall::UpgradeNodeImage => changes::upgrade_node_image(world, &name, pool, call),
    };
    answered.unwrap_or_else(|refused| refused)
}
