//! Wrong tokens at the login: a few are quick, further ones wait, longer each time. Of each address, and of so many at most.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Slips of the hand.
const QUICK: u32 = 5;

/// No wait is longer.
const LONGEST: TimeDelta = TimeDelta::minutes(15);

/// Who has been quiet for so long begins anew.
const FORGOTTEN: TimeDelta = TimeDelta::hours(1);

/// Addresses remembered at most. When there are more, the one that was quiet longest is forgotten.
const MOST: usize = 10_000;

/// Who has tried.
#[derive(Debug, Default)]
pub(crate) struct Tries(Mutex<HashMap<IpAddr, Tried>>);

#[derive(Debug, Clone, Copy)]
struct Tried {
    wrong: u32,
    last: DateTime<Utc>,
}

impl Tried {
    /// When the next try counts.
    fn next(&self) -> DateTime<Utc> {
        match self.wrong.checked_sub(QUICK) {
            None => self.last,
            Some(over) => self.last + TimeDelta::seconds(1 << over.min(10)).min(LONGEST),
        }
    }
}

impl Tries {
    /// How long to wait still.
    pub fn wait(&self, from: IpAddr, now: DateTime<Utc>) -> Option<TimeDelta> {
        let tried = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&from).copied()?;
        Some(tried.next() - now).filter(|left| *left > TimeDelta::zero())
    }

    /// One more that was wrong.
    pub fn wrong(&self, from: IpAddr, now: DateTime<Utc>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST && !all.contains_key(&from) {
            all.retain(|_, tried| now - tried.last < FORGOTTEN);
            let oldest = all.iter().min_by_key(|(_, tried)| tried.last).map(|(address, _)| *address);
            if let Some(oldest) = oldest.filter(|_| all.len() >= MOST) {
                all.remove(&oldest);
            }
        }
        let tried = all.entry(from).or_insert(Tried { wrong: 0, last: now });
        if now - tried.last >= FORGOTTEN {
            tried.wrong = 0;
        }
        *tried = Tried { wrong: tried.wrong.saturating_add(1), last: now };
    }

    /// That one was right.
    pub fn right(&self, from: IpAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_782_892_800 + second, 0).expect("an instant")
    }

    #[test]
    fn five_tries_are_quick_and_each_further_one_waits_twice_as_long() {
        let (tries, from) = (Tries::default(), IpAddr::from([9, 9, 9, 9]));
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..20 {
            let wait = tries.wait(from, at(now)).unwrap_or_default();
            now += wait.num_seconds();
            waits.push(wait.num_seconds());
            assert_eq!(tries.wait(from, at(now)), None);
            tries.wrong(from, at(now));
        }
        assert_eq!(waits[..9], [0, 0, 0, 0, 0, 1, 2, 4, 8]);
        assert_eq!(waits.last(), Some(&900), "no longer than a quarter of an hour");
        assert_eq!(tries.wait(IpAddr::from([9, 9, 9, 8]), at(now)), None, "others do not wait");
        tries.wrong(from, at(now + 3_600));
        assert_eq!(tries.wait(from, at(now + 3_600)), None, "long ago is forgotten");
        tries.right(from);
        assert_eq!(tries.0.lock().expect("nobody panicked").len(), 0);
    }

    #[test]
    fn however_many_addresses_try_so_many_are_remembered() {
        let tries = Tries::default();
        for number in 0..u32::try_from(MOST).expect("a number") + 100 {
            tries.wrong(IpAddr::from(number.to_be_bytes()), at(i64::from(number) / 100));
        }
        assert_eq!(tries.0.lock().expect("nobody panicked").len(), MOST);
    }
}
