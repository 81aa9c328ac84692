//! How a call ends well.

use std::time::Duration;

use serde::Serialize;

use crate::failure::Failure;
use crate::items::ItemOutcome;

/// How a call ends well. A handler that is always simply done gives its result alone.
///
/// ```
/// # use noontide_sdk::{Call, Failure, Outcome};
/// # use std::time::Duration;
/// fn collect(call: &Call, ready: Option<u32>) -> Result<Outcome<u32>, Failure> {
///     Ok(match ready {
///         None if call.attempt() > 3 => Outcome::skipped("the export never came"),
///         None => Outcome::RunAgain(Duration::from_secs(60)),
///         Some(rows) => Outcome::Done(rows),
///     })
/// }
/// # let call = Call::test();
/// # assert_eq!(collect(&call, Some(7)), Ok(Outcome::Done(7)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T = ()> {
    /// Done, with a result.
    Done(T),
    /// Done item by item; what failed is tried again, what succeeded is not.
    Items(Vec<ItemOutcome>),
    /// Nothing to do, and why.
    Skipped(String),
    /// Call again after this long; does not count as a failure.
    RunAgain(Duration),
}

impl<T> Outcome<T> {
    /// Nothing to do, and why.
    pub fn skipped(reason: impl Into<String>) -> Self {
        Self::Skipped(reason.into())
    }
}

impl<T> FromIterator<ItemOutcome> for Outcome<T> {
    fn from_iter<I: IntoIterator<Item = ItemOutcome>>(items: I) -> Self {
        Self::Items(items.into_iter().collect())
    }
}

/// What a handler may return: anything that serialises, or an [`Outcome`] of it.
pub trait IntoOutcome {
    /// The outcome with its result as JSON text.
    fn into_outcome(self) -> Result<Outcome<String>, Failure>;
}

impl<T: Serialize> IntoOutcome for T {
    fn into_outcome(self) -> Result<Outcome<String>, Failure> {
        serde_json::to_string(&self)
            .map(Outcome::Done)
            .map_err(|error| Failure::permanent(format!("the result does not serialise: {error}")))
    }
}

// Beside the blanket implementation only because `Outcome` does not serialise. Keep it so.
impl<T: Serialize> IntoOutcome for Outcome<T> {
    fn into_outcome(self) -> Result<Outcome<String>, Failure> {
        match self {
            Self::Done(result) => result.into_outcome(),
            Self::Items(items) => Ok(Outcome::Items(items)),
            Self::Skipped(reason) => Ok(Outcome::Skipped(reason)),
            Self::RunAgain(wait) => Ok(Outcome::RunAgain(wait)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_result_is_done() {
        assert_eq!([1, 2].into_outcome(), Ok(Outcome::Done("[1,2]".into())));
        assert_eq!(().into_outcome(), Ok(Outcome::Done("null".into())));
    }

    #[test]
    fn an_outcome_stays_what_it_is() {
        assert_eq!(Outcome::Done(7).into_outcome(), Ok(Outcome::Done("7".into())));
        assert_eq!(Outcome::<()>::skipped("idle").into_outcome(), Ok(Outcome::Skipped("idle".into())));
        let later = Duration::from_secs(5);
        assert_eq!(Outcome::<()>::RunAgain(later).into_outcome(), Ok(Outcome::RunAgain(later)));
    }
}
