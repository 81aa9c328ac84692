//! The first bytes: what kind of file is this?

use wasmtime::{Engine, Precompiled};

use super::Refusal;

const MAGIC: &[u8] = b"\0asm";
const CORE: &[u8] = &[1, 0, 0, 0];
const COMPONENT: &[u8] = &[0x0d, 0, 1, 0];

/// What kind of WebAssembly it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A component: plugins, and commands of WASI 0.2.
    Component,
    /// A core module: commands of WASI preview 1.
    Module,
}

impl Kind {
    /// Tells components and modules from everything else.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, Refusal> {
        kind(bytes)
    }
}

fn kind(bytes: &[u8]) -> Result<Kind, Refusal> {
    let refuse = |message: &str| Err(Refusal::new("sniff", message));
    if let Some(kind) = Engine::detect_precompiled(bytes) {
        let word = match kind {
            Precompiled::Module => "module",
            Precompiled::Component => "component",
        };
        return Err(Refusal::new(
            "sniff",
            format!(
                "a precompiled {word}, that is native code, which no sandbox can hold — \
                 put the .wasm file here that it was made from; the host keeps its own cache of compiled code"
            ),
        ));
    }
    match bytes {
        [] => refuse("the file is empty — copy it again"),
        _ if !bytes.starts_with(&MAGIC[..MAGIC.len().min(bytes.len())]) => refuse(
            "not WebAssembly: it does not begin with `\\0asm` — a plugin is a component or a command (.wasm, binary form)",
        ),
        _ if bytes.len() < 8 => refuse("the file ends within its first 8 bytes — copy it again"),
        _ if &bytes[4..8] == COMPONENT => Ok(Kind::Component),
        _ if &bytes[4..8] == CORE => Ok(Kind::Module),
        _ => Err(Refusal::new(
            "sniff",
            format!("WebAssembly of an unknown kind (version bytes {:02x?}) — rebuild it", &bytes[4..8]),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> String {
        kind(bytes).expect_err("refused").message
    }

    #[test]
    fn each_kind_of_file_has_its_own_words() {
        assert!(refused(b"").contains("empty"));
        assert!(refused(b"\x7fELF").contains("not WebAssembly"));
        assert!(refused(b"hello, world").contains("not WebAssembly"));
        assert!(refused(b"\0as").contains("ends within"));
        assert!(refused(b"\0asm\x07\0\0\0").contains("unknown kind"));
        assert_eq!(kind(b"\0asm\x0d\0\x01\0"), Ok(Kind::Component));
        assert_eq!(kind(b"\0asm\x01\0\0\0"), Ok(Kind::Module));
    }
}
