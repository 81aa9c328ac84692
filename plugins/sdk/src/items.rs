//! The payloads of a timetable, each with its own outcome.

use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// One payload of a timetable.
#[derive(Debug, Clone)]
pub struct Item<T> {
    /// Identifies the payload; the same on every attempt.
    pub key: String,
    /// The payload, or why it does not read as `T`: one bad payload fails its own item only.
    pub payload: Result<T, String>,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemOutcome {
    /// The item's key.
    pub key: String,
    /// Done, or what went wrong.
    pub outcome: Result<(), String>,
}

impl<T> Item<T> {
    /// Works on the payload and says what became of it. Collect these into an [`Outcome`](crate::Outcome):
    ///
    /// ```
    /// # use noontide_sdk::{Call, Failure, Outcome};
    /// fn greet_all(call: &Call) -> Result<Outcome, Failure> {
    ///     Ok(call.items::<String>().into_iter().map(|item| item.settle(|name| greet(call, &name))).collect())
    /// }
    /// # fn greet(_: &Call, _: &str) -> Result<(), Failure> { Ok(()) }
    /// # let call = Call::test().item("a", noontide_sdk::json!("Ada"));
    /// # assert!(matches!(greet_all(&call), Ok(Outcome::Items(items)) if items[0].outcome.is_ok()));
    /// ```
    pub fn settle(self, work: impl FnOnce(T) -> Result<(), Failure>) -> ItemOutcome {
        let outcome = self.payload.and_then(|payload| work(payload).map_err(|failure| failure.to_string()));
        ItemOutcome { key: self.key, outcome }
    }
}

impl ItemOutcome {
    /// The item is done and will not come again.
    pub fn done(key: impl Into<String>) -> Self {
        Self { key: key.into(), outcome: Ok(()) }
    }

    /// The item failed.
    pub fn failed(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key: key.into(), outcome: Err(reason.into()) }
    }
}

impl<T: DeserializeOwned> Item<T> {
    pub(crate) fn read(key: &str, payload: &str) -> Self {
        let payload = serde_json::from_str(payload).map_err(|error| format!("payload: {error}"));
        Self { key: key.to_owned(), payload }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Call, Outcome, json};

    #[test]
    fn a_payload_of_another_shape_fails_only_its_own_item() {
        let call = Call::test().item("a", json!(1)).item("b", json!("two")).item("c", json!(3));
        let outcome: Outcome = call.items::<u8>().into_iter().map(|item| item.settle(|_| Ok(()))).collect();

        let Outcome::Items(items) = outcome else { panic!("{outcome:?}") };
        assert_eq!(items[0], ItemOutcome::done("a"));
        assert!(items[1].outcome.as_ref().is_err_and(|reason| reason.contains("invalid type: string")));
        assert_eq!(items[2], ItemOutcome::done("c"));
    }
}
