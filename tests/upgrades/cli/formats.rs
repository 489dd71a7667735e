//! docs/formats.md says what the program does: its examples are read, and its schemas are those of the program.

use aks_cockpit::diagnosis::catalogue::Catalogue;
use aks_cockpit::plan::format;

const FORMATS: &str = include_str!("../../../docs/formats.md");

/// The TOML examples, in their order.
fn examples() -> Vec<&'static str> {
    FORMATS
        .split("```toml\n")
        .skip(1)
        .filter_map(|text| text.split("```").next())
        .collect()
}

#[test]
fn the_examples_are_read() {
    let [plan, smoke_tests, notices, catalogue, theme] = examples().try_into().unwrap();
    assert!(notices.starts_with("[notify]") && theme.contains("[ground]"));
    for text in [notices, theme] {
        text.parse::<toml::Table>().unwrap();
    }
    let plans = format::read(plan).unwrap();
    assert_eq!(plans[0].steps.len(), 8);
    assert_eq!(format::read_smoke_tests(smoke_tests).unwrap().len(), 2);
    let catalogue = Catalogue::with_file(catalogue).unwrap();
    let entry = catalogue.entry("our-registry-mirror").unwrap();
    assert_eq!(
        (entry.remedies[0].id.as_str(), entry.matching.specificity),
        ("fix-image", 90)
    );
    for schema in [format::PLAN_SCHEMA, format::SMOKE_TESTS_SCHEMA] {
        assert!(FORMATS.contains(schema), "{schema}");
    }
}

#[test]
fn every_kind_of_step_has_a_row() {
    let written: Vec<&str> = FORMATS
        .split("| kind | keys besides")
        .nth(1)
        .unwrap()
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .flat_map(|line| line.split('|').nth(1).unwrap().split(','))
        .map(|word| word.trim().trim_matches('`'))
        .collect();
    for kind in [
        "controlPlaneUpgrade",
        "nodePoolUpgrade",
        "nodeImageUpgrade",
        "poolSettings",
        "poolRollback",
        "approval",
        "wait",
        "smokeTest",
        "readinessGate",
        "verify",
    ] {
        assert!(written.contains(&kind), "{kind} is missing in {written:?}");
    }
}
