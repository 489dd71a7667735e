//! vCPU quota of a subscription in a region, per VM family: what surge nodes need and may not get.
//! A family without an entry is never short.

/// One limit and what is used of it, in vCPUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    pub subscription: String,
    pub location: String,
    /// For instance `standardDSv5Family`.
    pub family: String,
    pub limit: u32,
    pub used: u32,
}

/// The name of the limit over all families of a region, as Azure's usages write it.
const REGIONAL: &str = "cores";

/// All limits of the estate.
#[derive(Clone, Debug, Default)]
pub struct Quotas {
    entries: Vec<Quota>,
}

/// Why vCPUs could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    pub quota: Quota,
    /// vCPUs asked for.
    pub required: u32,
}

impl Shortage {
    /// Azure Compute's words (AKS troubleshooting "QuotaExceeded during creation or upgrade", 2025).
    pub fn message(&self) -> String {
        let Quota {
            family,
            location,
            limit,
            used,
            ..
        } = &self.quota;
        if family == REGIONAL {
            return format!(
                "Operation results in exceeding quota limits of Core. Maximum allowed: {limit}, Current in use: {used}, \
                 Additional requested: {}. Please read more about quota increase at https://aka.ms/AzurePerVMQuotaIncrease",
                self.required
            );
        }
        format!(
            "Operation could not be completed as it results in exceeding approved {family} Cores quota. \
             Additional details - Deployment Model: Resource Manager, Location: {location}, Current Limit: {limit}, \
             Current Usage: {used}, Additional Required: {required}, (Minimum) New Limit Required: {minimum}.",
            required = self.required,
            minimum = used.saturating_add(self.required),
        )
    }
}

impl Quotas {
    /// Sets a limit; `used` is what others already take.
    pub fn add(&mut self, quota: Quota) {
        self.entries.push(quota);
    }

    /// Takes vCPUs for `nodes` nodes of a size, all or none.
    pub fn reserve(&mut self, subscription: &str, location: &str, vm_size: &str, nodes: u32) -> Result<(), Shortage> {
        let required = vcpus(vm_size).saturating_mul(nodes);
        self.reserve_regional(subscription, location, required)?;
        let taken = self.reserve_family(subscription, location, vm_size, required);
        if taken.is_err()
            && let Some(quota) = self.regional(subscription, location)
        {
            quota.used = quota.used.saturating_sub(required);
        }
        taken
    }

    fn reserve_regional(&mut self, subscription: &str, location: &str, required: u32) -> Result<(), Shortage> {
        let Some(quota) = self.regional(subscription, location) else {
            return Ok(());
        };
        if quota.used.saturating_add(required) > quota.limit {
            return Err(Shortage {
                quota: quota.clone(),
                required,
            });
        }
        quota.used += required;
        Ok(())
    }

    fn reserve_family(
        &mut self,
        subscription: &str,
        location: &str,
        vm_size: &str,
        required: u32,
    ) -> Result<(), Shortage> {
        match self.entry(subscription, location, vm_size) {
            Some(quota) if quota.used.saturating_add(required) > quota.limit => Err(Shortage {
                quota: quota.clone(),
                required,
            }),
            Some(quota) => {
                quota.used += required;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Counts nodes that exist already, even beyond the limit.
    pub fn occupy(&mut self, subscription: &str, location: &str, vm_size: &str, nodes: u32) {
        let vcpus = vcpus(vm_size).saturating_mul(nodes);
        for quota in self.both(subscription, location, vm_size) {
            quota.used = quota.used.saturating_add(vcpus);
        }
    }

    /// Gives back the vCPUs of `nodes` nodes.
    pub fn release(&mut self, subscription: &str, location: &str, vm_size: &str, nodes: u32) {
        let vcpus = vcpus(vm_size).saturating_mul(nodes);
        for quota in self.both(subscription, location, vm_size) {
            quota.used = quota.used.saturating_sub(vcpus);
        }
    }

    /// Raises or lowers a limit, as a granted quota request does.
    pub fn set_limit(&mut self, subscription: &str, location: &str, family: &str, limit: u32) {
        if let Some(quota) = self.entries.iter_mut().find(|quota| {
            quota.subscription.eq_ignore_ascii_case(subscription)
                && quota.location == location
                && quota.family.eq_ignore_ascii_case(family)
        }) {
            quota.limit = limit;
        }
    }

    /// The limit over all families, where there is one.
    fn regional(&mut self, subscription: &str, location: &str) -> Option<&mut Quota> {
        self.entries.iter_mut().find(|quota| {
            quota.subscription.eq_ignore_ascii_case(subscription)
                && quota.location == location
                && quota.family == REGIONAL
        })
    }

    /// The limits a machine of this size counts for.
    fn both<'a>(
        &'a mut self,
        subscription: &'a str,
        location: &'a str,
        vm_size: &str,
    ) -> impl Iterator<Item = &'a mut Quota> {
        let family = family(vm_size);
        self.entries.iter_mut().filter(move |quota| {
            quota.subscription.eq_ignore_ascii_case(subscription)
                && quota.location == location
                && (quota.family == REGIONAL || quota.family.eq_ignore_ascii_case(&family))
        })
    }

    /// The limits of a subscription in a region.
    pub fn of<'a>(&'a self, subscription: &'a str, location: &'a str) -> impl Iterator<Item = &'a Quota> {
        self.entries.iter().filter(move |quota| {
            quota.subscription.eq_ignore_ascii_case(subscription) && quota.location.eq_ignore_ascii_case(location)
        })
    }

    fn entry(&mut self, subscription: &str, location: &str, vm_size: &str) -> Option<&mut Quota> {
        let family = family(vm_size);
        self.entries.iter_mut().find(|quota| {
            quota.subscription.eq_ignore_ascii_case(subscription)
                && quota.location == location
                && quota.family.eq_ignore_ascii_case(&family)
        })
    }
}

/// vCPUs of a VM size such as `Standard_D4s_v5`: its first number; 1 where it has none.
pub fn vcpus(vm_size: &str) -> u32 {
    let digits: String = vm_size
        .chars()
        .skip_while(|character| !character.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap_or(1)
}

/// The quota family of a VM size: `Standard_D4s_v5` belongs to `standardDSv5Family`.
pub fn family(vm_size: &str) -> String {
    let mut parts = vm_size.split('_').skip(1);
    let letters: String = parts
        .next()
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    format!("standard{letters}{}Family", parts.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotas(limit: u32, used: u32) -> Quotas {
        let mut quotas = Quotas::default();
        quotas.add(Quota {
            subscription: "sub".to_owned(),
            location: "westeurope".to_owned(),
            family: "standardDSv5Family".to_owned(),
            limit,
            used,
        });
        quotas
    }

    #[test]
    fn sizes_tell_their_family_and_vcpus() {
        let check =
            |size: &str, cores: u32, name: &str| assert_eq!((vcpus(size), family(size).as_str()), (cores, name));
        check("Standard_D4s_v5", 4, "standardDSv5Family");
        check("Standard_D16ads_v5", 16, "standardDADSv5Family");
        check("Standard_DS2_v2", 2, "standardDSv2Family");
        check("odd", 1, "standardFamily");
    }

    #[test]
    fn what_does_not_fit_is_refused_in_azures_words() {
        let mut quotas = quotas(100, 96);
        let shortage = quotas.reserve("SUB", "westeurope", "Standard_D4s_v5", 2).unwrap_err();
        assert_eq!(
            shortage.message(),
            "Operation could not be completed as it results in exceeding approved standardDSv5Family Cores quota. \
             Additional details - Deployment Model: Resource Manager, Location: westeurope, Current Limit: 100, \
             Current Usage: 96, Additional Required: 8, (Minimum) New Limit Required: 104."
        );
        assert!(quotas.reserve("sub", "westeurope", "Standard_D4s_v5", 1).is_ok());
        assert!(quotas.reserve("sub", "westeurope", "Standard_D4s_v5", 1).is_err());
        quotas.release("sub", "westeurope", "Standard_D4s_v5", 1);
        assert!(quotas.reserve("sub", "westeurope", "Standard_D4s_v5", 1).is_ok());
    }

    #[test]
    fn a_family_without_an_entry_is_never_short() {
        assert!(
            quotas(0, 0)
                .reserve("sub", "northeurope", "Standard_D4s_v5", 500)
                .is_ok()
        );
    }
}
