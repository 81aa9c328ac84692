//! A host: the real engine on a runtime of its own, one step at a time. Whoever drops the runtime kills the host wherever its tasks
//! stand; whoever does not drive it has frozen it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use noontide_domain::Schedule;
use noontide_engine::{EngineHandle, Parts, Settings, start};
use noontide_testkit::ScriptedOutlet;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinHandle, yield_now};

use crate::clock::HostClock;
use crate::hands::Hands;
use crate::road::Road;

/// Steps without any traffic after which a host has come to rest: more than there are hops between its tasks.
const STILL: usize = 24;

pub struct Host {
    road: Arc<Road>,
    runtime: Runtime,
    starting: Option<JoinHandle<EngineHandle>>,
    engine: Option<EngineHandle>,
}

impl Host {
    /// Begins to start; it tries until the ledger lets it.
    pub fn new(
        clock: Arc<HostClock>,
        road: Arc<Road>,
        hands: Arc<Hands>,
        settings: Settings,
        list: Vec<Schedule>,
    ) -> Self {
        // One task after each look of whoever drives it, so that it can be killed between any two.
        let runtime = Builder::new_current_thread().event_interval(1).build().expect("a runtime");
        let parts = Parts {
            clock: clock.clone(),
            ledger: road.clone(),
            plugins: hands,
            outlet: ScriptedOutlet::new(),
            settings,
        };
        let starting = runtime.spawn(async move {
            loop {
                match start(parts.clone(), list.clone()).await {
                    Ok(engine) => return engine,
                    Err(_) => parts.clock.sleep_until(parts.clock.now() + std::time::Duration::from_secs(1)).await,
                }
            }
        });
        Self { road, runtime, starting: Some(starting), engine: None }
    }

    /// So many steps of its tasks.
    pub fn steps(&mut self, steps: usize) {
        self.runtime.block_on(async {
            for _ in 0..steps {
                yield_now().await;
            }
        });
        if self.starting.as_ref().is_some_and(JoinHandle::is_finished) {
            let starting = self.starting.take().expect("it is there");
            self.engine = Some(self.runtime.block_on(starting).expect("the start does not panic"));
        }
    }

    /// Until nothing moves any more.
    pub fn settle(&mut self, moved: impl Fn() -> u64) {
        loop {
            let before = moved();
            self.steps(STILL);
            if moved() == before {
                return;
            }
        }
    }

    /// Has somebody ask the engine for something; nobody waits for the answer. A host that is still starting hears nothing.
    pub fn ask<F: Future<Output = ()> + Send + 'static>(&self, wish: impl FnOnce(EngineHandle) -> F) {
        if let Some(engine) = &self.engine {
            self.runtime.spawn(wish(engine.clone()));
        }
    }

    /// Nothing gets through to the ledger, or everything does again.
    pub fn cut_off(&self, is_shut: bool) {
        self.road.here.is_shut.store(is_shut, Ordering::Relaxed);
    }

    /// Gone, between two steps.
    pub fn kill(self) {
        self.runtime.shutdown_background();
    }
}
