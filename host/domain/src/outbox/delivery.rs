//! What becomes of a message after it was sent, or could not be. Pure: the same question has the same answer.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::MessageId;

/// How long a message is tried before it is given up: over a night and a morning.
pub const TRIED_FOR: Duration = Duration::from_secs(24 * 3_600);

/// Wait after the first try; doubles with each further one.
const BACKOFF: Duration = Duration::from_secs(10);

/// Longest wait that is ours; a receiver may ask for more.
const LONGEST: Duration = Duration::from_secs(3_600);

/// What came of sending a message once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The receiver answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// `Retry-After`, if the answer had it.
        after: Option<Duration>,
    },
    /// No answer, in words. It may have arrived.
    Silent(String),
    /// It may not be sent there (any more), in words.
    Refused(String),
    /// The receiver will never take this message, in words.
    Rejected(String),
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is over.
    Sent,
    /// It is sent again.
    Again {
        /// Not before this instant.
        not_before: DateTime<Utc>,
    },
    /// Given up.
    Dead,
}

/// Decides what becomes of a message after `reply` to its try number `attempt` (counted from 1).
pub fn judge(reply: &Reply, id: MessageId, attempt: u32, give_up_at: DateTime<Utc>, now: DateTime<Utc>) -> Fate {
    let after = match reply {
        Reply::Answered { status: 200..=299, .. } => return Fate::Sent,
        Reply::Answered { status, after } if may_pass(*status) => after.unwrap_or_default(),
        Reply::Silent(_) => Duration::ZERO,
        Reply::Answered { .. } | Reply::Refused(_) | Reply::Rejected(_) => return Fate::Dead,
    };
    let seed = u128::from_be_bytes(id.fire) as u64 ^ (u64::from(id.number) << 32);
    again(seed, attempt, after, give_up_at, now)
}

/// Once more after a wait that doubles, at least `after`; given up if its time is over. `seed` is the message's own name.
pub fn again(seed: u64, attempt: u32, after: Duration, give_up_at: DateTime<Utc>, now: DateTime<Utc>) -> Fate {
    if now >= give_up_at {
        return Fate::Dead;
    }
    // The last try is at the last instant, however long the receiver wants to be left alone.
    let wait = wait_after(attempt, seed).max(after).min((give_up_at - now).to_std().unwrap_or_default());
    Fate::Again { not_before: now + wait }
}

/// Too early, too many, too long, or the receiver's own trouble. A redirect is none: what moved for good is told in the
/// plugin's configuration, not followed to wherever it leads.
fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// Less up to a fifth, by the message's own name: those that failed together do not come back together.
fn wait_after(attempt: u32, seed: u64) -> Duration {
    let full = BACKOFF.saturating_mul(1 << attempt.saturating_sub(1).min(20)).min(LONGEST);
    let share = (seed ^ u64::from(attempt)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54;
    full - full.mul_f64(share as f64 / 5_120.0)
}

impl Reply {
    /// In a line, for people.
    pub fn words(&self) -> String {
        match self {
            Reply::Answered { status, .. } if (300..400).contains(status) => {
                format!("answered {status}; redirects are not followed")
            }
            Reply::Answered { status, .. } => format!("answered {status}"),
            Reply::Silent(words) | Reply::Refused(words) | Reply::Rejected(words) => words.clone(),
        }
    }

    /// The HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Reply::Answered { status, .. } => Some(*status),
            Reply::Silent(_) | Reply::Refused(_) | Reply::Rejected(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: MessageId = MessageId { fire: [7; 16], number: 0 };

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("in range")
    }

    fn answered(status: u16, after: Option<u64>) -> Reply {
        Reply::Answered { status, after: after.map(Duration::from_secs) }
    }

    fn fate(reply: &Reply, attempt: u32) -> Fate {
        judge(reply, ID, attempt, at(86_400), at(0))
    }

    #[test]
    fn two_hundreds_are_sent_and_what_will_not_pass_is_given_up_at_once() {
        for status in [200, 202, 204, 299] {
            assert_eq!(fate(&answered(status, None), 1), Fate::Sent, "{status}");
        }
        for status in [301, 307, 400, 401, 404, 410, 422] {
            assert_eq!(fate(&answered(status, None), 1), Fate::Dead, "{status}");
        }
        assert_eq!(fate(&Reply::Refused("no grant".to_owned()), 1), Fate::Dead);
    }

    #[test]
    fn the_wait_doubles_from_ten_seconds_to_an_hour() {
        for status in [408, 425, 429, 500, 503, 599] {
            for attempt in 1..40 {
                let full = (10 << (attempt - 1).min(20)).min(3_600);
                let Fate::Again { not_before } = fate(&answered(status, None), attempt) else { panic!("{status}") };
                assert!(not_before <= at(full) && not_before > at(full * 4 / 5 - 1), "{attempt}: {not_before}");
            }
        }
        assert!(matches!(fate(&Reply::Silent("refused".to_owned()), 1), Fate::Again { .. }));
    }

    #[test]
    fn who_asks_to_be_left_alone_is_left_alone_until_the_last_instant() {
        assert_eq!(fate(&answered(429, Some(7_200)), 1), Fate::Again { not_before: at(7_200) });
        assert_eq!(fate(&answered(503, Some(900_000)), 1), Fate::Again { not_before: at(86_400) });
        let Fate::Again { not_before } = fate(&answered(503, Some(1)), 1) else { panic!("again") };
        assert!(not_before > at(7), "less than the backoff is not asked for");
        assert_eq!(judge(&answered(503, None), ID, 9, at(0), at(0)), Fate::Dead);
    }
}
