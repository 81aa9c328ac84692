//! What `plugin new` writes: the folders of `host/cli/templates`, which the binary carries.

use std::borrow::Cow;
use std::path::PathBuf;

/// A plugin to begin with, in one language. Its file names and texts hold the name it has as long as it is a template.
pub struct Template {
    /// As `--lang` takes it.
    pub language: &'static str,
    files: &'static [(&'static str, &'static [u8])],
}

/// All, in the order of their names. Written by `build.rs`.
static ALL: &[Template] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// What stands in a template for the plugin's name, and for the same as an identifier.
const NAME: &str = "noontide-template";
const IDENTIFIER: &str = "noontide_template";

/// The languages there are templates for.
pub fn languages() -> Vec<&'static str> {
    ALL.iter().map(|template| template.language).collect()
}

/// The template for a language.
pub fn of(language: &str) -> Option<&'static Template> {
    ALL.iter().find(|template| template.language == language)
}

impl Template {
    /// Its files under the name of a plugin. Paths are relative to the new folder.
    pub fn files(&self, name: &str) -> impl Iterator<Item = (PathBuf, Cow<'static, [u8]>)> {
        let identifier = name.replace('-', "_");
        let named = move |text: &str| text.replace(NAME, name).replace(IDENTIFIER, &identifier);
        let named = move |(path, content): &(&str, &'static [u8])| {
            let content = match std::str::from_utf8(content) {
                Ok(text) if text.contains(NAME) || text.contains(IDENTIFIER) => Cow::Owned(named(text).into_bytes()),
                _ => Cow::Borrowed(*content),
            };
            (PathBuf::from(named(path)), content)
        };
        let files: Vec<_> = self.files.iter().map(named).collect();
        files.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_nothing_of_its_own_name_once_it_is_a_plugin() {
        for template in ALL {
            let files: Vec<_> = template.files("order-count").collect();
            assert!(files.iter().any(|(path, _)| path.as_os_str() == "noontide.toml"), "{}", template.language);
            let texts = files.iter().map(|(path, content)| (path, String::from_utf8_lossy(content)));
            for (path, text) in texts {
                let here = format!("{}: {}", template.language, path.display());
                assert!(!text.contains(NAME) && !text.contains(IDENTIFIER), "{here}");
                assert!(!here.contains(NAME) && !here.contains(IDENTIFIER), "{here}");
            }
        }
    }

    #[test]
    fn the_sdk_comes_with_the_rust_template_as_plain_files() {
        let files: Vec<_> = of("rust").unwrap().files("order-count").map(|(path, _)| path).collect();
        for file in ["Cargo.lock", "sdk/Cargo.toml", "sdk/src/lib.rs", "sdk/wit/world.wit", ".gitignore"] {
            assert!(files.contains(&PathBuf::from(file)), "{file}: {files:?}");
        }
    }
}
