//! What a report says, in the languages it speaks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A language of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    En,
    Zh,
}

/// The same in every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phrase {
    en: &'static str,
    zh: &'static str,
}

/// English, then Chinese.
pub const fn phrase(en: &'static str, zh: &'static str) -> Phrase {
    Phrase { en, zh }
}

/// The same in both languages, such as SQL to copy.
pub const fn verbatim(text: &'static str) -> Phrase {
    Phrase { en: text, zh: text }
}

impl Phrase {
    pub fn spoken(self, language: Language) -> &'static str {
        match language {
            Language::En => self.en,
            Language::Zh => self.zh,
        }
    }
}
