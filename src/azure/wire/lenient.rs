//! Field types that take what Azure sends: absent, null and a wrong type all read as nothing.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::WrongShape;
use crate::domain::text::printable;

/// A field whose value counts only where it has the documented type.
#[derive(Clone, Debug)]
pub(super) struct Lenient<T>(pub(super) Option<T>);

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Self(T::deserialize(value).ok()))
    }
}

/// A text from outside, made printable.
#[derive(Clone, Debug)]
pub(super) struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(printable(&String::deserialize(deserializer)?)))
    }
}

impl Lenient<Text> {
    /// The text, or nothing where it is empty: Azure sends `""` and leaves a field out to say the same.
    pub(super) fn text(self) -> Option<String> {
        self.0.map(|text| text.0).filter(|text| !text.is_empty())
    }
}

impl<T: Default> Lenient<T> {
    pub(super) fn or_default(self) -> T {
        self.0.unwrap_or_default()
    }
}

/// Reads an object; anything else is of the wrong shape.
pub(super) fn object<T: DeserializeOwned>(value: &Value) -> Result<T, WrongShape> {
    if !value.is_object() {
        return Err(WrongShape::new("it is not a JSON object"));
    }
    T::deserialize(value).map_err(|error| WrongShape::new(printable(&error.to_string())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Sample {
        count: Lenient<u32>,
        name: Lenient<Text>,
    }

    #[test]
    fn odd_fields_read_as_nothing() {
        for value in [
            json!({}),
            json!({"count": null, "name": null}),
            json!({"count": "3", "name": ""}),
            json!({"count": -1, "name": {}}),
        ] {
            let sample: Sample = object(&value).unwrap();
            assert_eq!((sample.count.0, sample.name.text()), (None, None), "{value}");
        }
        let sample: Sample = object(&json!({"count": 3, "name": "a\u{1b}[2J", "more": 1})).unwrap();
        assert_eq!((sample.count.0, sample.name.text().as_deref()), (Some(3), Some("a[2J")));
    }

    #[test]
    fn only_an_object_is_an_object() {
        for value in [json!([]), json!("x"), json!(null)] {
            assert!(object::<Sample>(&value).is_err(), "{value}");
        }
    }
}
