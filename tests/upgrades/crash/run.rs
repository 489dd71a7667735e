//! Runs one journey with real processes, undisturbed or with one of them ended on the way, to the execution's end.
//! Never repeats what was done: after a crash a person does only what had no effect yet.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use aks_cockpit::engine::command::Command;
use aks_cockpit::journal::{Journal, Mode};
use tokio::process::Child;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::estate::{Estate, Story};
use super::journeys::{Act, Journey, Move, When};

/// How long one run may take, in wall time; far more than it does.
const PATIENCE: Duration = Duration::from_secs(90);

/// How often journal and processes are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The signal of ctrl-C.
const SIGINT: i32 = 2;

/// The exit code of a command that was refused.
const REFUSED: i32 = 7;

/// What ends a process on the way.
#[derive(Clone, Debug)]
pub(crate) enum Interruption {
    None,
    /// The process ends itself at this point, as `engine/driver/drill.rs` reads it.
    Drill(String),
    /// SIGKILL so long after the first record.
    Kill(Duration),
}

/// What a run left behind.
pub(crate) struct Ending {
    pub(crate) story: Story,
    pub(crate) picture: String,
    pub(crate) operations: Vec<String>,
    /// What does not hold.
    pub(crate) faults: Vec<String>,
    /// True where a process was ended on the way.
    pub(crate) is_crashed: bool,
    /// The last record that was durable when the process was ended.
    pub(crate) hit_after: Option<String>,
    /// From the first record to the end.
    pub(crate) lasted: Duration,
}

/// One run on its way.
struct Run<'a> {
    journey: &'a Journey,
    estate: Estate,
    interruption: Interruption,
    child: Option<Child>,
    /// The words of the last process, to be given again where it died before they had an effect.
    words: Vec<String>,
    /// `commandReceived` records when they were given.
    received: usize,
    /// Moves that were made.
    made: usize,
    is_crashed: bool,
    hit_after: Option<String>,
    began: Instant,
    first_record: Option<Instant>,
}

/// Runs the journey to its end, or says why it does not come.
pub(crate) async fn run(journey: &Journey, interruption: Interruption) -> Result<Ending, String> {
    let estate = Estate::new(journey.control_plane, journey.history, journey.speed).await;
    (journey.prepare)(&estate);
    let mut run = Run {
        journey,
        estate,
        interruption,
        child: None,
        words: Vec::new(),
        received: 0,
        made: 0,
        is_crashed: false,
        hit_after: None,
        began: Instant::now(),
        first_record: None,
    };
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !(journey.is_ready)(&run.estate) {
        look.tick().await;
        if run.began.elapsed() > PATIENCE {
            return Err("its world does not come to where it begins".to_owned());
        }
    }
    run.start();
    let mut story = Story::default();
    loop {
        look.tick().await;
        let stopped = run.stopped()?;
        run.estate.tell(&mut story);
        if !story.rows.is_empty() {
            run.first_record.get_or_insert_with(Instant::now);
        }
        if let Some(status) = stopped {
            run.ended(status, &story).await?;
        }
        if run.child.is_none() && story.is_final() {
            return run.finish(story);
        }
        run.make_moves(&story).await?;
        if run.child.is_none() {
            return Err(run.stuck(&story, "no process is left and nothing is to be done"));
        }
        if run.began.elapsed() > PATIENCE {
            return Err(run.stuck(&story, "it does not end"));
        }
    }
}

impl Run<'_> {
    fn start(&mut self) {
        self.spawn(self.journey.words, 0);
    }

    fn spawn(&mut self, words: &[&str], received: usize) {
        let drill = match &self.interruption {
            Interruption::Drill(point) if !self.is_crashed => Some(point.as_str()),
            _ => None,
        };
        self.child = Some(self.estate.cockpit(words, drill));
        self.words = words.iter().map(|&word| word.to_owned()).collect();
        self.received = received;
    }

    /// The process's end, where it has come; brings it where its time has come.
    fn stopped(&mut self) -> Result<Option<ExitStatus>, String> {
        let Some(child) = &mut self.child else { return Ok(None) };
        if let Interruption::Kill(after) = self.interruption
            && !self.is_crashed
            && self.first_record.is_some_and(|first| first.elapsed() >= after)
        {
            child.start_kill().map_err(|error| error.to_string())?;
        }
        let status = child.try_wait().map_err(|error| error.to_string())?;
        if status.is_some() {
            self.child = None;
        }
        Ok(status)
    }

    /// After a crash goes on as a person would; else only makes sure that the process had a reason to end.
    async fn ended(&mut self, status: ExitStatus, story: &Story) -> Result<(), String> {
        let signal = status.signal();
        let was_interrupted = signal == Some(SIGINT) && self.is_interrupt_due(story);
        match signal {
            None => {
                let is_at_rest = matches!(story.word(), "Paused" | "Failed" | "Aborted" | "Succeeded");
                if story.execution.is_none() && self.is_crashed && status.code() == Some(REFUSED) {
                    // The dead process had taken the Lease, and nothing else. It is over within a minute, and the word
                    // that refused says so; nobody here waits for that.
                    self.estate.remove_lease().await;
                    self.start();
                    return Ok(());
                }
                if is_at_rest || story.count("driverLeft") > 0 {
                    return Ok(());
                }
                return Err(self.stuck(story, &format!("the process ended with {status}")));
            }
            // It came before the process could take it as more than a signal.
            Some(_) if was_interrupted => {}
            Some(_) if self.is_crashed || matches!(self.interruption, Interruption::None) => {
                return Err(self.stuck(story, &format!("a process ended by itself: {status}")));
            }
            Some(_) => {
                self.is_crashed = true;
                self.hit_after = Some(story.kinds.last().cloned().unwrap_or_else(|| "nothing".to_owned()));
            }
        }
        if self.is_interrupt_due(story) {
            self.made -= 1;
        }
        self.go_on(story);
        Ok(())
    }

    /// True where the last move was to interrupt, and nobody has left.
    fn is_interrupt_due(&self, story: &Story) -> bool {
        let last = self.made.checked_sub(1).and_then(|last| self.journey.moves.get(last));
        last.is_some_and(|last| matches!(last.act, Act::Interrupt)) && story.count("driverLeft") == 0
    }

    /// What a person does who finds no process any more.
    fn go_on(&mut self, story: &Story) {
        let Some(id) = story.execution.clone() else {
            return self.start();
        };
        let received = story.count("commandReceived");
        let order = self.words[0].clone();
        let is_order = order != "start" && order != "drive" && received == self.received;
        match story.word() {
            "Succeeded" | "Aborted" => {}
            // The order died with its process, or waits in the journal for somebody to come.
            _ if is_order => self.spawn(&[&order, &id], received),
            "Paused" | "Failed" => {}
            _ => self.spawn(&["drive", &id], received),
        }
    }

    async fn make_moves(&mut self, story: &Story) -> Result<(), String> {
        let journey = self.journey;
        while let Some(Move { when, act }) = journey.moves.get(self.made) {
            let is_time = match when {
                When::Written(kind, count) => story.count(kind) >= *count,
                When::Taken => story.count("accepted") + story.count("adopted") > 0,
                When::Recovered => story.count("troubled") > 0 && !story.is_troubled(),
                When::State(word) => story.word() == *word,
                When::Seen(words) => story.has_seen(words),
            };
            let Some(id) = story.execution.as_deref().filter(|_| is_time) else {
                break;
            };
            match act {
                Act::Order(order) => self.estate.order(id, &order()),
                Act::World(act) => act(&self.estate),
                Act::Run(word) if self.child.is_none() => {
                    self.made += 1;
                    self.spawn(&[word, id], story.count("commandReceived"));
                    break;
                }
                // It stays with an execution at rest, so the word comes from another terminal.
                Act::Run(word) if self.words[0] == "drive" && matches!(when, When::State(_)) => {
                    self.estate.order(id, &order_of(word));
                }
                Act::Run(_) => break,
                // Who gave the controls away and found nothing left to watch has gone by itself.
                Act::Interrupt if self.child.is_none() && story.count("driverLeft") > 0 => {}
                Act::Interrupt if story.driver() != self.child.as_ref().and_then(Child::id) => break,
                Act::Interrupt => self.interrupt().await?,
            }
            self.made += 1;
        }
        Ok(())
    }

    async fn interrupt(&self) -> Result<(), String> {
        let Some(id) = self.child.as_ref().and_then(Child::id) else {
            return Ok(());
        };
        let sent = tokio::process::Command::new("kill")
            .args(["-INT", &id.to_string()])
            .status();
        let status = sent.await.map_err(|error| error.to_string())?;
        if status.success() {
            Ok(())
        } else {
            Err("the process could not be interrupted".to_owned())
        }
    }

    fn finish(self, story: Story) -> Result<Ending, String> {
        let left = self.journey.moves.len() - self.made;
        if left > 0 && !self.is_crashed && !self.journey.is_a_matter_of_moments {
            return Err(self.stuck(&story, &format!("it ended with {left} moves left")));
        }
        let mut faults = story.faults(&self.estate.journal_path());
        if story.word() != self.journey.ends {
            faults.push(format!("it ended {} instead of {}", story.word(), self.journey.ends));
        }
        let operations = self.estate.operations();
        let begun = operations.len() - self.journey.foreign;
        let (least, most) = story.taken();
        if !(least..=most).contains(&begun) {
            faults.push(format!(
                "the records know of {least} to {most} requests Azure took, and it took {begun}"
            ));
        }
        Ok(Ending {
            picture: self.estate.picture(!self.journey.is_a_matter_of_moments),
            operations,
            faults,
            is_crashed: self.is_crashed,
            hit_after: self.hit_after,
            lasted: self.first_record.map_or(Duration::ZERO, |first| first.elapsed()),
            story,
        })
    }

    fn stuck(&self, story: &Story, what: &str) -> String {
        let orders = Journal::open(&self.estate.journal_path(), Mode::ReadOnly)
            .and_then(|journal| journal.pending_commands(story.execution.as_deref().unwrap_or_default()))
            .map_or(0, |orders| orders.len());
        format!(
            "{what}, after {:?}, in state '{}', with {} of {} moves made, {orders} commands waiting; last words:\n    {}\n\
             last records:\n{}",
            self.began.elapsed(),
            story.word(),
            self.made,
            self.journey.moves.len(),
            self.estate.last_words().trim_end().replace('\n', "\n    "),
            story.tail(),
        )
    }
}

/// The command behind a word of the command line.
fn order_of(word: &str) -> Command {
    match word {
        "resume" => Command::Resume,
        "retry" => Command::Retry,
        other => panic!("no journey says {other} from another terminal"),
    }
}
