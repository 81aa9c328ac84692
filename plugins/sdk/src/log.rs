//! Lines in the run's log.

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever writes the plugin.
    Trace,
    /// For whoever looks for a fault.
    Debug,
    /// What happened.
    Info,
    /// Something is odd; the run goes on.
    Warn,
    /// Something failed.
    Error,
}

/// Logs what happened: `info!(call, "{n} rows")`, with fields `info!(call, table = name, rows = n; "moved {n} rows")`.
#[macro_export]
macro_rules! info { ($($line:tt)+) => { $crate::__log!(Info, $($line)+) } }

/// Logs something odd; written like [`info!`].
#[macro_export]
macro_rules! warn { ($($line:tt)+) => { $crate::__log!(Warn, $($line)+) } }

/// Logs something that failed; written like [`info!`].
#[macro_export]
macro_rules! error { ($($line:tt)+) => { $crate::__log!(Error, $($line)+) } }

/// Logs for whoever looks for a fault; written like [`info!`].
#[macro_export]
macro_rules! debug { ($($line:tt)+) => { $crate::__log!(Debug, $($line)+) } }

/// Logs for whoever writes the plugin; written like [`info!`].
#[macro_export]
macro_rules! trace { ($($line:tt)+) => { $crate::__log!(Trace, $($line)+) } }

#[doc(hidden)]
#[macro_export]
macro_rules! __log {
    ($level:ident, $call:expr, $($field:ident = $value:expr),+ ; $($text:tt)+) => {
        $call.log($crate::Level::$level, &::std::format!($($text)+), &[
            $((::std::string::String::from(::std::stringify!($field)), ::std::string::ToString::to_string(&$value))),+
        ])
    };
    ($level:ident, $call:expr, $($text:tt)+) => {
        $call.log($crate::Level::$level, &::std::format!($($text)+), &[])
    };
}

#[cfg(test)]
mod tests {
    use crate::{Call, Level};

    #[test]
    fn a_line_carries_its_level_and_its_fields() {
        let call = Call::test();
        let rows = 3;
        crate::info!(call, "moved {rows} rows");
        crate::warn!(call, table = "orders", rows = rows; "slow");

        let lines = call.lines();
        assert_eq!((lines[0].level, lines[0].message.as_str()), (Level::Info, "moved 3 rows"));
        assert_eq!(lines[1].level, Level::Warn);
        assert_eq!(lines[1].field("table"), Some("orders"));
        assert_eq!(lines[1].field("rows"), Some("3"));
    }
}
