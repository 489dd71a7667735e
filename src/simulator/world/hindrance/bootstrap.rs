//! How a new or reimaged machine becomes a node, or why not: what its scale set and its bootstrap script say.

use super::words::{Category, enveloped};
use super::{Hindrances, Obstacle};
use crate::simulator::world::landscape::{FailedBootstrap, Failure, Landscape};
use crate::simulator::world::operation::OperationError;

/// What a machine's bootstrap comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::simulator::world) enum Bootstrap {
    Works,
    /// The script, or the machine itself, fails again and again.
    Fails,
    /// Nothing is heard of the machine.
    Silent,
    /// The node registers, not ready, in the kubelet's words.
    NotReady(String),
}

const SCALE_SETS: &str = "Microsoft.Compute/VirtualMachineScaleSet";

impl Hindrances {
    /// What the bootstrap of a machine of this pool comes to now.
    pub(in crate::simulator::world) fn bootstrap(&self, pool: &str) -> Bootstrap {
        let found = self.find(Some(pool), |what| match what {
            Obstacle::BootstrapFails { .. } | Obstacle::BootstrapHangs | Obstacle::MachineFails { .. } => {
                Some(Bootstrap::Fails)
            }
            Obstacle::NeverJoins => Some(Bootstrap::Silent),
            Obstacle::NotReady { message } => Some(Bootstrap::NotReady(message.clone())),
            _ => None,
        });
        found.unwrap_or(Bootstrap::Works)
    }

    /// Writes down what Azure shows of a machine whose bootstrap fails.
    pub(in crate::simulator::world) fn mark_machine(&self, pool: &str, machine: &str, landscape: &mut Landscape) {
        if let Some(failed) = self.find(Some(pool), |what| match what {
            Obstacle::BootstrapFails { exit_code, output, .. } => Some(FailedBootstrap {
                exit_code: *exit_code,
                output: output.clone(),
            }),
            _ => None,
        }) {
            landscape.failed_bootstraps.insert(machine.to_owned(), failed);
        }
        if let Some(OperationError { code, message }) = self.find(Some(pool), |what| match what {
            Obstacle::BootstrapHangs => Some(timed_out()),
            Obstacle::MachineFails { code, message } => Some(OperationError::new(code, message.clone())),
            _ => None,
        }) {
            let failure = Failure { code, message };
            landscape.failed_machines.insert(machine.to_owned(), failure);
        }
    }

    /// The error that ends the operation, for a machine that never became a ready node.
    pub(in crate::simulator::world) fn bootstrap_error(&self, pool: &str, machine: &str) -> OperationError {
        let inner = self.find(Some(pool), |what| match what {
            Obstacle::BootstrapFails {
                exit_code,
                output,
                code,
            } => Some((Category::Client, script_error(*exit_code, output, code.as_deref()))),
            Obstacle::BootstrapHangs => Some((Category::Internal, timed_out())),
            Obstacle::MachineFails { code, message } => {
                Some((Category::Internal, OperationError::new(code, message.clone())))
            }
            _ => None,
        });
        let silent = || {
            let message = format!("nodes are not ready: [{machine}]");
            (Category::Internal, OperationError::new("NodesNotReady", message))
        };
        let (category, inner) = inner.unwrap_or_else(silent);
        enveloped(pool, category, SCALE_SETS, &inner)
    }
}

/// The words of the scale set for a script that ended badly
/// (AKS troubleshooting "VMExtensionError_OutboundConnFail", 2025).
fn script_error(exit_code: i32, output: &str, code: Option<&str>) -> OperationError {
    OperationError::new(
        code.unwrap_or("VMExtensionProvisioningError"),
        format!(
            "VM has reported a failure when processing extension 'vmssCSE' (publisher 'Microsoft.AKS.Compute' and type \
             'CustomScript'). Error message: 'Enable failed: failed to execute command: command terminated with exit \
             status={exit_code}\n[stdout]\n{{ \"ExitCode\": \"{exit_code}\", \"Output\": \"{output}\" }}\n\n[stderr]\n{output}\n'."
        ),
    )
}

fn timed_out() -> OperationError {
    OperationError::new(
        "VMExtensionProvisioningTimeout",
        "Provisioning of VM extension vmssCSE has timed out. Extension provisioning has taken too long to complete. The \
         extension did not report a message.",
    )
}
