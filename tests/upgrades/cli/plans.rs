//! `plan`, and `start` from a plan: what is shown, what a file keeps, and what is refused with which words.

use super::*;

impl Run {
    fn file(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.state.path().join(name)
    }

    fn document(&self, words: &[&str]) -> Value {
        let words = [&["--simulate=clean"], words, &["--output", "json"]].concat();
        let output = self.command(&words);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn kinds(plan: &Value) -> Vec<&str> {
    let steps = plan["steps"].as_array().unwrap();
    steps.iter().map(|step| step["kind"].as_str().unwrap()).collect()
}

#[test]
fn a_plan_is_shown_saved_loaded_and_compared() {
    let run = Run::new();
    let (file, version) = (run.file("plan.toml"), newest("clean"));
    let wish = ["plan", "shop-prod", "--to", &version, "--readiness", "--verify"];
    let document = run.document(&[&wish[..], &["--approve-at", "end", "--save", &file]].concat());
    assert_eq!(document["schema"], "aks-cockpit/plan-view/v1");
    let plan = &document["plans"][0];
    assert_eq!(kinds(plan)[0], "controlPlaneUpgrade", "{plan:#}");
    for kind in ["nodePoolUpgrade", "readinessGate", "approval", "verify"] {
        assert!(kinds(plan).contains(&kind), "{kind} is missing in {plan:#}");
    }
    let steps = plan["steps"].as_array().unwrap();
    assert_eq!(steps[0]["request"]["method"], "PUT");
    assert!(
        steps[0]["request"]["fields"]
            .as_array()
            .is_some_and(|fields| !fields.is_empty())
    );
    assert_eq!(steps[0]["undo"]["kind"], "never");
    let pool = steps.iter().find(|step| step["kind"] == "nodePoolUpgrade").unwrap();
    assert!(
        pool["nodes"].as_u64() > Some(0) && pool["extraNodes"].is_u64(),
        "{pool}"
    );
    assert!(pool["lowSeconds"].as_u64() <= pool["highSeconds"].as_u64());
    assert_eq!(plan["waitsForPeople"], true);
    assert!(plan["differences"].is_null());

    let loaded = run.document(&["plan", "--load", &file, "--compare", &file, "--validate"]);
    let again = &loaded["plans"][0];
    assert_eq!(kinds(again), kinds(plan));
    assert_eq!(again["id"], plan["id"]);
    assert_eq!(again["differences"], Value::Array(Vec::new()));

    let other = run.document(&["plan", "shop-prod", "--to", &version, "--compare", &file]);
    let differences = other["plans"][0]["differences"].as_array().unwrap();
    assert!(
        differences.iter().any(|one| one["kind"] == "removed"),
        "{differences:?}"
    );

    let output = run.command(&[
        "--simulate=clean",
        "plan",
        "shop-prod",
        "--node-images",
        "--save",
        &file,
    ]);
    assert_problem(&output, 2, &["plan.toml", "because:", "--yes"]);
}

#[test]
fn a_plan_that_cannot_work_ends_with_3_and_starts_nothing() {
    let run = Run::new();
    let file = run.file("plan.toml");
    run.document(&["plan", "shop-prod", "--to", &newest("clean"), "--save", &file]);
    let written = std::fs::read_to_string(&file).unwrap();
    // A pool ahead of its control plane.
    let without_control_plane = written
        .split("[[plans.steps]]")
        .filter(|table| !table.contains("controlPlaneUpgrade"))
        .collect::<Vec<_>>()
        .join("[[plans.steps]]");
    std::fs::write(&file, without_control_plane).unwrap();
    let output = run.command(&["--simulate=clean", "plan", "--load", &file, "--validate"]);
    assert_problem(&output, 3, &["shop-prod", "cannot work", "because:", "do:"]);
    assert!(stdout(&output).contains("error"), "{}", stdout(&output));
    let output = run.command(&["--simulate=clean", "start", "--plan", &file, "--yes"]);
    assert_problem(&output, 3, &["shop-prod", "cannot work", "do:"]);
    let status = run.document(&["status"]);
    assert_eq!(status["executions"], Value::Array(Vec::new()));
}

#[test]
fn smoke_tests_come_from_the_variable_where_no_flag_names_them() {
    let run = Run::new();
    let (tests, saved, version) = (run.file("tests.toml"), run.file("plan.toml"), newest("clean"));
    let text =
        "schema = \"aks-cockpit/smoke-tests/v1\"\n[[smokeTests]]\nname = \"cart\"\ncommand = { program = \"true\" }\n";
    std::fs::write(&tests, text).unwrap();
    let wish = [
        "--simulate=clean",
        "--output",
        "json",
        "plan",
        "shop-prod",
        "--to",
        &version,
    ];
    let planned = |words: &[&str], variable: Option<&str>| {
        let mut command = run.prepared(&[&wish[..], words].concat());
        let output = command
            .envs(variable.map(|file| ("AKS_COCKPIT_SMOKE_TESTS", file)))
            .output()
            .unwrap();
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let steps = document["plans"][0]["steps"].as_array().unwrap().clone();
        let of_pool = steps.iter().find(|step| step["kind"] == "nodePoolUpgrade").unwrap();
        let tested = steps.iter().filter(|step| step["kind"] == "smokeTest").count();
        (tested, of_pool["guards"].as_array().unwrap().len())
    };
    assert_eq!(planned(&["--save", &saved], None), (0, 0));
    let by_flag = planned(&["--smoke-tests", &tests, "--guards"], Some("/nonexistent"));
    assert!(by_flag.0 > 1 && by_flag.1 == 1, "{by_flag:?}");
    assert_eq!(planned(&["--guards"], Some(&tests)), by_flag);
    let mut load = run.prepared(&["--simulate=clean", "plan", "--load", &saved]);
    let loaded = load.env("AKS_COCKPIT_SMOKE_TESTS", &tests).output().unwrap();
    assert_eq!(code(&loaded), 0, "a saved plan has its own: {}", stderr(&loaded));
}

#[test]
fn words_that_mean_nothing_are_named() {
    let plan = |rest: &[&'static str]| [&["plan", "shop-prod", "--to", "1.35"], rest].concat();
    let table: Vec<(Vec<&str>, &str)> = vec![
        (plan(&["--set", "user.surge=1"]), "max-unavailable"),
        (plan(&["--set", "user.drain-timeout=2"]), "5 to 1440"),
        (plan(&["--set", "user"]), "POOL.SETTING=VALUE"),
        (plan(&["--wait", "hops=7w"]), "7d, 12h or 90m"),
        (plan(&["--wait", "7d"]), "PLACE=TIME"),
        (plan(&["--approve-at", "moon"]), "control-plane, hops"),
        (plan(&["--pause-at", "moon"]), "control-plane, hops"),
        (plan(&["--guards"]), "--smoke-tests"),
        (plan(&["--node-images"]), "cannot be used with"),
        (plan(&["--control-plane-only", "--pool", "user"]), "cannot be used with"),
        (plan(&["--load", "file"]), "cannot be used with"),
        (vec!["plan"], "CLUSTER"),
        (vec!["start", "--plan", "file", "--to", "1.35"], "cannot be used with"),
        (vec!["approve", "last"], "--reason"),
        (vec!["skip", "last", "--reason", " "], "a reason has words"),
        (vec!["take-over", "last"], "--reason"),
        (vec!["hand-over", "last", "--to", "ada"], "NAME@HOST"),
        (vec!["timeline", "last", "--output", "xml"], "md"),
        (vec!["status", "--output", "md"], "jsonl"),
    ];
    for (words, expected) in table {
        let output = run(&words);
        assert_problem(&output, 2, &[expected]);
    }
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let run = Run::new();
    let file = run.file("file.toml");
    let simulated = |words: &[&str]| run.command(&[&["--simulate=clean"], words].concat());
    let plan = ["plan", "shop-prod", "--to", "1.35"];
    let output = simulated(&[&plan[..], &["--smoke-tests", "/nonexistent/tests.toml"]].concat());
    assert_problem(&output, 2, &["/nonexistent/tests.toml", "because:", "do:"]);
    for (text, expected) in [
        ("schema = \"aks-cockpit/plan/v9\"\n", "plan/v9"),
        ("[package]\nname = \"x\"\n", "not a file of aks-cockpit"),
        ("schema = \"aks-cockpit/plan/v1\"\nplan = 1\n", "line 2"),
    ] {
        std::fs::write(&file, text).unwrap();
        let output = simulated(&["start", "--plan", &file, "--yes"]);
        assert_problem(&output, 2, &["file.toml", expected, "do:"]);
    }
    let output = simulated(&["plan", "shop-prod"]);
    assert_problem(&output, 2, &["where to go", "--node-images", "--rollback"]);
    let output = simulated(&["start", "--yes"]);
    assert_problem(&output, 2, &["what to start", "--plan", "do:"]);
    let output = simulated(&["start", "shop-prod", "--to", "1.35", "--yes", "--detach"]);
    assert_problem(&output, 7, &["background", "because:", "aks-cockpit simulate"]);
}
