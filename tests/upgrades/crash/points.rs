//! Where journeys are cut short, and how what became of them is judged against the same journey undisturbed.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;

use super::journeys::{JOURNEYS, Journey};
use super::run::{Ending, Interruption, run};

/// Runs side by side; most of a run is waiting for the simulated world.
const AT_ONCE: usize = 8;

/// One crash of one journey.
pub(crate) struct Case<'a> {
    pub(crate) journey: &'a Journey,
    undisturbed: &'a Ending,
    interruption: Interruption,
    /// The kinds that are written in the point's transaction, for the first time in this journey.
    kinds: Vec<&'a str>,
}

/// Whether a run was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    Point,
    /// This time the journey went without that record, or was over before the kill.
    Nothing,
}

/// What became of a case.
pub(crate) struct Judged {
    pub(crate) journey: &'static str,
    /// Of a drill, as `before intent`: each kind that was written at its point.
    pub(crate) points: Vec<String>,
    pub(crate) met: Met,
    /// The last record that was durable at the end of the process.
    pub(crate) hit_after: Option<String>,
    /// Journey, point and what differs; `None` where nothing does.
    pub(crate) wrong: Option<String>,
}

/// Every journey once without a crash; panics where one does not end as it should.
pub(crate) async fn undisturbed() -> Vec<(&'static Journey, Ending)> {
    let runs = JOURNEYS.iter().map(|journey| async move {
        let ending = run(journey, Interruption::None).await;
        let ending = ending.and_then(|ending| {
            if ending.faults.is_empty() {
                Ok((journey, ending))
            } else {
                Err(format!("{}\n{}", ending.faults.join("\n"), ending.story.tail()))
            }
        });
        ending.map_err(|why| format!("{}, undisturbed: {why}", journey.name))
    });
    let (endings, wrong): (Vec<_>, Vec<_>) = stream::iter(runs)
        .buffered(AT_ONCE)
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .partition(Result::is_ok);
    let wrong: Vec<String> = wrong.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    endings.into_iter().filter_map(Result::ok).collect()
}

/// Both points of every kind the journey wrote, in the order of the first occurrences. Records of one transaction
/// are durable together, so they share their points.
pub(crate) fn drills<'a>(journey: &'a Journey, undisturbed: &'a Ending) -> Vec<Case<'a>> {
    let story = &undisturbed.story;
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut cases = Vec::new();
    let places: Vec<usize> = (0..story.rows.len()).collect();
    // All rows of a transaction carry its time.
    for transaction in places.chunk_by(|one, next| story.rows[*one].at == story.rows[*next].at) {
        let kinds = transaction.iter().map(|place| story.kinds[*place].as_str());
        let new: Vec<&str> = kinds.filter(|kind| known.insert(kind)).collect();
        let Some(first) = new.first() else { continue };
        cases.extend(["before", "after"].map(|moment| Case {
            journey,
            undisturbed,
            interruption: Interruption::Drill(format!("{moment}:{first}:1")),
            kinds: new.clone(),
        }));
    }
    cases
}

/// SIGKILL at moments spread evenly between the first record and the end of the undisturbed run.
pub(crate) fn random_kills<'a>(
    journey: &'a Journey,
    undisturbed: &'a Ending,
    count: usize,
    seed: u64,
) -> Vec<Case<'a>> {
    let mut random = fastrand::Rng::with_seed(seed);
    let length = undisturbed.lasted.as_secs_f64();
    std::iter::repeat_with(|| Case {
        journey,
        undisturbed,
        interruption: Interruption::Kill(Duration::from_secs_f64(random.f64() * length)),
        kinds: Vec::new(),
    })
    .take(count)
    .collect()
}

/// Runs all cases, several side by side.
pub(crate) async fn judge_all(cases: Vec<Case<'_>>) -> Vec<Judged> {
    stream::iter(cases.into_iter().map(Case::judge))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

impl Case<'_> {
    async fn judge(self) -> Judged {
        let ending = run(self.journey, self.interruption.clone()).await;
        let wrong = match &ending {
            Ok(ending) => self.differences(ending),
            Err(why) => Some(why.clone()),
        };
        let ending = ending.ok();
        let is_met = ending.as_ref().is_some_and(|ending| ending.is_crashed);
        Judged {
            journey: self.journey.name,
            points: self.points(),
            met: if is_met { Met::Point } else { Met::Nothing },
            hit_after: ending.and_then(|ending| ending.hit_after),
            wrong: wrong.map(|wrong| format!("{}, {:?}: {wrong}", self.journey.name, self.interruption)),
        }
    }

    /// What it ends the process before or after, as `before intent`.
    pub(crate) fn points(&self) -> Vec<String> {
        let Interruption::Drill(point) = &self.interruption else {
            return Vec::new();
        };
        let moment = point.split(':').next().unwrap_or_default();
        self.kinds.iter().map(|kind| format!("{moment} {kind}")).collect()
    }

    /// What is not as in the undisturbed run.
    fn differences(&self, ending: &Ending) -> Option<String> {
        let mut wrong = ending.faults.clone();
        let expected = self.undisturbed;
        if let Interruption::Drill(point) = &self.interruption {
            let is_written = ending
                .story
                .kinds
                .iter()
                .any(|kind| point.contains(&format!(":{kind}:")));
            if !ending.is_crashed && is_written {
                wrong.push("the record was written and the process went on".to_owned());
            }
        }
        if ending.picture != expected.picture {
            wrong.push(format!(
                "the world is\n{}instead of\n{}",
                ending.picture, expected.picture
            ));
        }
        if !self.journey.is_a_matter_of_moments && ending.operations != expected.operations {
            wrong.push(format!(
                "Azure did {:?} instead of {:?}",
                ending.operations, expected.operations
            ));
        }
        let tail = ending.story.tail();
        (!wrong.is_empty()).then(|| format!("{}\nlast records:\n{tail}", wrong.join("\n")))
    }
}
