//! Submissions among the steps: few instants and few payloads, so that keys meet.

use noontide_domain::ports::{ItemPage, ItemRecord};
use noontide_domain::submission::Counts;
use noontide_domain::{Bucket, Item, ItemOutcome, KeyPart, SubmissionId, Timetable};

use super::*;

/// What somebody hands over.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Seconds, and payloads by number.
    buckets: Vec<(i64, Vec<u8>)>,
    overlap: Overlap,
    repeatable: bool,
    retry_failed: bool,
    places: Option<usize>,
    /// Once more what was handed over last, under its id.
    again: bool,
}

/// A policy that gives up a run would lose its payloads, so there are two only.
pub fn batch(overlap: impl Strategy<Value = Overlap>) -> impl Strategy<Value = Batch> {
    let overlap =
        overlap.prop_map(|overlap| if overlap == Overlap::Allow { Overlap::Allow } else { Overlap::QueueAll });
    let buckets = prop::collection::btree_map(0..4_i64, prop::collection::btree_set(0..4_u8, 1..4), 0..3);
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    (buckets, overlap, flags, prop::option::of(0..3_usize)).prop_map(|(buckets, overlap, flags, places)| {
        let (repeatable, retry_failed, again) = flags;
        let buckets = buckets.into_iter().map(|(due, payloads)| (due * 10, payloads.into_iter().collect())).collect();
        Batch { buckets, overlap, repeatable, retry_failed, places, again }
    })
}

impl Pair {
    pub(super) async fn submit(&mut self, batch: &Batch) {
        let submission = match &self.last {
            Some(last) if batch.again => last.clone(),
            _ => self.submission(batch),
        };
        let is_known = self.last.as_ref().is_some_and(|last| last.id == submission.id);
        let tenant = batch.places.map(|places| Tenant { places, ..self.tenant.clone() });
        let submitted = both!(self, ledger.submit(submission.clone(), tenant.clone()));
        assert!(!is_known || submitted.claimed.is_empty(), "an id is taken once");
        for claimed in submitted.claimed {
            let run = match &claimed {
                Claimed::Leased(leased) => leased.lease.run,
                Claimed::Ready(run) | Claimed::Queued { run, .. } => *run,
                other => panic!("a bucket was not taken: {other:?}"),
            };
            let orders = submission.buckets.iter().map(|bucket| &bucket.fire.order);
            let order = orders.into_iter().find(|order| order.id == run).expect("a run of the submission");
            assert!(self.keys.insert(order.key.clone()), "{} was there already", order.key);
            self.offered.insert(run);
            if let Claimed::Leased(leased) = claimed {
                self.held.push(leased.lease);
            }
        }
        self.last = Some(submission);
    }

    fn submission(&self, batch: &Batch) -> Submission {
        let (repeatable, retry_failed) = (batch.repeatable, batch.retry_failed);
        Submission {
            id: SubmissionId::new(),
            schedule: name(0),
            buckets: batch.buckets.iter().map(|(due, payloads)| self.bucket(*due, payloads, batch.overlap)).collect(),
            timetable: Timetable { repeatable, retry_failed, ..Timetable::default() },
            counts: Counts { out_of_window: batch.buckets.len() as u64, ..Counts::default() },
        }
    }

    fn bucket(&self, due: i64, payloads: &[u8], overlap: Overlap) -> Bucket {
        let (due_at, id) = (second(due), RunId::new());
        let key = Key::bucket(&name(0), due_at, id);
        let handler = "mail/send".parse().expect("a handler");
        let order = Order { schedule: Some(name(0)), ..Order::new(id, key, handler, due_at, Cause::Schedule) };
        let not_before = due_at.max(self.clock.now());
        let item = |payload: &u8| {
            let parts = [KeyPart::Integer(due), KeyPart::Integer(i64::from(*payload))];
            Item {
                key: Key { text: format!("{due} {payload}"), ..Key::of("item", &parts) },
                payload: payload.to_string(),
            }
        };
        let fire = Fire { order, overlap, not_before, fills: None };
        Bucket { fire, items: payloads.iter().map(item).collect() }
    }

    /// What a handler says that tells its items apart: one has failed, and it is silent about the one after it.
    pub(super) async fn told(&self, run: RunId, failing: Option<usize>) -> Vec<ItemOutcome> {
        let Some(failing) = failing else { return Vec::new() };
        let items = self.items(run).await.into_iter().enumerate().filter(|(at, _)| *at != failing + 1);
        let error = |at| (at == failing).then(|| "no such channel".to_owned());
        items.map(|(at, item)| ItemOutcome { key: item.key.hash, error: error(at) }).collect()
    }

    /// The items of a run, the same in both but for their numbers, which may leave some out.
    pub(super) async fn items(&self, run: RunId) -> Vec<ItemRecord> {
        let page = ItemPage { run, after: None, limit: 100 };
        let items = async |history: &dyn History| {
            let mut items = history.items(page).await.expect("reads");
            assert!(items.is_sorted_by_key(|item| item.id));
            items.iter_mut().for_each(|item| item.id = 0);
            items
        };
        let (memory, file) = (items(self.memory.as_ref()).await, items(self.file.history.as_ref()).await);
        assert_eq!(memory, file);
        memory
    }
}
