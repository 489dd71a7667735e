//! Runs a piece of the cockpit so that a panic in it becomes a value: what happened and where.
//! The panic is written to the log; the screen stays as it is.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

use crate::domain::text::printable;

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
    static CAUGHT: RefCell<Option<Fault>> = const { RefCell::new(None) };
}

/// A panic that was caught.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The panic's own words.
    pub(crate) what: String,
    /// File and line, for a report.
    pub(crate) place: String,
}

/// Runs `work`; a panic in it is caught.
///
/// What `work` was changing may be left half changed: the caller has to go on from what it can trust.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Fault> {
    IS_GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(false);
    result.map_err(|payload| {
        CAUGHT.take().unwrap_or_else(|| Fault {
            what: words(payload.as_ref()),
            place: String::new(),
        })
    })
}

/// For the panic hook: true where the panic is one that will be caught here, and was taken note of.
pub(crate) fn takes(panic: &PanicHookInfo<'_>) -> bool {
    if !IS_GUARDED.get() {
        return false;
    }
    let fault = Fault {
        what: words(panic.payload()),
        place: panic.location().map(ToString::to_string).unwrap_or_default(),
    };
    tracing::error!(
        what = fault.what,
        place = fault.place,
        "a part of the cockpit has panicked"
    );
    CAUGHT.set(Some(fault));
    true
}

fn words(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    printable(text.unwrap_or("a panic without words"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_value_and_the_next_call_works() {
        let fault = guarded(|| panic!("row {} is not there\x1b[2J", 7)).unwrap_err();
        assert_eq!(fault.what, "row 7 is not there[2J");
        assert_eq!(guarded(|| 5), Ok(5));
        assert!(!IS_GUARDED.get());
    }
}
