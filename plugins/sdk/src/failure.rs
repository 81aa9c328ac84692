//! How a call ends badly.

use std::error::Error;
use std::fmt::{self, Display};
use std::time::Duration;

/// How a call ends badly.
///
/// `?` on any error gives [`Failure::Retryable`] with the whole chain of causes in its message; say
/// `.map_err(Failure::permanent)?` where trying again would not help.
///
/// ```
/// # use noontide_sdk::Failure;
/// # use std::time::Duration;
/// fn send(status: u16, port: &str) -> Result<u16, Failure> {
///     match status {
///         429 => return Err(Failure::retry_after(Duration::from_secs(60), "the server asks for a minute")),
///         404 => return Err(Failure::permanent("no such mailbox")),
///         _ => {}
///     }
///     Ok(port.parse()?)     // may pass: the schedule's `retry` decides
/// }
/// assert_eq!(send(200, "many"), Err(Failure::retryable("invalid digit found in string")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The input cannot be worked with; the run fails without another attempt.
    InvalidInput(String),
    /// It may pass: the schedule's retry policy decides.
    Retryable {
        /// What went wrong.
        message: String,
        /// Wait at least this long; none leaves it to the schedule's backoff.
        after: Option<Duration>,
    },
    /// Trying again would not help; the run fails without another attempt.
    Permanent(String),
    /// The handler noticed the request to stop and stopped.
    Cancelled,
}

impl Failure {
    /// The input cannot be worked with.
    pub fn invalid_input(reason: impl Display) -> Self {
        Self::InvalidInput(format!("{reason:#}"))
    }

    /// It may pass; the schedule says when to try again. The same as `?` on an error.
    pub fn retryable(reason: impl Display) -> Self {
        Self::Retryable { message: format!("{reason:#}"), after: None }
    }

    /// It may pass, but not before so long.
    pub fn retry_after(wait: Duration, reason: impl Display) -> Self {
        Self::Retryable { message: format!("{reason:#}"), after: Some(wait) }
    }

    /// Trying again would not help.
    pub fn permanent(reason: impl Display) -> Self {
        Self::Permanent(format!("{reason:#}"))
    }

    /// The handler noticed the request to stop and stopped.
    pub fn cancelled() -> Self {
        Self::Cancelled
    }
}

// Failure is no `Error` itself: otherwise this conversion would collide with `From<T> for T`.
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Retryable { message: chain(&error), after: None }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidInput(message) | Self::Permanent(message) | Self::Retryable { message, .. } => {
                f.write_str(message)
            }
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

/// Outermost first. A cause that its wrapper already quotes is not said twice.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Unsent(std::num::ParseIntError);

    impl Display for Unsent {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("mail not sent")
        }
    }

    impl Error for Unsent {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn a_question_mark_gives_a_retryable_failure_with_the_chain_of_causes() {
        fn send() -> Result<(), Failure> {
            let port: Result<u16, _> = "many".parse().map_err(Unsent);
            port?;
            Ok(())
        }
        assert_eq!(send(), Err(Failure::retryable("mail not sent: invalid digit found in string")));
    }

    #[test]
    fn a_wait_is_kept_with_the_failure() {
        let failure = Failure::retry_after(Duration::from_secs(90), "busy");
        assert_eq!(failure, Failure::Retryable { message: "busy".into(), after: Some(Duration::from_secs(90)) });
    }
}
