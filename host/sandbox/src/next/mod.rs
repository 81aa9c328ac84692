//! What a next version of the contract costs: this module and one arm of `callee`, `world` and the linker each. Only the
//! tests are built with it: `tests/data/wit-0.2` is a version that nobody has published.

mod adapter;
mod bindings;

use wasmtime::Store;
use wasmtime::component::{HasSelf, Linker};

use crate::bindings::exports::noontide::plugin::describe::PluginInfo;
use crate::bindings::types::Invocation;
use crate::classify::Ended;
use crate::guest::Guest;
pub(crate) use bindings::PluginPre;

/// Its imports, beside those of 0.1: names carry their version.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    bindings::Plugin::add_to_linker::<Guest, HasSelf<Guest>>(linker, |guest| guest)
}

pub(crate) async fn describe(pre: &PluginPre<Guest>, store: &mut Store<Guest>) -> wasmtime::Result<PluginInfo> {
    let plugin = pre.instantiate_async(&mut *store).await?;
    plugin.noontide_plugin_describe().call_describe(store).await.map(adapter::info)
}

pub(crate) async fn call(pre: &PluginPre<Guest>, store: &mut Store<Guest>, invocation: &Invocation) -> Ended {
    let plugin = match pre.instantiate_async(&mut *store).await {
        Ok(plugin) => plugin,
        Err(error) => return Ended::NoInstance(error),
    };
    match plugin.noontide_plugin_handler().call_run(store, &adapter::invocation(invocation)).await {
        Ok(answer) => Ended::Answered(adapter::answer(answer)),
        Err(error) => Ended::Broke(error),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::stage::Stage;
    use crate::tiny;

    #[tokio::test(flavor = "multi_thread")]
    async fn plugins_of_two_versions_of_the_contract_run_side_by_side_in_one_sandbox() {
        let stage = Stage::empty();
        stage.put("old.wasm", &tiny::of_this_contract());
        stage.put("new.wasm", &wat::parse_str(include_str!("../../tests/data/tiny-0.2.wat")).expect("a component"));
        noontide_domain::ports::PluginHost::rescan(&*stage.sandbox).await;
        let calls = (0..8).map(|number| {
            let stage = &stage;
            async move {
                let (plugin, result) = if number % 2 == 0 { ("tiny", "0.1") } else { ("next", "0.2") };
                let report = stage.call(plugin, json!({})).await;
                let noontide_domain::Outcome::Succeeded { result: Some(told) } = &report.outcome else {
                    panic!("{plugin}: {:?}, {:?}", report.outcome, stage.status("new.wasm"))
                };
                assert_eq!(*told, Value::from(result));
                report
            }
        });
        let mut reports = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            reports.push(call.await);
        }
        assert_eq!(reports[1].logs[0].message, "hello from 0.2");
        assert_eq!(reports[1].plugin.as_ref().map(|version| version.version.as_str()), Some("2.0.0"));
    }
}
