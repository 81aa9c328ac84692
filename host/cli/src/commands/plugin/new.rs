//! `plugin new NAME`: a folder with a plugin that builds and runs, to be made one's own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;
use noontide_domain::PluginName;
use serde_json::json;

use super::project::Folder;
use super::templates;
use crate::args::Global;
use crate::exit::{Done, Exit, Stop};

/// The flags of `plugin new`.
#[derive(Debug, Args)]
pub struct New {
    /// The plugin's name: lower-case letters, digits and hyphens
    name: String,
    /// In which language
    #[arg(long, value_name = "LANG", default_value = "rust", value_parser = PossibleValuesParser::new(templates::languages()))]
    lang: String,
    /// The folder to make [default: the plugin's name]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Makes the folder and says what comes next.
///
/// # Errors
/// The name cannot be a plugin's, the folder is there, or it cannot be written.
pub fn run(global: &Global, asked: &New) -> Done {
    let name = name(&asked.name)?;
    let template = templates::of(&asked.lang).ok_or_else(|| Stop::usage("--lang: no such template"))?;
    let folder = asked.dir.clone().unwrap_or_else(|| PathBuf::from(name.as_str()));
    free(&folder)?;
    let mut count = 0;
    for (path, content) in template.files(name.as_str()) {
        write(&folder.join(path), &content)?;
        count += 1;
    }
    let output = global.output();
    for missing in Folder::open(&folder)?.missing() {
        output.hint(&missing);
    }
    let (shown, next) = (folder.display().to_string(), next(&folder));
    let value = json!({ "name": name, "language": template.language, "folder": shown, "files": count, "next": next });
    output.thing(&value, || {
        format!(
            "plugin `{name}` is in {shown}, {count} files. To build it, call it once, and go on from there:\n\n{}",
            next.join("\n")
        )
    })?;
    Ok(Exit::Ok)
}

/// A plugin's name is also that of packages and files, which take less.
fn name(text: &str) -> Result<PluginName, Stop> {
    let name: PluginName = text.parse().map_err(|reason| Stop::usage(format!("NAME: {reason}")))?;
    let plain = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !plain || !text.starts_with(|c: char| c.is_ascii_lowercase()) || text.ends_with('-') {
        return Err(Stop::usage(format!(
            "NAME: `{text}` cannot name packages in every language; take lower-case letters, digits and hyphens, \
             beginning with a letter, such as `order-count`"
        )));
    }
    Ok(name)
}

/// Nothing is written over. A folder that is empty is as good as none.
fn free(folder: &Path) -> Result<(), Stop> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => {
            let message = "is there and is not empty; nothing was written: take another NAME, or --dir DIR";
            Err(Stop::new(Exit::Conflict, format!("{} {message}", folder.display())))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Stop::failed(format!("{}: {error}", folder.display()))),
    }
}

fn write(path: &Path, content: &[u8]) -> Result<(), Stop> {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder)
        .and_then(|()| fs::OpenOptions::new().write(true).create_new(true).open(path))
        .and_then(|mut file| file.write_all(content));
    written.map_err(|error| Stop::failed(format!("{}: {error}", path.display())))
}

fn next(folder: &Path) -> Vec<String> {
    let enter = format!("cd {}", folder.display());
    let commands = ["noontide plugin build", "noontide plugin run", "noontide plugin dev"];
    std::iter::once(enter).chain(commands.map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_packages_of_every_language() {
        assert!(name("order-count2").is_ok());
        for text in ["", "Order", "order_count", "order.count", "2nd", "-x", "x-", "a b", "é"] {
            let stop = name(text).unwrap_err();
            assert_eq!(stop.exit, Exit::Usage, "{text}");
        }
        assert!(name("Order").unwrap_err().message.contains("such as `order-count`"));
    }
}
