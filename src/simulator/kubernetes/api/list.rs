//! Lists, whole or page by page. All pages of one list show the same moment.

use std::sync::Arc;

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::json_text;
use super::failure::Failure;
use super::{Call, Trouble};
use crate::simulator::kubernetes::objects::ObjectStore;
use crate::simulator::kubernetes::objects::kinds::Kind;
use crate::simulator::kubernetes::objects::store::Key;

/// Where a page ended; clients hand it back unread.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Continuation {
    version: u64,
    namespace: String,
    name: String,
}

/// The objects of one moment.
struct Moment {
    version: u64,
    objects: Vec<Arc<Value>>,
}

impl Call<'_> {
    pub(super) fn list(&self) -> Result<Response, Trouble> {
        let filter = self.filter()?;
        let start = self
            .query
            .continuation
            .as_deref()
            .map(Continuation::parse)
            .transpose()?;
        let moment = self.cluster.look(|objects| self.moment(objects, start.as_ref()))??;
        let mut found: Vec<Arc<Value>> = moment
            .objects
            .into_iter()
            .filter(|object| start.as_ref().is_none_or(|start| start.is_before(object)))
            .filter(|object| filter.matches(object))
            .collect();
        let mut metadata = json!({ "resourceVersion": moment.version.to_string() });
        if let Some(limit) = self.query.limit
            && found.len() > limit
        {
            let remaining = found.len() - limit;
            found.truncate(limit);
            if let (Some(last), Some(metadata)) = (found.last(), metadata.as_object_mut()) {
                let next = Continuation::after(last, moment.version);
                metadata.insert("continue".to_owned(), next.to_text().into());
                if !filter.is_selective() {
                    metadata.insert("remainingItemCount".to_owned(), remaining.into());
                }
            }
        }
        Ok(json_text(self.form.list(
            self.target.kind,
            &found,
            &metadata,
            self.cluster.now(),
        )))
    }

    fn moment(&self, objects: &ObjectStore, start: Option<&Continuation>) -> Result<Moment, Failure> {
        let store = objects.store();
        let kind = self.target.kind;
        let current = store.version();
        let wanted = match (start, self.query.version) {
            (Some(start), _) => start.version,
            (None, Some(version)) if version > current => return Err(Failure::from_the_future(version, current)),
            (None, Some(version)) if self.query.version_match == "Exact" => version,
            _ => current,
        };
        let mut found = store.all_at(kind, wanted).map_err(|_| {
            Failure::expired(
                "The provided continue parameter is too old to display a consistent list result. \
                 You must start a new list without the continue parameter.",
            )
        })?;
        if kind == Kind::Lease {
            found.extend(objects.node_leases());
            found.sort_by_cached_key(|lease| Key::of(lease));
        }
        Ok(Moment {
            version: wanted,
            objects: found,
        })
    }
}

impl Continuation {
    fn after(object: &Value, version: u64) -> Self {
        let Key { namespace, name } = Key::of(object);
        Self {
            version,
            namespace,
            name,
        }
    }

    fn is_before(&self, object: &Value) -> bool {
        Key::of(object) > Key::new(&self.namespace, &self.name)
    }

    fn to_text(&self) -> String {
        let text = serde_json::to_vec(self).expect("a number and two texts can always be written");
        URL_SAFE_NO_PAD.encode(text)
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .ok_or_else(|| Failure::bad_request("continue key is not valid"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_continuation_survives_the_way_through_the_client() {
        let object = json!({ "metadata": { "namespace": "shop", "name": "cart" } });
        let one = Continuation::after(&object, 7);
        assert_eq!(Continuation::parse(&one.to_text()), Ok(one));
        assert_eq!(Continuation::parse("%%").unwrap_err().code, 400);
        assert_eq!(Continuation::parse("e30").unwrap_err().code, 400);
    }
}
