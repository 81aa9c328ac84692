//! `noontide:plugin/artifacts`: files are gathered until the attempt ends and written with its end.

use noontide_domain::{Artifact, ArtifactName, Limits};
use std::collections::BTreeMap;

use crate::bindings::artifacts::{ArtifactError, Cap, Host};
use crate::guest::Guest;

/// The files of one attempt so far.
#[derive(Debug)]
pub(crate) struct ArtifactShelf {
    limits: Limits,
    files: BTreeMap<ArtifactName, Artifact>,
}

impl ArtifactShelf {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, files: BTreeMap::new() }
    }

    /// The largest file it takes, in bytes.
    pub(crate) fn largest(&self) -> u64 {
        self.limits.artifact_size
    }

    /// In the order of their names.
    pub(crate) fn take_files(&mut self) -> Vec<Artifact> {
        std::mem::take(&mut self.files).into_values().collect()
    }

    fn attach(&mut self, name: &str, media_type: &str, content: Vec<u8>) -> Result<(), ArtifactError> {
        let name: ArtifactName = name.parse().map_err(|error| ArtifactError::InvalidName(format!("{error}")))?;
        let media_type = media_type.parse().map_err(|error| ArtifactError::InvalidMediaType(format!("{error}")))?;
        self.find_room(&name, content.len() as u64)?;
        self.files.insert(name.clone(), Artifact::new(name, media_type, content));
        Ok(())
    }

    /// What it takes the place of makes room first.
    fn find_room(&self, name: &ArtifactName, bytes: u64) -> Result<(), ArtifactError> {
        let others = self.files.values().filter(|file| file.name != *name);
        let (count, total) = others.fold((0, 0), |(count, total), file| (count + 1, total + file.content.len() as u64));
        let caps = [
            ("artifact-size", bytes, self.limits.artifact_size),
            ("artifact-total", total + bytes, self.limits.artifact_total),
            ("artifact-count", count + 1, self.limits.artifact_count as u64),
        ];
        match caps.into_iter().find(|(_, wanted, allows)| wanted > allows) {
            Some((key, _, allows)) => Err(ArtifactError::OverLimit(Cap { key: key.to_owned(), allows })),
            None => Ok(()),
        }
    }
}

impl Host for Guest {
    fn attach(&mut self, name: String, media_type: String, content: Vec<u8>) -> Result<(), ArtifactError> {
        // Names are listed and become those of files elsewhere, so nothing in them is taken out: they are refused.
        let journal = self.journal.lock();
        let holds = |text: &str| journal.redactor().finds(text);
        let refusal = || "it holds a secret — take another".to_owned();
        match (holds(&name), holds(&media_type)) {
            (true, _) => return Err(ArtifactError::InvalidName(refusal())),
            (_, true) => return Err(ArtifactError::InvalidMediaType(refusal())),
            _ => drop(journal),
        }
        self.artifacts.attach(&name, &media_type, content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf() -> ArtifactShelf {
        ArtifactShelf::new(Limits { artifact_size: 4, artifact_total: 6, artifact_count: 2, ..Limits::default() })
    }

    /// The cap that is over, or what else is wrong.
    fn refusal(shelf: &mut ArtifactShelf, name: &str, content: &[u8]) -> Option<(String, u64)> {
        match shelf.attach(name, "text/plain", content.to_vec()) {
            Ok(()) => None,
            Err(ArtifactError::OverLimit(cap)) => Some((cap.key, cap.allows)),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_cap_is_named_and_what_is_over_it_changes_nothing() {
        let mut shelf = shelf();
        assert_eq!(refusal(&mut shelf, "a", b"12345"), Some(("artifact-size".to_owned(), 4)));
        assert_eq!(refusal(&mut shelf, "a", b"1234"), None);
        assert_eq!(refusal(&mut shelf, "b", b"123"), Some(("artifact-total".to_owned(), 6)));
        assert_eq!(refusal(&mut shelf, "b", b"1"), None);
        assert_eq!(refusal(&mut shelf, "c", b""), Some(("artifact-count".to_owned(), 2)));
        let kept: Vec<_> = shelf.take_files().into_iter().map(|file| file.content.to_vec()).collect();
        assert_eq!(kept, [b"1234".to_vec(), b"1".to_vec()]);
    }

    #[test]
    fn a_file_of_the_same_name_takes_the_place_and_the_room_of_the_first() {
        let mut shelf = shelf();
        assert_eq!(refusal(&mut shelf, "a", b"1234"), None);
        assert_eq!(refusal(&mut shelf, "b", b"12"), None);
        assert_eq!(refusal(&mut shelf, "a", b"4321"), None);
        assert_eq!(shelf.take_files()[0].content.to_vec(), b"4321");
    }

    #[test]
    fn what_cannot_be_a_file_name_or_a_header_is_refused_in_words() {
        let name = shelf().attach("../x", "text/plain", Vec::new());
        assert!(matches!(name, Err(ArtifactError::InvalidName(words)) if words.contains("`../x` holds `/`")));
        let media = shelf().attach("x", "text", Vec::new());
        assert!(matches!(media, Err(ArtifactError::InvalidMediaType(words)) if words.contains("`text`")));
    }
}
