//! Puts the rooms together for one run: clock, Azure or a simulator, inventory, engine.
//! The only place that knows which of them a command needs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::api_servers;
use super::args::GlobalArguments;
use super::channels::channels;
use super::person::person;
use crate::azure::client::{AzureClient, AzureSettings, OwnApiVersions};
use crate::azure::credentials::Credential;
use crate::clock::Clock;
use crate::config::cluster::{ClusterRules, Named};
use crate::config::settings::Settings;
use crate::domain::ids::SubscriptionId;
use crate::engine::command::Person;
use crate::engine::handle::{EngineHandle, EngineSettings, LiveSource, TargetSink};
use crate::inventory::handle::{self, InventoryHandle, InventorySettings, RefreshIntervals};
use crate::kubernetes::client::{Access, KubernetesClient};
use crate::notify::{self, Following, Notifier, NotifierSettings, Scope, Watched};
use crate::problem::{Exit, Problem};
use crate::requests::log::RequestLog;
use crate::simulator::scenario::Scenario;
use crate::simulator::server::RunningSimulator;
use crate::smoke::SmokeRunner;

/// Everything a command works with; dropping it stops it all.
pub(crate) struct Session {
    pub(crate) clock: Clock,
    pub(crate) inventory: InventoryHandle,
    pub(crate) engine: EngineHandle,
    pub(crate) person: Person,
    /// Every request this session makes.
    pub(crate) requests: RequestLog,
    /// Tells people what needs them.
    pub(crate) notifier: Notifier,
    /// What the header calls this: a cloud, `simulated: demo`, or a kubeconfig's name.
    pub(crate) scope: String,
    pub(crate) is_simulated: bool,
    /// One cluster from its kubeconfig, without Azure.
    pub(crate) has_kubeconfig: bool,
    pub(crate) settings: Arc<Settings>,
    /// Where the journal and the log are.
    pub(crate) state: PathBuf,
    engine_settings: EngineSettings,
    _simulator: Option<RunningSimulator>,
    _log: Option<tracing_appender::non_blocking::WorkerGuard>,
    temporary: Option<TemporaryDirectory>,
}

/// How fast an in-process simulation runs where `--speed` does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// To be watched by a person.
    Story,
    /// To be over soon, for scripts.
    Script,
}

impl Session {
    /// Opens a session as the global flags say.
    pub(crate) async fn open(global: &GlobalArguments, pace: Pace) -> Result<Self, Problem> {
        check_pairs(global)?;
        let simulated = match &global.simulate {
            Some(scenario) => Some(start_simulator(scenario, global, pace).await?),
            None => None,
        };
        let clock = match (&simulated, &global.clock) {
            (Some(simulator), _) => simulator.world.clock().clone(),
            (None, Some(text)) => Clock::following(text).map_err(|why| {
                Problem::new(Exit::Usage, "the simulator's clock cannot be followed")
                    .because(why)
                    .try_this("pass the `clock` field that `aks-cockpit simulate` prints")
            })?,
            (None, None) => Clock::wall(),
        };
        let (state, temporary) = state_directory(global, simulated.is_some())?;
        let log = crate::logging::start(&state, &global.log_level).map_err(|why| {
            Problem::new(Exit::Usage, format!("no log can be written in {}", state.display()))
                .because(why)
                .try_this("give --state-dir a directory you may write to, or a valid --log-level")
        })?;
        let azure = match &global.kubeconfig {
            Some(_) => None,
            None => Some(azure_client(global, simulated.as_ref(), &clock)?),
        };
        let kubeconfig = match &global.kubeconfig {
            Some(file) => Some(kubeconfig(file, global.context.as_deref()).await?),
            None => None,
        };
        let requests = azure
            .as_ref()
            .map_or_else(|| RequestLog::new(clock.clone()), |azure| azure.requests().clone());
        let kubernetes = match (&azure, &kubeconfig) {
            (Some(azure), _) => Some(api_servers::from_azure(azure.clone())),
            (None, Some(access)) => Some(api_servers::from_kubeconfig(access.clone(), requests.clone())),
            (None, None) => None,
        };
        let inventory = handle::start(InventorySettings {
            azure: azure.clone(),
            kubeconfig,
            subscriptions: global.subscriptions.iter().map(SubscriptionId::new).collect(),
            clock: clock.clone(),
            refresh: refresh(global),
            requests: requests.clone(),
        });
        let person = person();
        let engine_settings = EngineSettings {
            journal_path: state.join("journal.db"),
            azure,
            clock: clock.clone(),
            person: person.clone(),
            live: live_source(&inventory),
            targets: target_sink(&inventory),
            poll_interval: Duration::from_secs(10),
            read_only: global.read_only,
            kubernetes,
            smoke: SmokeRunner::new(clock.clone()),
        };
        let notifier = Notifier::start(NotifierSettings {
            channels: channels(&global.settings.notify()),
            directory: state.join("notices"),
            is_simulated: simulated.is_some(),
        });
        let engine = EngineHandle::open(engine_settings.clone()).map_err(Problem::from)?;
        tokio::spawn(tell_paces(engine.clone(), inventory.clone()));
        Ok(Self {
            clock,
            inventory,
            engine,
            person,
            requests,
            notifier,
            scope: scope(global),
            is_simulated: simulated.is_some(),
            has_kubeconfig: global.kubeconfig.is_some(),
            settings: Arc::clone(&global.settings),
            state,
            engine_settings,
            _simulator: simulated,
            _log: Some(log),
            temporary,
        })
    }

    /// False where the state directory goes with this session.
    pub(crate) fn is_state_kept(&self) -> bool {
        self.temporary.is_none()
    }

    /// Begins to tell what changes from now on.
    pub(crate) fn tell(&self, scope: Scope) -> Following {
        let watched = Watched {
            inventory: self.inventory.clone(),
            engine: self.engine.clone(),
            clock: self.clock.clone(),
            scope,
        };
        notify::follow(watched, self.notifier.clone())
    }

    /// A second engine on the same journal, that watches and never drives or writes.
    pub(crate) fn watcher(&self) -> Result<EngineHandle, Problem> {
        EngineHandle::open(EngineSettings {
            read_only: true,
            ..self.engine_settings.clone()
        })
        .map_err(Problem::from)
    }
}

fn refresh(global: &GlobalArguments) -> RefreshIntervals {
    let wished = global.settings.refresh();
    RefreshIntervals {
        list: wished.clusters,
        focused: wished.cluster,
        profiles: wished.offers,
        ..RefreshIntervals::default()
    }
}

/// The API versions that patterns of the settings give to single clusters.
fn own_api_versions(rules: &ClusterRules) -> OwnApiVersions {
    let rules = rules.clone();
    OwnApiVersions::new(move |group, name| {
        let cluster = Named {
            group: Some(group),
            name,
        };
        rules.api_version(&cluster).map(str::to_owned)
    })
}

/// What the journal tells of earlier upgrades makes the time that is left more exact.
async fn tell_paces(engine: EngineHandle, inventory: InventoryHandle) {
    match engine.usual_paces().await {
        Ok(paces) => {
            for (cluster, pace) in paces {
                inventory.set_usual(&cluster, pace);
            }
        }
        Err(error) => tracing::warn!(%error, "earlier upgrades cannot be read"),
    }
}

/// Some values mean nothing without another.
fn check_pairs(global: &GlobalArguments) -> Result<(), Problem> {
    let lonely = |flag: &str, needed: &str| {
        Problem::new(Exit::Usage, format!("--{flag} means nothing without --{needed}")).try_this(format!(
            "give --{needed} too, as a flag, a variable or in the settings file"
        ))
    };
    if global.context.is_some() && global.kubeconfig.is_none() {
        return Err(lonely("context", "kubeconfig"));
    }
    if global.clock.is_some() && global.arm_endpoint.is_none() {
        return Err(lonely("clock", "arm-endpoint"));
    }
    Ok(())
}

/// Reads the kubeconfig and makes sure that it can be used; nothing is sent.
async fn kubeconfig(file: &Path, context: Option<&str>) -> Result<Access, Problem> {
    let access = Access::from_file(file, context).map_err(Problem::from)?;
    KubernetesClient::connect(&access).await.map_err(Problem::from)?;
    Ok(access)
}

fn scope(global: &GlobalArguments) -> String {
    match (&global.simulate, &global.kubeconfig, &global.arm_endpoint) {
        (Some(scenario), _, _) => format!("simulated: {scenario}"),
        (None, Some(file), _) => format!("kubeconfig {}", file.display()),
        (None, None, Some(endpoint)) => endpoint.clone(),
        (None, None, None) => global.cloud.to_string(),
    }
}

fn live_source(inventory: &InventoryHandle) -> LiveSource {
    let inventory = inventory.clone();
    Arc::new(move |cluster| inventory.live(cluster))
}

fn target_sink(inventory: &InventoryHandle) -> TargetSink {
    let inventory = inventory.clone();
    Arc::new(move |cluster, target| inventory.set_target(cluster, target))
}

/// Starts the simulator of a scenario in this process.
pub(crate) async fn start_simulator(
    name: &str,
    global: &GlobalArguments,
    pace: Pace,
) -> Result<RunningSimulator, Problem> {
    let scenario = Scenario::built_in(name).map_err(Problem::from)?;
    let speed = global.speed.unwrap_or(match pace {
        Pace::Story => scenario.demo_speed(),
        Pace::Script => scenario.simulate_speed(),
    });
    RunningSimulator::start(&scenario, global.seed, Clock::running(speed))
        .await
        .map_err(|error| {
            Problem::new(Exit::Unexpected, "the simulator cannot listen on a loopback port")
                .because(error.to_string())
                .try_this("check that this machine allows listening on 127.0.0.1")
        })
}

fn azure_client(
    global: &GlobalArguments,
    simulator: Option<&RunningSimulator>,
    clock: &Clock,
) -> Result<AzureClient, Problem> {
    let token = std::env::var("AKS_COCKPIT_TOKEN")
        .ok()
        .filter(|token| !token.is_empty());
    let (endpoint, credential) = match (simulator, &global.arm_endpoint) {
        (Some(simulator), _) => (simulator.arm_endpoint.clone(), Credential::given(&simulator.token)),
        (None, endpoint) => (
            endpoint
                .clone()
                .unwrap_or_else(|| global.cloud.arm_endpoint().to_string()),
            token.map_or_else(
                || Ok(Credential::discover(global.cloud)),
                |token| Credential::given(&token),
            ),
        ),
    };
    let endpoint: Url = endpoint.parse().map_err(|error: url::ParseError| {
        Problem::new(Exit::Usage, format!("'{endpoint}' is not a URL"))
            .because(error.to_string())
            .try_this("give --arm-endpoint a URL such as https://management.azure.com")
    })?;
    credential
        .and_then(|credential| {
            let settings = AzureSettings {
                endpoint,
                credential,
                api_version: global.settings.api_version(),
                clock: clock.clone(),
            };
            AzureClient::try_with_versions(settings, own_api_versions(&global.settings.clusters))
        })
        .map_err(Problem::from)
}

/// A directory that is removed when the run ends: a simulated world's journal has no use after it.
struct TemporaryDirectory(PathBuf);

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning of temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Makes a new directory only this user can read.
pub(crate) fn temporary_directory(purpose: &str) -> std::io::Result<PathBuf> {
    let path = std::env::temp_dir().join(format!("aks-cockpit-{purpose}-{}", uuid::Uuid::new_v4().simple()));
    create_private(&path)?;
    Ok(path)
}

fn create_private(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn state_directory(
    global: &GlobalArguments,
    is_simulated: bool,
) -> Result<(PathBuf, Option<TemporaryDirectory>), Problem> {
    let problem = |path: &Path, error: std::io::Error| {
        Problem::new(
            Exit::Usage,
            format!("the state directory {} cannot be used", path.display()),
        )
        .because(error.to_string())
        .try_this("give --state-dir (or AKS_COCKPIT_STATE_DIR) a directory you may write to")
    };
    if let Some(path) = &global.state_dir {
        create_private(path).map_err(|error| problem(path, error))?;
        return Ok((path.clone(), None));
    }
    if is_simulated {
        let path = temporary_directory("state").map_err(|error| problem(&std::env::temp_dir(), error))?;
        return Ok((path.clone(), Some(TemporaryDirectory(path))));
    }
    let path = directories::ProjectDirs::from("", "", "aks-cockpit")
        .and_then(|directories| {
            directories
                .state_dir()
                .or(Some(directories.data_local_dir()))
                .map(Path::to_path_buf)
        })
        .ok_or_else(|| {
            Problem::new(Exit::Usage, "there is no home directory to keep the journal in")
                .try_this("give --state-dir (or AKS_COCKPIT_STATE_DIR) a directory you may write to")
        })?;
    create_private(&path).map_err(|error| problem(&path, error))?;
    Ok((path, None))
}
