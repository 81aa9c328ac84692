//! `plugin!`: a plugin in one declaration.

use std::time::Duration;

/// Declares the plugin: writes a function `plugin() -> Plugin` and, compiled for `wasm32`, exports it.
///
/// ```
/// # use noontide_sdk::{Call, Failure};
/// noontide_sdk::plugin! {
///     name: "ping",
///     summary: "Looks whether hosts answer.",
///     wants: { tcp: ["db.internal:5432"], secrets: ["DB_PASSWORD"] },   // may be left out
///     handlers: {
///         "once" => once { summary: "Asks once.", example: { "host": "db.internal" }, timeout: "30s" },
///         "forget" => forget { summary: "Forgets what it saw." },
///     }
/// }
/// # fn once(_: &Call, _: noontide_sdk::serde_json::Value) -> Result<(), Failure> { Ok(()) }
/// # fn forget(_: &Call, _: noontide_sdk::serde_json::Value) -> Result<(), Failure> { Ok(()) }
/// # fn main() { assert_eq!(plugin().handlers()[0].timeout().unwrap().as_secs(), 30); }
/// ```
///
/// The keys stand in this order. `wants` knows `http`, `tcp`, `env`, `secrets`, `folders`, `sql` and `kv`. A timeout is a
/// number with `ms`, `s`, `m` or `h`; it counts where the schedule sets none. The version is that of the package.
///
/// A handler is any `fn(&Call, Input) -> Result<Output, Failure>`. `Input` derives `Deserialize` and `JsonSchema`: the schema
/// is what the host checks a schedule's `input` by, doc comments become its descriptions, and `#[serde(default)]` makes a
/// field optional. A handler that takes anything, or nothing, has `noontide_sdk::serde_json::Value` as input. `Output` is
/// anything that serialises, or an [`Outcome`](crate::Outcome) of it; see [`IntoOutcome`](crate::IntoOutcome).
///
/// What is misspelt does not compile, and the message names it:
///
/// ```compile_fail
/// noontide_sdk::plugin! {
///     name: "ping",
///     sumary: "Looks whether hosts answer.",   // there is no key `sumary`
///     handlers: { "once" => once { summary: "Asks once.", timeout: "30 seconds" } }   // a timeout ends with ms, s, m or h
/// }
/// # fn once(_: &noontide_sdk::Call, _: noontide_sdk::serde_json::Value) -> Result<(), noontide_sdk::Failure> { Ok(()) }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! plugin {
    (
        name: $name:literal,
        summary: $summary:literal,
        $(wants: { $($kind:ident: [$($want:literal),* $(,)?]),* $(,)? },)?
        handlers: {
            $($handler:literal => $body:path {
                summary: $about:literal
                $(, example: $example:tt)?
                $(, timeout: $timeout:literal)?
                $(,)?
            }),+ $(,)?
        } $(,)?
    ) => {
        /// What this plugin is and which function answers to which name.
        pub fn plugin() -> $crate::Plugin {
            $crate::Plugin::new($name, ::std::env!("CARGO_PKG_VERSION"), $summary)
                $(.wanting(|wants| { $(wants.$kind = ::std::vec![$($want),*];)* }))?
                $(.with(
                    $crate::Handler::new($handler, $body)
                        .with_summary($about)
                        $(.with_example($crate::json!($example)))?
                        $(.with_timeout(const { $crate::duration($timeout) }))?
                ))+
        }

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Declared;

            impl $crate::guest::Declares for Declared {
                fn plugin() -> $crate::Plugin {
                    plugin()
                }
            }

            $crate::guest::export!(Declared with_types_in $crate::guest::bindings);
        };
    };
    // What comes here did not read as a declaration. The rest finds out why.
    ($($key:ident: $value:tt),* $(,)?) => {
        $($crate::__plugin_key!($key: $value);)*
        ::std::compile_error!("plugin! takes name, summary, wants (may be left out) and handlers, in this order; a handler summary, example and timeout");
    };
    ($($other:tt)*) => {
        ::std::compile_error!(
            "plugin! is written: plugin! { name: \"…\", summary: \"…\", wants: { folders: [\"/in\"] }, handlers: { \"run\" => \
             function { summary: \"…\", example: { … }, timeout: \"30s\" } } }, with a comma after each part"
        );
    };
}

/// Says what is wrong with a part of a declaration.
#[doc(hidden)]
#[macro_export]
macro_rules! __plugin_key {
    (name: $text:literal) => {};
    (summary: $text:literal) => {};
    (wants: { $($kind:ident: [$($want:literal),* $(,)?]),* $(,)? }) => {};
    (wants: $other:tt) => {
        ::std::compile_error!("`wants` is written: wants: { folders: [\"/in\"], secrets: [\"TOKEN\"] }");
    };
    (handlers: { $($handler:literal => $body:path { $($key:ident: $value:tt),* $(,)? }),+ $(,)? }) => {
        $($($crate::__handler_key!($handler $key: $value);)*)+
    };
    (handlers: $other:tt) => {
        ::std::compile_error!(
            "`handlers` is written: handlers: { \"run\" => function { summary: \"…\", example: { … }, timeout: \"30s\" } }, a name \
             in quotes, the function, and what there is to say about it"
        );
    };
    ($key:ident: $value:tt) => {
        ::std::compile_error!(::std::concat!(
            "plugin! has no key `", ::std::stringify!($key), "`; it has name, summary, wants and handlers"
        ));
    };
}

/// Says what is wrong with a part of a handler.
#[doc(hidden)]
#[macro_export]
macro_rules! __handler_key {
    ($handler:literal summary: $text:literal) => {};
    ($handler:literal example: $input:tt) => {};
    ($handler:literal timeout: $text:literal) => {};
    ($handler:literal $key:ident: $value:tt) => {
        ::std::compile_error!(::std::concat!(
            "handler \"",
            $handler,
            "\" has no key `",
            ::std::stringify!($key),
            "`; it has summary, example and timeout, in this order"
        ));
    };
}

/// "30s" as a duration; a text that is none stops the compiler.
#[doc(hidden)]
pub const fn duration(text: &str) -> Duration {
    let bytes = text.as_bytes();
    let mut number = 0_u64;
    let mut at = 0;
    while at < bytes.len() && bytes[at].is_ascii_digit() {
        number = number * 10 + (bytes[at] - b'0') as u64;
        at += 1;
    }
    assert!(at > 0, "a timeout begins with a number, as in \"30s\"");
    match bytes.split_at(at).1 {
        b"ms" => Duration::from_millis(number),
        b"s" => Duration::from_secs(number),
        b"m" => Duration::from_secs(number * 60),
        b"h" => Duration::from_secs(number * 3600),
        _ => panic!("a timeout ends with ms, s, m or h, as in \"30s\""),
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use serde_json::Value;

    use super::*;
    use crate::{Call, Failure, Outcome, json};

    crate::plugin! {
        name: "exam",
        summary: "Is examined.",
        wants: { secrets: ["KEY"], folders: ["/a", "/b"] },
        handlers: {
            "double" => double { summary: "Doubles.", example: { "n": 2 }, timeout: "90s" },
            "idle" => idle { summary: "Does nothing." },
        }
    }

    /// What to double.
    #[derive(Deserialize, JsonSchema)]
    struct Double {
        /// A number.
        #[serde(default)]
        n: u32,
    }

    #[derive(Serialize)]
    struct Doubled {
        n: u32,
    }

    fn double(_: &Call, input: Double) -> Result<Doubled, Failure> {
        Ok(Doubled { n: input.n * 2 })
    }

    fn idle(_: &Call, _: Value) -> Result<Outcome, Failure> {
        Ok(Outcome::skipped("idle"))
    }

    #[test]
    fn a_declaration_names_its_handlers_with_schema_example_and_timeout() {
        let plugin = plugin();
        assert_eq!((plugin.name(), plugin.version()), ("exam", env!("CARGO_PKG_VERSION")));
        assert_eq!(plugin.wants().folders, ["/a", "/b"]);
        assert!(plugin.wants().http.is_empty());

        let double = &plugin.handlers()[0];
        assert_eq!(double.example(), Some(&json!({ "n": 2 })));
        assert_eq!(double.timeout(), Some(Duration::from_secs(90)));
        let schema: Value = serde_json::from_str(&double.input_schema()).unwrap();
        assert_eq!(schema["properties"]["n"]["type"], "integer");
        assert_eq!(
            (&schema["description"], &schema["properties"]["n"]["description"]),
            (&json!("What to double."), &json!("A number."))
        );
        assert_eq!(schema["required"], Value::Null, "what has a default may be left out");
        assert_eq!(plugin.handlers()[1].timeout(), None);
    }

    #[test]
    fn a_call_reaches_the_handler_it_names() {
        let call = Call::test().handler("double").input(json!({ "n": 21 }));
        assert_eq!(plugin().run(&call), Ok(Outcome::Done(r#"{"n":42}"#.into())));
        assert_eq!(plugin().run(&Call::test().handler("idle")), Ok(Outcome::Skipped("idle".into())));
    }

    #[test]
    fn no_input_is_as_good_as_an_empty_one() {
        let call = Call::test().handler("double").input(Value::Null);
        assert_eq!(plugin().run(&call), Ok(Outcome::Done(r#"{"n":0}"#.into())));
    }

    #[test]
    fn an_input_of_another_shape_is_an_invalid_input() {
        let call = Call::test().handler("double").input(json!({ "n": "two" }));
        assert!(matches!(plugin().run(&call), Err(Failure::InvalidInput(reason)) if reason.contains("\"two\"")));
    }

    #[test]
    fn an_unknown_handler_is_a_permanent_failure_that_names_the_known_ones() {
        let failure = plugin().run(&Call::test().handler("triple")).unwrap_err();
        assert_eq!(failure, Failure::permanent("plugin `exam` has no handler `triple`, it has: double, idle"));
    }

    #[test]
    fn a_duration_is_a_number_with_a_unit() {
        assert_eq!(duration("250ms"), Duration::from_millis(250));
        assert_eq!(duration("5m"), Duration::from_secs(300));
        assert_eq!(duration("1h"), Duration::from_secs(3600));
    }
}
