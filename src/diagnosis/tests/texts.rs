//! Every sample of the catalogue as an operation's error, plain and wrapped; rewordings; texts that live state takes back.

use super::world::{World, at, budget, error, pod};
use crate::diagnosis::catalogue::Catalogue;
use crate::diagnosis::cause::Confidence;
use crate::diagnosis::symptoms::ErrorSymptom;
use crate::domain::provisioning::{AzureErrorDetail, ProvisioningState};
use crate::domain::subject::Subject;
use crate::domain::survey::{LockFact, LockLevel, SubnetFact, UsageFact};

/// A world where only Azure's error is known.
fn only(error: AzureErrorDetail, is_refusal: bool) -> World {
    let mut world = World::blind();
    world.errors.push(ErrorSymptom {
        subject: Subject::Cluster,
        error,
        at: Some(at(-1)),
        is_refusal,
    });
    world
}

#[test]
fn every_sample_ends_at_its_own_entry() {
    for entry in Catalogue::shipped().entries() {
        let Some(sample) = &entry.sample_message else { continue };
        let code = entry
            .matching
            .error_code
            .first()
            .map_or("UpgradeFailed", String::as_str);
        for message in [sample.clone(), wrapped(code, sample)] {
            let world = only(error(code, &message), entry.phase == "before start");
            let diagnosis = world.diagnose();
            let top = diagnosis.causes.first();
            assert_eq!(
                top.map(|cause| cause.code.as_str()),
                Some(entry.id.as_str()),
                "{message}\n{:#?}",
                diagnosis.causes
            );
            assert!(
                top.is_some_and(|cause| cause.confidence < Confidence::Confirmed),
                "{message}"
            );
            assert!(top.is_some_and(|cause| !cause.evidence.is_empty() && !cause.remedies.is_empty()));
        }
    }
}

fn wrapped(code: &str, sample: &str) -> String {
    format!(
        "Failed to reconcile agent pool web: err: VMSSAgentPoolReconciler retry failed: Category: ClientError; \
         SubCode: {code}; Dependency: Microsoft.Compute/VirtualMachineScaleSet; OrginalError: Code=\"{code}\" \
         Message=\"{sample}\"; AKSTeam: NodeProvisioning, Retriable: true"
    )
}

#[test]
fn every_sample_is_found_inside_details() {
    for entry in Catalogue::shipped().entries() {
        let Some(sample) = &entry.sample_message else { continue };
        let mut outer = error("UpgradeFailed", "The upgrade failed, see details.");
        outer.details.push(error("X", sample));
        assert_eq!(only(outer, false).codes().first(), Some(&entry.id), "{sample}");
    }
}

#[test]
fn rewordings_end_at_the_same_cause() {
    let check = |code: &str, message: &str, expected: &str| {
        let world = only(error(code, message), true);
        assert_eq!(world.codes().first().map(String::as_str), Some(expected), "{message}");
    };
    check(
        "OperationNotAllowed",
        "Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional details - \
         Deployment Model: Resource Manager, Location: westeurope, Current Limit: 20, Current Usage: 18, Additional Required: 4",
        "quota-vcpu",
    );
    check(
        "UpgradeFailed",
        "Insufficient vcpu quota requested 16, remaining 4 for family standardESv5Family for region northeurope.",
        "quota-vcpu",
    );
    check(
        "SubnetIsFull",
        "Subnet 'pods-a' in virtual network v with address prefix '10.9.0.0/22' doesn't have enough capacity for 12 IP addresses.",
        "subnet-full",
    );
    check(
        "UpgradeFailed",
        "Drain of aks-np9-88888888-vmss00000b did not complete pods [checkout-1]: Too many req pod checkout-1 on node x: \
         pay/checkout-1 blocked by pdb checkout (MaxUnavailable: 0) with 0 unready pods.",
        "drain-blocked-by-pdb",
    );
    check(
        "OperationNotAllowed",
        "Another agentpool operation (aks1 - Scaling) is in progress on agent pool (aks1), wait",
        "op-in-progress",
    );
    check(
        "VMExtensionProvisioningError",
        r#"VM has reported a failure when processing extension 'vmssCSE'. {\"ExitCode\": \"50\", \"Output\": \"nc: connect to mcr.microsoft.com port 443 (tcp) failed\"}"#,
        "cse-outbound",
    );
    check(
        "VMExtensionProvisioningError",
        "Enable failed: exit status=220",
        "cse-kubelet",
    );
    check(
        "X",
        "admission failed: failed calling webhook \"v.acme.io\": failed to call webhook: Post \"https://guard.acme.svc:8443/v?timeout=5s\": EOF",
        "webhook-fails-closed",
    );
}

#[test]
fn a_code_alone_never_decides() {
    for code in [
        "UpgradeFailed",
        "OperationNotAllowed",
        "BadRequest",
        "VMExtensionProvisioningError",
        "QuotaExceeded",
        "SubnetIsFull",
    ] {
        let diagnosis = only(error(code, "Something went wrong on the way."), false).diagnose();
        assert!(diagnosis.causes.is_empty(), "{code}: {:#?}", diagnosis.causes);
        assert_eq!(diagnosis.unexplained.len(), 1, "the raw words are shown");
        assert!(diagnosis.unexplained[0].words.contains("Something went wrong"));
    }
    let diagnosis = only(error("ReconcileVMSSAgentPoolFailed", "Something went wrong."), false).diagnose();
    assert_eq!(diagnosis.causes[0].code, "internal-generic");
    assert_eq!(diagnosis.causes[0].confidence, Confidence::Possible);
    assert_eq!(diagnosis.unexplained.len(), 1);
}

#[test]
fn fields_become_headline_and_subjects() {
    let text = "Subnet aks-subnet with address prefix 10.0.0.0/24 does not have enough capacity for 101 IP addresses.";
    let cause = only(error("SubnetIsFull", text), false).top("subnet-full");
    assert!(
        cause.headline.contains("aks-subnet") && cause.headline.contains("101"),
        "{}",
        cause.headline
    );
    assert!(
        matches!(&cause.subjects[0], Subject::Azure { kind, name, .. } if kind == "subnet" && name == "aks-subnet")
    );
}

const PDB: &str = "Drain node aks-web-1-vmss000001 failed when evicting pod web-a failed with Too Many Requests error. PDB debug info: \
                   shop/web-a blocked by pdb web-pdb (MinAvailable: 2) with 0 unready pods.";

#[test]
fn a_budget_named_by_an_error_is_looked_up() {
    let mut world = World::failed("UpgradeFailed", PDB);
    assert!(
        !world.codes().contains(&"drain-blocked-by-pdb".to_owned()),
        "the budget is gone"
    );
    world.add_budget(budget("web", 2, 2, 2));
    let cause = world.top("drain-blocked-by-pdb");
    assert_eq!(cause.confidence, Confidence::Confirmed);
    assert_eq!(
        cause.subjects[0],
        Subject::object("policy/v1", "PodDisruptionBudget", "shop", "web-pdb")
    );
    world.survey.kubernetes.budgets.as_mut().unwrap()[0]
        .budget
        .disruptions_allowed = 1;
    assert_eq!(
        world.codes().first().map(String::as_str),
        Some("failed-state-left"),
        "it allows one again"
    );
}

#[test]
fn a_budget_that_is_held_by_unready_pods_now_says_so() {
    let mut world = World::failed("UpgradeFailed", PDB);
    world.add_budget(budget("web", 2, 1, 3));
    let mut sick = pod("web-b", "web", Some(super::world::WEB2));
    sick.pod.is_ready = false;
    sick.containers[0].is_ready = false;
    world.add_pod(sick);
    world.top("drain-blocked-by-unready-pods");
}

#[test]
fn limits_that_were_raised_take_the_cause_away() {
    let text = "Operation could not be completed as it results in exceeding approved standardDSv5Family Cores quota. Additional \
                details - Current Limit: 100, Current Usage: 96, Additional Required: 8";
    let mut world = World::failed("QuotaExceeded", text);
    let usage = |used, limit| {
        Ok(vec![UsageFact {
            name: "standardDSv5Family".into(),
            used,
            limit,
        }])
    };
    world.survey.azure.compute_usage = usage(96, 100);
    assert_eq!(world.top("quota-vcpu").confidence, Confidence::Confirmed);
    world.survey.azure.compute_usage = usage(96, 200);
    assert!(!world.codes().contains(&"quota-vcpu".to_owned()));
}

#[test]
fn subnets_and_locks_are_looked_up() {
    let text = "Subnet nodes with address prefix 10.0.0.0/24 does not have enough capacity for 9 IP addresses.";
    let mut world = World::failed("SubnetIsFull", text);
    let subnet = |used| {
        Ok(SubnetFact {
            id: "/subscriptions/s/vnets/v/subnets/nodes".into(),
            prefix: "10.0.0.0/24".into(),
            limit: 251,
            used,
            provisioning_state: ProvisioningState::Succeeded,
            route_table: None,
            security_group: None,
            nat_gateway: None,
            delegations: Vec::new(),
        })
    };
    let id = "/subscriptions/s/vnets/v/subnets/nodes".to_owned();
    world.survey.azure.subnets.insert(id.clone(), subnet(250));
    assert_eq!(world.top("subnet-full").confidence, Confidence::Confirmed);
    world.survey.azure.subnets.insert(id, subnet(10));
    assert!(!world.codes().contains(&"subnet-full".to_owned()));

    let text = "The scope '/subscriptions/s/rg' cannot perform delete operation because following scope(s) are locked: '/subscriptions/s/rg'.";
    let mut world = World::failed("ScopeLocked", text);
    assert!(!world.codes().contains(&"scope-locked".to_owned()));
    world.survey.azure.locks = Ok(vec![LockFact {
        id: "l".into(),
        name: "keep".into(),
        level: LockLevel::CannotDelete,
        scope: "/subscriptions/s/rg".into(),
    }]);
    assert_eq!(world.top("scope-locked").confidence, Confidence::Confirmed);
}

#[test]
fn a_refusal_that_no_longer_holds_is_gone() {
    let mut world = World::quiet();
    world.errors.push(ErrorSymptom {
        subject: Subject::Cluster,
        error: error(
            "OperationNotAllowed",
            "Another operation (web - Updating) is in progress, please wait",
        ),
        at: Some(at(-1)),
        is_refusal: true,
    });
    assert!(world.codes().is_empty());
    world.pool("web").provisioning_state = ProvisioningState::Updating;
    assert_eq!(world.top("op-in-progress").confidence, Confidence::Confirmed);
}

#[test]
fn an_error_of_an_earlier_run_is_not_told_while_the_next_one_runs() {
    let mut world = World::upgrading();
    world.error(
        "UpgradeFailed",
        "Allocation failed. We do not have sufficient capacity for the requested VM size in this zone.",
    );
    world.errors[0].at = Some(at(-90));
    assert!(world.codes().is_empty());
}

#[test]
fn the_gate_of_a_removed_api_opens_by_itself() {
    let text = |seen: &str| {
        format!(
            "Control Plane upgrade is blocked. Usage details: usage has been detected on API batch.cronjobs.v1beta1, and was recently \
             seen at: {seen} +0000 UTC, which will be removed in 1.25"
        )
    };
    let mut world = World::quiet();
    world.errors.push(ErrorSymptom {
        subject: Subject::Cluster,
        error: error("ValidationError", &text("2026-09-01 08:00:00")),
        at: Some(at(-60)),
        is_refusal: true,
    });
    let cause = world.top("deprecated-api-gate");
    assert!(cause.headline.contains("batch.cronjobs v1beta1"), "{}", cause.headline);
    world.errors[0].error = error("ValidationError", &text("2026-08-31 23:30:00"));
    assert!(world.codes().is_empty(), "twelve hours have passed since the refusal");
}
