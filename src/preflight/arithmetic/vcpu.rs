//! vCPUs that further nodes of a pool take from a region's limits.

use crate::domain::survey::{UsageFact, VmSizeFact};
use crate::domain::vm_size::vcpus;

/// Name of the limit over all families, and of that of spot machines (Microsoft.Compute usages, API 2026-04-01).
pub(crate) const REGION: &str = "cores";

/// A VM size as the limits see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SizeOfNodes {
    /// `None` where the region's list does not have the size.
    pub(crate) family: Option<String>,
    /// `None` where neither the list nor the name tells.
    pub(crate) vcpus: Option<u32>,
}

/// Looks a size up in the region's list; its name tells the vCPUs where the list does not have it.
pub(crate) fn size_of_nodes(name: &str, sizes: &[VmSizeFact]) -> SizeOfNodes {
    match find_size(name, sizes) {
        Some(size) => SizeOfNodes {
            family: Some(size.family.clone()),
            vcpus: Some(size.vcpus),
        },
        None => SizeOfNodes {
            family: None,
            vcpus: vcpus(name),
        },
    }
}

/// The entry of that size.
pub(crate) fn find_size<'a>(name: &str, sizes: &'a [VmSizeFact]) -> Option<&'a VmSizeFact> {
    sizes.iter().find(|size| size.name.eq_ignore_ascii_case(name))
}

/// The limit of that name.
pub(crate) fn limit<'a>(name: &str, usage: &'a [UsageFact]) -> Option<&'a UsageFact> {
    usage.iter().find(|fact| fact.name.eq_ignore_ascii_case(name))
}

/// What is left of a limit.
pub(crate) fn free(usage: &UsageFact) -> u64 {
    usage.limit.saturating_sub(usage.used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_goes_before_the_name() {
        let listed = VmSizeFact {
            name: "Standard_D4s_v5".to_owned(),
            family: "standardDSv5Family".to_owned(),
            vcpus: 4,
            memory_bytes: 0,
            max_data_disks: None,
            zones: Vec::new(),
            restricted_in: Vec::new(),
        };
        for (name, family, vcpus) in [
            ("standard_d4s_v5", Some("standardDSv5Family"), Some(4)),
            ("Standard_E8s_v5", None, Some(8)),
            ("Standard_", None, None),
        ] {
            let size = size_of_nodes(name, std::slice::from_ref(&listed));
            assert_eq!((size.family.as_deref(), size.vcpus), (family, vcpus), "{name}");
        }
    }

    #[test]
    fn a_limit_that_is_passed_leaves_nothing() {
        let usage = |used, limit| UsageFact {
            name: "cores".to_owned(),
            used,
            limit,
        };
        assert_eq!(free(&usage(10, 100)), 90);
        assert_eq!(free(&usage(110, 100)), 0);
        assert_eq!(limit("CORES", &[usage(1, 2)]).map(free), Some(1));
        assert_eq!(limit("standardDSv5Family", &[usage(1, 2)]), None);
    }
}
