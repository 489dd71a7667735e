//! Names, uids and addresses as Kubernetes would draw them, from a seed: the same seed gives the same cluster.

use serde_json::Value;

/// Letters Kubernetes uses in generated names: no vowels, so that no words appear.
const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Draws names.
#[derive(Debug)]
pub(crate) struct Names {
    random: fastrand::Rng,
    nodes: u32,
    pods: u32,
    events: u64,
}

impl Names {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            nodes: 0,
            pods: 0,
            events: 0,
        }
    }

    /// A version 4 UUID.
    pub(crate) fn uid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.random.u128(..).to_be_bytes())
            .into_uuid()
            .to_string()
    }

    /// The five letters at the end of a generated name.
    pub(crate) fn suffix(&mut self) -> String {
        (0..5)
            .map(|_| char::from(*self.random.choice(SAFE).unwrap_or(&b'x')))
            .collect()
    }

    /// Sixteen hexadecimal digits that grow, as event names end with.
    pub(crate) fn event(&mut self) -> String {
        self.events += 1;
        format!("{:016x}", 0x1870_0000_0000_0000_u64 + self.events * 0x1_0001)
    }

    /// The address and the number of the next node.
    pub(crate) fn node(&mut self) -> (String, u32) {
        let number = self.nodes;
        self.nodes = self.nodes.wrapping_add(1);
        let host = number + 4;
        (format!("10.224.{}.{}", host / 250 % 250, host % 250), number)
    }

    /// The address of the next pod.
    pub(crate) fn pod_address(&mut self) -> String {
        self.pods = self.pods.wrapping_add(1);
        format!("10.244.{}.{}", self.pods / 250 % 250, self.pods % 250 + 1)
    }
}

/// The short hash that names the ReplicaSet of a pod template.
pub(crate) fn template_hash(template: &Value) -> String {
    let mut hash: u32 = 0x811c_9dc5;
    for byte in template.to_string().bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    hash.to_string()
        .bytes()
        .map(|digit| char::from(SAFE.get(usize::from(digit) % SAFE.len()).copied().unwrap_or(b'x')))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_seed_repeats_itself() {
        let (mut one, mut same, mut other) = (Names::new(7), Names::new(7), Names::new(8));
        assert_eq!(one.uid(), same.uid());
        assert_eq!(one.suffix(), same.suffix());
        assert_ne!(one.uid(), other.uid());
        assert_eq!(one.suffix().len(), 5);
    }

    #[test]
    fn a_template_has_one_hash() {
        assert_eq!(template_hash(&json!({ "a": 1 })), template_hash(&json!({ "a": 1 })));
        assert_ne!(template_hash(&json!({ "a": 1 })), template_hash(&json!({ "a": 2 })));
    }
}
