//! `man`: the manual pages, one for each verb.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_mangen::Man as Page;

use crate::args::{Global, Noontide};
use crate::exit::{Done, Exit, Stop};

/// `noontide man`
#[derive(Debug, Args)]
pub struct Man {
    /// A folder to write all pages into, such as /usr/local/share/man/man1; without it the first page goes to stdout
    folder: Option<PathBuf>,
}

/// Writes the pages.
///
/// # Errors
/// If the folder or stdout cannot be written.
pub fn run(global: &Global, asked: &Man) -> Done {
    let Some(folder) = &asked.folder else {
        let mut page = Vec::new();
        Page::new(Noontide::command()).render(&mut page)?;
        global.output().text(String::from_utf8_lossy(&page).trim_end())?;
        return Ok(Exit::Ok);
    };
    let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Noontide::command(), folder));
    written.map_err(|error| Stop::failed(format!("{}: {error}", folder.display())))?;
    global.output().hint(&format!("written to {}; read one with `man -l {0}/noontide.1`", folder.display()));
    Ok(Exit::Ok)
}
