//! The languages in which the house talks to people.

use std::str::FromStr;

use chrono::Weekday;
use serde::{Deserialize, Serialize};

/// A language for sentences; names of things stay as they are in all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese in simplified characters.
    Zh,
}

impl Lang {
    /// The weekday's name.
    pub fn weekday(self, day: Weekday) -> &'static str {
        const NAMES: [(&str, &str); 7] = [
            ("Monday", "星期一"),
            ("Tuesday", "星期二"),
            ("Wednesday", "星期三"),
            ("Thursday", "星期四"),
            ("Friday", "星期五"),
            ("Saturday", "星期六"),
            ("Sunday", "星期日"),
        ];
        let (english, chinese) = NAMES[day.num_days_from_monday() as usize];
        match self {
            Lang::En => english,
            Lang::Zh => chinese,
        }
    }
}

/// A language there are no words in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no language to speak here; there are en and zh")]
pub struct UnknownLang(String);

impl FromStr for Lang {
    type Err = UnknownLang;

    /// Reads `zh` and what locales make of it: `zh-CN`, `zh_CN.UTF-8`.
    fn from_str(text: &str) -> Result<Self, UnknownLang> {
        let primary = text.split(['-', '_', '.', '@']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "en" => Ok(Lang::En),
            "zh" => Ok(Lang::Zh),
            _ => Err(UnknownLang(text.chars().take(40).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_names_its_language() {
        for text in ["zh", "ZH", "zh-CN", "zh_CN.UTF-8", "zh-Hans-CN", "zh_TW@radical"] {
            assert_eq!(text.parse(), Ok(Lang::Zh), "{text}");
        }
        for text in ["en", "en-GB", "en_US.UTF-8"] {
            assert_eq!(text.parse(), Ok(Lang::En), "{text}");
        }
        for text in ["", "C", "english", "fr_FR.UTF-8"] {
            assert!(text.parse::<Lang>().is_err(), "{text}");
        }
    }
}
