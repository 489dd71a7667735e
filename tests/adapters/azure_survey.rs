//! Azure's side of a survey over real HTTP against the simulator: each part read, denied, not served, throttled.

use aks_cockpit::azure::client::{API_VERSION, AzureClient, AzureSettings};
use aks_cockpit::azure::credentials::Credential;
use aks_cockpit::clock::Clock;
use aks_cockpit::domain::ids::{ClusterId, NodePoolName};
use aks_cockpit::domain::provisioning::ProvisioningState;
use aks_cockpit::domain::survey::{AzureSurvey, LockLevel, Reading, SurveyDepth, Unread, UsageFact};
use aks_cockpit::requests::entry::{Entry, Outcome};
use aks_cockpit::simulator::faults::{Fault, Trouble};
use aks_cockpit::simulator::scenario::Scenario;
use aks_cockpit::simulator::server::RunningSimulator;
use aks_cockpit::simulator::world::landscape::Landscape;

const CLUSTER: &str = "shop-prod";
const SUBSCRIPTION: &str = "4c7d1f2a-6b0e-4d39-9a58-1e3f7b2c8d60";

struct Estate {
    simulator: RunningSimulator,
    clock: Clock,
}

impl Estate {
    async fn start() -> Self {
        let clock = Clock::running(100.0);
        let scenario = Scenario::built_in("small").unwrap();
        let simulator = RunningSimulator::start(&scenario, 1, clock.clone()).await.unwrap();
        Self { simulator, clock }
    }

    fn set(&self, change: impl FnOnce(&mut Landscape)) {
        self.simulator.world.with(|world| {
            change(&mut world.clusters.get_mut(CLUSTER).unwrap().landscape);
        });
    }

    fn client(&self) -> AzureClient {
        AzureClient::try_new(AzureSettings {
            endpoint: self.simulator.arm_endpoint.parse().unwrap(),
            credential: Credential::given(&self.simulator.token).unwrap(),
            api_version: API_VERSION.to_owned(),
            clock: self.clock.clone(),
        })
        .unwrap()
    }

    async fn survey(&self, depth: SurveyDepth) -> AzureSurvey {
        self.client().survey(&shop(), depth).await
    }
}

fn shop() -> ClusterId {
    ClusterId::from_parts(SUBSCRIPTION, "rg-shop-prod", CLUSTER)
}

fn subnet(name: &str) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourcegroups/rg-net/providers/microsoft.network/virtualnetworks/hub/subnets/{name}"
    )
}

/// A landscape in which every part has something to say.
fn eventful() -> Landscape {
    toml::from_str(
        r#"
        missing = ["/subscriptions/4c7d1f2a-6b0e-4d39-9a58-1e3f7b2c8d60/resourceGroups/rg-logs/providers/Microsoft.OperationalInsights/workspaces/logs"]
        diagnostic_settings = ["kube-audit-admin", "guard"]
        locks = [
            { name = "keep", level = "ReadOnly", on = "node_group" },
            { name = "net", level = "CanNotDelete", on = { group = "rg-net" } },
            { name = "all", level = "CanNotDelete", on = "subscription" },
            { name = "elsewhere", level = "ReadOnly", on = { resource = "/subscriptions/4c7d1f2a-6b0e-4d39-9a58-1e3f7b2c8d60/resourceGroups/rg-shop-prod/providers/Microsoft.Storage/storageAccounts/x" } },
        ]
        usages = [{ name = "standardDSv5Family", used = 96, limit = 100 }, { provider = "network", name = "PublicIPAddresses", used = 9, limit = 10 }]
        policies = [{ assignment = "need-tags", resource_type = "Microsoft.Compute/virtualMachineScaleSets" }, { assignment = "audit-tags", effect = "Audit", resource_type = "Microsoft.Compute/disks" }]
        restricted_sizes = [{ size = "Standard_E8s_v5", zones = ["2"] }, { size = "Standard_D4s_v5" }]
        extensions = [{ name = "flux", kind = "microsoft.flux", version = "1.18.2", provisioning_state = "Failed" }]
        backups = [{ name = "daily", hours_ago = 20 }, { name = "stopped", is_failing = true }]
        detector_findings = [{ detector = "cluster-subnet", status = "Critical", message = "The subnet is full" }]
        upgrade_issues = [{ issueType = "PDBConstraint", severity = "Blocking", message = "a budget allows nothing" }]
        mesh_revisions = { asm-1-27 = ["1.33", "1.34"] }

        [[activity_errors]]
        operation = "Microsoft.Compute/virtualMachineScaleSets/write"
        code = "SubnetIsFull"
        message = "Subnet nodes does not have enough capacity"
        in_node_group = true

        [[subnets]]
        name = "nodes"
        network = "hub"
        resource_group = "rg-net"
        prefix = "10.1.0.0/24"
        used = 240
        limit = 251
        nodes_of = ["*"]
        route_table = "to-firewall"

        [[subnets]]
        name = "pods"
        network = "hub"
        resource_group = "rg-net"
        prefix = "10.1.16.0/20"
        used = 100
        limit = 4091
        pods_of = ["apps"]

        [networks.hub]
        dns_servers = ["10.1.255.4"]
        address_space = ["10.1.0.0/16"]

        [windows.aksManagedAutoUpgradeSchedule.maintenanceWindow]
        schedule = { weekly = { intervalWeeks = 1, dayOfWeek = "Saturday" } }
        startTime = "00:00"
        utcOffset = "+01:00"
        durationHours = 8

        [permissions]
        actions = ["*"]
        not_actions = ["Microsoft.ContainerService/managedClusters/agentPools/delete"]

        [cluster_properties.addonProfiles.omsagent]
        enabled = true
        config = { logAnalyticsWorkspaceResourceID = "/subscriptions/4c7d1f2a-6b0e-4d39-9a58-1e3f7b2c8d60/resourceGroups/rg-logs/providers/Microsoft.OperationalInsights/workspaces/logs" }

        [cluster_properties.networkProfile]
        outboundType = "userDefinedRouting"

        [cluster_properties.serviceMeshProfile]
        mode = "Istio"
        istio = { revisions = ["asm-1-27"] }

        [pool_properties.apps]
        osSKU = "AzureLinux"
        "#,
    )
    .unwrap()
}

#[tokio::test]
async fn a_healthy_cluster_is_read_whole_with_the_promised_requests() {
    let estate = Estate::start().await;
    for (depth, expected) in [
        (SurveyDepth::Diagnosis, 10 + 3 + 3),
        (SurveyDepth::Preflight, 10 + 3 + 3 + 12 + 9),
    ] {
        let client = estate.client();
        let survey = client.survey(&shop(), depth).await;
        let requests = client.recent_requests();
        assert_eq!(requests.len(), expected, "{depth:?}");
        let at_once = requests.iter().map(|one| {
            let is_open = |other: &&Entry| other.at <= one.at && one.at < other.at + other.took;
            requests.iter().filter(is_open).count()
        });
        assert!(at_once.max().unwrap() <= 4, "{depth:?}");
        let unread: Vec<&str> = unread_parts(&survey).into_iter().map(|(part, _)| part).collect();
        match depth {
            SurveyDepth::Preflight => assert_eq!(unread, Vec::<&str>::new()),
            SurveyDepth::Diagnosis => assert_eq!(unread, ONLY_BEFORE_AN_UPGRADE),
        }
    }
    let survey = estate.survey(SurveyDepth::Preflight).await;
    assert!(survey.locks.unwrap().is_empty() && survey.policies.unwrap().is_empty());
    assert!(survey.insights.unwrap().is_empty() && survey.failed_activities.unwrap().is_empty());
    assert!(survey.subnets.is_empty() && survey.linked.is_empty() && survey.windows.unwrap().is_empty());
    let sizes = survey.vm_sizes.unwrap();
    assert!(sizes.len() == 2 && sizes.iter().all(|size| size.restricted_in.is_empty()));
    assert_eq!((sizes[1].vcpus, sizes[1].memory_bytes), (8, 64 << 30));
    let usages = survey.compute_usage.unwrap();
    let family = usages.iter().find(|usage| usage.name == "standardESv5Family").unwrap();
    assert_eq!(family.used, 24);
    let machines = survey.machines.unwrap();
    assert_eq!(machines.len(), 7);
    assert!(
        machines
            .iter()
            .all(|machine| machine.provisioning_state == ProvisioningState::Succeeded)
    );
    assert!(machines[0].bootstrap.as_deref().unwrap().contains("succeeded"));
    assert_eq!(survey.upgrades.unwrap().pools.len(), 3);
}

const ONLY_BEFORE_AN_UPGRADE: [&str; 10] = [
    "region",
    "network usage",
    "vm sizes",
    "allowed actions",
    "policies",
    "extensions",
    "backups",
    "diagnostic settings",
    "insights",
    "linked",
];

/// Parts that were not read, by their names. A network's parts count where there is a network.
fn unread_parts(survey: &AzureSurvey) -> Vec<(&'static str, Unread)> {
    fn of<T>(part: &Reading<T>) -> Option<Unread> {
        part.as_ref().err().cloned()
    }
    let all = [
        ("cluster", of(&survey.cluster)),
        ("details", of(&survey.details)),
        ("upgrades", of(&survey.upgrades)),
        ("compute usage", of(&survey.compute_usage)),
        ("subnets", survey.subnets.values().find_map(of)),
        ("networks", survey.networks.values().find_map(of)),
        ("windows", of(&survey.windows)),
        ("machines", of(&survey.machines)),
        ("failed activities", of(&survey.failed_activities)),
        ("region", of(&survey.region)),
        ("network usage", of(&survey.network_usage)),
        ("vm sizes", of(&survey.vm_sizes)),
        ("locks", of(&survey.locks)),
        ("outbound addresses", of(&survey.outbound_addresses)),
        ("allowed actions", of(&survey.allowed_actions)),
        ("policies", of(&survey.policies)),
        ("extensions", of(&survey.extensions)),
        ("backups", of(&survey.backups)),
        ("diagnostic settings", of(&survey.diagnostic_settings)),
        ("insights", of(&survey.insights)),
    ];
    let mut parts: Vec<_> = all
        .into_iter()
        .filter_map(|(part, unread)| Some((part, unread?)))
        .collect();
    // A list has no place for why nobody asked.
    let is_asked = !matches!(survey.policies, Err(Unread::NotAsked { .. }));
    if !is_asked {
        let why = "not asked".to_owned();
        parts.push(("linked", Unread::NotAsked { why }));
    }
    parts.extend(
        survey
            .linked
            .iter()
            .filter_map(|linked| Some(("linked", of(&linked.exists)?))),
    );
    parts
}

#[tokio::test]
async fn everything_that_is_set_is_read() {
    let estate = Estate::start().await;
    estate.set(|landscape| *landscape = eventful());
    let survey = estate.survey(SurveyDepth::Preflight).await;
    assert_eq!(unread_parts(&survey), []);

    let details = survey.details.unwrap();
    assert_eq!(details.outbound_type.as_deref(), Some("userDefinedRouting"));
    assert_eq!(
        details.network_plugin_mode.as_deref(),
        Some("overlay"),
        "the rest stays as it is"
    );
    assert_eq!(
        details.pools[&NodePoolName::new("apps")].os_sku.as_deref(),
        Some("AzureLinux")
    );
    assert_eq!(details.mesh.unwrap().compatible_with["asm-1-27"], ["1.33", "1.34"]);

    let nodes = survey.subnets[&subnet("nodes")].as_ref().unwrap();
    assert_eq!(
        (nodes.used, nodes.limit, nodes.prefix.as_str()),
        (240, 251, "10.1.0.0/24")
    );
    assert!(
        nodes
            .route_table
            .as_deref()
            .unwrap()
            .ends_with("routeTables/to-firewall")
    );
    assert_eq!(survey.subnets[&subnet("pods")].as_ref().unwrap().limit, 4091);
    let network = survey.networks.values().next().unwrap().as_ref().unwrap();
    assert_eq!(network.dns_servers, ["10.1.255.4"]);

    let mut locks: Vec<(String, LockLevel)> = survey
        .locks
        .unwrap()
        .into_iter()
        .map(|lock| (lock.name, lock.level))
        .collect();
    locks.sort_by(|one, other| one.0.cmp(&other.0));
    let expected = [
        ("all", LockLevel::CannotDelete),
        ("keep", LockLevel::ReadOnly),
        ("net", LockLevel::CannotDelete),
    ];
    assert_eq!(
        locks,
        expected.map(|(name, level)| (name.to_owned(), level)),
        "a lock elsewhere does not matter"
    );

    let usage = |usages: &[UsageFact], name: &str| {
        let usage = usages.iter().find(|usage| usage.name == name).unwrap();
        (usage.used, usage.limit)
    };
    assert_eq!(usage(&survey.compute_usage.unwrap(), "standardDSv5Family"), (96, 100));
    assert_eq!(usage(&survey.network_usage.unwrap(), "PublicIPAddresses"), (9, 10));
    let restricted: Vec<(String, Vec<String>)> = survey
        .vm_sizes
        .unwrap()
        .into_iter()
        .map(|size| (size.name, size.restricted_in))
        .collect();
    assert_eq!(restricted[0], ("Standard_D4s_v5".to_owned(), vec!["*".to_owned()]));
    assert_eq!(restricted[1].1, ["2"]);
}

#[tokio::test]
async fn rights_logs_and_protection_that_are_set_are_read() {
    let estate = Estate::start().await;
    estate.set(|landscape| *landscape = eventful());
    let survey = estate.survey(SurveyDepth::Preflight).await;
    let policies = survey.policies.unwrap();
    assert_eq!((policies.len(), policies[0].assignment.as_str()), (1, "need-tags"));
    let allowed = survey.allowed_actions.unwrap();
    assert!(allowed.contains("Microsoft.ContainerService/managedClusters/write"));
    assert!(!allowed.contains("Microsoft.ContainerService/managedClusters/agentPools/delete"));
    let exists: Vec<(&str, bool)> = survey
        .linked
        .iter()
        .map(|linked| (linked.what.as_str(), *linked.exists.as_ref().unwrap()))
        .collect();
    assert_eq!(
        exists,
        [
            ("Log Analytics workspace", false),
            ("subnet", true),
            ("pod subnet", true)
        ]
    );

    let windows = survey.windows.unwrap();
    assert_eq!((windows[0].openings.len(), windows[0].duration_hours), (4, Some(8)));
    let activities = survey.failed_activities.unwrap();
    assert_eq!(activities[0].code, "SubnetIsFull");
    assert!(
        activities[0]
            .target
            .as_deref()
            .unwrap()
            .contains("virtualMachineScaleSets")
    );
    let extensions = survey.extensions.unwrap();
    assert_eq!(extensions[0].provisioning_state, ProvisioningState::Failed);
    let backups = survey.backups.unwrap();
    assert!(backups[0].last_success.is_some() && !backups[0].is_failing);
    assert!(backups[1].last_success.is_none() && backups[1].is_failing);
    assert_eq!(survey.diagnostic_settings.unwrap(), ["guard", "kube-audit-admin"]);
    let insights = survey.insights.unwrap();
    assert_eq!(insights[0], "AKS detector cluster-subnet, Critical: The subnet is full");
    assert!(
        insights[1].starts_with("AKS upgrade insight controlPlaneAndAgentPools-"),
        "{insights:?}"
    );
    assert!(insights[1].ends_with("Blocking: a budget allows nothing"));
}

#[tokio::test]
async fn a_machine_that_never_joined_tells_why() {
    let estate = Estate::start().await;
    let names = estate.simulator.world.look(|world| {
        let apps = world.clusters[CLUSTER].pool("apps").unwrap();
        [apps.nodes[0].name.clone(), apps.nodes[1].name.clone()]
    });
    estate.set(|landscape| {
        landscape.failed_bootstraps.insert(
            names[0].clone(),
            toml::from_str("exit_code = 50\noutput = 'curl: (28) Connection timed out'").unwrap(),
        );
        landscape.failed_machines.insert(
            names[1].clone(),
            toml::from_str("code = 'AllocationFailed'\nmessage = 'no room in the zone'").unwrap(),
        );
    });
    let machines = estate.survey(SurveyDepth::Diagnosis).await.machines.unwrap();
    let find = |name: &str| machines.iter().find(|machine| machine.computer_name == name).unwrap();
    let bootstrap = find(&names[0]);
    assert_eq!(bootstrap.provisioning_state, ProvisioningState::Failed);
    assert_eq!(bootstrap.pool, Some(NodePoolName::new("apps")));
    let words = bootstrap.bootstrap.as_deref().unwrap();
    assert!(
        words.starts_with("ProvisioningState/failed/50: ") && words.contains("exit status=50"),
        "{words}"
    );
    assert!(words.contains("Connection timed out"), "{words}");
    let never = find(&names[1]);
    assert_eq!(never.bootstrap, None);
    assert_eq!(
        never.statuses,
        ["VM ProvisioningState/failed/AllocationFailed: no room in the zone"]
    );
}

/// A part, the right it needs, and a piece of its path.
const PARTS: [(&str, &str, &str); 17] = [
    (
        "upgrades",
        "Microsoft.ContainerService/managedClusters/upgradeProfiles/read",
        "/shop-prod/upgradeProfiles",
    ),
    (
        "region",
        "Microsoft.ContainerService/locations/kubernetesVersions/read",
        "/kubernetesVersions",
    ),
    (
        "compute usage",
        "Microsoft.Compute/locations/usages/read",
        "/Microsoft.Compute/locations",
    ),
    (
        "network usage",
        "Microsoft.Network/locations/usages/read",
        "/Microsoft.Network/locations",
    ),
    ("vm sizes", "Microsoft.Compute/skus/read", "/skus"),
    (
        "subnets",
        "Microsoft.Network/virtualNetworks/usages/read",
        "/virtualNetworks/hub/usages",
    ),
    ("networks", "Microsoft.Network/virtualNetworks/read", ""),
    ("locks", "Microsoft.Authorization/locks/read", "/locks"),
    (
        "allowed actions",
        "Microsoft.Authorization/permissions/read",
        "/permissions",
    ),
    (
        "policies",
        "Microsoft.PolicyInsights/checkPolicyRestrictions/read",
        "/checkPolicyRestrictions",
    ),
    (
        "linked",
        "Microsoft.OperationalInsights/workspaces/read",
        "/Microsoft.OperationalInsights/",
    ),
    (
        "windows",
        "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/read",
        "/maintenanceConfigurations",
    ),
    (
        "machines",
        "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read",
        "/virtualMachineScaleSets?",
    ),
    (
        "failed activities",
        "Microsoft.Insights/eventtypes/values/read",
        "/eventtypes/",
    ),
    (
        "extensions",
        "Microsoft.KubernetesConfiguration/extensions/read",
        "/extensions",
    ),
    (
        "backups",
        "Microsoft.DataProtection/backupInstances/read",
        "/Microsoft.DataProtection/",
    ),
    (
        "diagnostic settings",
        "Microsoft.Insights/diagnosticSettings/read",
        "/diagnosticSettings",
    ),
];

/// Findings would be told although the other source is closed to us, so that there are none here.
fn without_insights() -> Landscape {
    Landscape {
        detector_findings: Vec::new(),
        upgrade_issues: Vec::new(),
        ..eventful()
    }
}

#[tokio::test]
async fn a_missing_right_hides_one_part_and_is_named() {
    let estate = Estate::start().await;
    let insights = (
        "insights",
        "Microsoft.ContainerService/managedClusters/detectors/read",
        "",
    );
    for (part, right, _) in PARTS.into_iter().chain([insights]) {
        estate.set(|landscape| {
            *landscape = without_insights();
            landscape.permissions.not_actions = vec![right.to_owned()];
        });
        let unread = unread_parts(&estate.survey(SurveyDepth::Preflight).await);
        assert_eq!(unread.len(), 1, "{part}: {unread:?}");
        let (found, Unread::Denied { right: named, .. }) = &unread[0] else {
            panic!("{part}: {unread:?}");
        };
        assert_eq!((*found, named.as_str()), (part, right));
    }
}

#[tokio::test]
async fn an_api_that_is_not_there_is_not_served() {
    let estate = Estate::start().await;
    for (part, _, path) in PARTS
        .into_iter()
        .filter(|(_, _, path)| !path.is_empty() && !path.ends_with('?'))
    {
        estate.set(|landscape| {
            *landscape = without_insights();
            landscape.unserved = vec![path.to_owned()];
        });
        let unread = unread_parts(&estate.survey(SurveyDepth::Preflight).await);
        let is_one = matches!(unread.as_slice(), [(found, Unread::NotServed { .. })] if *found == part);
        assert!(is_one, "{part}: {unread:?}");
    }
    estate.set(|landscape| {
        *landscape = eventful();
        landscape.unserved = vec!["/detectors".to_owned()];
    });
    let insights = estate.survey(SurveyDepth::Preflight).await.insights.unwrap();
    assert_eq!(insights.len(), 1, "the other source still speaks");
    estate.set(|landscape| landscape.unserved.push("/upgradeInsights".to_owned()));
    let survey = estate.survey(SurveyDepth::Preflight).await;
    assert!(matches!(survey.insights, Err(Unread::NotServed { .. })));
}

#[tokio::test]
async fn without_the_cluster_only_what_needs_it_is_unread() {
    let estate = Estate::start().await;
    estate.set(|landscape| {
        landscape.permissions.not_actions = vec!["Microsoft.ContainerService/managedClusters/read".to_owned()];
    });
    let survey = estate.survey(SurveyDepth::Preflight).await;
    let unread = unread_parts(&survey);
    let parts: Vec<&str> = unread.iter().map(|(part, _)| *part).collect();
    assert!(parts.starts_with(&["cluster", "details", "upgrades"]), "{parts:?}");
    assert!(
        unread.iter().all(|(_, reason)| matches!(reason, Unread::Denied { .. })),
        "{unread:?}"
    );
    assert!(survey.windows.is_ok() && survey.allowed_actions.is_ok() && survey.extensions.is_ok());
    let gone = estate
        .client()
        .survey(
            &ClusterId::from_parts(SUBSCRIPTION, "rg-shop-prod", "gone"),
            SurveyDepth::Diagnosis,
        )
        .await;
    assert!(matches!(gone.cluster, Err(Unread::Failed { .. })), "{:?}", gone.cluster);
}

#[tokio::test]
async fn throttling_is_waited_for_in_every_part() {
    let estate = Estate::start().await;
    estate.set(|landscape| *landscape = eventful());
    let throttle = Trouble::Throttle {
        retry_after_seconds: Some(2),
    };
    let parts: Vec<&str> = PARTS.iter().map(|(_, _, path)| path.trim_end_matches('?')).collect();
    let parts: Vec<&str> = parts.into_iter().filter(|path| !path.is_empty()).collect();
    estate.simulator.world.with(|world| {
        for path in &parts {
            let method = if path.ends_with("Restrictions") { "POST" } else { "GET" };
            world.faults.push(Fault::new(throttle).on(method, path).times(1));
        }
    });
    let client = estate.client();
    let survey = client.survey(&shop(), SurveyDepth::Preflight).await;
    assert_eq!(unread_parts(&survey), []);
    assert!(estate.simulator.world.look(|world| world.faults.is_spent()));
    let is_wait = |outcome: &Outcome| matches!(outcome, Outcome::Throttled { .. });
    let waits = client
        .recent_requests()
        .iter()
        .filter(|request| is_wait(&request.outcome))
        .count();
    assert_eq!(waits, parts.len());
}

#[tokio::test]
async fn an_answer_that_is_no_json_fails_its_part() {
    let estate = Estate::start().await;
    estate.simulator.world.with(|world| {
        world.faults.push(Fault::new(Trouble::NotJson).on("GET", "/skus"));
        world
            .faults
            .push(Fault::new(Trouble::NotJson).on("GET", "/maintenanceConfigurations"));
    });
    let unread = unread_parts(&estate.survey(SurveyDepth::Preflight).await);
    let parts: Vec<&str> = unread.iter().map(|(part, _)| *part).collect();
    assert_eq!(parts, ["windows", "vm sizes"]);
    assert!(
        unread.iter().all(|(_, reason)| matches!(reason, Unread::Failed { .. })),
        "{unread:?}"
    );
}
