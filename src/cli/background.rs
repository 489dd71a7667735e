//! A process that goes on driving an execution without a terminal: how it is started, and what it leaves behind.
//! Never passes a secret on the command line: a token goes by the environment alone.

use std::ffi::OsString;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

use super::args::GlobalArguments;
use super::session::Session;
use crate::domain::ids::ExecutionId;
use crate::engine::handle::EngineHandle;
use crate::engine::view::ExecutionView;
use crate::problem::{Exit, Problem};

/// How long the new process may take until it drives: it waits for the one before to leave.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is looked whether the new process has ended, in wall time.
const LOOK: Duration = Duration::from_millis(100);

/// How to start such a process in this session's place.
#[derive(Clone, Debug)]
pub(crate) struct Background {
    arguments: Vec<OsString>,
    has_subscriptions: bool,
    engine: EngineHandle,
}

impl Background {
    /// # Errors
    /// Where nothing can go on without this process; says why.
    pub(crate) fn of(global: &GlobalArguments, session: &Session) -> Result<Self, Problem> {
        let refused = |why: &str, todo: &str| {
            Problem::new(Exit::Refused, "nothing can go on in the background here")
                .because(why)
                .try_this(todo)
        };
        if session.is_simulated {
            return Err(refused(
                "the simulated world is in this process and ends with it",
                "run `aks-cockpit simulate` in another terminal, and give its endpoint: --arm-endpoint URL --clock CLOCK",
            ));
        }
        if global.kubeconfig.is_some() {
            return Err(refused(
                "with --kubeconfig there is no Azure, and upgrades are Azure's",
                "leave out --kubeconfig",
            ));
        }
        if global.read_only {
            return Err(refused("--read-only is set", "leave it out to change something"));
        }
        if !cfg!(unix) {
            return Err(refused(
                "a process cannot leave its terminal on this system",
                "leave out --detach and keep this terminal open",
            ));
        }
        let state = std::path::absolute(&session.state).unwrap_or_else(|_| session.state.clone());
        let mut arguments: Vec<OsString> = vec!["--state-dir".into(), state.into()];
        let mut flag = |name: &str, value: &str| arguments.extend([name.into(), value.into()]);
        flag("--cloud", &global.cloud.to_string());
        flag("--log-level", &global.log_level);
        if let Some(file) = &global.config {
            let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            flag("--config", &file.to_string_lossy());
        }
        for subscription in &global.subscriptions {
            flag("--subscription", subscription);
        }
        if let Some(endpoint) = &global.arm_endpoint {
            flag("--arm-endpoint", endpoint);
        }
        if let Some(clock) = &global.clock {
            flag("--clock", clock);
        }
        Ok(Self {
            arguments,
            has_subscriptions: !global.subscriptions.is_empty(),
            engine: session.engine.clone(),
        })
    }

    /// Starts the process; it takes the driver's place as soon as that is free.
    ///
    /// # Errors
    /// When no process can be started, in the system's words.
    pub(crate) fn spawn(&self, execution: &ExecutionId) -> Result<Child, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command
            .args(["drive", execution.as_str(), "--background", "--yes"])
            .args(&self.arguments);
        if let (false, Some(subscription)) = (self.has_subscriptions, self.subscription(execution)) {
            // One cluster is all it looks at, so one list is enough.
            command.args(["--subscription", &subscription]);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())
    }

    fn subscription(&self, execution: &ExecutionId) -> Option<String> {
        let view = view(&self.engine, execution)?;
        let parts = view.plan.cluster.parts()?;
        Some(parts.subscription.to_owned())
    }
}

/// Hands an execution over to a background process, and returns when that drives it.
///
/// # Errors
/// When the process cannot be started, or does not come to drive.
pub(super) async fn hand_over(
    session: &Session,
    background: &Background,
    execution: &ExecutionId,
) -> Result<u32, Problem> {
    let lost = |why: &str| {
        Problem::new(
            Exit::Unexpected,
            format!("no background process drives {execution}; nobody does"),
        )
        .because(why)
        .because(format!("its log is in {}", session.state.display()))
        .try_this(format!("run `aks-cockpit drive {execution}` to go on in this terminal"))
    };
    let mut child = background.spawn(execution).map_err(|why| lost(&why))?;
    session.engine.leave().await;
    let watcher = session.watcher()?;
    let mut executions = watcher.subscribe();
    let deadline = Instant::now() + PATIENCE;
    loop {
        executions.mark_unchanged();
        let is_there = |view: &ExecutionView| view.driver.is_some() || view.state.is_final();
        if view(&watcher, execution).is_some_and(|view| is_there(&view)) {
            return Ok(child.id());
        }
        if let Ok(Some(status)) = child.try_wait() {
            return Err(lost(&format!("it ended at once, with {status}")));
        }
        if Instant::now() >= deadline {
            return Err(lost("it has not begun to drive within a minute"));
        }
        // A change or a moment later: both are looked at alike.
        let _ = tokio::time::timeout(LOOK, executions.changed()).await;
    }
}

fn view(engine: &EngineHandle, execution: &ExecutionId) -> Option<std::sync::Arc<ExecutionView>> {
    let executions = engine.subscribe();
    let views = executions.borrow();
    views.iter().find(|view| view.id == *execution).cloned()
}

/// Leaves the terminal's session, so that its end is not this process's end, and ignores hang-ups.
///
/// # Errors
/// When signals cannot be heard.
pub(super) fn leave_terminal() -> Result<(), Problem> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // Fails only for the leader of a process group, which somebody has detached already.
        let _ = rustix::process::setsid();
        // Once listened to, a hang-up never ends the process, even when nobody waits for it.
        let _ = signal(SignalKind::hangup()).map_err(|error| {
            Problem::new(Exit::Unexpected, "the background process cannot listen to signals")
                .because(error.to_string())
                .try_this("drive in a terminal: aks-cockpit drive EXECUTION")
        })?;
    }
    Ok(())
}
