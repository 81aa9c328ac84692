//! A database as far as it matters here: so many cores, and locks that are waited for in the order of asking.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

/// A transaction, by its number.
pub type Asker = usize;

/// What is locked: the schedule rows of a batch, or the record of a handler on its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rows {
    Batch(usize),
    Record(usize),
}

/// The server. Times are microseconds from the begin.
pub struct Database {
    /// When each core is free.
    free: BinaryHeap<Reverse<u64>>,
    /// What is locked, and who waits for it.
    locked: HashMap<Rows, VecDeque<Asker>>,
    /// Time that cores have worked.
    pub worked: u64,
    /// Who waits for rows at present, and the most that ever did.
    waiting: usize,
    pub most_waiting: usize,
}

impl Database {
    pub fn new(cores: usize) -> Self {
        let free = (0..cores).map(|_| Reverse(0)).collect();
        Self { free, locked: HashMap::new(), worked: 0, waiting: 0, most_waiting: 0 }
    }

    /// When work that comes at `at` is done: the first core that is free does it.
    pub fn work(&mut self, at: u64, work: u64) -> u64 {
        let Reverse(free) = self.free.pop().expect("a server has a core");
        let end = free.max(at) + work;
        self.free.push(Reverse(end));
        self.worked += work;
        end
    }

    /// Whether it has them; else it waits.
    pub fn lock(&mut self, rows: Rows, who: Asker) -> bool {
        let Some(line) = self.locked.get_mut(&rows) else {
            self.locked.insert(rows, VecDeque::new());
            return true;
        };
        line.push_back(who);
        self.waiting += 1;
        self.most_waiting = self.most_waiting.max(self.waiting);
        false
    }

    /// Who has them next.
    pub fn unlock(&mut self, rows: Rows) -> Option<Asker> {
        let next = self.locked.get_mut(&rows).and_then(VecDeque::pop_front);
        match next {
            Some(_) => self.waiting -= 1,
            None => drop(self.locked.remove(&rows)),
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_waits_for_a_core() {
        let mut database = Database::new(2);
        assert_eq!([database.work(0, 10), database.work(0, 10), database.work(5, 10)], [10, 10, 20]);
        assert_eq!(database.work(100, 1), 101);
    }

    #[test]
    fn rows_are_had_in_the_order_of_asking() {
        let (mut database, rows) = (Database::new(1), Rows::Batch(0));
        assert!(database.lock(rows, 1) && !database.lock(rows, 2) && !database.lock(rows, 3));
        assert!(database.lock(Rows::Batch(1), 4));
        assert_eq!([database.unlock(rows), database.unlock(rows), database.unlock(rows)], [Some(2), Some(3), None]);
        assert!(database.lock(rows, 5), "they are free again");
        assert_eq!(database.most_waiting, 2);
    }
}
