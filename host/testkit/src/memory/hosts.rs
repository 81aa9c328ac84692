//! Hosts: what each said of itself last.

use chrono::{DateTime, Utc};
use noontide_domain::HostState;
use noontide_domain::ports::{HostFilter, HostNews, HostRecord};

use super::book::Book;

pub(super) struct Announced {
    news: HostNews,
    seen_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

impl Announced {
    pub fn gone_at(&self) -> DateTime<Utc> {
        self.ended_at.unwrap_or(self.seen_at + self.news.lease)
    }

    fn record(&self, now: DateTime<Utc>) -> HostRecord {
        let Self { news, seen_at, ended_at } = self;
        let state = HostState::of(news, *seen_at + news.lease, now);
        HostRecord { news: news.clone(), state, seen_at: *seen_at, ended_at: *ended_at }
    }
}

impl Book {
    pub fn announce(&mut self, news: HostNews, now: DateTime<Utc>) -> DateTime<Utc> {
        let before = self.hosts.get(&news.host);
        let ended_at = before.and_then(|before| before.ended_at).or(news.ended.then_some(now));
        let started_at = before.map_or(news.started_at, |before| before.news.started_at);
        let news = HostNews { ended: ended_at.is_some(), started_at, ..news };
        self.hosts.insert(news.host, Announced { news, seen_at: now, ended_at });
        now
    }

    /// Those that ended, too.
    pub fn every_host(&self, now: DateTime<Utc>) -> Vec<HostRecord> {
        self.hosts.values().map(|host| host.record(now)).collect()
    }

    pub fn hosts(&self, filter: &HostFilter, now: DateTime<Utc>) -> Vec<HostRecord> {
        let wanted = |host: &HostRecord| match filter.state {
            Some(state) => host.state == state,
            None => host.state != HostState::Ended,
        };
        let after = self.hosts.iter().filter(|(id, _)| filter.after.is_none_or(|after| **id > after));
        after.map(|(_, host)| host.record(now)).filter(wanted).take(filter.limit).collect()
    }
}
