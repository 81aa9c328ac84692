//! Values that go to a database and come from it.

use chrono::{DateTime, Utc};

/// A parameter, or one column of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// True or false; MySQL and SQLite have integers instead.
    Boolean(bool),
    /// Up to 64 bits, with a sign.
    Integer(i64),
    /// Binary floating point.
    Float(f64),
    /// Text; and decimals, larger integers, UUIDs, JSON, dates, times of day, intervals and arrays as they are written.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An instant, to the microsecond.
    Instant(DateTime<Utc>),
}

impl Value {
    /// What it is, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Instant(_) => "an instant",
        }
    }
}

/// Parameters of a statement, each of its own type: `params![1, "two", Some(3.0)]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        ::std::vec![$($crate::sql::Value::from($value)),*] as ::std::vec::Vec<$crate::sql::Value>
    };
}

macro_rules! from {
    ($($kind:ty => |$value:ident| $made:expr;)*) => {
        $(impl From<$kind> for Value {
            fn from($value: $kind) -> Self {
                $made
            }
        })*
    };
}

from! {
    bool => |value| Self::Boolean(value);
    i64 => |value| Self::Integer(value);
    i32 => |value| Self::Integer(value.into());
    u32 => |value| Self::Integer(value.into());
    f64 => |value| Self::Float(value);
    &str => |value| Self::Text(value.to_owned());
    &String => |value| Self::Text(value.clone());
    String => |value| Self::Text(value);
    &[u8] => |value| Self::Bytes(value.to_vec());
    Vec<u8> => |value| Self::Bytes(value);
    DateTime<Utc> => |value| Self::Instant(value);
    // Text if it is past 63 bits: databases read it as the number it is.
    u64 => |value| i64::try_from(value).map_or_else(|_| Self::Text(value.to_string()), Self::Integer);
    usize => |value| Self::from(value as u64);
    &Value => |value| value.clone();
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A Rust type that a column reads as.
pub trait FromValue: Sized {
    /// What is expected, for people.
    const EXPECTED: &'static str;

    /// `None` if the value is of another type.
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! reads {
    ($($kind:ty, $expected:literal: { $($pattern:pat => $read:expr,)* })*) => {
        $(impl FromValue for $kind {
            const EXPECTED: &'static str = $expected;

            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    $($pattern => $read,)*
                    _ => None,
                }
            }
        })*
    };
}

// Databases disagree about sums and booleans (`sum` of integers is a decimal in two of three, and decimals are text), so
// what reads exactly is taken.
reads! {
    bool, "a boolean": {
        Value::Boolean(value) => Some(*value),
        Value::Integer(0) => Some(false),
        Value::Integer(1) => Some(true),
    }
    i64, "an integer": {
        Value::Integer(value) => Some(*value),
        Value::Text(text) => text.trim().parse().ok(),
    }
    u64, "an integer from 0": {
        Value::Integer(value) => u64::try_from(*value).ok(),
        Value::Text(text) => text.trim().parse().ok(),
    }
    f64, "a number": {
        Value::Float(value) => Some(*value),
        Value::Integer(value) => Some(*value as f64),
        Value::Text(text) => text.trim().parse().ok(),
    }
    String, "text": { Value::Text(value) => Some(value.clone()), }
    Vec<u8>, "bytes": { Value::Bytes(value) => Some(value.clone()), }
    DateTime<Utc>, "an instant": { Value::Instant(value) => Some(*value), }
}

impl FromValue for Value {
    const EXPECTED: &'static str = "anything";

    fn from_value(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_of_mixed_types() {
        let values = crate::params![1, 2_u64, u64::MAX, "a", None::<i64>, Some(1.5), true, vec![0_u8]];
        assert_eq!(values[..2], [Value::Integer(1), Value::Integer(2)]);
        assert_eq!(values[2], Value::Text("18446744073709551615".into()));
        assert_eq!(values[4..6], [Value::Null, Value::Float(1.5)]);
    }

    #[test]
    fn numbers_read_as_numbers_however_the_database_writes_them() {
        assert_eq!(i64::from_value(&Value::Text("42".into())), Some(42));
        assert_eq!(f64::from_value(&Value::Text("4.20".into())), Some(4.2));
        assert_eq!(i64::from_value(&Value::Text("4.2".into())), None);
        assert_eq!(u64::from_value(&Value::Integer(-1)), None);
        assert_eq!(bool::from_value(&Value::Integer(1)), Some(true));
        assert_eq!(bool::from_value(&Value::Integer(2)), None);
    }
}
