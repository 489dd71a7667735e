//! A scenario: what there is and what goes wrong, as TOML, into a world. Strict: a word it does not know is an error.
//! A text may extend a built-in scenario: what it does not say itself is taken from there.

mod build;
mod document;
mod expected;
mod inherit;
mod library;
mod plot;
#[cfg(test)]
mod proofs;
mod surroundings;
mod system_workloads;

use jiff::Timestamp;

pub use expected::{Attempt, AttemptedChange, Expected, Sight};

use super::world::World;
use document::Document;

/// A scenario, read and checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: String,
    document: Document,
}

/// Why a text is no scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error("there is no scenario '{name}'")]
    Unknown { name: String, known: Vec<String> },
    #[error("the scenario '{name}' cannot be read: {why}")]
    Invalid { name: String, why: String },
}

impl Scenario {
    /// One of the built-in scenarios.
    pub fn built_in(name: &str) -> Result<Self, ScenarioError> {
        match library::text(name) {
            Some(text) => Self::parse(name, text),
            None => Err(ScenarioError::Unknown {
                name: name.to_owned(),
                known: Self::names().map(str::to_owned).collect(),
            }),
        }
    }

    /// Reads a scenario of one's own.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScenarioError> {
        let invalid = |why: String| ScenarioError::Invalid {
            name: name.to_owned(),
            why,
        };
        let document = read(text).map_err(invalid)?;
        document.check().map_err(invalid)?;
        Ok(Self {
            name: name.to_owned(),
            document,
        })
    }

    /// Names of the built-in scenarios, in the order in which they are listed.
    pub fn names() -> impl Iterator<Item = &'static str> {
        library::all().map(|(name, _)| *name)
    }

    /// Names of the built-in scenarios of a family such as `drains`; none for an unknown one.
    pub fn of_family(family: &str) -> impl Iterator<Item = &'static str> {
        library::of_family(family).map(|(name, _)| *name)
    }

    /// Names and one-line descriptions of the built-in scenarios.
    pub fn list() -> Vec<(String, String)> {
        library::all()
            .map(|(name, text)| {
                let description =
                    Self::parse(name, text).map_or_else(|error| error.to_string(), |it| it.document.description);
                ((*name).to_owned(), description)
            })
            .collect()
    }

    /// What a diagnosis at its beginning should say; `None` for a scenario that is about something else.
    pub fn expected(&self) -> Option<&Expected> {
        self.document.expect.as_ref()
    }

    /// Speed at which a story of this scenario can be watched in the cockpit.
    pub fn demo_speed(&self) -> f64 {
        self.document.demo_speed
    }

    /// Speed at which a clean upgrade of this scenario takes well under half a minute.
    pub fn simulate_speed(&self) -> f64 {
        self.document.simulate_speed
    }

    /// The world of this scenario as it stands at `now`; what happened before has really happened in it.
    pub fn world(&self, seed: u64, now: Timestamp) -> Result<World, ScenarioError> {
        build::world(&self.document, seed, now).map_err(|why| ScenarioError::Invalid {
            name: self.name.clone(),
            why,
        })
    }
}

fn read(text: &str) -> Result<Document, String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
    if !table.contains_key("extends") {
        // Read from the text, so that mistakes are shown with their line.
        return toml::from_str(text).map_err(|error| error.to_string());
    }
    whole(table, 0)?.try_into().map_err(|error| error.to_string())
}

/// With everything it takes from the scenario it extends, which may extend another one.
fn whole(mut table: toml::Table, depth: usize) -> Result<toml::Table, String> {
    let Some(base) = table.remove("extends") else {
        return Ok(table);
    };
    let base = base.as_str().unwrap_or_default();
    let text = library::text(base).ok_or_else(|| format!("it extends '{base}', which is no built-in scenario"))?;
    if depth == DEEPEST {
        return Err(format!("'{base}' extends too many others"));
    }
    let mut inherited = whole(toml::from_str(text).map_err(|error| error.to_string())?, depth + 1)?;
    // What is expected of the base is no longer true of what is made of it.
    inherited.remove("expect");
    inherit::merge(&mut table, inherited);
    Ok(table)
}

/// How long a chain of scenarios that extend one another may be.
const DEEPEST: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::kubernetes::objects::kinds::Kind;

    fn at() -> Timestamp {
        "2026-11-23T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn every_built_in_scenario_makes_a_world() {
        for (name, description) in Scenario::list() {
            assert!(description.len() > 20, "{name}: {description}");
            let scenario = Scenario::built_in(&name).unwrap();
            let world = scenario.world(1, at()).unwrap();
            assert_eq!(world.now, at(), "{name}");
            assert!(
                scenario.expected().is_some() || world.clusters.contains_key("shop-prod"),
                "{name}"
            );
            assert!(name == "demo" || world.clusters.len() == 1, "{name}");
        }
    }

    #[test]
    fn the_demo_fleet_tells_its_story() {
        let world = Scenario::built_in("demo").unwrap().world(1, at()).unwrap();
        assert_eq!((world.clusters.len(), world.subscriptions.len()), (12, 3));
        let pool = |cluster: &str, pool: &str| world.clusters[cluster].pool(pool).unwrap();

        let stuck = pool("shop-prod", "apps");
        assert_eq!(stuck.state.as_str(), "Upgrading");
        let held = world.clusters["shop-prod"]
            .objects
            .store()
            .iter(Kind::Event)
            .filter(|event| {
                event["message"]
                    .as_str()
                    .is_some_and(|text| text.contains("Eviction blocked"))
            })
            .filter_map(|event| event["firstTimestamp"].as_str()?.parse::<Timestamp>().ok())
            .min()
            .unwrap();
        assert!(at().duration_since(held).as_secs() > 20 * 60);
        assert!(
            stuck
                .nodes
                .iter()
                .any(|node| !node.is_surge && node.version == stuck.claimed)
        );

        let failed = pool("search-prod", "index");
        assert_eq!(failed.error.as_ref().unwrap().code, "QuotaExceeded");
        let half_done = pool("media-edge", "transcode");
        assert_eq!(half_done.state.as_str(), "Canceled");
        assert!(!half_done.runs(half_done.claimed) && half_done.nodes.iter().any(|node| node.is_surge));
        assert_eq!(world.clusters["orders-prod"].state.as_str(), "Upgrading");
        assert!(world.clusters["data-lab"].is_stopped);
        let ledger = world.clusters["ledger-prod"].control_plane.running;
        assert!(!world.catalogue.is_supported(ledger));
    }

    #[test]
    fn one_seed_makes_one_world() {
        let node = |seed| {
            let world = Scenario::built_in("clean").unwrap().world(seed, at()).unwrap();
            (world.token.clone(), world.clusters["shop-prod"].objects.node_names())
        };
        assert_eq!(node(3), node(3));
        assert_ne!(node(3), node(4));
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let Err(ScenarioError::Unknown { known, .. }) = Scenario::built_in("chaos") else {
            panic!("there is no such scenario");
        };
        assert!(known.contains(&"blocked-drain".to_owned()));
    }

    #[test]
    fn a_scenario_takes_from_the_one_it_extends_what_it_does_not_say_itself() {
        let text = "extends = 'small'\ndescription = 'mine'\nsimulate_speed = 7.0";
        let mine = Scenario::parse("mine", text).unwrap();
        assert_eq!((mine.simulate_speed(), mine.demo_speed()), (7.0, 20.0));
        assert_eq!(mine.world(1, at()).unwrap().clusters["shop-prod"].pools.len(), 3);
        let why = |text: &str| Scenario::parse("mine", text).unwrap_err().to_string();
        assert!(why("extends = 'nothing'").contains("nothing"));
        for (added, expected) in [
            ("[[incidents]]\nwhat = 'explode'", "explode"),
            (
                "[[incidents]]\nwhat = 'delete_cluster'\nwhen = { pool_begins = 'front' }",
                "front",
            ),
            (
                "[[incidents]]\nwhat = 'delete_cluster'\nwhen = { after_seconds = 1, control_plane_begins = true }",
                "more than one",
            ),
            ("[[faults]]\nkind = 'throttle'\ncluster = 'far'", "far"),
        ] {
            let message = why(&format!("{text}\n{added}"));
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        let clean = include_str!("../../../assets/scenarios/clean.toml");
        let why = |text: &str| Scenario::parse("mine", text).unwrap_err().to_string();
        for (found, put, expected) in [
            ("demo_speed", "demo_sped", "demo_sped"),
            ("version = \"1.34.4\"", "version = \"latest\"", "latest"),
            (
                "subscription = \"retail-production\"",
                "subscription = \"nowhere\"",
                "nowhere",
            ),
            ("mode = \"System\"", "mode = \"Sytem\"", "Sytem"),
            ("demo_speed = 10.0", "demo_speed = 0.0", "speed"),
        ] {
            assert!(clean.contains(found), "{found}");
            let message = why(&clean.replace(found, put));
            assert!(message.contains(expected), "{message}");
        }
    }
}
