//! Chains: what the end of a run makes due.

use chrono::{DateTime, Utc};
use noontide_domain::chain::{Branch, Ended, LinkState, Linked, MemberResult, Origin, tally};
use noontide_domain::ports::{ChainCancelled, LinkPage, LinkRecord};
use noontide_domain::{Link, Outcome, RunId, RunState};

use super::book::Book;
use super::row::Row;

impl Book {
    /// Writes what follows the ends of those of `runs` that belong to a chain.
    pub fn follow(&mut self, runs: impl IntoIterator<Item = RunId>, now: DateTime<Utc>) {
        let end = |run| {
            let row = self.rows.get(&run).filter(|row| !row.is_live())?;
            Some(Ended::run(self.links.get(&run)?, row.state))
        };
        let ended = runs.into_iter().filter_map(end).collect();
        self.follow_all(ended, now);
    }

    fn follow_all(&mut self, mut ended: Vec<Ended>, now: DateTime<Utc>) {
        while !ended.is_empty() {
            for one in &ended {
                self.take_up(one, now);
            }
            for one in &ended {
                let unreached = one.unreached();
                self.leave_out(&one.why(), |link| link.chain == one.chain && link.path.starts_with(&unreached));
            }
            ended = self.groups(&ended);
        }
    }

    fn take_up(&mut self, ended: &Ended, now: DateTime<Utc>) {
        let is_next = |link: &&mut Link| {
            link.after == Some(ended.id) && link.branch == ended.follows() && link.state == LinkState::Waiting
        };
        let origin = self.origin(ended);
        let mut made = Vec::new();
        for link in self.links.values_mut().filter(is_next) {
            let Some(fire) = link.fire(origin.clone(), now) else { continue };
            made.push(Row::ready(fire, now));
            link.state = LinkState::Made;
            if let Linked::Call { errand, .. } = &mut link.what {
                *errand = None;
            }
        }
        made.into_iter().for_each(|row| self.insert(row));
    }

    fn origin(&self, ended: &Ended) -> Origin {
        if ended.is_group() && ended.follows() == Branch::Then {
            return self.gathered(ended.id);
        }
        let row = self.rows.get(&ended.by);
        let (outcome, reason) = row.map_or((None, None), |row| (row.outcome.as_ref(), row.reason.as_ref()));
        Origin::of_run(ended.by, ended.is_group().then_some(ended.id), ended.state, outcome, reason)
    }

    fn gathered(&self, group: RunId) -> Origin {
        let mut members: Vec<_> = self.links.values().filter(|link| link.waiter == Some(group)).collect();
        members.retain(|link| link.member.is_some());
        members.sort_by_key(|link| link.member);
        let result = |run: &RunId| match self.rows.get(run).and_then(|row| row.outcome.clone()) {
            Some(Outcome::Succeeded { result }) => result,
            _ => None,
        };
        let results = members.iter().map(|link| MemberResult { run: link.id, result: result(&link.id) }).collect();
        Origin::of_group(group, results)
    }

    /// Never comes; gives back what that was.
    fn leave_out(&mut self, why: &str, which: impl Fn(&Link) -> bool) -> Vec<Link> {
        let waits = |link: &&mut Link| link.state == LinkState::Waiting && which(link);
        let mut gone = Vec::new();
        for link in self.links.values_mut().filter(waits) {
            link.state = LinkState::Unreached;
            link.why = Some(why.to_owned());
            gone.push(link.clone());
        }
        gone
    }

    /// Counts for the groups that wait; gives back those that are over now.
    fn groups(&mut self, ended: &[Ended]) -> Vec<Ended> {
        let mut over = Vec::new();
        for tally in tally(ended) {
            let waiting = self.links.get_mut(&tally.group).filter(|group| group.state == LinkState::Waiting);
            let Some(group) = waiting else { continue };
            let Linked::Group { missing } = &mut group.what else { continue };
            (*missing, group.state) = tally.applied(*missing);
            if group.state != LinkState::Waiting {
                let (by, state) = tally.decided();
                over.push(Ended::group(group, by, state));
            }
        }
        over
    }

    pub fn cancel_chain(&mut self, id: RunId, now: DateTime<Utc>, clock: DateTime<Utc>) -> Option<ChainCancelled> {
        let mut top = self.links.get(&id)?.clone();
        while let Some(group) =
            top.waiter.and_then(|group| self.links.get(&group)).filter(|group| !self.has_begun(group))
        {
            top = group.clone();
        }
        let gone = self.leave_out("cancelled", |link| top.holds(link));
        let mut answer = ChainCancelled { unreached: gone.len() as u64, ..ChainCancelled::default() };
        let ended = gone.iter().map(|link| Ended::group(link, link.id, RunState::Cancelled)).collect();
        let mut cancelled = Vec::new();
        let held: Vec<_> = self.links.values().filter(|link| top.holds(link)).map(|link| link.id).collect();
        for id in held {
            let Some(row) = self.rows.get_mut(&id) else { continue };
            match row.state {
                RunState::Ready => {
                    row.end(RunState::Cancelled, now);
                    answer.cancelled += 1;
                    cancelled.push(id);
                }
                RunState::Running => {
                    row.cancel_asked = true;
                    answer.asked.push(id);
                }
                _ => {}
            }
        }
        self.follow_all(ended, clock);
        self.follow(cancelled, clock);
        Some(answer)
    }

    /// Its first member waits no more.
    fn has_begun(&self, group: &Link) -> bool {
        let first = group.first_member();
        let waits = |link: &Link| link.chain == group.chain && link.path == first && link.state == LinkState::Waiting;
        !self.links.values().any(waits)
    }

    pub fn link(&self, id: RunId) -> Option<LinkRecord> {
        self.links.get(&id).map(|link| self.link_record(link))
    }

    pub fn links_page(&self, page: LinkPage) -> Vec<LinkRecord> {
        let fits = |link: &&Link| {
            link.chain == page.chain
                && page.next_to.is_none_or(|before| link.after == Some(before))
                && page.after.is_none_or(|last| link.id > last)
        };
        self.links.values().filter(fits).take(page.limit).map(|link| self.link_record(link)).collect()
    }

    fn link_record(&self, link: &Link) -> LinkRecord {
        LinkRecord { link: link.clone(), run: self.rows.get(&link.id).map(|row| row.state) }
    }

    /// Whether the run's chain waits for something, a run or its result.
    pub fn is_needed(&self, row: &Row) -> bool {
        let waits = |link: &Link| Some(link.chain) == row.order.chain && link.state == LinkState::Waiting;
        row.order.chain.is_some() && self.links.values().any(waits)
    }
}
