//! `preflight`, `diagnose`, `mend`, `repairs`, `undo`, `drift`, `explain`: before the button, and when it goes wrong.

use super::*;

impl Run {
    /// The document of a command against a simulated world, with the exit code it must have.
    fn told(&self, scenario: &str, words: &[&str], exit: i32) -> Value {
        let simulate = format!("--simulate={scenario}");
        let words = [&[simulate.as_str()], words, &["--output", "json"]].concat();
        let output = self.command(&words);
        assert_eq!(code(&output), exit, "{}{}", stdout(&output), stderr(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stdout(&output)))
    }
}

fn finding<'a>(document: &'a Value, code: &str) -> &'a Value {
    let findings = document["findings"].as_array().unwrap();
    findings
        .iter()
        .find(|finding| finding["code"] == code)
        .unwrap_or_else(|| panic!("{code} is missing in {document:#}"))
}

#[test]
fn preflight_names_the_budget_before_it_holds_a_drain_and_ends_with_3() {
    let run = Run::new();
    let file = run.state.path().join("before.json");
    let words = [
        "preflight",
        "shop-prod",
        "--to",
        "1.35",
        "--save",
        file.to_str().unwrap(),
    ];
    let document = run.told("blocked-drain", &words, 3);
    assert_eq!(document["schema"], "aks-cockpit/preflight/v1");
    let blocker = finding(&document, "pdb-zero");
    assert_eq!(blocker["result"], "blocker");
    assert_eq!(blocker["subject"], "PodDisruptionBudget shop/checkout-pdb");
    assert!(
        blocker["remedies"].as_array().unwrap().contains(&"pdb-relax".into()),
        "{blocker}"
    );
    assert_eq!(blocker["page"], "docs/findings/pdb-zero.md");
    let counts = &document["counts"];
    assert!(counts["pass"].as_u64() > Some(40) && counts["blocker"] == 1, "{counts}");
    assert!(document["findings"][0]["result"] == "blocker", "the worst comes first");

    let compared = [
        "preflight",
        "shop-prod",
        "--to",
        "1.35",
        "--compare",
        file.to_str().unwrap(),
    ];
    let difference = run.told("clean", &compared, 0)["difference"].clone();
    let gone: Vec<&str> = difference["gone"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert!(gone.contains(&"pdb-zero"), "{difference:#}");
}

#[test]
fn a_start_with_checks_stops_at_a_blocker_unless_there_is_a_reason() {
    let run = Run::new();
    let start = [
        "--simulate=blocked-drain",
        "start",
        "shop-prod",
        "--to",
        "1.35",
        "--yes",
        "--preflight",
    ];
    let refused = run.command(&start);
    assert_problem(&refused, 3, &["blockers", "pdb-zero", "--despite"]);
    assert!(stdout(&refused).is_empty(), "nothing was started");
    let words = [&start[..], &["--control-plane-only", "--despite", "checked by hand"]].concat();
    let started = run.command(&words);
    assert_eq!(code(&started), 0, "{}", stderr(&started));
    let story = stdout(&run.command(&["--simulate=blocked-drain", "timeline", "last"]));
    assert!(story.contains("Planned the upgrade"), "{story}");
    let later = run.told(
        "clean",
        &["preflight", "shop-prod", "--to", "1.35", "--compare", "last"],
        0,
    );
    assert!(later["difference"]["gone"].is_array(), "{later}");
}

#[test]
fn diagnose_names_the_budget_and_mend_shows_what_it_would_send() {
    let run = Run::new();
    let document = run.told("demo", &["diagnose", "shop-prod"], 0);
    assert_eq!(document["schema"], "aks-cockpit/diagnose/v1");
    let cause = &document["causes"][0];
    assert_eq!(
        (&cause["code"], &cause["rank"]),
        (&"drain-blocked-by-pdb".into(), &1.into())
    );
    assert_eq!(cause["subjects"][0]["name"], "PodDisruptionBudget shop/checkout-pdb");
    assert!(!cause["evidence"].as_array().unwrap().is_empty() && cause["deadline"].is_string());
    let remedies = cause["remedies"].as_array().unwrap();
    let relax = remedies.iter().find(|remedy| remedy["id"] == "pdb-relax").unwrap();
    assert_eq!(relax["automatable"], true, "{relax}");

    let preview = run.told("demo", &["mend", "shop-prod", "--with", "pdb-relax", "--show"], 0);
    let request = &preview["preview"]["requests"][0];
    assert_eq!(request["method"], "PATCH", "{preview:#}");
    assert!(
        request["path"]
            .as_str()
            .unwrap()
            .contains("/poddisruptionbudgets/checkout-pdb")
    );
    let nothing = run.told("demo", &["repairs"], 0);
    assert_eq!(nothing["repairs"], Value::Array(Vec::new()), "showing changes nothing");
}

#[test]
fn a_cause_is_mended_and_the_repair_is_in_the_journal() {
    let run = Run::new();
    let done = run.told("demo", &["mend", "shop-prod", "--with", "pdb-relax", "--yes"], 0);
    let repair = &done["repairs"][0];
    assert_eq!(repair["state"], "done", "{done:#}");
    assert!(repair["undo"].is_string() && !repair["changed"].as_array().unwrap().is_empty());
    let listed = run.told("demo", &["repairs"], 0);
    assert_eq!(listed["repairs"][0]["id"], repair["id"]);
}

#[test]
fn what_cannot_be_mended_says_why() {
    let run = Run::new();
    let mend = |words: &[&str]| run.command(&[&["--simulate=demo", "mend"], words].concat());
    assert_problem(&mend(&["shop-prod", "--with", "pdb-relax"]), 7, &["--yes"]);
    assert_problem(
        &mend(&["shop-prod", "--with", "no-such-thing", "--yes"]),
        8,
        &["drain-blocked-by-pdb", "diagnose"],
    );
    assert_problem(
        &mend(&["pay-stage", "--with", "uncordon", "--yes"]),
        8,
        &["no cause", "diagnose"],
    );
    assert_problem(
        &mend(&["shop-prod", "--with", "pdb-relax", "--yes", "--read-only"]),
        7,
        &["read-only"],
    );
    assert_problem(
        &run.command(&["--simulate=demo", "undo", "r-99", "--yes"]),
        8,
        &["r-99"],
    );
}

#[test]
fn drift_sets_claims_beside_nodes() {
    let document = Run::new().told("demo", &["drift", "media-edge"], 0);
    assert_eq!(document["schema"], "aks-cockpit/drift/v1");
    let pools = document["pools"].as_array().unwrap();
    assert!(
        pools.iter().any(|pool| !pool["behind"].as_array().unwrap().is_empty()),
        "{document:#}"
    );
    let leftovers = document["leftovers"].as_array().unwrap();
    assert!(leftovers.iter().all(|left| left["remedy"].is_string()) && !leftovers.is_empty());
}

#[test]
fn explain_has_a_page_for_each_code_and_names_the_nearest() {
    let page = stdout(&run(&["explain", "drain-blocked-by-pdb"]));
    for words in ["# A disruption budget", "## How to confirm it", "pdb-relax", "https://"] {
        assert!(page.contains(words), "{page}");
    }
    assert!(stdout(&run(&["explain"])).lines().count() > 140);
    assert_problem(&run(&["explain", "pdb"]), 8, &["pdb-zero"]);
}
