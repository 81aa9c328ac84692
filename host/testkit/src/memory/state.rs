//! What handlers remember.

use noontide_domain::ports::{KeyPage, Settled};
use noontide_domain::{Order, PluginName, Report, StateSize, StateWrite};

use super::book::{Book, Remembered};

impl Book {
    pub fn state_keys(&self, scope: &str, page: &KeyPage) -> Vec<String> {
        let of_scope = self.state.keys().filter(|(of, key)| of == scope && key.starts_with(&page.prefix));
        let keys = of_scope.map(|(_, key)| key).filter(|key| page.after.as_ref().is_none_or(|after| *key > after));
        keys.take(page.limit).cloned().collect()
    }

    pub fn state_size(&self, plugin: &PluginName) -> StateSize {
        let own = self.state.iter().filter(|(_, entry)| entry.plugin == *plugin);
        own.fold(StateSize::default(), |sum, ((_, key), entry)| {
            let size = StateSize::of_entry(key, &entry.value);
            StateSize { bytes: sum.bytes + size.bytes, keys: sum.keys + size.keys }
        })
    }

    /// All writes of the report, or none and why.
    pub fn remember(&mut self, order: &Order, report: &Report) -> Option<Settled> {
        let revision = |write: &StateWrite| {
            self.state.get(&(write.scope.of(order), write.key.clone())).map_or(0, |entry| entry.revision)
        };
        if let Some(write) = report.state.iter().find(|write| revision(write) != write.base) {
            return Some(Settled::StateConflict { key: write.key.clone() });
        }
        let plugin = &order.handler.plugin;
        let before = (self.state.clone(), self.state_size(plugin));
        for write in &report.state {
            let entry = (write.scope.of(order), write.key.clone());
            match write.value.clone() {
                Some(value) => {
                    let remembered = Remembered { value, revision: write.revision, plugin: plugin.clone() };
                    self.state.insert(entry, remembered);
                }
                None => drop(self.state.remove(&entry)),
            }
        }
        let over = self.state_size(plugin).over(before.1, report.state_allows)?;
        self.state = before.0;
        Some(Settled::StateOver(over))
    }
}
