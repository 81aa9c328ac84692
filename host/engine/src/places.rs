//! The places of a host: the right to run one handler at a time. Who waits for one gets it by priority, and never more
//! than its queue may have, or its plugin.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use noontide_domain::ports::PluginHost;
use noontide_domain::{HandlerRef, PluginName, Priority, QueueName, Queues};
use tokio::sync::oneshot;

/// All places of a host.
pub(crate) struct Places {
    queues: Queues,
    /// Knows of how many runs plugins are bounded; that may change.
    plugins: Arc<dyn PluginHost>,
    line: Mutex<Line>,
}

/// Who has a place and who waits for one.
struct Line {
    free: usize,
    taken: BTreeMap<QueueName, usize>,
    by_plugin: BTreeMap<PluginName, usize>,
    /// By priority, then as they came.
    waiting: BTreeMap<(Reverse<Priority>, u64), Waiting>,
    came: u64,
}

struct Waiting {
    queue: QueueName,
    plugin: PluginName,
    given: oneshot::Sender<Place>,
}

/// The right to run one handler, until it is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    queue: QueueName,
    plugin: PluginName,
}

impl Places {
    pub(crate) fn new(all: usize, queues: Queues, plugins: Arc<dyn PluginHost>) -> Arc<Self> {
        let (taken, by_plugin) = Default::default();
        let line = Line { free: all, taken, by_plugin, waiting: BTreeMap::new(), came: 0 };
        Arc::new(Self { queues, plugins, line: Mutex::new(line) })
    }

    /// How many are free.
    pub(crate) fn free(&self) -> usize {
        self.line().free
    }

    /// Waits for a place. `None` never comes while the host lives. Whoever stops waiting leaves its turn to the next.
    pub(crate) async fn one(
        self: &Arc<Self>,
        priority: Priority,
        queue: &QueueName,
        handler: &HandlerRef,
    ) -> Option<Place> {
        let (given, taken) = oneshot::channel();
        self.line().wait(priority, Waiting { queue: queue.clone(), plugin: handler.plugin.clone(), given });
        self.hand_out();
        taken.await.ok()
    }

    /// Gives the free places to those who are next.
    fn hand_out(self: &Arc<Self>) {
        let bounded = self.plugins.bounded();
        loop {
            let Some(next) = self.line().next(&self.queues, &bounded) else { return };
            let place = Place { places: Arc::clone(self), queue: next.queue, plugin: next.plugin };
            // Outside the lock: who does not wait any more drops it, and it is free again.
            let _ = next.given.send(place);
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn wait(&mut self, priority: Priority, who: Waiting) {
        self.waiting.insert((Reverse(priority), self.came), who);
        self.came += 1;
    }

    /// The first whose queue and whose plugin may have one more; the place is taken. Whoever may not is passed over, and
    /// keeps nobody from a place.
    fn next(&mut self, queues: &Queues, bounded: &BTreeMap<PluginName, usize>) -> Option<Waiting> {
        if self.free == 0 {
            return None;
        }
        let taken = |queue: &QueueName| self.taken.get(queue).copied().unwrap_or_default();
        let running = |plugin: &PluginName| self.by_plugin.get(plugin).copied().unwrap_or_default();
        let may = |one: &Waiting| {
            queues.limit(&one.queue).is_none_or(|limit| taken(&one.queue) < limit)
                && bounded.get(&one.plugin).is_none_or(|limit| running(&one.plugin) < *limit)
        };
        let turn = self.waiting.iter().find(|(_, one)| may(one)).map(|(turn, _)| *turn)?;
        let next = self.waiting.remove(&turn)?;
        self.free -= 1;
        *self.taken.entry(next.queue.clone()).or_default() += 1;
        *self.by_plugin.entry(next.plugin.clone()).or_default() += 1;
        Some(next)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut line = self.places.line();
        line.free += 1;
        if let Some(taken) = line.taken.get_mut(&self.queue) {
            *taken -= 1;
        }
        match line.by_plugin.get_mut(&self.plugin) {
            Some(running) if *running > 1 => *running -= 1,
            _ => drop(line.by_plugin.remove(&self.plugin)),
        }
        drop(line);
        self.places.hand_out();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use noontide_testkit::{ManualClock, ScriptedPlugins};

    use super::*;

    fn places(all: usize, queues: Queues) -> Arc<Places> {
        let clock = ManualClock::new("2026-07-01T08:00:00Z".parse().expect("an instant"));
        let plugins = ScriptedPlugins::new(clock);
        plugins.bound("slow", 1);
        Places::new(all, queues, plugins)
    }

    fn handler() -> HandlerRef {
        "quick/run".parse().expect("a handler")
    }

    fn queue(name: &str) -> QueueName {
        name.parse().expect("a name")
    }

    fn look<T>(waiting: Pin<&mut impl Future<Output = Option<T>>>) -> Option<T> {
        match waiting.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(place) => place,
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_free_place_goes_to_the_highest_priority_and_then_to_who_came_first() {
        let places = places(1, Queues::default());
        let (default, low, quick) = (queue("default"), Priority(1), handler());
        let held = look(pin!(places.one(low, &default, &quick))).expect("it is free");
        let (mut first, mut second) =
            (pin!(places.one(low, &default, &quick)), pin!(places.one(low, &default, &quick)));
        let mut high = pin!(places.one(Priority(2), &default, &quick));
        assert!(look(first.as_mut()).is_none() && look(second.as_mut()).is_none() && look(high.as_mut()).is_none());
        drop(held);
        assert!(look(second.as_mut()).is_none() && look(first.as_mut()).is_none());
        drop(look(high.as_mut()).expect("the highest first"));
        assert!(look(second.as_mut()).is_none());
        drop(look(first.as_mut()).expect("then the first"));
        assert!(look(second.as_mut()).is_some());
    }

    #[test]
    fn a_queue_has_no_more_places_than_it_may_and_is_passed_over() {
        let named = BTreeMap::from([(queue("slow"), Some(1))]);
        let (places, quick) = (places(3, Queues { named, ..Queues::default() }), handler());
        let slow = look(pin!(places.one(Priority(9), &queue("slow"), &quick))).expect("it is free");
        let name = queue("slow");
        let mut next = pin!(places.one(Priority(9), &name, &quick));
        assert!(look(next.as_mut()).is_none());
        let _other = look(pin!(places.one(Priority(0), &queue("default"), &quick))).expect("another queue goes on");
        assert_eq!(places.free(), 1);
        drop(slow);
        assert!(look(next.as_mut()).is_some());
    }

    #[test]
    fn who_stops_waiting_takes_no_place_with_it() {
        let places = places(1, Queues::default());
        let (default, quick) = (queue("default"), handler());
        let held = look(pin!(places.one(Priority(0), &default, &quick))).expect("it is free");
        {
            let mut gone = pin!(places.one(Priority(9), &default, &quick));
            assert!(look(gone.as_mut()).is_none());
        }
        drop(held);
        assert_eq!(places.free(), 1);
    }

    #[test]
    fn a_plugin_has_no_more_places_than_it_may_whatever_its_priority_and_keeps_nobody_else_from_one() {
        let (places, quick) = (places(2, Queues::default()), handler());
        let (default, slow) = (queue("default"), "slow/run".parse().expect("a handler"));
        let first = look(pin!(places.one(Priority(9), &default, &slow))).expect("it is free");
        let mut second = pin!(places.one(Priority(9), &default, &slow));
        assert!(look(second.as_mut()).is_none());
        let _other = look(pin!(places.one(Priority(0), &default, &quick))).expect("another plugin goes on");
        drop(first);
        assert!(look(second.as_mut()).is_some());
    }
}
