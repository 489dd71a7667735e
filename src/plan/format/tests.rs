//! The file formats: what people write, what they get wrong, and that nothing is lost on the way.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::domain::ids::{ClusterId, PlanId};
use crate::domain::node_pool::{UndrainableNodeBehavior, UpgradeSettings};
use crate::domain::smoke_test::{Carried, CommandLine, Expectation, Flow, HttpRequest, OnFailure};
use crate::domain::surge::Share;
use crate::domain::version::{KubernetesVersion, NodeImageVersion};
use crate::plan::samples::{rich_plan, titles};
use crate::plan::step::{Step, StepKind, WaitUntil};

const PLAN: &str = r#"
schema = "aks-cockpit/plan/v1"

[[plans]]
id = "p-1"
cluster = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/shop"
createdAt = 2026-08-10T00:00:00Z

[[plans.steps]]
kind = "controlPlaneUpgrade"
to = "1.34.2"

[[plans.steps]]
kind = "wait"
for = "7 days"
pauseAfter = true

[[plans.steps]]
id = "web"
kind = "poolSettings"
pool = "web"
maxSurge = "33%"
undrainableNodeBehavior = "cordon"

[[plans.steps]]
kind = "nodePoolUpgrade"
pool = "web"
to = "1.34.2"
guards = ["login"]

[[plans.smokeTests]]
name = "login"
onFailure = "pause"

[[plans.smokeTests.http]]
url = "https://shop.example/login"
expect.status = [200, 302]
carry.token.json = "/token"

[[plans.smokeTests.http]]
method = "POST"
url = "https://shop.example/cart/{{token}}"
headers = { Authorization = "Bearer ${TOKEN}" }
"#;

#[test]
fn a_plan_written_by_hand_is_read() {
    let plans = read(PLAN).unwrap();
    let plan = &plans[0];
    assert_eq!(plan.cluster_name, "shop");
    assert_eq!(
        titles(plan),
        [
            "control plane to 1.34.2",
            "wait 7 d",
            "node pool web: max surge 33%, undrainable nodes: Cordon",
            "node pool web to 1.34.2"
        ]
    );
    let ids: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["control-plane", "wait-1", "web", "pool-web"]);
    assert!(plan.steps[1].pause_after && !plan.steps[0].pause_after);
    let test = &plan.smoke_tests[0];
    assert_eq!(
        (test.on_failure, test.retry_seconds, test.failures_in_a_row),
        (OnFailure::Pause, 30, 1)
    );
    let Flow::Http(requests) = &test.flow else {
        panic!("two requests")
    };
    assert_eq!(requests[0].method, "GET");
    assert_eq!(requests[0].carry["token"], Carried::Json("/token".to_owned()));
    assert_eq!(requests[1].expect, Expectation::default());
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (from, to, expected) in [
        (
            "pauseAfter = true",
            "pause_after = true",
            "line 16, column 1: a step has no 'pause_after'; did you mean 'pauseAfter'?",
        ),
        (
            "for = \"7 days\"",
            "for = \"7 weeks\"",
            "line 15, column 7: for: '7 weeks' is no duration like 7 days, 2 hours 30 minutes or 90 s",
        ),
        ("for = \"7 days\"", "until = \"tomorrow\"", "line 15, column 9: until: "),
        (
            "for = \"7 days\"",
            "",
            "line 13, column 1: a step: a wait needs 'for' (such as 7 days) or 'until' (a time)",
        ),
        (
            "\"controlPlaneUpgrade\"",
            "\"controlPlanUpgrade\"",
            "line 10, column 8: kind: there is no kind of step 'controlPlanUpgrade'; did you mean 'controlPlaneUpgrade'?",
        ),
        (
            "to = \"1.34.2\"",
            "to = 1.34",
            "line 11, column 6: to is a text in quotes, and here is a number",
        ),
        (
            "to = \"1.34.2\"",
            "to = \"1.34\"",
            "line 11, column 6: to: '1.34' is not a Kubernetes version like 1.33.5",
        ),
        ("to = \"1.34.2\"", "", "line 9, column 1: a step: 'to' is missing"),
        (
            "guards = [\"login\"]",
            "guards = \"login\"",
            "line 29, column 10: guards is a list",
        ),
        (
            "maxSurge = \"33%\"",
            "maxSurge = \"133%\"",
            "line 22, column 12: maxSurge: '133%' is neither",
        ),
        (
            "pauseAfter = true",
            "pauseAfter = \"yes\"",
            "pauseAfter is true or false, and here is a text",
        ),
        ("[200, 302]", "[200, -1]", "status: -1 is out of range"),
        (
            "[[plans.smokeTests.http]]\nurl",
            "[plans.smokeTests.command]\nurl",
            "it has 'http' or 'command', not both",
        ),
        (
            "id = \"p-1\"",
            "id = \"\\u001b[2J\"",
            "id: it has characters that cannot be shown",
        ),
        (
            "/managedClusters/shop",
            "/managedClusters",
            "is no cluster's resource id",
        ),
        ("createdAt = 2026-08-10T00:00:00Z", "", "'createdAt' is missing"),
        (
            "schema = \"aks-cockpit/plan/v1\"",
            "schema = \"aks-cockpit/plan/v1\"\nfleet = 1",
            "the file has no 'fleet'",
        ),
        ("kind = \"wait\"", "kind = \"wait", "line 14, column "),
    ] {
        let text = PLAN.replacen(from, to, 1);
        assert_ne!(text, PLAN, "{from}");
        let error = read(&text).unwrap_err();
        assert!(matches!(error, FormatError::Wrong(_)), "{error:?}");
        assert!(error.to_string().contains(expected), "{to}: {error}");
    }
}

#[test]
fn other_files_and_versions_are_told_apart() {
    let error = |text: &str| read(text).unwrap_err().to_string();
    assert!(error("").starts_with("it is not a file of aks-cockpit"));
    assert!(error("schema = 7").starts_with("it is not a file of aks-cockpit"));
    assert!(error(&" ".repeat(LARGEST + 1)).contains("larger than 4 MiB"));
    assert_eq!(
        error(&PLAN.replace("plan/v1", "plan/v2")),
        "it has the format aks-cockpit/plan/v2, and this program reads aks-cockpit/plan/v1"
    );
    assert!(error(&PLAN.replace("plan/v1", "smoke-tests/v1")).contains("its schema is 'aks-cockpit/smoke-tests/v1'"));
    assert_eq!(error("schema = \"aks-cockpit/plan/v1\""), "it has no [[plans]]");
    assert!(error("schema = \"aks-cockpit/plan/v1\"\nplans = []").contains("no [[plans]]"));
    assert!(error("schema = \"aks-cockpit/plan/v1\"\nplans = [1]").contains("a plan is a table"));
}

#[test]
fn every_beginning_of_a_file_is_an_error_or_a_plan() {
    for (end, _) in PLAN.char_indices() {
        if let Ok(plans) = read(&PLAN[..end]) {
            assert_eq!(plans.len(), 1);
        }
    }
}

#[test]
fn a_file_of_smoke_tests_is_checked_at_once() {
    let good = r#"
        schema = "aks-cockpit/smoke-tests/v1"
        [[smokeTests]]
        name = "login"
        http = [{ url = "https://shop.example/" }]
        [[smokeTests]]
        name = "report"
        command = { program = "check-report", arguments = ["--fast"] }
    "#;
    assert_eq!(read_smoke_tests(good).unwrap().len(), 2);
    for (from, to, expected) in [
        ("\"report\"", "\"login\"", "another test has the name 'login'"),
        ("\"report\"", "\"Report\"", "is not 1 to 40 of a to z"),
        ("https:", "gopher:", "is neither http nor https"),
        (
            "name = \"login\"",
            "name = \"login\"\nretrySeconds = 1",
            "retrySeconds is 1, not 5 to 3600",
        ),
        ("[\"--fast\"]", "\"--fast\"", "arguments is a list"),
        (
            "program",
            "programme",
            "a command has no 'programme'; did you mean 'program'?",
        ),
        ("http = ", "hhtp = ", "a smoke test has no 'hhtp'; did you mean 'http'?"),
    ] {
        let error = read_smoke_tests(&good.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains(expected) && error.starts_with("line "), "{to}: {error}");
    }
}

#[test]
fn a_written_plan_reads_well() {
    let text = write(&[rich_plan()]);
    assert!(
        text.contains("\n[[plans.steps]]\nid = \"wait-1\"\nkind = \"wait\"\nfor = \"10 minutes\"\n"),
        "{text}"
    );
    assert_eq!(read(&text).unwrap(), [rich_plan()]);
}

fn word() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9-]{0,11}"
}

/// Texts with everything that needs care in TOML, and nothing that is not shown.
fn text() -> impl Strategy<Value = String> {
    r#"[a-zA-Z0-9 "'\\#=\[\]{}.,é日-]{0,24}"#
}

fn body() -> impl Strategy<Value = String> {
    any::<String>()
}

fn version() -> impl Strategy<Value = KubernetesVersion> {
    (0..50_u16, any::<u16>()).prop_map(|(minor, patch)| KubernetesVersion::new(1, minor, patch))
}

fn image() -> impl Strategy<Value = NodeImageVersion> {
    word().prop_map(NodeImageVersion::new)
}

fn share() -> impl Strategy<Value = Share> {
    prop_oneof![
        any::<u32>().prop_map(Share::Nodes),
        (0..=100_u32).prop_map(Share::Percent)
    ]
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_i64, 0..1_000_000_000_i32)
        .prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).unwrap())
}

fn settings() -> impl Strategy<Value = UpgradeSettings> {
    let behavior = prop_oneof![
        Just(UndrainableNodeBehavior::Schedule),
        Just(UndrainableNodeBehavior::Cordon)
    ];
    (
        proptest::option::of(share()),
        proptest::option::of(share()),
        any::<Option<u32>>(),
        any::<Option<u32>>(),
        proptest::option::of(behavior),
    )
        .prop_map(
            |(max_surge, max_unavailable, drain_timeout_minutes, node_soak_minutes, behavior)| UpgradeSettings {
                max_surge,
                max_unavailable,
                drain_timeout_minutes,
                node_soak_minutes,
                undrainable_node_behavior: behavior,
            },
        )
}

fn kind() -> impl Strategy<Value = StepKind> {
    let from = || proptest::option::of(version());
    prop_oneof![
        (from(), version()).prop_map(|(from, to)| StepKind::ControlPlaneUpgrade { from, to }),
        (word(), from(), version()).prop_map(|(pool, from, to)| StepKind::NodePoolUpgrade {
            pool: pool.as_str().into(),
            from,
            to
        }),
        (word(), proptest::option::of(image()), proptest::option::of(image())).prop_map(|(pool, from, to)| {
            StepKind::NodeImageUpgrade {
                pool: pool.as_str().into(),
                from,
                to,
            }
        }),
        (word(), settings()).prop_map(|(pool, settings)| StepKind::PoolSettings {
            pool: pool.as_str().into(),
            settings
        }),
        (word(), from(), version(), image()).prop_map(|(pool, from, to, node_image)| StepKind::PoolRollback {
            pool: pool.as_str().into(),
            from,
            to,
            node_image
        }),
        text().prop_map(|question| StepKind::Approval { question }),
        any::<u64>().prop_map(|seconds| StepKind::Wait {
            until: WaitUntil::Seconds(seconds)
        }),
        time().prop_map(|at| StepKind::Wait {
            until: WaitUntil::Time(at)
        }),
        word().prop_map(|test| StepKind::SmokeTest {
            test: test.as_str().into()
        }),
        Just(StepKind::ReadinessGate),
        Just(StepKind::Verify),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    (word(), kind(), any::<bool>(), prop::collection::vec(word(), 0..3)).prop_map(|(id, kind, pause_after, guards)| {
        Step {
            id: id.as_str().into(),
            kind,
            pause_after,
            guards: guards.iter().map(|guard| guard.as_str().into()).collect(),
        }
    })
}

fn request() -> impl Strategy<Value = HttpRequest> {
    let carried = prop_oneof![
        body().prop_map(Carried::Json),
        text().prop_map(Carried::Header),
        body().prop_map(Carried::Match)
    ];
    let expect = (
        prop::collection::vec(any::<u16>(), 0..3),
        proptest::option::of(body()),
        proptest::option::of(body()),
        any::<u32>(),
    )
        .prop_map(
            |(status, body_contains, body_matches, within_milliseconds)| Expectation {
                status,
                body_contains,
                body_matches,
                within_milliseconds,
            },
        );
    (
        (word(), text()),
        prop::collection::btree_map(text(), body(), 0..3),
        proptest::option::of(body()),
        expect,
        prop::collection::btree_map(text(), carried, 0..3),
    )
        .prop_map(|((method, url), headers, body, expect, carry)| HttpRequest {
            method,
            url,
            headers,
            body,
            expect,
            carry,
        })
}

fn smoke_test() -> impl Strategy<Value = SmokeTest> {
    let flow = prop_oneof![
        prop::collection::vec(request(), 1..3).prop_map(Flow::Http),
        (text(), prop::collection::vec(body(), 0..3), any::<u32>()).prop_map(
            |(program, arguments, timeout_seconds)| Flow::Command(CommandLine {
                program,
                arguments,
                timeout_seconds
            })
        ),
    ];
    (word(), flow, any::<bool>(), any::<u32>(), any::<u32>()).prop_map(
        |(name, flow, pauses, retry_seconds, failures_in_a_row)| SmokeTest {
            name: name.as_str().into(),
            flow,
            on_failure: if pauses { OnFailure::Pause } else { OnFailure::Hold },
            retry_seconds,
            failures_in_a_row,
        },
    )
}

fn plan() -> impl Strategy<Value = Plan> {
    (
        (word(), word(), text(), time()),
        prop::collection::vec(step(), 1..6),
        prop::collection::vec(smoke_test(), 0..3),
    )
        .prop_map(|((id, cluster, cluster_name, created_at), steps, smoke_tests)| Plan {
            id: PlanId::new(id),
            cluster: ClusterId::from_parts("s", "rg", &cluster),
            cluster_name,
            created_at,
            steps,
            smoke_tests,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read(plans in prop::collection::vec(plan(), 1..3)) {
        prop_assert_eq!(read(&write(&plans)).unwrap(), plans);
    }

    #[test]
    fn any_text_is_an_error_or_plans(text in any::<String>()) {
        for schema in [PLAN_SCHEMA, SMOKE_TESTS_SCHEMA] {
            let text = format!("schema = \"{schema}\"\n{text}");
            let _ = read(&text);
            let _ = read_smoke_tests(&text);
        }
    }

    #[test]
    fn a_damaged_file_is_an_error_or_plans(
        plan in plan(), place in 0_usize..4_000, length in 0_usize..40, patch in "[\\[\\]{}=\"'0-9a-z\n.#-]{0,6}"
    ) {
        let text: Vec<char> = write(&[plan]).chars().collect();
        let place = place.min(text.len());
        let end = (place + length).min(text.len());
        let damaged: String = text[..place].iter().copied().chain(patch.chars()).chain(text[end..].iter().copied()).collect();
        let _ = read(&damaged);
    }

    #[test]
    fn values_of_any_type_are_errors_or_plans(key in 0_usize..40, value in 0_usize..8) {
        let values = ["1", "-1", "1.5", "true", "\"\"", "[]", "{}", "1979-05-27"];
        let keys: BTreeMap<usize, &str> = PLAN
            .lines()
            .filter(|line| line.contains(" = "))
            .enumerate()
            .collect();
        let line = keys[&(key % keys.len())];
        let name = line.split(" = ").next().unwrap_or_default();
        let _ = read(&PLAN.replacen(line, &format!("{name} = {}", values[value]), 1));
    }
}
