//! Troubles on the wire, as ARM, its gateway and AKS word them.

use serde_json::json;

use super::reply::{Call, Reply};
use super::route::Route;
use super::{denied, no_route, reads, route, unauthorized};
use crate::simulator::faults::{Conflict, Effect, Trouble};
use crate::simulator::world::World;
use crate::simulator::world::incident::Deed;

/// Who saves a tag in between.
const SOMEBODY: &str = "alex.kim@shop.example";

/// Answers a request that meets a trouble.
pub(super) fn answer(world: &mut World, call: &Call, trouble: Trouble) -> Reply {
    match trouble {
        Trouble::Slow { by } => Reply {
            delay: by,
            ..route(world, call)
        },
        Trouble::Stale { by } if call.method == "GET" => world.look_back(by, |world| route(world, call)),
        Trouble::Down | Trouble::Stale { .. } => route(world, call),
        Trouble::Throttle { retry_after_seconds } => throttled(retry_after_seconds),
        Trouble::LostOperation => reads::lost(),
        Trouble::NotJson => Reply {
            headers: vec![("content-type", "text/html".to_owned())],
            body: b"<html><body>Our services aren't available right now</body></html>".to_vec(),
            ..Reply::empty(200)
        },
        Trouble::Denied => Route::of(call).map_or_else(no_route, |route| denied(&route, call)),
        Trouble::TokenExpired => unauthorized(
            "ExpiredAuthenticationToken",
            "The access token expiry UTC time is earlier than current UTC time.",
        ),
        Trouble::Conflict(conflict) => conflicting(call, conflict),
        Trouble::TagSaved => {
            save_tag(world, call);
            route(world, call)
        }
        Trouble::InternalError { effect } => {
            take_effect(world, call, effect);
            Reply::of_aks(
                500,
                &json!({"code": "InternalOperationError", "message": "Internal server error"}),
            )
        }
        Trouble::Gateway { status, effect } => {
            take_effect(world, call, effect);
            gateway_error(status)
        }
    }
}

fn take_effect(world: &mut World, call: &Call, effect: Effect) {
    if effect == Effect::Done {
        route(world, call);
    }
}

/// A tag is written at the cluster the call is about.
fn save_tag(world: &mut World, call: &Call) {
    let name = match Route::of(call) {
        Some(Route::Cluster { at, .. } | Route::Pool { at, .. }) => world
            .find(at.subscription, at.resource_group, at.name)
            .map(|cluster| cluster.profile.name.clone()),
        _ => None,
    };
    let deed = Deed::SaveTag {
        key: "reviewed".to_owned(),
        value: world.now.strftime("%Y-%m-%d").to_string(),
    };
    // A tag is never refused; a call about no cluster has nothing to tag.
    let _ = name.map(|name| world.act(&name, &deed, SOMEBODY));
}

fn conflicting(call: &Call, conflict: Conflict) -> Reply {
    match conflict {
        Conflict::Busy => {
            let what = match Route::of(call) {
                Some(Route::Pool { pool, .. }) => format!("{pool} - Updating"),
                _ => "Updating".to_owned(),
            };
            Reply::of_aks(
                409,
                &json!({
                    "code": "OperationNotAllowed",
                    "details": null,
                    "message": format!(
                        "Operation is not allowed: Another operation ({what}) is in progress, please wait for it to \
                         finish before starting a new operation. See https://aka.ms/aks-pending-operation for more \
                         details"
                    ),
                    "subcode": "",
                }),
            )
        }
        Conflict::Etag => Reply::of_aks(
            409,
            &json!({
                "code": "EtagMismatch",
                "details": "Etag mismatched",
                "message": "Operation is not allowed: Another operation is in progress",
                "subcode": "",
            }),
        ),
    }
}

fn gateway_error(status: u16) -> Reply {
    if status == 504 {
        Reply::arm_error(
            504,
            "GatewayTimeout",
            "The gateway did not receive a response from 'Microsoft.ContainerService' within the specified time period.",
        )
    } else {
        Reply::arm_error(
            status,
            "BadGatewayConnection",
            "The network connectivity issue encountered for 'Microsoft.ContainerService'; cannot fulfill the request.",
        )
    }
    .with("x-ms-failure-cause", "gateway")
}

fn throttled(retry_after_seconds: Option<u64>) -> Reply {
    let reply = Reply::arm_error(
        429,
        "SubscriptionRequestsThrottled",
        "Number of requests for subscription exceeded the limit. Please try again after some time.",
    );
    match retry_after_seconds {
        Some(seconds) => reply.with("retry-after", seconds.to_string()),
        None => reply,
    }
}
