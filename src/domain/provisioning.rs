//! Azure's states of a resource and of an operation, and the error Azure gives beside them.
//! Unknown words are kept, never mapped to a neighbour.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// `provisioningState` of a cluster or node pool: an open set of words (AKS API 2026-08-01).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ProvisioningState {
    Succeeded,
    Failed,
    Canceled,
    Creating,
    Updating,
    Upgrading,
    UpgradingNodeImageVersion,
    Scaling,
    Starting,
    Stopping,
    Deleting,
    Canceling,
    Unknown(String),
}

impl ProvisioningState {
    /// True when no operation is under way: Succeeded, Failed or Canceled.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }

    /// True while Azure changes versions or images of nodes.
    pub fn is_upgrading(&self) -> bool {
        matches!(self, Self::Upgrading | Self::UpgradingNodeImageVersion)
    }

    /// Azure's own word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
            Self::Creating => "Creating",
            Self::Updating => "Updating",
            Self::Upgrading => "Upgrading",
            Self::UpgradingNodeImageVersion => "UpgradingNodeImageVersion",
            Self::Scaling => "Scaling",
            Self::Starting => "Starting",
            Self::Stopping => "Stopping",
            Self::Deleting => "Deleting",
            Self::Canceling => "Canceling",
            Self::Unknown(word) => word,
        }
    }
}

impl FromStr for ProvisioningState {
    type Err = Infallible;

    /// Reads any case and both spellings of cancelled; an unknown word is kept.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let known = [
            Self::Succeeded,
            Self::Failed,
            Self::Canceled,
            Self::Creating,
            Self::Updating,
            Self::Upgrading,
            Self::UpgradingNodeImageVersion,
            Self::Scaling,
            Self::Starting,
            Self::Stopping,
            Self::Deleting,
            Self::Canceling,
        ];
        let american = text
            .to_ascii_lowercase()
            .replace("cancelled", "canceled")
            .replace("cancelling", "canceling");
        Ok(known
            .into_iter()
            .find(|state| state.as_str().eq_ignore_ascii_case(&american))
            .unwrap_or_else(|| Self::Unknown(text.to_owned())))
    }
}

impl From<&str> for ProvisioningState {
    fn from(text: &str) -> Self {
        match text.parse() {
            Ok(state) => state,
        }
    }
}

impl fmt::Display for ProvisioningState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl Serialize for ProvisioningState {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ProvisioningState {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

/// Whether a cluster or pool is switched on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PowerState {
    #[default]
    Running,
    Stopped,
    Unknown(String),
}

impl From<&str> for PowerState {
    fn from(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "running" => Self::Running,
            "stopped" => Self::Stopped,
            _ => Self::Unknown(text.to_owned()),
        }
    }
}

impl PowerState {
    /// Azure's own word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Running => "Running",
            Self::Stopped => "Stopped",
            Self::Unknown(word) => word,
        }
    }
}

/// An error in Azure's own words, of either wire shape.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AzureErrorDetail {
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<AzureErrorDetail>,
}

impl fmt::Display for AzureErrorDetail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.code)?;
        if let Some(subcode) = &self.subcode {
            write!(formatter, "/{subcode}")?;
        }
        write!(formatter, ": {}", self.message)
    }
}

/// How a long-running operation stands.
///
/// Only three words are terminal; any other text means it still runs and is shown as it came
/// (ARM "Track asynchronous operations", 2026; AKS recordings 2022 to 2025).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum OperationState {
    /// `text` is Azure's free text; `hint` an error Azure met and retries.
    #[serde(rename_all = "camelCase")]
    Running {
        text: String,
        hint: Option<AzureErrorDetail>,
    },
    Succeeded,
    Failed {
        error: AzureErrorDetail,
    },
    Canceled {
        error: Option<AzureErrorDetail>,
    },
}

impl OperationState {
    /// True when the operation will not change any more.
    pub fn is_terminal(&self) -> bool {
        !matches!(self, Self::Running { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_in_any_case_and_spelling() {
        assert_eq!(ProvisioningState::from("UPGRADING"), ProvisioningState::Upgrading);
        assert_eq!(ProvisioningState::from("Cancelled"), ProvisioningState::Canceled);
        assert_eq!(ProvisioningState::from("Cancelling"), ProvisioningState::Canceling);
        let odd = ProvisioningState::from("Migrating");
        assert_eq!(odd, ProvisioningState::Unknown("Migrating".into()));
        assert!(!odd.is_terminal());
        assert_eq!(odd.as_str(), "Migrating");
    }
}
