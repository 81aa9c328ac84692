//! How the fires lie in time: seconds, minutes, hours of the day, and how many runs go on at once.
//!
//! A [`Day`] counts by the second in two flat arrays, one for each thread; [`Load`] adds them up day after day. So a year of
//! tens of millions of fires needs neither their list nor a sort.

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

/// How much time is looked at in one piece.
pub const DAY: TimeDelta = TimeDelta::days(1);
const SECONDS: usize = 86_400;
const HOUR: usize = 3_600;
const HOURS: usize = SECONDS / HOUR;

/// So many fires in one second are a collision worth a word.
pub const CROWD: u32 = 40;

/// How many of the busiest minutes and seconds are told.
const BUSIEST: usize = 10;

/// One thread's counts of one day, which begins at `begin`.
pub struct Day {
    /// Unix seconds.
    begin: i64,
    starts: Vec<u32>,
    /// What changes in the number of running ones, at the begin of each second.
    change: Vec<i32>,
    /// What lies beyond the day.
    later: Vec<Mark>,
}

/// What happens in a second.
#[derive(Clone, Copy)]
enum Mark {
    Starts(i64),
    Change(i64, i32),
}

impl Day {
    /// The day that begins at `begin`, empty.
    pub fn new(begin: DateTime<Utc>) -> Self {
        Self { begin: begin.timestamp(), starts: vec![0; SECONDS], change: vec![0; SECONDS], later: Vec::new() }
    }

    /// A run starts, by the plan.
    pub fn starts(&mut self, at_ms: i64) {
        self.mark(Mark::Starts(at_ms.div_euclid(1_000)));
    }

    /// A run goes on from then to then, in milliseconds; each second it touches counts.
    pub fn runs(&mut self, from_ms: i64, to_ms: i64) {
        self.mark(Mark::Change(from_ms.div_euclid(1_000), 1));
        self.mark(Mark::Change((to_ms + 999).div_euclid(1_000), -1));
    }

    /// A run does not go on from then to then after all.
    pub fn runs_no_more(&mut self, from_ms: i64, to_ms: i64) {
        self.mark(Mark::Change((from_ms + 999).div_euclid(1_000), -1));
        self.mark(Mark::Change((to_ms + 999).div_euclid(1_000), 1));
    }

    fn mark(&mut self, mark: Mark) {
        let (Mark::Starts(second) | Mark::Change(second, _)) = mark;
        // Never negative: what starts is due now or later, and the begin is rounded down.
        match usize::try_from(second - self.begin) {
            Ok(index) if index < SECONDS => match mark {
                Mark::Starts(_) => self.starts[index] += 1,
                Mark::Change(_, by) => self.change[index] += by,
            },
            _ => self.later.push(mark),
        }
    }

    /// To the next day.
    pub fn turn(&mut self) {
        self.begin += SECONDS as i64;
        self.starts.fill(0);
        self.change.fill(0);
        std::mem::take(&mut self.later).into_iter().for_each(|mark| self.mark(mark));
    }
}

/// A second or a minute, and how many fires it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy {
    /// Where it begins.
    pub begin: DateTime<Utc>,
    /// How many runs start in it.
    pub fires: u32,
}

/// Most runs at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Peak {
    /// How many.
    pub running: i64,
    /// The first second with so many.
    pub at: DateTime<Utc>,
}

/// All days added up.
pub struct Load {
    zone: Tz,
    /// In all.
    pub fires: u64,
    /// The busiest, most fires first, then the earliest.
    pub minutes: Vec<Busy>,
    /// The busiest, most fires first, then the earliest.
    pub seconds: Vec<Busy>,
    /// Seconds with a crowd.
    pub crowded: u64,
    /// Fires by the hour of the day.
    pub hours: [u64; 24],
    /// Fires in each hour from the first day's begin on.
    pub series: Vec<u64>,
    /// Most runs at once.
    pub peak: Peak,
    running: i64,
}

impl Load {
    /// Hours of the day are told in `zone`.
    pub fn new(zone: Tz) -> Self {
        Self {
            zone,
            fires: 0,
            minutes: Vec::new(),
            seconds: Vec::new(),
            crowded: 0,
            hours: [0; 24],
            series: Vec::new(),
            peak: Peak::default(),
            running: 0,
        }
    }

    /// Adds the day that begins at `begin`, as the threads have counted it.
    pub fn add(&mut self, begin: DateTime<Utc>, days: &[Day]) {
        let begin = begin.timestamp();
        let instant = |index: usize| DateTime::from_timestamp(begin + index as i64, 0).unwrap_or_default();
        let day = self.series.len();
        self.series.resize(day + HOURS, 0);
        let mut minute = Busy { begin: DateTime::UNIX_EPOCH, fires: 0 };
        for index in 0..SECONDS {
            let starts: u32 = days.iter().map(|day| day.starts[index]).sum();
            self.running += days.iter().map(|day| i64::from(day.change[index])).sum::<i64>();
            if self.running > self.peak.running {
                self.peak = Peak { running: self.running, at: instant(index) };
            }
            if starts == 0 {
                continue;
            }
            self.fires += u64::from(starts);
            self.series[day + index / HOUR] += u64::from(starts);
            self.crowded += u64::from(starts >= CROWD);
            let begin = instant(index);
            keep(&mut self.seconds, Busy { begin, fires: starts });
            let of_minute = begin - TimeDelta::seconds(i64::from(begin.second()));
            if of_minute != minute.begin {
                self.minute(minute);
                minute = Busy { begin: of_minute, fires: 0 };
            }
            minute.fires += starts;
        }
        self.minute(minute);
    }

    fn minute(&mut self, minute: Busy) {
        if minute.fires > 0 {
            // Offsets are whole minutes wherever clocks run today; a second's difference moves no histogram.
            self.hours[minute.begin.with_timezone(&self.zone).hour() as usize] += u64::from(minute.fires);
            keep(&mut self.minutes, minute);
        }
    }
}

/// Keeps the busiest in order; of equals the earlier, which came first.
fn keep(busiest: &mut Vec<Busy>, busy: Busy) {
    if busiest.len() == BUSIEST && busiest.last().is_some_and(|least| least.fires >= busy.fires) {
        return;
    }
    let place = busiest.partition_point(|other| other.fires >= busy.fires);
    busiest.insert(place, busy);
    busiest.truncate(BUSIEST);
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: DateTime<Utc> = DateTime::UNIX_EPOCH;

    #[test]
    fn a_run_past_midnight_goes_on_in_the_next_day() {
        let mut day = Day::new(BEGIN);
        let evening = 86_399_500;
        day.starts(evening);
        day.runs(evening, evening + 10_000);
        let mut load = Load::new(Tz::UTC);
        load.add(BEGIN, std::slice::from_ref(&day));
        day.turn();
        day.starts(86_405_000);
        day.runs(86_405_000, 86_406_000);
        load.add(BEGIN + DAY, std::slice::from_ref(&day));
        assert_eq!((load.fires, load.peak.running), (2, 2));
        assert_eq!(load.peak.at.timestamp(), 86_405);
        assert_eq!(load.running, 0, "all have ended");
    }

    #[test]
    fn the_busiest_come_first_and_of_equals_the_earliest() {
        let mut days = [Day::new(BEGIN), Day::new(BEGIN)];
        for second in 0..100 {
            days[0].starts(second * 60_000);
        }
        (0..41).for_each(|_| days[1].starts(120_500));
        let mut load = Load::new(Tz::UTC);
        load.add(BEGIN, &days);
        assert_eq!((load.minutes.len(), load.minutes[0].fires, load.minutes[0].begin.timestamp()), (10, 42, 120));
        assert_eq!(load.minutes[1].begin.timestamp(), 0);
        assert_eq!(load.crowded, 1);
        assert_eq!(load.hours[..2], [101, 40]);
        assert_eq!((load.series.len(), &load.series[..3]), (24, &[101, 40, 0][..]));
    }
}
