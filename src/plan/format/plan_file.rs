//! Plans and their steps, out of a plan file.

use super::FormatError;
use super::fields::{Fields, meant};
use super::{smoke_file, time_words};
use crate::domain::ids::{ClusterId, NodePoolName, PlanId, SmokeTestName};
use crate::domain::node_pool::{UndrainableNodeBehavior, UpgradeSettings};
use crate::domain::text::printable;
use crate::domain::version::NodeImageVersion;
use crate::plan::names::free_id;
use crate::plan::step::{Plan, Step, StepKind, WaitUntil};

/// Each kind of step with the keys it has besides those of every step.
const KINDS: [(&str, &[&str]); 10] = [
    ("controlPlaneUpgrade", &["from", "to"]),
    ("nodePoolUpgrade", &["pool", "from", "to"]),
    ("nodeImageUpgrade", &["pool", "from", "to"]),
    (
        "poolSettings",
        &[
            "pool",
            "maxSurge",
            "maxUnavailable",
            "drainTimeoutMinutes",
            "nodeSoakMinutes",
            "undrainableNodeBehavior",
        ],
    ),
    ("poolRollback", &["pool", "from", "to", "nodeImage"]),
    ("approval", &["question"]),
    ("wait", &["for", "until"]),
    ("smokeTest", &["test"]),
    ("readinessGate", &[]),
    ("verify", &[]),
];

const EVERY_STEP: [&str; 4] = ["id", "kind", "pauseAfter", "guards"];

/// Reads one plan. Steps without an id get one.
pub(super) fn plan(fields: &Fields<'_>) -> Result<Plan, FormatError> {
    fields.only(&["id", "cluster", "clusterName", "createdAt", "steps", "smokeTests"])?;
    let cluster = fields.needed("cluster", fields.read("cluster", cluster_id)?)?;
    let tables = fields.tables("steps", "a step")?;
    if tables.is_empty() {
        return Err(fields.wrong("it has no [[plans.steps]]"));
    }
    let mut steps: Vec<Step> = Vec::with_capacity(tables.len());
    for table in &tables {
        let step = step(table, &steps)?;
        steps.push(step);
    }
    Ok(Plan {
        id: PlanId::new(fields.needed("id", fields.read("id", word)?)?),
        cluster_name: fields.line("clusterName")?.unwrap_or_else(|| cluster.name().to_owned()),
        created_at: fields.needed("createdAt", fields.parsed("createdAt")?)?,
        steps,
        smoke_tests: smoke_file::tests(&fields.tables("smokeTests", "a smoke test")?)?,
        cluster,
    })
}

fn cluster_id(text: &str) -> Result<ClusterId, String> {
    let id = ClusterId::new(word(text)?);
    if id.parts().is_some() || id.is_kubeconfig_context() {
        Ok(id)
    } else {
        Err(format!("'{text}' is no cluster's resource id"))
    }
}

/// A name: not empty, and nothing in it that is not shown.
fn word(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    if text != printable(text) {
        return Err("it has characters that cannot be shown".to_owned());
    }
    Ok(text.to_owned())
}

fn step(fields: &Fields<'_>, before: &[Step]) -> Result<Step, FormatError> {
    let name = fields.needed("kind", fields.line("kind")?)?;
    let kinds = KINDS.map(|(kind, _)| kind);
    let Some((_, keys)) = KINDS.iter().find(|(kind, _)| *kind == name) else {
        let hint = match meant(&name, &kinds) {
            Some(meant) => format!("did you mean '{meant}'?"),
            None => format!("there are {}", kinds.join(", ")),
        };
        return Err(fields.wrong_field("kind", format!("there is no kind of step '{name}'; {hint}")));
    };
    let known: Vec<&str> = EVERY_STEP.iter().chain(*keys).copied().collect();
    fields.only(&known)?;
    let kind = kind(fields, &name)?;
    let id = match fields.read("id", word)? {
        Some(id) => id.as_str().into(),
        None => free_id(&kind, |id| before.iter().any(|step| step.id.as_str() == id)),
    };
    Ok(Step {
        id,
        kind,
        pause_after: fields.flag("pauseAfter")?,
        guards: names(fields, "guards")?,
    })
}

fn names(fields: &Fields<'_>, key: &str) -> Result<Vec<SmokeTestName>, FormatError> {
    let words = fields.texts(key)?.into_iter().map(|text| word(&text));
    words
        .map(|word| word.map(SmokeTestName::new))
        .collect::<Result<_, _>>()
        .map_err(|why| fields.wrong_field(key, why))
}

fn kind(fields: &Fields<'_>, name: &str) -> Result<StepKind, FormatError> {
    let pool = || -> Result<NodePoolName, FormatError> {
        Ok(NodePoolName::new(fields.needed("pool", fields.read("pool", word)?)?))
    };
    let image = |key| -> Result<Option<NodeImageVersion>, FormatError> {
        Ok(fields.read(key, word)?.map(NodeImageVersion::new))
    };
    let from = || fields.parsed("from");
    let to = || fields.needed("to", fields.parsed("to")?);
    Ok(match name {
        "controlPlaneUpgrade" => StepKind::ControlPlaneUpgrade {
            from: from()?,
            to: to()?,
        },
        "nodePoolUpgrade" => StepKind::NodePoolUpgrade {
            pool: pool()?,
            from: from()?,
            to: to()?,
        },
        "nodeImageUpgrade" => StepKind::NodeImageUpgrade {
            pool: pool()?,
            from: image("from")?,
            to: image("to")?,
        },
        "poolSettings" => StepKind::PoolSettings {
            pool: pool()?,
            settings: settings(fields)?,
        },
        "poolRollback" => StepKind::PoolRollback {
            pool: pool()?,
            from: from()?,
            to: to()?,
            node_image: fields.needed("nodeImage", image("nodeImage")?)?,
        },
        "approval" => StepKind::Approval {
            question: fields.needed("question", fields.line("question")?)?,
        },
        "wait" => StepKind::Wait { until: wait(fields)? },
        "smokeTest" => StepKind::SmokeTest {
            test: SmokeTestName::new(fields.needed("test", fields.read("test", word)?)?),
        },
        "readinessGate" => StepKind::ReadinessGate,
        _ => StepKind::Verify,
    })
}

fn wait(fields: &Fields<'_>) -> Result<WaitUntil, FormatError> {
    if fields.has("for") && fields.has("until") {
        return Err(fields.wrong("a wait has 'for' or 'until', not both"));
    }
    if let Some(seconds) = fields.read("for", time_words::read)? {
        return Ok(WaitUntil::Seconds(seconds));
    }
    let time = fields.parsed("until")?.map(WaitUntil::Time);
    time.ok_or_else(|| fields.wrong("a wait needs 'for' (such as 7 days) or 'until' (a time)"))
}

fn settings(fields: &Fields<'_>) -> Result<UpgradeSettings, FormatError> {
    let behavior = |word: &str| match word.to_ascii_lowercase().as_str() {
        "schedule" => Ok(UndrainableNodeBehavior::Schedule),
        "cordon" => Ok(UndrainableNodeBehavior::Cordon),
        _ => Err(format!("'{word}' is neither Schedule nor Cordon")),
    };
    Ok(UpgradeSettings {
        max_surge: fields.parsed("maxSurge")?,
        max_unavailable: fields.parsed("maxUnavailable")?,
        drain_timeout_minutes: fields.number("drainTimeoutMinutes")?,
        node_soak_minutes: fields.number("nodeSoakMinutes")?,
        undrainable_node_behavior: fields.read("undrainableNodeBehavior", behavior)?,
    })
}
