//! Helm's releases: the Secrets they are kept in, down to the version and the name of each object they install.
//! Values and manifests are let go at once; nothing here shows what a Secret holds.

use std::fmt;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde::Deserialize;

use super::or_default;
use crate::domain::survey::StoredManifest;
use crate::domain::text::printable;

/// A Secret holds at most 1 MiB; a release that unpacks to more than this is not one.
const LARGEST_RELEASE: u64 = 32 * 1024 * 1024;

/// A Secret of type `helm.sh/release.v1` (Helm docs "Storage backends", 2026).
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SlimHelmSecret {
    #[serde(deserialize_with = "or_default")]
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    /// JSON, packed with gzip, in base64 by Helm, and again by Kubernetes.
    #[serde(deserialize_with = "or_default")]
    release: String,
}

#[derive(Deserialize)]
struct Release {
    name: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    manifest: String,
}

impl fmt::Debug for SlimHelmSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SlimHelmSecret(..)")
    }
}

impl SlimHelmSecret {
    /// What the release installs, in the order of its manifest; `None` where it cannot be unpacked.
    pub(in crate::kubernetes) fn manifests(&self) -> Option<Vec<StoredManifest>> {
        let outer = STANDARD.decode(&self.data.release).ok()?;
        let packed = STANDARD.decode(outer.trim_ascii()).ok()?;
        let mut text = Vec::new();
        GzDecoder::new(packed.as_slice())
            .take(LARGEST_RELEASE)
            .read_to_end(&mut text)
            .ok()?;
        let release: Release = serde_json::from_slice(&text).ok()?;
        let origin = format!("Helm release {}", printable(&release.name));
        let documents = release.manifest.split("\n---");
        Some(
            documents
                .filter_map(|document| head_of(document, &release.namespace, &origin))
                .collect(),
        )
    }
}

/// Reads what a YAML document says it is; Helm writes the fields used here as plain words on lines of their own.
fn head_of(document: &str, namespace: &str, origin: &str) -> Option<StoredManifest> {
    let (mut api_version, mut kind, mut name, mut place) = (None, None, None, None);
    let mut is_metadata = false;
    for line in document.lines() {
        let is_top = !line.starts_with([' ', '\t', '#', '-']);
        if is_top && !line.is_empty() {
            is_metadata = line.trim_end() == "metadata:";
            api_version = api_version.or_else(|| word(line, "apiVersion:"));
            kind = kind.or_else(|| word(line, "kind:"));
        } else if is_metadata && line.starts_with("  ") && !line.starts_with("   ") {
            name = name.or_else(|| word(line.trim_start(), "name:"));
            place = place.or_else(|| word(line.trim_start(), "namespace:"));
        }
    }
    Some(StoredManifest {
        api_version: api_version?,
        kind: kind?,
        namespace: place.unwrap_or_else(|| printable(namespace)),
        name: name.unwrap_or_default(),
        origin: origin.to_owned(),
    })
}

fn word(line: &str, key: &str) -> Option<String> {
    let value = line.strip_prefix(key)?.split(" #").next()?.trim();
    let value = value.trim_matches(['"', '\'']);
    Some(printable(value)).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::json;

    use super::*;

    fn secret(release: &serde_json::Value) -> SlimHelmSecret {
        let mut zip = GzEncoder::new(Vec::new(), Compression::default());
        zip.write_all(release.to_string().as_bytes()).unwrap();
        let packed = STANDARD.encode(zip.finish().unwrap());
        serde_json::from_value(json!({ "data": { "release": STANDARD.encode(packed) } })).unwrap()
    }

    #[test]
    fn a_release_names_what_it_installs() {
        let manifest = "---\n# Source: web/templates/pdb.yaml\napiVersion: policy/v1beta1\nkind: PodDisruptionBudget\n\
                        metadata:\n  labels:\n    name: not-this\n  name: \"web\" # ours\nspec:\n  minAvailable: 1\n\
                        ---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: key\n  namespace: other\n\
                        stringData:\n  kind: hidden\n---\n# nothing\n";
        let found = secret(&json!({ "name": "web", "namespace": "shop", "manifest": manifest, "config": { "a": 1 } }));
        let found = found.manifests().unwrap();
        let brief: Vec<String> = found
            .iter()
            .map(|one| format!("{} {} {}/{}", one.api_version, one.kind, one.namespace, one.name))
            .collect();
        assert_eq!(
            brief,
            ["policy/v1beta1 PodDisruptionBudget shop/web", "v1 Secret other/key"]
        );
        assert_eq!(found[0].origin, "Helm release web");
    }

    #[test]
    fn what_is_no_release_is_let_be_and_nothing_is_shown() {
        for data in [
            json!({}),
            json!(null),
            json!({ "release": "%%" }),
            json!({ "release": STANDARD.encode("eA==") }),
        ] {
            let secret: SlimHelmSecret = serde_json::from_value(json!({ "data": data })).unwrap();
            assert!(secret.manifests().is_none());
        }
        let held = secret(&json!({ "name": "geheim" }));
        assert_eq!(format!("{held:?}"), "SlimHelmSecret(..)");
        assert_eq!(held.manifests(), Some(Vec::new()));
    }
}
