//! Files made to harm: each costs the host one line, and whoever comes after them is served.

mod bombs;
mod mutations;

use std::time::Instant;

use serde_json::{Value, json};

use super::support::{Api, Host, Place, fixtures, number, until};

/// Small limits, so that the bombs need not be large.
const LIMITS: &str = "[plugins]\ncompile-memory = \"512MiB\"\ncompile-timeout = \"10s\"\n";

/// What the host may hold for itself more than before, in MiB: of the file that is just being read, and of code that was good.
const MORE_MIB: u64 = 128;

/// Files in the folder at a time.
const BATCH: usize = 50;

/// Longest reason, in bytes: one line on a terminal of any patience.
const LINE: usize = 2_200;

/// A file that keeps a compiler busy.
pub fn slow() -> Vec<u8> {
    bombs::all().remove(0).bytes
}

struct Siege {
    place: Place,
    host: Host,
    api: Api,
    before: u64,
    most: u64,
    refused: usize,
    loaded: usize,
}

impl Siege {
    async fn begin() -> Self {
        let place = Place::new();
        place.conf("limits.toml", LIMITS);
        place.plugin("noop");
        let host = place.serve().await;
        let api = host.api();
        let run = api.call("fixture-noop/run", json!({})).await;
        assert_eq!(api.ended(&run).await["state"], "succeeded");
        let before = host.own_memory_mib();
        Self { place, host, api, before, most: before, refused: 0, loaded: 0 }
    }

    /// Puts the files there, lets the host look, and takes them away again.
    async fn attack(&mut self, files: Vec<(String, Vec<u8>)>) -> Vec<(String, Value)> {
        for (name, bytes) in &files {
            self.place.plugin_bytes(&format!("{name}.wasm"), bytes);
        }
        let looked = until("the host has looked at all of them", async || {
            self.api.post("/reload", json!({})).await;
            let plugins = self.api.list("/plugins").await;
            let judged = |name: &str| plugins.iter().any(|plugin| plugin["file"] == format!("{name}.wasm"));
            files.iter().all(|(name, _)| judged(name)).then_some(plugins)
        })
        .await;
        let mut told = Vec::new();
        for (name, _) in &files {
            let file = format!("{name}.wasm");
            let plugin = looked.iter().find(|plugin| plugin["file"] == file.as_str()).expect("judged");
            match plugin["error"]["message"].as_str() {
                Some(message) => {
                    assert!(message.len() < LINE && !message.contains(char::is_control), "{name}: {message:?}");
                    assert!(!message.contains("the loader itself broke"), "{name}: {message}");
                    self.refused += 1;
                }
                None => self.loaded += 1,
            }
            told.push((name.clone(), plugin["error"].clone()));
            std::fs::remove_file(self.place.path("plugins").join(file)).expect("it was there");
        }
        self.most = self.most.max(self.host.own_memory_mib());
        assert!(self.most < self.before + MORE_MIB, "the host grew from {} to {} MiB", self.before, self.most);
        told
    }

    /// The host lives, its watcher looks, and a good file is taken by it.
    async fn end(self, what: &str, begun: Instant) {
        self.place.plugin("hello");
        until("a good file is taken", async || {
            let plugins = self.api.list("/plugins").await;
            plugins.iter().any(|plugin| plugin["name"] == "hello" && plugin["error"].is_null()).then_some(())
        })
        .await;
        let run = self.api.call("fixture-noop/run", json!({})).await;
        assert_eq!(self.api.ended(&run).await["state"], "succeeded");
        println!(
            "{what}: {} refused, {} loaded, in {:.1} s; the host held {} MiB before and {} at most",
            self.refused,
            self.loaded,
            begun.elapsed().as_secs_f64(),
            self.before,
            self.most
        );
    }
}

#[tokio::test]
async fn bombs_are_refused_in_one_line_each_and_the_host_stays_small() {
    let begun = Instant::now();
    let mut siege = Siege::begin().await;
    let mut otherwise = Vec::new();
    for bomb in bombs::all() {
        let begun = Instant::now();
        let told = siege.attack(vec![(bomb.name.to_owned(), bomb.bytes)]).await;
        let (_, error) = &told[0];
        println!("{:>24} {:>6.2} s  {error}", bomb.name, begun.elapsed().as_secs_f64());
        let message = error["message"].as_str().unwrap_or_default();
        if !message.contains(bomb.words) {
            otherwise.push(format!("{}: `{}` is not in {error}", bomb.name, bomb.words));
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
    siege.end("bombs", begun).await;
}

#[tokio::test]
async fn thousands_of_broken_files_are_refused_or_loaded_and_nothing_else() {
    let begun = Instant::now();
    let mut siege = Siege::begin().await;
    let bases = ["noop", "program"].map(|name| std::fs::read(fixtures::wasm(name)).expect("a fixture"));
    let count = number("NOONTIDE_MUTATIONS", 150);
    let mut files = mutations::of(&bases, usize::try_from(count).expect("a count")).into_iter().enumerate().peekable();
    while files.peek().is_some() {
        let batch = files.by_ref().take(BATCH).map(|(number, bytes)| (format!("m{number}"), bytes));
        siege.attack(batch.collect()).await;
    }
    siege.end(&format!("{count} mutations"), begun).await;
}
