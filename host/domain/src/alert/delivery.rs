//! What becomes of a message to a sink after it was sent, or could not be. Other than the outbox, nothing but a receiver that
//! is gone for good, or will never take this very message, ends it early: who is on call would rather hear late than never.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::outbox::{Fate, Reply, again};

/// How long a message is tried before it is given up: over a weekend.
pub const TRIED_FOR: Duration = Duration::from_secs(3 * 24 * 3_600);

/// The answer by which a receiver says that it is gone for good.
pub const GONE: u16 = 410;

/// Decides what becomes of a message after `reply` to its try number `attempt` (counted from 1).
pub fn judge(reply: &Reply, seed: u64, attempt: u32, give_up_at: DateTime<Utc>, now: DateTime<Utc>) -> Fate {
    match reply {
        Reply::Answered { status: 200..=299, .. } => Fate::Sent,
        Reply::Answered { status: GONE, .. } | Reply::Rejected(_) => Fate::Dead,
        Reply::Answered { after, .. } => again(seed, attempt, after.unwrap_or_default(), give_up_at, now),
        Reply::Silent(_) | Reply::Refused(_) => again(seed, attempt, Duration::ZERO, give_up_at, now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_what_will_never_be_taken_is_tried_again_until_three_days_have_passed() {
        let now = DateTime::UNIX_EPOCH;
        let fate = |reply, now| judge(&reply, 7, 3, DateTime::UNIX_EPOCH + TRIED_FOR, now);
        let answered = |status| Reply::Answered { status, after: Some(Duration::from_secs(7_200)) };
        assert_eq!(fate(answered(204), now), Fate::Sent);
        assert_eq!(fate(answered(410), now), Fate::Dead);
        for status in [302, 401, 404, 429, 500] {
            assert_eq!(fate(answered(status), now), Fate::Again { not_before: now + Duration::from_secs(7_200) });
        }
        assert!(matches!(fate(Reply::Refused("no such sink".to_owned()), now), Fate::Again { .. }));
        assert_eq!(fate(Reply::Rejected("550 no such mailbox".to_owned()), now), Fate::Dead);
        assert_eq!(fate(Reply::Silent("away".to_owned()), now + TRIED_FOR), Fate::Dead);
    }
}
