//! A length of time, or a size.
#![no_main]

use libfuzzer_sys::fuzz_target;
use noontide_domain::duration;
use noontide_fuzz::{one_line, soon};

fuzz_target!(|text: &str| {
    match soon(format_args!("{text:?}"), || duration::parse(text)) {
        Ok(length) => {
            let words = duration::words(length);
            assert_eq!(duration::parse(&words), Ok(length), "{text:?} is {words}, and that is something else");
        }
        Err(refusal) => one_line(&refusal),
    }
    match soon(format_args!("{text:?}"), || duration::parse_bytes(text)) {
        Ok(size) => assert!(!duration::bytes(size).is_empty()),
        Err(refusal) => one_line(&refusal),
    }
});
