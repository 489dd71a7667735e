//! One turn of a repair: each request written down, sent once, its answer written down; what was lost is looked for.

use uuid::Uuid;

use super::super::super::driver::api_server::ApiServerError;
use super::super::super::repair::note::{Answer, Note, Sent, Turn};
use super::super::super::repair::shown::is_same;
use super::super::super::repair::story::{Step, Story};
use super::super::super::repair::verdict;
use super::super::{EngineError, EngineHandle};
use super::bench::{Prepared, Ready, Task, not_asked};
use super::planned;
use crate::azure::error::AzureError;
use crate::domain::change::{Change, OperationLink};
use crate::domain::ids::ClusterId;
use crate::domain::provisioning::OperationState;
use crate::journal::Journal;
use crate::kubernetes::error::KubernetesError;

/// Times a change is prepared anew because its object changed between reading and writing.
const ATTEMPTS: u32 = 3;

/// Why a turn stops.
enum Stop {
    /// It is written down and shown.
    Told(String),
    /// Nothing can be written down any more, so nothing more is sent.
    Broken(EngineError),
}

/// An operation in Azure that an earlier step began.
struct Running {
    change: Change,
    link: OperationLink,
}

impl EngineHandle {
    /// Does the tasks one after another; the first that fails stops the rest.
    pub(super) async fn run(&self, journal: &Journal, story: &mut Story, tasks: Vec<Task>) -> Result<(), EngineError> {
        let turn = story.turn;
        let mut running = Vec::new();
        let mut why = None;
        for (number, task) in tasks.iter().enumerate() {
            match self.one(journal, story, number, task, &mut running).await {
                Ok(()) => {}
                Err(Stop::Told(words)) => {
                    why = Some(words);
                    break;
                }
                Err(Stop::Broken(error)) => return Err(error),
            }
        }
        self.note(journal, story, Note::Ended { turn, why }).await
    }

    async fn one(
        &self,
        journal: &Journal,
        story: &mut Story,
        number: usize,
        task: &Task,
        running: &mut Vec<Running>,
    ) -> Result<(), Stop> {
        let cluster = story.head.repair.cluster.clone();
        let turn = story.turn;
        let follows = self.wait_for_earlier(task, running).await?;
        for attempt in 1..=ATTEMPTS {
            let prepared = self.prepare_task(&cluster, task, None).await;
            let ready = match prepared.map_err(|error| Stop::Told(words(&error)))? {
                Prepared::Ready(ready) => ready,
                Prepared::Nothing(why) => {
                    let note = Note::Skipped {
                        turn,
                        step: number,
                        why,
                    };
                    return self.note(journal, story, note).await.map_err(Stop::Broken);
                }
            };
            if turn == Turn::Do && !follows && !story.head.requests.iter().any(|shown| is_same(shown, &ready.request)) {
                return Err(Stop::Told(
                    "it is not what was shown any more: look at it again".to_owned(),
                ));
            }
            let note = Note::Sending {
                turn,
                step: number,
                sent: Box::new(ready.sent.clone()),
                before: ready.before.clone(),
                request: ready.request.clone(),
                fields: ready.fields.clone(),
            };
            self.note(journal, story, note).await.map_err(Stop::Broken)?;
            let answer = match self.send_one(&cluster, &ready, running).await {
                Sending::Answered(answer) => answer,
                Sending::Conflict(_) if attempt < ATTEMPTS => continue,
                Sending::Conflict(why) => Answer::Refused { why },
            };
            let note = Note::Answered {
                turn,
                step: number,
                answer: answer.clone(),
            };
            self.note(journal, story, note).await.map_err(Stop::Broken)?;
            return match answer {
                Answer::Made { .. } | Answer::FoundMade => Ok(()),
                Answer::Refused { why } => Err(Stop::Told(why)),
                Answer::FoundNotMade => Err(Stop::Told("the answer was lost, and it was not made".to_owned())),
                Answer::Unknown { why } => Err(Stop::Told(format!("it is not known whether it was made: {why}"))),
            };
        }
        Ok(())
    }

    async fn send_one(&self, cluster: &ClusterId, ready: &Ready, running: &mut Vec<Running>) -> Sending {
        match (&ready.sent, &ready.azure) {
            (Sent::Kubernetes { change }, _) => {
                let made = Answer::Made { operation: None };
                match self.api_server(cluster).change_object(change).await {
                    Ok(_) => Sending::Answered(made),
                    Err(ApiServerError::Kubernetes(error)) => match &error {
                        KubernetesError::Unreachable { .. } => {
                            Sending::Answered(self.look(cluster, &ready.sent, &ready.fields).await)
                        }
                        KubernetesError::Refused { status: 409, .. } if change.resource_version.is_some() => {
                            Sending::Conflict(words(&EngineError::Kubernetes(error)))
                        }
                        _ => Sending::Answered(Answer::Refused {
                            why: words(&EngineError::Kubernetes(error)),
                        }),
                    },
                    Err(error) => Sending::Answered(Answer::Refused { why: error.sentence() }),
                }
            }
            (Sent::Azure { change, .. }, Some(request)) => {
                let Ok(azure) = self.azure() else {
                    return Sending::Answered(Answer::Refused {
                        why: EngineError::NoAzure.to_string(),
                    });
                };
                match azure.send(request, Uuid::new_v4()).await {
                    Ok(accepted) => {
                        let operation = (!accepted.is_done).then(|| operation_id(&accepted.operation)).flatten();
                        if !accepted.is_done {
                            running.push(Running {
                                change: change.clone(),
                                link: accepted.operation,
                            });
                        }
                        Sending::Answered(Answer::Made { operation })
                    }
                    Err(AzureError::Uncertain { .. }) => {
                        Sending::Answered(self.look(cluster, &ready.sent, &ready.fields).await)
                    }
                    Err(error) => Sending::Answered(Answer::Refused {
                        why: words(&EngineError::Azure(error)),
                    }),
                }
            }
            (Sent::Azure { .. }, None) => Sending::Answered(Answer::Refused {
                why: EngineError::NoAzure.to_string(),
            }),
        }
    }

    /// Looks at the object of a request whose answer is not known.
    async fn look(&self, cluster: &ClusterId, sent: &Sent, fields: &[crate::domain::change::FieldChange]) -> Answer {
        let seen = match sent {
            Sent::Kubernetes { change } => {
                let found = self.api_server(cluster).get_object(&change.object).await;
                found
                    .map(|now| verdict::of_object(change, now.as_ref()))
                    .map_err(|error| not_asked(cluster, error))
            }
            Sent::Azure { change, .. } => match self.azure() {
                Ok(azure) => match azure.resource_of(change).await {
                    Ok(now) => Ok(verdict::of_resource(change, fields, now.as_ref())),
                    Err(error) => Err(error.into()),
                },
                Err(error) => Err(error),
            },
        };
        seen.unwrap_or_else(|error| Answer::Unknown { why: words(&error) })
    }

    /// Writes down what became of a turn whose program ended in the middle; nothing happens where it came to its end.
    pub(super) async fn settle(&self, journal: &Journal, story: &mut Story) -> Result<(), EngineError> {
        let (turn, cluster) = (story.turn, story.head.repair.cluster.clone());
        let open: Vec<Step> = story
            .steps(turn)
            .iter()
            .filter(|step| step.is_open())
            .cloned()
            .collect();
        for step in &open {
            let answer = self.look(&cluster, &step.sent, &step.fields).await;
            if step.answer.as_ref() == Some(&answer) {
                continue;
            }
            let note = Note::Answered {
                turn,
                step: step.number,
                answer,
            };
            self.note(journal, story, note).await?;
        }
        if !story.is_open() {
            return Ok(());
        }
        let planned = planned(story);
        let is_made = |step: &&Step| matches!(step.answer, Some(Answer::Made { .. } | Answer::FoundMade));
        let made = story.steps(turn).iter().filter(is_made).count();
        let why = (made < planned)
            .then(|| format!("the program ended in the middle: {made} of {planned} requests were made"));
        self.note(journal, story, Note::Ended { turn, why }).await
    }

    /// Azure takes one operation at a time: waits for those that earlier steps began on the same resource. True where
    /// there was one, so that what is sent now could not be shown exactly before.
    async fn wait_for_earlier(&self, task: &Task, running: &mut Vec<Running>) -> Result<bool, Stop> {
        let change = match task {
            Task::Step(crate::remedy::repair::RepairStep::Azure { change }) => change,
            Task::Back(step) => match &step.sent {
                Sent::Azure { change, .. } => change,
                Sent::Kubernetes { .. } => return Ok(false),
            },
            Task::Step(_) => return Ok(false),
        };
        let concerns = |earlier: &Running| {
            earlier.change.pool().is_none() || change.pool().is_none() || earlier.change.pool() == change.pool()
        };
        let mut has_waited = false;
        for earlier in running.extract_if(.., |earlier| concerns(earlier)) {
            has_waited = true;
            self.wait_for(&earlier).await?;
        }
        Ok(has_waited)
    }

    async fn wait_for(&self, running: &Running) -> Result<(), Stop> {
        let azure = self.azure().map_err(|error| Stop::Told(words(&error)))?;
        loop {
            let poll = azure.poll(&running.link).await;
            let poll = poll.map_err(|error| Stop::Told(words(&EngineError::Azure(error))))?;
            match poll.state {
                OperationState::Running { .. } => {}
                OperationState::Succeeded => return Ok(()),
                OperationState::Failed { error } => {
                    return Err(Stop::Told(format!("the {} failed: {error}", running.change)));
                }
                OperationState::Canceled { .. } => {
                    return Err(Stop::Told(format!("somebody aborted the {}", running.change)));
                }
            }
            if self.0.leave.is_cancelled() {
                return Err(Stop::Told(format!(
                    "the program ended before the {} did",
                    running.change
                )));
            }
            let pause = poll.retry_after.unwrap_or(self.0.settings.poll_interval);
            self.0.settings.clock.sleep(pause).await;
        }
    }
}

/// How one sending went.
enum Sending {
    Answered(Answer),
    /// The object changed between reading and writing.
    Conflict(String),
}

/// What went wrong, in the words of who said it.
fn words(error: &EngineError) -> String {
    match error {
        EngineError::Kubernetes(inner) => format!("{inner}: {}", inner.why()),
        EngineError::Azure(inner) => {
            let said = inner.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
            let right = inner
                .missing_right()
                .map(|right| format!(" (the right {right} is missing)"));
            format!("{inner}{said}{}", right.unwrap_or_default())
        }
        other => other.to_string(),
    }
}

/// The id in an operation's URL; its signature is left out.
fn operation_id(link: &OperationLink) -> Option<String> {
    let url = link.async_operation.as_ref().or(link.location.as_ref())?;
    let path = url.split(['?', '#']).next()?;
    let id = path.rsplit('/').next()?;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    (!id.is_empty() && id.chars().all(is_plain)).then(|| id.to_owned())
}
