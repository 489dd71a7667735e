//! Answers from outside: each finds the question or the screen it belongs to, or is too late and ignored.

use super::super::command::Command;
use super::super::dialogs::Dialog;
use super::super::dialogs::note::Note;
use super::super::message::Message;
use super::super::screens::{Screen, brief};
use super::super::theme::Mark;
use super::App;
use crate::config::cluster::Named;
use crate::domain::ids::ExecutionId;
use crate::engine::timeline::Entry;
use crate::notify::NoticeKind;
use crate::problem::Problem;

impl App {
    pub(super) fn take_answer(&mut self, answer: Message) -> Vec<Command> {
        match answer {
            Message::Prepared(ticket, answer) => {
                if let Some(Dialog::Confirm(confirm)) = &mut self.dialog {
                    confirm.take_plan(ticket, answer);
                }
                return self.check_before_start();
            }
            Message::Checked(ticket, cluster, answer) => self.take_checks(ticket, &cluster, answer),
            Message::Diagnosed(ticket, cluster, answer) => {
                let answer = answer.map(|diagnosed| *diagnosed);
                self.data.inquiries.causes_mut(&cluster).take(ticket, answer);
            }
            Message::RepairPlanned(ticket, answer) => {
                if let Some(Dialog::Repair(confirm)) = &mut self.dialog {
                    confirm.take(ticket, answer);
                }
            }
            Message::Repaired(cluster, answer) => return self.take_repaired(&cluster, &answer),
            Message::RepairsRead(cluster, answer) => self.take_repairs(&cluster, answer),
            Message::Previewed(ticket, answer) => {
                if let Some(Dialog::Confirm(confirm)) = &mut self.dialog {
                    confirm.take_request(ticket, answer);
                }
            }
            Message::ForeignFound(ticket, answer) => {
                if let Some(Dialog::Foreign(dialog)) = &mut self.dialog
                    && let Some(order) = dialog.take(ticket, answer)
                {
                    return self.ask(order);
                }
            }
            Message::LeaseFound(ticket, answer) => {
                if let Some(Dialog::Controls(dialog)) = &mut self.dialog {
                    dialog.take(ticket, answer);
                }
            }
            Message::Drafted(answer) => self.take_draft(answer),
            Message::PlanSaved(answer) => return self.take_saved(answer),
            Message::PlanLoaded(answer) => return self.take_loaded(answer),
            Message::Started(Ok(id)) => {
                self.say(Mark::Good, format!("Started: execution {id}"));
                self.briefed.insert(id);
            }
            Message::Sent(what, Ok(())) => self.say(Mark::Good, format!("{what}: asked for")),
            Message::Taken(Ok(id)) => {
                self.say(Mark::Good, format!("You drive {id} now"));
                self.brief_wanted = Some(id);
                return self.wanted_brief();
            }
            Message::Briefed(id, mut brief) => {
                brief.notes.extend(self.contact_note(&id));
                // A question is never replaced by something to read.
                if self.dialog.is_none() {
                    let heading = format!("Brief of {id}");
                    let passages = brief::passages(&brief, self.data.now);
                    self.dialog = Some(Dialog::Note(Note::details(heading, passages)));
                }
            }
            Message::Requests(picture) => {
                if let Some(Screen::Requests(screen)) = self.stack.last_mut() {
                    screen.take(picture);
                }
            }
            Message::Noticed(notice) => self.say(notice_mark(notice.kind), notice.title),
            Message::NotTold(why) => self.say(Mark::Failed, why),
            Message::RecordingRead(id, answer) => self.take_recording(&id, answer),
            Message::Beat(ticket) => return self.beat(ticket),
            Message::TimelineRead(id, entries) => self.take_timeline(&id, entries),
            Message::ChangesRead(cluster, changes) => self.data.set_changes(cluster, changes),
            Message::HandedToBackground(Ok(())) => return vec![Command::Quit],
            Message::HandedToBackground(Err(problem))
            | Message::Started(Err(problem))
            | Message::Sent(_, Err(problem))
            | Message::Taken(Err(problem)) => {
                self.toast = None;
                self.dialog = Some(Dialog::Note(Note::problem(&problem)));
            }
            Message::SettingsRead(answer) => self.take_settings(answer),
            Message::Remembered(answer) => self.take_remembered(answer),
            Message::Key(_)
            | Message::Paste(_)
            | Message::Resized(..)
            | Message::Tick(_)
            | Message::Fleet(_)
            | Message::Executions(_)
            | Message::DrivenHere(_) => (),
        }
        Vec::new()
    }

    /// Who is to be asked about the cluster of an execution.
    fn contact_note(&self, id: &ExecutionId) -> Option<String> {
        let execution = self.data.all().find(|execution| execution.id == *id)?;
        let contact = self.rules().contact(&Named::of(&execution.plan.cluster))?;
        Some(format!("contact for {}: {contact}", execution.plan.cluster_name))
    }

    fn take_timeline(&mut self, id: &ExecutionId, entries: Result<Vec<Entry>, Problem>) {
        for screen in &mut self.stack {
            if let Screen::Timeline(screen) = screen
                && screen.execution() == id
            {
                screen.take(entries);
                return;
            }
        }
    }

    /// A timeline on the screen that is older than its execution is read again, at most once a second.
    pub(super) fn read_old_timeline(&mut self) -> Vec<Command> {
        let Some(Screen::Timeline(screen)) = self.stack.last_mut() else {
            return Vec::new();
        };
        if screen.begin_reading() {
            vec![Command::ReadTimeline(screen.execution().clone())]
        } else {
            Vec::new()
        }
    }
}

fn notice_mark(kind: NoticeKind) -> Mark {
    match kind {
        NoticeKind::Failed => Mark::Failed,
        NoticeKind::Blocked => Mark::Stuck,
        NoticeKind::Waiting => Mark::Held,
        NoticeKind::Done => Mark::Good,
    }
}
