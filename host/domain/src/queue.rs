//! Where runs wait for a place, and who goes first.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Cause, Labels, PluginName, QueueName, suggest};

/// Who goes first where places are few: 0 to 255 as AMQP has it, the higher first; of equals, the older.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Priority(pub u8);

impl Priority {
    /// Of calls that name none, as of messages that name none.
    pub const CALL: Priority = Priority(0);

    /// Of schedules that name none: above the 0 to 9 that calls are given by custom, so that a rush of calls delays no
    /// schedule; a call of 11 and more goes first all the same.
    pub const SCHEDULE: Priority = Priority(10);

    /// What a run that exists for `cause` has if nobody says otherwise.
    pub fn of(cause: Cause) -> Self {
        match cause {
            Cause::Enqueued => Self::CALL,
            Cause::Schedule | Cause::Manual | Cause::After | Cause::Backfill => Self::SCHEDULE,
        }
    }

    /// The priority of that number.
    ///
    /// # Errors
    /// Says which numbers there are.
    pub fn of_number(number: i64) -> Result<Self, String> {
        u8::try_from(number).map(Self).map_err(|_| format!("{number} is no priority; 0 to 255 is possible"))
    }

    /// The default of a schedule's definition.
    pub(crate) fn schedule() -> Self {
        Self::SCHEDULE
    }

    pub(crate) fn is_a_schedules(&self) -> bool {
        *self == Self::SCHEDULE
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The queues of a host, as the operator names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queues {
    /// With how many of its runs go on at the same time here; without a number, as many as there are places. The default
    /// queue is there even if nobody names it.
    pub named: BTreeMap<QueueName, Option<usize>>,
    /// How many runs of them are under lease at the same time, on all hosts together.
    pub totals: BTreeMap<QueueName, usize>,
    /// Those whose runs this host takes; all if not given.
    pub taken: Option<BTreeSet<QueueName>>,
}

impl Queues {
    /// Whether there is such a queue.
    ///
    /// # Errors
    /// A line with the nearest one.
    pub fn check(&self, name: &QueueName) -> Result<(), String> {
        if name.is_default() || self.named.contains_key(name) {
            return Ok(());
        }
        let known = self.named.keys().map(QueueName::as_str).chain([QueueName::DEFAULT]);
        let hint = suggest::hint(name.as_str(), known);
        let remedy = if hint.is_empty() { format!("; a queue begins as a table [queue.{name}]") } else { hint };
        Err(format!("there is no queue `{name}`{remedy}"))
    }

    /// How many of its runs may go on here at the same time; `None` for as many as there are places.
    pub fn limit(&self, name: &QueueName) -> Option<usize> {
        self.named.get(name).copied().flatten()
    }

    /// What this host has room for while it holds so many runs of each queue.
    pub fn room(&self, held: &BTreeMap<QueueName, usize>) -> QueueRoom {
        let left = |name: &QueueName| {
            let held = held.get(name).copied().unwrap_or_default();
            self.limit(name).map_or(usize::MAX, |limit| limit.saturating_sub(held))
        };
        let named = match &self.taken {
            Some(taken) => taken.iter().map(|name| (name.clone(), left(name))).collect(),
            None => self.named.keys().map(|name| (name.clone(), left(name))).collect(),
        };
        QueueRoom { named, others: self.taken.is_none(), totals: self.totals.clone(), ..QueueRoom::ALL }
    }
}

/// How many runs of each queue a host has room for, and of each plugin whose runs are bounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRoom {
    /// Of these queues so many.
    pub named: BTreeMap<QueueName, usize>,
    /// Of every other one as many as there are places, or none.
    pub others: bool,
    /// Of the runs of these plugins so many; of all others as many as their queue has room for.
    pub plugins: BTreeMap<PluginName, usize>,
    /// Of these queues no more than so many under lease, whoever holds them.
    pub totals: BTreeMap<QueueName, usize>,
    /// What is said of the host; `None` for whatever is asked.
    pub labels: Option<Labels>,
}

impl QueueRoom {
    /// Room for runs of every queue.
    pub const ALL: QueueRoom = QueueRoom {
        named: BTreeMap::new(),
        others: true,
        plugins: BTreeMap::new(),
        totals: BTreeMap::new(),
        labels: None,
    };

    /// How many runs of `queue` there is room for.
    pub fn of(&self, queue: &QueueName) -> usize {
        let other = if self.others { usize::MAX } else { 0 };
        self.named.get(queue).copied().unwrap_or(other)
    }

    /// Whether the host is what such a run asks for.
    pub fn meets(&self, runs_on: &Labels) -> bool {
        self.labels.as_ref().is_none_or(|labels| labels.meet(runs_on))
    }

    /// No more than `left` of the queue from now on.
    pub fn narrow(&mut self, queue: &QueueName, left: usize) {
        let room = self.of(queue).min(left);
        self.named.insert(queue.clone(), room);
    }

    /// The plugins of whose runs there is no room for another.
    pub fn full(&self) -> impl Iterator<Item = &PluginName> {
        self.plugins.iter().filter(|(_, room)| **room == 0).map(|(name, _)| name)
    }

    /// Whether there is room for a run of `plugin` in `queue`.
    pub fn has(&self, queue: &QueueName, plugin: &PluginName) -> bool {
        self.of(queue) > 0 && self.plugins.get(plugin) != Some(&0)
    }

    /// Gives one place away to a run of `plugin` in `queue`. `false` if there is none.
    pub fn take(&mut self, queue: &QueueName, plugin: &PluginName) -> bool {
        let has = self.has(queue, plugin);
        if has {
            let rooms = self.named.get_mut(queue).into_iter().chain(self.plugins.get_mut(plugin));
            rooms.for_each(|room| *room -= 1);
        }
        has
    }
}

impl Default for QueueRoom {
    fn default() -> Self {
        Self::ALL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_room_for_the_queues_it_takes_as_far_as_they_are_bounded() {
        let [mail, slow, other] = ["mail", "slow", "other"].map(|name| name.parse::<QueueName>().expect("a name"));
        let named = BTreeMap::from([(mail.clone(), Some(3)), (slow.clone(), None)]);
        let mut queues = Queues { named, ..Queues::default() };
        let held = BTreeMap::from([(mail.clone(), 2), (slow.clone(), 7)]);
        let room = queues.room(&held);
        assert_eq!([&mail, &slow, &other].map(|name| room.of(name)), [1, usize::MAX, usize::MAX]);
        queues.taken = Some(BTreeSet::from([mail.clone()]));
        let room = queues.room(&held);
        assert_eq!([&mail, &slow, &other].map(|name| room.of(name)), [1, 0, 0]);
    }

    #[test]
    fn a_queue_nobody_named_is_answered_with_the_nearest_one() {
        let queues = Queues { named: BTreeMap::from([("mails".parse().expect("a name"), None)]), ..Queues::default() };
        let check = |name: &str| queues.check(&name.parse().expect("a name"));
        assert!(check("default").is_ok() && check("mails").is_ok());
        assert!(check("mailz").unwrap_err().ends_with("did you mean `mails`?"));
        assert!(check("reports").unwrap_err().contains("[queue.reports]"));
    }

    #[test]
    fn a_queue_has_room_until_its_places_are_given_away() {
        let [mail, other] = ["mail", "other"].map(|name| name.parse::<QueueName>().expect("a name"));
        let plugin = "smtp".parse::<PluginName>().expect("a name");
        let mut room = QueueRoom { named: BTreeMap::from([(mail.clone(), 1)]), ..QueueRoom::ALL };
        assert_eq!((room.of(&mail), room.of(&other)), (1, usize::MAX));
        assert_eq!([&mail, &mail, &other].map(|queue| room.take(queue, &plugin)), [true, false, true]);
        room.others = false;
        assert_eq!((room.of(&other), room.take(&other, &plugin)), (0, false));
    }

    #[test]
    fn a_bounded_plugin_has_so_many_places_over_all_queues_and_takes_none_of_the_others() {
        let [mail, other] = ["mail", "other"].map(|name| name.parse::<QueueName>().expect("a name"));
        let [slow, quick] = ["slow", "quick"].map(|name| name.parse::<PluginName>().expect("a name"));
        let named = BTreeMap::from([(mail.clone(), 2)]);
        let mut room = QueueRoom { named, plugins: BTreeMap::from([(slow.clone(), 1)]), ..QueueRoom::ALL };
        assert!(room.take(&mail, &slow));
        assert_eq!(room.full().collect::<Vec<_>>(), [&slow]);
        assert!(!room.take(&other, &slow) && !room.take(&mail, &slow), "in no queue");
        assert!(room.take(&mail, &quick) && room.of(&mail) == 0, "the refused took no place");
    }
}
