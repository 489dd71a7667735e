//! A text that is never shown: neither on a screen, nor in a log, an error, or a listing.

use std::fmt;

use url::Url;

/// An address that lets whoever has it write in somebody's name. Shows its host at most.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for whoever sends to it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Scheme and host of an address, the rest left out.
    pub fn redacted(&self) -> String {
        redacted(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.redacted())
    }
}

/// Scheme and host of an address, the rest left out; only a mark for what is no address.
pub fn redacted(text: &str) -> String {
    let host = Url::parse(text)
        .ok()
        .and_then(|url| Some(format!("{}://{}/", url.scheme(), url.host_str()?)));
    format!("{}[redacted]", host.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_is_shown() {
        let secret = Secret::new("https://ada:pw@hooks.example.com/T0/B0/tokentoken?sig=1");
        assert_eq!(format!("{secret:?}"), "https://hooks.example.com/[redacted]");
        assert_eq!(redacted("not an address"), "[redacted]");
        assert!(secret.reveal().contains("tokentoken"));
    }
}
