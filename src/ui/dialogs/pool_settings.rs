//! The upgrade settings a plan gives a pool: typed lines, checked while they are typed. Changes nothing by itself.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::super::actions::ActionId;
use super::super::components::Scene;
use super::super::components::prose::Passage;
use super::super::theme::Role;
use super::form::Form;
use super::{Outcome, draw_form};
use crate::domain::ids::NodePoolName;
use crate::domain::node_pool::{UndrainableNodeBehavior, UpgradeSettings};
use crate::domain::surge::Share;
use crate::plan::edit::Edit;

#[derive(Clone, Debug)]
pub(crate) struct PoolSettings {
    pool: NodePoolName,
    /// What the pool has now.
    has: UpgradeSettings,
    pub(super) form: Form,
}

impl PoolSettings {
    /// `planned` are the settings the plan gives the pool so far, `has` what the pool has.
    pub(crate) fn new(pool: NodePoolName, planned: &UpgradeSettings, has: UpgradeSettings) -> Self {
        let share = |share: Option<Share>| share.map_or_else(String::new, |share| share.to_string());
        let minutes = |minutes: Option<u32>| minutes.map_or_else(String::new, |minutes| minutes.to_string());
        let behavior = planned
            .undrainable_node_behavior
            .as_ref()
            .map_or_else(String::new, ToString::to_string);
        let form = Form::of(
            "Max surge",
            "extra nodes while it runs: 2, or 33%; empty leaves it as it is",
            &share(planned.max_surge),
        )
        .with(
            "Max unavailable",
            "nodes that may be missing meanwhile: 1, or 10%; empty leaves it",
            &share(planned.max_unavailable),
        )
        .with(
            "Drain timeout",
            "minutes a drain may take, 5 to 1440; empty leaves it",
            &minutes(planned.drain_timeout_minutes),
        )
        .with(
            "Node soak",
            "minutes to wait after a node is drained, 0 to 30; empty leaves it",
            &minutes(planned.node_soak_minutes),
        )
        .with(
            "Undrainable nodes",
            "Schedule: the upgrade fails. Cordon: it goes on without the node.",
            &behavior,
        );
        Self { pool, has, form }
    }

    pub(super) fn act(&mut self, action: ActionId) -> Outcome {
        if action != ActionId::Open {
            self.form.act(action);
            return Outcome::Stay;
        }
        match parse(|at| self.form.text(at)) {
            Ok(settings) => Outcome::Change(Edit::PoolSettings {
                pool: self.pool.clone(),
                settings,
            }),
            Err((at, why)) => {
                self.form.mark(at);
                self.form.complaint = Some(why.to_owned());
                Outcome::Stay
            }
        }
    }

    pub(super) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) -> Position {
        let passages = [
            Passage::new(
                Role::Text,
                "What is given here is written to the pool before it is first moved; what is empty stays as it is.",
            ),
            Passage::new(Role::Muted, "now: ").and(Role::Text, has(&self.has)),
        ];
        let heading = format!("Settings of node pool {}", self.pool);
        draw_form(&passages, &self.form, &heading, scene, screen, buffer)
    }
}

fn has(settings: &UpgradeSettings) -> String {
    if *settings == UpgradeSettings::default() {
        "AKS's defaults".to_owned()
    } else {
        settings.to_string()
    }
}

/// Reads the lines; names the first that is wrong. The ranges are those of the AKS docs "Customize node pool rolling
/// upgrades", 2026.
fn parse<'a>(text: impl Fn(usize) -> &'a str) -> Result<UpgradeSettings, (usize, &'static str)> {
    let share = |at: usize| match text(at) {
        "" => Ok(None),
        text => text
            .parse::<Share>()
            .map(Some)
            .map_err(|_| (at, "write a number such as 2, or a share such as 33%")),
    };
    let minutes = |at: usize, least: u32, most: u32, why: &'static str| match text(at).trim_end_matches("min").trim() {
        "" => Ok(None),
        text => text
            .parse()
            .ok()
            .filter(|minutes| (least..=most).contains(minutes))
            .map(Some)
            .ok_or((at, why)),
    };
    let behavior = match text(4).to_ascii_lowercase().as_str() {
        "" => None,
        "schedule" => Some(UndrainableNodeBehavior::Schedule),
        "cordon" => Some(UndrainableNodeBehavior::Cordon),
        _ => return Err((4, "write Schedule or Cordon")),
    };
    Ok(UpgradeSettings {
        max_surge: share(0)?,
        max_unavailable: share(1)?,
        drain_timeout_minutes: minutes(2, 5, 1440, "a drain timeout has 5 to 1440 minutes")?,
        node_soak_minutes: minutes(3, 0, 30, "a node soak has 0 to 30 minutes")?,
        undrainable_node_behavior: behavior,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_settings_or_say_what_is_wrong() {
        let read = |lines: [&'static str; 5]| parse(move |at| lines[at]);
        assert_eq!(read([""; 5]), Ok(UpgradeSettings::default()));
        assert_eq!(
            read(["33%", "", "45 min", "0", "cordon"]),
            Ok(UpgradeSettings {
                max_surge: Some(Share::Percent(33)),
                max_unavailable: None,
                drain_timeout_minutes: Some(45),
                node_soak_minutes: Some(0),
                undrainable_node_behavior: Some(UndrainableNodeBehavior::Cordon),
            })
        );
        for (lines, wrong) in [
            (["101%", "", "", "", ""], 0),
            (["", "many", "", "", ""], 1),
            (["", "", "4", "", ""], 2),
            (["", "", "-5", "", ""], 2),
            (["", "", "", "31", ""], 3),
            (["", "", "", "", "drop"], 4),
        ] {
            assert_eq!(read(lines).unwrap_err().0, wrong);
        }
    }
}
