//! `plugin keygen`, `sign` and `verify`: signatures of plugin files, in the format of minisign.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use minisign::{KeyPair, PublicKey, SecretKey, SecretKeyBox};
use noontide_domain::{KeyId, Trust, TrustedKey};
use serde_json::json;

use crate::args::Global;
use crate::exit::{Done, Exit, Stop};
use crate::{clock, conf};

/// Where the password of a secret key may come from, if nobody is there to type it.
const PASSWORD: &str = "NOONTIDE_KEY_PASSWORD";

/// The flags of `plugin keygen`.
#[derive(Debug, Args)]
pub struct Keygen {
    /// The folder for noontide.pub and noontide.key
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// No password: whoever has the file can sign. Else it is asked for, or taken from NOONTIDE_KEY_PASSWORD
    #[arg(long)]
    no_password: bool,
}

/// The flags of `plugin sign`.
#[derive(Debug, Args)]
pub struct Sign {
    /// The file to be signed
    file: PathBuf,
    /// The secret key; its password is asked for, or taken from NOONTIDE_KEY_PASSWORD
    #[arg(long, value_name = "SECRET.key")]
    key: PathBuf,
    /// What the signature says and covers [default: the time and the file's name]
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

/// The flags of `plugin verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The signed file
    file: PathBuf,
    /// A public key, or a file with one [default: those of [plugins] trust]
    #[arg(long, value_name = "PUB")]
    key: Option<String>,
}

/// Makes a pair of keys.
///
/// # Errors
/// A key is there already, the folder cannot be written, no password can be had.
pub fn keygen(global: &Global, asked: &Keygen) -> Done {
    let (public, secret) = (asked.out.join("noontide.pub"), asked.out.join("noontide.key"));
    fs::create_dir_all(&asked.out).map_err(|error| at(&asked.out, error))?;
    let pair = match asked.no_password {
        true => KeyPair::generate_unencrypted_keypair(),
        false => KeyPair::generate_encrypted_keypair(Some(password("a password for the new key: ")?)),
    };
    let pair = pair.map_err(Stop::failed)?;
    let text = pair.pk.to_base64();
    let key: TrustedKey = text.parse().map_err(Stop::failed)?;
    let id = key.id();
    let comment = format!("noontide secret key {id}");
    let boxed = pair.sk.to_box(Some(&comment)).map_err(Stop::failed)?;
    new_file(&secret, &boxed.into_string(), 0o600)?;
    new_file(&public, &format!("untrusted comment: minisign public key {id}\n{text}\n"), 0o644)?;
    let value = json!({"id": id, "public": text, "public_file": public, "secret_file": secret});
    global.output().thing(&value, || format!("{id} {text}"))?;
    let (public, secret) = (public.display(), secret.display());
    global
        .output()
        .hint(&format!("{secret} signs; keep it. {public} goes to hosts: [plugins] trust = {{ keys = [\"{text}\"] }}"));
    Ok(Exit::Ok)
}

/// Signs a file.
///
/// # Errors
/// The file or the key cannot be read, the password is another one.
pub fn sign(global: &Global, asked: &Sign) -> Done {
    let bytes = fs::read(&asked.file).map_err(|error| at(&asked.file, error))?;
    let secret = secret(&asked.key)?;
    let public = PublicKey::from_secret_key(&secret).map_err(|error| at(&asked.key, error))?;
    let name = asked.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let usual = || format!("timestamp:{}\tfile:{name}\thashed", clock::now().timestamp());
    let comment = asked.comment.clone().unwrap_or_else(usual);
    if comment.chars().any(|character| character.is_control() && character != '\t') {
        return Err(Stop::usage("--comment is one line without control characters"));
    }
    let signature =
        minisign::sign(Some(&public), &secret, bytes.as_slice(), Some(&comment), Some("signature from noontide"));
    let signature = signature.map_err(|error| at(&asked.key, error))?.into_string();
    let path = noontide_sandbox::signature_of(&asked.file);
    whole(&path, &signature)?;
    let id = signature.lines().nth(1).and_then(KeyId::of);
    let value = json!({"file": asked.file, "signature": path, "key": id, "comment": comment});
    global.output().thing(&value, || path.display().to_string())?;
    Ok(Exit::Ok)
}

/// Says who signed a file.
///
/// # Errors
/// It is not signed, by another key, or was changed since; exit 1.
pub fn verify(global: &Global, asked: &Verify) -> Done {
    let keys = match &asked.key {
        None => conf::allowed_if_there(global)?.trust.keys,
        Some(key) => vec![public(key)?],
    };
    if keys.is_empty() {
        return Err(Stop::usage("no key is trusted: name one with --key, or set [plugins] trust"));
    }
    let trust = Trust { keys, required: true, ..Trust::default() };
    let signer = noontide_sandbox::verify_file(&asked.file, &trust);
    let signer = signer.map_err(|message| Stop::new(missing(&asked.file), at(&asked.file, message).message))?;
    let value = json!({"file": asked.file, "signer": signer});
    let file = asked.file.display();
    global.output().thing(&value, || format!("{file}: signed by {}  {}", signer.key, signer.comment))?;
    Ok(Exit::Ok)
}

fn missing(file: &Path) -> Exit {
    if file.exists() { Exit::Failed } else { Exit::NotFound }
}

fn public(key: &str) -> Result<TrustedKey, Stop> {
    let text = match fs::read_to_string(key) {
        Ok(text) => text,
        Err(_) => key.to_owned(),
    };
    text.parse().map_err(|reason| Stop::usage(format!("--key: {reason}")))
}

/// Keys without a password need none.
fn secret(path: &Path) -> Result<SecretKey, Stop> {
    let text = fs::read_to_string(path).map_err(|error| at(path, error))?;
    let boxed = || SecretKeyBox::from_string(&text).map_err(|error| at(path, error));
    match boxed()?.into_unencrypted_secret_key() {
        Ok(key) => Ok(key),
        Err(_) if !text.lines().nth(1).is_some_and(|key| key.starts_with("RW")) => {
            Err(at(path, "is no secret key of minisign; `noontide plugin keygen --out DIR` makes one"))
        }
        Err(_) => {
            let password = password("the password of the key: ")?;
            boxed()?.into_secret_key(Some(password)).map_err(|error| at(path, error))
        }
    }
}

fn password(prompt: &str) -> Result<String, Stop> {
    if let Ok(password) = std::env::var(PASSWORD) {
        return Ok(password);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Stop::usage(format!("a password is needed, and nobody is there to type it: set {PASSWORD}")));
    }
    rpassword::prompt_password(prompt).map_err(|error| Stop::failed(format!("no password: {error}")))
}

/// A key is never written over another one.
fn new_file(path: &Path, text: &str, mode: u32) -> Result<(), Stop> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => at(path, "is there already; name another folder"),
        _ => at(path, error),
    })?;
    file.write_all(text.as_bytes()).map_err(|error| at(path, error))
}

/// A host that watches the folder must never see half a signature.
fn whole(path: &Path, text: &str) -> Result<(), Stop> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let on_its_way = PathBuf::from(name);
    let moved = fs::write(&on_its_way, text).and_then(|()| fs::rename(&on_its_way, path));
    moved.map_err(|error| at(path, error))
}

fn at(path: &Path, reason: impl std::fmt::Display) -> Stop {
    Stop::failed(format!("{}: {reason}", path.display()))
}
