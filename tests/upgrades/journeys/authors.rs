//! Whose upgrade runs: from the activity log, from the journal, or not known and why.

use serde_json::Value;

use super::processes::{Process, World};

/// Slow enough that an upgrade still runs when a slow machine has seen it.
const SPEED: &str = "120";

/// What `clusters` says runs on `shop-prod`, once that is as wanted.
fn running(world: &World, state: Option<&str>, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut command = world.command(&["clusters", "--watch", "--output", "jsonl"]);
    command.args(state.into_iter().flat_map(|state| ["--state-dir", state]));
    let watch = Process::start(command);
    let of_shop = |line: &Value| {
        let clusters = line["clusters"].as_array().cloned().unwrap_or_default();
        let shop = clusters.into_iter().find(|cluster| cluster["name"] == "shop-prod");
        shop.map_or(Value::Null, |shop| shop["running"].clone())
    };
    of_shop(&watch.wait_for(what, |line| is_so(&of_shop(line))))
}

#[test]
fn a_foreign_upgrade_has_a_name_and_a_time() {
    let world = World::new("foreign-fleet", SPEED);
    let running = running(&world, None, "who began it", |running| running["startedBy"].is_string());
    assert_eq!(running["startedBy"], "fleet hub retail-fleet");
    assert!(running["startedAt"].is_string(), "{running}");
    assert!(running.get("startedByUnknown").is_none(), "{running}");
    let status = world.json(&["status", "shop-prod"]);
    let foreign = &status["clusters"][0]["foreign"];
    assert_eq!(foreign["startedBy"], "fleet hub retail-fleet", "{status}");
    assert_eq!(foreign["startedAt"], running["startedAt"]);
}

#[test]
fn where_the_log_may_not_be_read_the_missing_right_is_named() {
    let world = World::new("activity-denied", SPEED);
    let elsewhere = tempfile::tempdir().unwrap();
    let _driver = world.start();
    let denied = running(&world, elsewhere.path().to_str(), "that nobody may say", |running| {
        running["startedByUnknown"]
            .as_str()
            .is_some_and(|why| why.contains("Microsoft.Insights"))
    });
    assert!(denied["startedBy"].is_null(), "{denied}");
    // The machine that began it knows without asking.
    let own = running(&world, None, "whose it is here", |running| {
        running["startedBy"].is_string()
    });
    assert!(own["startedBy"].as_str().unwrap().contains('@'), "{own}");
}
