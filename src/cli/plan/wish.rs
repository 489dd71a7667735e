//! From the words of the command line to an intent and its options. Reads the smoke test file, nothing else.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::args::PlanChoices;
use super::file;
use crate::domain::ids::NodePoolName;
use crate::domain::node_pool::UpgradeSettings;
use crate::domain::version::{NotAVersion, VersionWish};
use crate::plan::builder::{Intent, Options, PoolChoice};
use crate::problem::{Exit, Problem};

/// What a person wants, for any number of clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Wish {
    pub(in super::super) intent: Intent,
    pub(super) options: Options,
}

impl Wish {
    /// Reads the words; `smoke_tests` is the file where they name none.
    pub(in super::super) fn of(choices: &PlanChoices, smoke_tests: Option<&Path>) -> Result<Self, Problem> {
        Ok(Self {
            intent: intent(choices)?,
            options: options(choices, smoke_tests)?,
        })
    }
}

fn intent(choices: &PlanChoices) -> Result<Intent, Problem> {
    let names = |names: &[String]| names.iter().map(NodePoolName::new).collect::<Vec<_>>();
    let wanted = &choices.wanted;
    if !wanted.rollback.is_empty() {
        return Ok(Intent::Rollback {
            pools: names(&wanted.rollback),
        });
    }
    let pools = if choices.control_plane_only {
        PoolChoice::None
    } else if choices.pools.is_empty() {
        PoolChoice::All
    } else {
        PoolChoice::These(names(&choices.pools))
    };
    match &wanted.to {
        Some(text) => {
            let to: VersionWish = text.parse().map_err(|error: NotAVersion| {
                Problem::new(Exit::Usage, error.to_string())
                    .try_this("give --to a version like 1.35.2, or a minor like 1.35")
            })?;
            Ok(Intent::Upgrade { to, pools })
        }
        None if wanted.node_images => Ok(Intent::NodeImages { pools }),
        None => Err(Problem::new(Exit::Usage, "it is not said where to go").try_this(
            "give --to VERSION, --node-images or --rollback POOL; aks-cockpit versions CLUSTER shows what is on offer",
        )),
    }
}

fn options(choices: &PlanChoices, smoke_tests: Option<&Path>) -> Result<Options, Problem> {
    let mut settings: BTreeMap<NodePoolName, UpgradeSettings> = BTreeMap::new();
    for setting in &choices.settings {
        setting.put_into(settings.entry(NodePoolName::new(&setting.pool)).or_default());
    }
    let smoke_tests = choices.smoke_tests.as_deref().or(smoke_tests);
    if choices.guards && smoke_tests.is_none() {
        return Err(Problem::new(Exit::Usage, "--guards has no smoke tests to run")
            .try_this("give --smoke-tests FILE (or AKS_COCKPIT_SMOKE_TESTS), or leave out --guards"));
    }
    let smoke_tests = smoke_tests.map(file::read_smoke_tests).transpose()?;
    Ok(Options {
        pool_order: choices.order.iter().map(NodePoolName::new).collect(),
        settings,
        approvals: choices.approve_at.clone(),
        waits: choices.waits.clone(),
        pauses: choices.pause_at.clone(),
        readiness: choices.readiness,
        verify: choices.verify,
        smoke_tests: smoke_tests.unwrap_or_default(),
        guards: choices.guards,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Arguments, Command};
    use crate::plan::builder::Place;

    fn wish(words: &str) -> Result<Wish, Problem> {
        let line = format!("aks-cockpit plan shop {words}");
        match Arguments::parse_from(line.split_whitespace()).command {
            Some(Command::Plan(plan)) => Wish::of(&plan.choices, None),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn words_become_an_intent() {
        let intent = |words| wish(words).unwrap().intent;
        let all = PoolChoice::All;
        assert_eq!(
            intent("--to 1.35"),
            Intent::Upgrade {
                to: "1.35".parse().unwrap(),
                pools: all.clone()
            }
        );
        assert_eq!(intent("--node-images"), Intent::NodeImages { pools: all });
        assert_eq!(
            intent("--node-images --pool a,b"),
            Intent::NodeImages {
                pools: PoolChoice::These(vec!["a".into(), "b".into()])
            }
        );
        assert_eq!(
            intent("--rollback a,b"),
            Intent::Rollback {
                pools: vec!["a".into(), "b".into()]
            }
        );
        assert_eq!(wish("").unwrap_err().exit, Exit::Usage);
        assert_eq!(wish("--to newest").unwrap_err().exit, Exit::Usage);
    }

    #[test]
    fn words_become_options() {
        let options = wish(
            "--to 1.35 --order b,a --set a.soak=5 --set a.max-surge=2 --approve-at start,hops --wait end=1h --readiness",
        )
        .unwrap()
        .options;
        assert_eq!(options.pool_order, ["b".into(), "a".into()]);
        assert_eq!(
            options.settings[&"a".into()].to_string(),
            "max surge 2, node soak 5 min"
        );
        assert_eq!(options.approvals, [Place::Start, Place::BetweenHops]);
        assert_eq!(options.waits.len(), 1);
        assert!(options.readiness && !options.verify && options.smoke_tests.is_empty());
    }
}
