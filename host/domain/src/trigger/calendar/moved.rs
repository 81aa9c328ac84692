//! Instants of a day off, at the same wall time on a workday.
//!
//! On the days of a clock change the wall time is cut where it jumps: within a piece of both days, later stays later,
//! so the first instant of a piece that lies late enough is its answer. That asks the trigger a few times a day,
//! however many instants the day has.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::on_workdays::{OnWorkdays, before};
use crate::trigger::civil;

/// Wall times from one to another, exclusive, that move by the same length when they are looked up.
#[derive(Debug, Clone, Copy)]
struct Piece {
    from: NaiveDateTime,
    until: NaiveDateTime,
    shift: TimeDelta,
}

impl OnWorkdays {
    /// The first of the instants on `source` that fires on `workday` after `after`, as it fires.
    pub(super) fn first_on(
        &self,
        workday: NaiveDate,
        source: NaiveDate,
        after: DateTime<Utc>,
        anchor: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        if source == workday {
            let from = after.max(before(civil::day_start(workday, self.timezone)));
            let end = civil::day_end(workday, self.timezone)?;
            return self.trigger.next_after(from, anchor).filter(|due| *due < end);
        }
        let pieces = self.pieces(workday)?;
        let stretches = self.stretches(source)?;
        let pairs = pieces.iter().flat_map(|piece| stretches.iter().map(move |stretch| (*piece, *stretch)));
        pairs.filter_map(|(piece, stretch)| self.first_in(workday, source, piece, stretch, after, anchor)).min()
    }

    fn first_in(
        &self,
        workday: NaiveDate,
        source: NaiveDate,
        piece: Piece,
        (begin, end): (DateTime<Utc>, DateTime<Utc>),
        after: DateTime<Utc>,
        anchor: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let zone = self.timezone;
        let offset = civil::offset(begin, zone);
        let back = workday.signed_duration_since(source);
        // The wall time whose move ends up at `after`: earlier ones need not be asked for.
        let shown = civil::wall(after, zone) - piece.shift;
        let wall = piece.from.max(shown).min(piece.until) - back;
        let open = before(begin.max(wall.and_utc() - offset));
        let close = end.min((piece.until - back).and_utc() - offset);
        let mut due = self.trigger.next_after(open, anchor)?;
        while due < close {
            let moved = civil::forward(civil::wall(due, zone) + back, zone);
            if moved > after {
                return Some(moved);
            }
            // Where the workday's clock is set back, the first pass of an hour may be over already.
            due = self.trigger.next_after(due, anchor)?;
        }
        None
    }

    /// The wall time of a workday, cut at a gap: times in the gap move forward, past those right after it.
    fn pieces(&self, workday: NaiveDate) -> Option<Vec<Piece>> {
        let zone = self.timezone;
        let (begin, end) = (workday.and_time(NaiveTime::MIN), workday.succ_opt()?.and_time(NaiveTime::MIN));
        let whole = Piece { from: begin, until: end, shift: TimeDelta::zero() };
        let night = civil::day_start(workday, zone) - TimeDelta::seconds(1);
        let Some(change) = civil::change_within(night, civil::day_start(end.date(), zone), zone) else {
            return Some(vec![whole]);
        };
        let after = civil::wall(change, zone);
        let gap = civil::offset(change, zone) - civil::offset(change - TimeDelta::seconds(1), zone);
        if gap <= TimeDelta::zero() {
            return Some(vec![whole]);
        }
        Some(vec![
            Piece { until: after - gap, ..whole },
            Piece { from: after - gap, until: after, shift: gap },
            Piece { from: after, ..whole },
        ])
    }

    /// The instants of a day off, cut where the clock is changed: `(from, until)`, until exclusive.
    fn stretches(&self, source: NaiveDate) -> Option<Vec<(DateTime<Utc>, DateTime<Utc>)>> {
        let zone = self.timezone;
        let (begin, end) = (civil::day_start(source, zone), civil::day_end(source, zone)?);
        let change = civil::change_within(begin, end, zone).filter(|change| *change < end);
        Some(match change {
            None => vec![(begin, end)],
            Some(change) => vec![(begin, change), (change, end)],
        })
    }
}
