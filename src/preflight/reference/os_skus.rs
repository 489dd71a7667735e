//! Which Kubernetes versions an OS SKU exists in (AKS docs "Upgrade the operating system version", 2026).

use serde::Deserialize;

use crate::domain::version::MinorVersion;

/// One OS SKU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsSkuSupport {
    /// For instance `Ubuntu2204`.
    pub os_sku: String,
    /// The first minor; `None` where no lower end is known.
    pub from: Option<MinorVersion>,
    /// The last minor; `None` where no upper end is known.
    pub until: Option<MinorVersion>,
    /// More in words; may be empty.
    pub note: String,
}

impl OsSkuSupport {
    /// True where pools of this SKU exist in `minor`.
    pub fn exists_in(&self, minor: MinorVersion) -> bool {
        self.from.is_none_or(|from| minor >= from) && self.until.is_none_or(|until| minor <= until)
    }
}

#[derive(Deserialize)]
pub(super) struct Row {
    os_sku: String,
    min: Option<String>,
    max: Option<String>,
    note: String,
}

impl From<Row> for OsSkuSupport {
    fn from(row: Row) -> Self {
        // `all` is no version, and no end either.
        let end = |text: Option<String>| text.and_then(|text| text.parse().ok());
        Self {
            os_sku: row.os_sku,
            from: end(row.min),
            until: end(row.max),
            note: row.note,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::preflight::reference::Reference;

    #[test]
    fn a_sku_exists_between_its_ends() {
        for (sku, minor, exists) in [
            ("Ubuntu", "1.24", true),
            ("ubuntu", "1.40", true),
            ("Ubuntu2204", "1.36", true),
            ("Ubuntu2204", "1.37", false),
            ("Ubuntu2404", "1.31", false),
            ("Ubuntu2404", "1.32", true),
            ("Windows2019", "1.32", true),
            ("Windows2019", "1.33", false),
            ("Windows2025", "1.40", true),
        ] {
            let support = Reference::shipped().os_sku(sku).unwrap();
            assert_eq!(support.exists_in(minor.parse().unwrap()), exists, "{sku} in {minor}");
        }
        assert_eq!(Reference::shipped().os_sku("Plan9"), None);
    }
}
