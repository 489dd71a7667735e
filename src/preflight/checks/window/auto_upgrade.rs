//! Automatic upgrades do not begin while this one runs, and let it run in steps
//! (AKS docs "Automatically upgrade an AKS cluster" and "Planned maintenance", 2026).

use crate::domain::cluster::Cluster;
use crate::domain::maintenance::{NODE_IMAGES, VERSIONS};
use crate::domain::subject::Subject;
use crate::domain::survey::WindowFact;
use crate::preflight::checks::run_time::{Run, run};
use crate::preflight::checks::told::{Told, limit, read, told, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::wording::listed;

use super::channel;

/// Hours a window should have at least.
const ENOUGH_HOURS: u32 = 4;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let azure = &question.survey.azure;
    let cluster = read(&azure.cluster, "the cluster in Azure")?;
    let versions = channel(cluster.auto_upgrade.kubernetes_channel.as_deref());
    let images = channel(cluster.auto_upgrade.node_os_channel.as_deref())
        .filter(|channel| !channel.eq_ignore_ascii_case("Unmanaged"));
    let mut said = Vec::new();
    if let Some(channel) = versions {
        said.extend(of_steps(question, cluster, channel));
        if channel.eq_ignore_ascii_case("node-image") {
            said.push(Said::new(
                Outcome::Info,
                Subject::Cluster,
                "the channel node-image is legacy: the node OS channel NodeImage does the same",
            ));
        }
    }
    let windows = match &azure.windows {
        Ok(windows) => windows,
        Err(unread) => {
            said.push(unknown(Subject::Cluster, "maintenance windows", unread));
            return Ok(said);
        }
    };
    let run = run(question)?;
    for (channel, name) in [(versions, VERSIONS), (images, NODE_IMAGES)] {
        let named = windows.iter().find(|window| window.name == name);
        if let (Some(channel), Some(window)) = (channel, named) {
            said.extend(of_window(window, channel, &run));
        }
    }
    said.extend(overlap(windows));
    Ok(said)
}

/// With a channel on, AKS takes no upgrade of the control plane without its pools.
fn of_steps(question: &Question<'_>, cluster: &Cluster, channel: &str) -> Option<Said> {
    question.planned.control_plane?;
    let left: Vec<&str> = cluster
        .pools
        .iter()
        .filter(|pool| !question.planned.pools.contains_key(&pool.name))
        .map(|pool| pool.name.as_str())
        .collect();
    (!left.is_empty()).then(|| {
        Said::new(
            Outcome::Blocker,
            Subject::Cluster,
            format!(
                "the auto-upgrade channel is {channel}: AKS refuses to upgrade the control plane without every pool"
            ),
        )
        .with(format!("left out: {}", listed(&left)))
        .cured_by(&["pause-autoupgrade"])
    })
}

fn of_window(window: &WindowFact, channel: &str, run: &Run) -> Vec<Said> {
    let subject = || limit("maintenance window", &window.name);
    let mut said = Vec::new();
    let meets = window
        .openings
        .iter()
        .find(|(from, until)| *from < run.ends() && *until > run.begins);
    if let Some((from, until)) = meets {
        said.push(
            Said::new(
                Outcome::Warning,
                subject(),
                format!(
                    "it opens {} while this upgrade may run, and channel {channel} may begin one of its own",
                    from.strftime("%Y-%m-%d %H:%M UTC")
                ),
            )
            .with(format!("open until {}", until.strftime("%Y-%m-%d %H:%M UTC")))
            .with(format!(
                "this upgrade ends by {}",
                run.ends().strftime("%Y-%m-%d %H:%M UTC")
            ))
            .cured_by(&["pause-autoupgrade"]),
        );
    }
    if let Some(hours) = window.duration_hours.filter(|hours| *hours < ENOUGH_HOURS) {
        said.push(
            Said::new(
                Outcome::Warning,
                subject(),
                format!("it is open for {hours} h, AKS asks for {ENOUGH_HOURS} at least"),
            )
            .with(window.schedule.clone())
            .cured_by(&["extend-window"]),
        );
    }
    said
}

/// The two schedules of one cluster open at the same time.
fn overlap(windows: &[WindowFact]) -> Option<Said> {
    let of = |name: &str| windows.iter().find(|window| window.name == name);
    let (versions, images) = (of(VERSIONS)?, of(NODE_IMAGES)?);
    let (from, _) = versions.openings.iter().find(|(from, until)| {
        images
            .openings
            .iter()
            .any(|(other_from, other_until)| from < other_until && other_from < until)
    })?;
    Some(
        Said::new(
            Outcome::Info,
            limit("maintenance window", NODE_IMAGES),
            "it opens together with that of versions: one of the two upgrades waits or is cut short",
        )
        .with(format!("{VERSIONS}: {}", versions.schedule))
        .with(format!("{NODE_IMAGES}: {}", images.schedule))
        .with(format!("together on {}", from.strftime("%Y-%m-%d"))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{ask_planned, check, denied, healthy, passes, whole};

    fn window(name: &str, opens: &str, closes: &str) -> WindowFact {
        WindowFact {
            name: name.to_owned(),
            schedule: "weekly on Saturday".to_owned(),
            openings: vec![(opens.parse().unwrap(), closes.parse().unwrap())],
            not_allowed: Vec::new(),
            duration_hours: Some(6),
        }
    }

    fn channels(versions: &str, images: &str, windows: Vec<WindowFact>) -> impl FnOnce(&mut Survey) {
        let (versions, images) = (versions.to_owned(), images.to_owned());
        move |survey| {
            let cluster = survey.azure.cluster.as_mut().unwrap();
            cluster.auto_upgrade.kubernetes_channel = Some(versions);
            cluster.auto_upgrade.node_os_channel = Some(images);
            survey.azure.windows = Ok(windows);
        }
    }

    #[test]
    fn a_window_that_opens_meanwhile_is_a_warning() {
        // The upgrade begins at 09:00 and takes 2 h 3 min at most.
        let at = |opens, closes| vec![window(VERSIONS, opens, closes)];
        let soon = at("2026-08-15T10:00:00Z", "2026-08-15T16:00:00Z");
        let subject = "maintenance window aksManagedAutoUpgradeSchedule";
        let said = check(
            look,
            channels("stable", "None", soon.clone()),
            Outcome::Warning,
            subject,
        );
        assert_eq!(said.evidence[1], "this upgrade ends by 2026-08-15 11:03 UTC");
        passes(look, channels("none", "Unmanaged", soon));
        let late = at("2026-08-15T12:00:00Z", "2026-08-15T16:00:00Z");
        passes(look, channels("stable", "None", late));
        let images = vec![window(NODE_IMAGES, "2026-08-15T08:00:00Z", "2026-08-15T12:00:00Z")];
        check(
            look,
            channels("none", "NodeImage", images),
            Outcome::Warning,
            "maintenance window aksManagedNodeOSUpgradeSchedule",
        );
    }

    #[test]
    fn short_and_overlapping_windows_are_told() {
        let mut short = window(VERSIONS, "2026-08-22T10:00:00Z", "2026-08-22T13:00:00Z");
        short.duration_hours = Some(3);
        check(
            look,
            channels("stable", "None", vec![short]),
            Outcome::Warning,
            "maintenance window aksManagedAutoUpgradeSchedule",
        );
        let both = vec![
            window(VERSIONS, "2026-08-22T10:00:00Z", "2026-08-22T16:00:00Z"),
            window(NODE_IMAGES, "2026-08-22T15:00:00Z", "2026-08-22T20:00:00Z"),
        ];
        check(
            look,
            channels("none", "None", both),
            Outcome::Info,
            "maintenance window aksManagedNodeOSUpgradeSchedule",
        );
    }

    #[test]
    fn with_a_channel_on_the_control_plane_takes_its_pools_along() {
        let mut survey = healthy();
        let mut planned = whole(&survey);
        planned.pools.remove(&"data".into());
        assert!(ask_planned(look, &survey, &planned).is_empty());
        channels("patch", "None", Vec::new())(&mut survey);
        let said = ask_planned(look, &survey, &planned);
        assert_eq!((said.len(), said[0].outcome), (1, Outcome::Blocker));
        assert_eq!(said[0].evidence, ["left out: data"]);
        planned.control_plane = None;
        assert!(ask_planned(look, &survey, &planned).is_empty());
    }

    #[test]
    fn the_legacy_channel_and_unread_windows_are_told() {
        check(
            look,
            channels("node-image", "None", Vec::new()),
            Outcome::Info,
            "the cluster",
        );
        check(
            look,
            |survey| survey.azure.windows = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
