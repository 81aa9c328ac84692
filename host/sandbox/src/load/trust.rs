//! The first stage: a file that nobody trusted has signed, or whose name is kept for other bytes, goes no further.
//! Until it has passed, its bytes are hashed and nothing else.

use std::io::Read;
use std::path::{Path, PathBuf};

use minisign_verify::{Error, PublicKey, Signature};
use noontide_domain::{KeyId, PluginName, Signer, Trust, TrustedKey};

use super::{Content, Refusal};
use crate::journal::harmless;
use crate::registry::Generation;

/// Longest file of a signature, in bytes. minisign writes about 300; a trusted comment may be longer.
const FILE: u64 = 16 << 10;
/// Longest trusted comment shown, in bytes.
const COMMENT: usize = 1 << 10;

/// `hello.wasm` is signed by `hello.wasm.minisig`, beside it.
pub fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".minisig");
    name.into()
}

/// The text of the signature beside a file; `None` if there is none. What cannot be read signs nothing, and is told so.
pub(super) fn read(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(beside(path)).and_then(|file| file.take(FILE + 1).read_to_end(&mut bytes));
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Ok(length) if length as u64 <= FILE => Some(String::from_utf8(bytes).unwrap_or_default()),
        _ => Some(String::new()),
    }
}

/// Who signed the bytes, where keys are trusted.
pub(super) fn signer(trust: &Trust, content: &Content) -> Result<Option<(TrustedKey, Signer)>, Refusal> {
    if trust.keys.is_empty() {
        return Ok(None);
    }
    match &content.signature {
        Some(text) => signed(trust, content, text).map(Some),
        None if trust.required => {
            let ids = trust.key_ids();
            Err(refuse(format!(
                "it is not signed: there is no {}.wasm.minisig beside it, and this host takes what {ids} has signed — {HOW}",
                content.stem
            )))
        }
        None => Ok(None),
    }
}

const HOW: &str = "`noontide plugin sign FILE --key SECRET.key`, or add the signer's public key to [plugins] trust";

fn signed(trust: &Trust, content: &Content, text: &str) -> Result<(TrustedKey, Signer), Refusal> {
    let broken =
        || refuse(format!("{}.wasm.minisig is no signature of minisign — sign the file again: {HOW}", content.stem));
    let signature = Signature::decode(text).map_err(|_| broken())?;
    let id = text.lines().nth(1).and_then(KeyId::of).ok_or_else(broken)?;
    let mut known = trust.keys.iter().filter(|key| key.id() == id).peekable();
    if known.peek().is_none() {
        let ids = trust.key_ids();
        return Err(refuse(format!("it is signed by the key {id}, and trusted is {ids} — {HOW}")));
    }
    for key in known {
        match PublicKey::from_base64(key.as_str()).and_then(|public| public.verify(&content.bytes, &signature, true)) {
            Ok(()) => {
                let comment = harmless(signature.trusted_comment(), COMMENT);
                return Ok((key.clone(), Signer { key: id, comment }));
            }
            Err(Error::InvalidSignature) => {}
            Err(error) => return Err(refuse(format!("its signature by the key {id}: {error} — {HOW}"))),
        }
    }
    Err(refuse(format!(
        "its signature by the key {id} is of other bytes: the file or the signature was changed, or one of the two is \
         older — copy both again, or sign it again with `noontide plugin sign`"
    )))
}

/// Who signed a file; there has to be somebody.
///
/// # Errors
/// It cannot be read, is not signed, by another key, or is not what was signed; in words.
pub fn verify_file(path: &Path, trust: &Trust) -> Result<Signer, String> {
    let content = Content::read(path, u64::MAX - 1).map_err(|refusal| refusal.message)?;
    let signed = signer(&Trust { required: true, ..trust.clone() }, &content).map_err(|refusal| refusal.message)?;
    signed.map(|(_, signer)| signer).ok_or_else(|| "no key is trusted".to_owned())
}

/// Whether the bytes may hold the name.
pub(super) fn pinned(trust: &Trust, name: &PluginName, sha256: &str) -> Result<(), Refusal> {
    if trust.may_hold(name, sha256) {
        return Ok(());
    }
    let message = format!(
        "the name `{name}` is kept for other bytes: [plugin.{name}] sha256 does not list {sha256} — add it there, or put \
         back the file that is listed"
    );
    Err(Refusal { claims: Some(name.clone()), ..refuse(message) })
}

/// Whether what was loaded would be let in by what is trusted now, as far as its own evidence goes.
pub(crate) fn still(trust: &Trust, held: &Generation) -> bool {
    let signed = match held.signer.load().as_deref() {
        _ if trust.keys.is_empty() => true,
        Some((key, _)) => trust.keys.contains(key),
        None => !trust.required,
    };
    signed && trust.may_hold(&held.version.name, &held.version.sha256)
}

fn refuse(message: String) -> Refusal {
    Refusal::new("trust", message)
}
