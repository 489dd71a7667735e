//! Reading commands, a simple start, and the problems everybody meets first.

use super::*;

#[test]
fn clusters_is_a_document_with_a_schema() {
    let document = json(&["--simulate", "clusters", "--output", "json"]);
    assert_eq!(document["schema"], "aks-cockpit/clusters/v1");
    let clusters = document["clusters"].as_array().unwrap();
    assert!(clusters.len() >= 12, "{} clusters", clusters.len());
    for cluster in clusters {
        for key in [
            "id",
            "name",
            "resourceGroup",
            "subscriptionId",
            "location",
            "version",
            "provisioningState",
            "powerState",
            "health",
            "support",
            "pools",
            "upgrades",
            "running",
        ] {
            assert!(cluster.get(key).is_some(), "{key} is missing in {cluster}");
        }
        assert!(cluster["support"].get("state").is_some() && cluster["support"].get("endsOn").is_some());
        for pool in cluster["pools"].as_array().unwrap() {
            for key in ["name", "mode", "count", "version", "nodeImage", "provisioningState"] {
                assert!(pool.get(key).is_some(), "{key} is missing in {pool}");
            }
        }
    }
    let stuck: Vec<&Value> = clusters.iter().filter(|cluster| cluster["health"] == "stuck").collect();
    assert_eq!(stuck.len(), 1, "the story has one stuck cluster");
    let blockers = stuck[0]["running"]["blockers"].as_array().unwrap();
    assert!(!blockers.is_empty(), "{}", stuck[0]);
}

#[test]
fn versions_says_where_a_cluster_can_go() {
    let document = json(&["--simulate=clean", "versions", "shop-prod", "--output", "json"]);
    assert_eq!(document["schema"], "aks-cockpit/versions/v1");
    let targets = document["targets"].as_array().unwrap();
    assert!(
        targets
            .iter()
            .any(|target| target["hops"].as_array().unwrap().len() == 1),
        "{document}"
    );
    assert_eq!(document["pools"].as_array().unwrap().len(), 2);
}

#[test]
fn nodes_names_the_pod_and_the_budget_that_hold_a_drain() {
    let clusters = json(&["--simulate", "clusters", "--output", "json"]);
    let stuck = clusters["clusters"]
        .as_array()
        .unwrap()
        .iter()
        .find(|cluster| cluster["health"] == "stuck")
        .unwrap();
    let document = json(&[
        "--simulate",
        "nodes",
        stuck["name"].as_str().unwrap(),
        "--output",
        "json",
    ]);
    assert_eq!(document["schema"], "aks-cockpit/nodes/v1");
    let nodes = document["nodes"].as_array().unwrap();
    let held = nodes
        .iter()
        .find(|node| node["drain"]["holds"].as_array().is_some_and(|holds| !holds.is_empty()))
        .unwrap_or_else(|| panic!("no drain is held: {document:#}"));
    let first = &held["drain"]["holds"][0];
    for key in ["namespace", "pod", "owner", "budget", "why"] {
        assert!(first[key].is_string(), "{key}: {first}");
    }
    assert!(held["drain"]["podsLeft"].as_u64().unwrap() >= 1);
    assert!(held["drain"]["deadline"].is_string());
}

#[test]
fn a_clean_upgrade_ends_with_0() {
    let output = run(&[
        "--simulate=clean",
        "start",
        "shop-prod",
        "--to",
        &newest("clean"),
        "--yes",
        "--output",
        "jsonl",
    ]);
    assert_eq!(code(&output), 0, "{}\n{}", stdout(&output), stderr(&output));
    let events = lines(&output);
    assert!(
        events
            .iter()
            .all(|event| event["schema"] == "aks-cockpit/start/v1" && event["at"].is_string())
    );
    assert_eq!(events.first().unwrap()["event"], "started");
    assert_eq!(events.last().unwrap()["event"], "ended");
    assert_eq!(events.last().unwrap()["state"], "Succeeded");
    let progress: Vec<u64> = events
        .iter()
        .filter(|event| event["event"] == "progress")
        .filter_map(|event| event["done"].as_u64())
        .collect();
    assert!(progress.len() > 3, "progress was hardly reported: {progress:?}");
}

#[test]
fn a_quota_failure_ends_with_4_and_azures_words() {
    let output = run(&[
        "--simulate=quota",
        "start",
        "shop-prod",
        "--to",
        &newest("quota"),
        "--yes",
        "--output",
        "jsonl",
    ]);
    assert_eq!(code(&output), 4, "{}\n{}", stdout(&output), stderr(&output));
    let events = lines(&output);
    assert_eq!(events.last().unwrap()["state"], "Failed");
    assert!(stdout(&output).to_lowercase().contains("quota"), "{}", stdout(&output));
}

#[test]
fn a_blocked_drain_fails_when_its_timeout_is_over_and_says_what_held_it() {
    let output = run(&[
        "--simulate=blocked-drain",
        "start",
        "shop-prod",
        "--to",
        &newest("blocked-drain"),
        "--yes",
        "--output",
        "jsonl",
    ]);
    assert_eq!(code(&output), 4, "{}\n{}", stdout(&output), stderr(&output));
    let blockers: Vec<Value> = lines(&output)
        .into_iter()
        .filter(|event| event["event"] == "progress")
        .map(|event| event["blockers"].clone())
        .collect();
    assert!(
        blockers
            .iter()
            .any(|list| list.as_array().is_some_and(|list| !list.is_empty())),
        "{blockers:?}"
    );
}

#[test]
fn throttling_and_an_absent_api_server_only_slow_an_upgrade() {
    for scenario in ["throttled", "api-away"] {
        let output = run(&[
            &format!("--simulate={scenario}"),
            "start",
            "shop-prod",
            "--to",
            &newest(scenario),
            "--yes",
            "--output",
            "jsonl",
        ]);
        assert_eq!(code(&output), 0, "{scenario}: {}\n{}", stdout(&output), stderr(&output));
    }
}

#[test]
fn node_images_can_be_upgraded_alone() {
    let output = run(&[
        "--simulate=clean",
        "start",
        "shop-prod",
        "--node-images",
        "--yes",
        "--output",
        "jsonl",
    ]);
    assert_eq!(code(&output), 0, "{}\n{}", stdout(&output), stderr(&output));
    let started = &lines(&output)[0];
    assert!(
        started["steps"]
            .as_array()
            .unwrap()
            .iter()
            .all(|step| step["kind"] == "nodeImageUpgrade"),
        "{started}"
    );
}

#[test]
fn status_of_an_empty_journal_says_how_to_begin() {
    let output = run(&["--simulate=clean", "status"]);
    assert_eq!(code(&output), 0);
    assert!(stdout(&output).contains("aks-cockpit start"), "{}", stdout(&output));
    assert_eq!(
        json(&["--simulate=clean", "status", "--output", "json"])["schema"],
        "aks-cockpit/status/v1"
    );
}

#[test]
fn a_wrong_cluster_name_lists_the_candidates() {
    let output = run(&["--simulate=clean", "versions", "shop-prd"]);
    assert_problem(&output, 8, &["shop-prd", "shop-prod", "do:"]);
}

#[test]
fn a_version_that_is_not_offered_lists_what_is() {
    let output = run(&["--simulate=clean", "start", "shop-prod", "--to", "1.99.0", "--yes"]);
    assert_problem(&output, 2, &["1.99.0", &newest("clean"), "do:"]);
    let output = run(&["--simulate=clean", "start", "shop-prod", "--to", "newest", "--yes"]);
    assert_problem(&output, 2, &["newest", "do:"]);
}

#[test]
fn an_unknown_scenario_lists_those_there_are() {
    let output = run(&["--simulate=nonsense", "clusters"]);
    assert_problem(&output, 2, &["nonsense", "blocked-drain", "do:"]);
}

#[test]
fn an_unknown_flag_is_a_usage_error() {
    let output = run(&["--frobnicate"]);
    assert_problem(&output, 2, &["--frobnicate"]);
}

#[test]
fn nobody_logged_in_is_told_what_was_tried_and_what_to_run() {
    let output = run(&["clusters"]);
    assert_problem(&output, 6, &["az login", "because:", "do:"]);
}

#[test]
fn an_endpoint_that_is_down_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let run = Run::new();
    let output = {
        let mut command = Command::cargo_bin("aks-cockpit").unwrap();
        command
            .env("AKS_COCKPIT_TOKEN", "t")
            .env("AKS_COCKPIT_STATE_DIR", run.state.path())
            .env("NO_PROXY", "127.0.0.1")
            .args([
                "clusters",
                "--arm-endpoint",
                &endpoint,
                "--clock",
                "2026-11-23T00:00:00Z*500",
            ]);
        command.output().unwrap()
    };
    assert_problem(&output, 1, &[endpoint.trim_start_matches("http://"), "because:", "do:"]);
}

#[test]
fn plain_http_is_only_for_loopback() {
    let output = run(&["clusters", "--arm-endpoint", "http://example.com"]);
    assert_problem(&output, 2, &["http", "only allowed to this machine", "do:"]);
}

#[test]
fn a_state_directory_that_cannot_be_used_is_named() {
    let run = Run::new();
    let file = run.state.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let output = run.command(&[
        "--simulate=clean",
        "clusters",
        "--state-dir",
        file.join("below").to_str().unwrap(),
    ]);
    assert_problem(&output, 2, &["below", "because:", "--state-dir"]);
}

#[test]
fn a_kubeconfig_without_a_usable_context_is_explained() {
    let run = Run::new();
    let file = run.state.path().join("config");
    std::fs::write(
        &file,
        "apiVersion: v1\nkind: Config\ncontexts: []\nclusters: []\nusers: []\n",
    )
    .unwrap();
    let output = run.command(&["nodes", "--kubeconfig", file.to_str().unwrap()]);
    assert_problem(&output, 2, &["context", "do:"]);
    let output = run.command(&["nodes", "--kubeconfig", "/nonexistent/config"]);
    assert_problem(&output, 2, &["/nonexistent/config", "do:"]);
}

#[test]
fn a_cockpit_without_a_terminal_says_so() {
    let output = run(&["demo"]);
    assert_problem(&output, 2, &["terminal", "do:"]);
}

#[test]
fn nothing_is_changed_without_a_yes_or_in_read_only_mode() {
    let output = run(&["--simulate=clean", "start", "shop-prod", "--to", &newest("clean")]);
    assert_problem(&output, 7, &["--yes"]);
    let output = run(&[
        "--simulate=clean",
        "--read-only",
        "start",
        "shop-prod",
        "--to",
        "1.35",
        "--yes",
    ]);
    assert_problem(&output, 7, &["read-only"]);
}

#[test]
fn problems_are_json_where_json_was_asked_for() {
    let output = run(&["--simulate=clean", "versions", "nothing", "--output", "json"]);
    let document: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(document["schema"], "aks-cockpit/problem/v1");
    assert_eq!(document["exitCode"], 8);
}

#[test]
fn help_completions_and_the_manual_are_printed() {
    assert!(stdout(&run(&["--help"])).contains("demo"));
    assert!(stdout(&run(&["completions", "bash"])).contains("aks-cockpit"));
    assert!(stdout(&run(&["man"])).contains(".TH"));
}
