//! Small files with large consequences, and large files with none.

use std::fmt::Write as _;

/// A file, and a word that its refusal must have; none where it may be loaded as well.
pub struct Bomb {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    pub words: &'static str,
}

/// The first of each is a program of preview 1: it needs least to get as far as the compiler.
pub fn all() -> Vec<Bomb> {
    let bomb = |name, words, bytes| Bomb { name, bytes, words };
    let text = |text: String| wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
    vec![
        bomb("tangled-function", "compile-", text(program(&tangled(2_000, 1_200)))),
        bomb("many-locals", "", text(program(&format!("(local {}) nop", "i64 ".repeat(49_000))))),
        bomb("too-many-locals", "locals", text(program(&format!("(local {}) nop", "i64 ".repeat(50_001))))),
        bomb("locals-without-end", "", locals_without_end()),
        bomb("long-function", "at most", text(program(&"i32.const 0 drop ".repeat(1_500_000)))),
        bomb("deep-blocks", "", text(program(&deep(100_000)))),
        bomb("wide-branch-table", "", text(program(&format!("i32.const 0 br_table {}", "0 ".repeat(100_000))))),
        bomb("many-functions", "", text(program_with(&"(func)".repeat(100_000), "nop"))),
        bomb("too-many-functions", "", counted(3, 2_000_000)),
        bomb("too-many-types", "", counted(1, 2_000_000)),
        bomb(
            "gigantic-memory",
            "",
            text(
                program_with("", "nop").replace("(memory (export \"memory\") 1)", "(memory (export \"memory\") 65536)"),
            ),
        ),
        bomb("many-memories", "", text(program_with(&"(memory 65536)".repeat(90), "nop"))),
        bomb("gigantic-table", "", text(program_with("(table 4000000000 funcref)", "nop"))),
        bomb("many-tables", "", text(program_with(&"(table 10000000 funcref)".repeat(90), "nop"))),
        bomb("far-data", "", text(far_data())),
        bomb("much-data", "", much_data(48 << 20)),
        bomb("large-custom-section", "", large_custom_section(48 << 20)),
        bomb("larger-than-allowed", "larger than", vec![0; 65 << 20]),
        bomb("components-in-components", "nest deeper", nested(2_000)),
        bomb("deep-types", "", deep_types(20_000)),
        bomb("doubling-types", "", text(doubling_types(60))),
        bomb("doubling-instances", "", text(doubling_instances(40))),
        bomb("names-that-forge-lines", "core module that imports", text(forged())),
        bomb("long-name", "", text(long_name())),
        bomb("many-imports", "", text(many_imports(20_000))),
        bomb("section-without-end", "ends early", section_without_end()),
    ]
}

fn program(body: &str) -> String {
    program_with("", body)
}

fn program_with(fields: &str, body: &str) -> String {
    format!("(module {fields} (memory (export \"memory\") 1) (func (export \"_start\") {body}))")
}

/// Loops within loops that all change all variables: each variable needs a value for each of them.
fn tangled(depth: usize, variables: usize) -> String {
    let mut body = format!("(local {})", "i32 ".repeat(variables));
    for level in 0..depth {
        let _ = write!(
            body,
            "loop local.get {} i32.const {level} i32.add local.set {} ",
            level % variables,
            (level * 7 + 1) % variables
        );
    }
    for level in 0..depth {
        let _ = write!(body, "local.get {} br_if 0 end ", (level * 13) % variables);
    }
    for variable in 0..variables {
        let _ = write!(body, "local.get {variable} drop ");
    }
    body
}

fn deep(depth: usize) -> String {
    format!("{}{}", "block ".repeat(depth), "end ".repeat(depth))
}

/// A core module with one section that says it has so many entries, all of them there and the smallest there are.
fn counted(section: u8, count: usize) -> Vec<u8> {
    let mut types = leb(if section == 1 { count } else { 1 });
    let entries = if section == 1 { count } else { 1 };
    (0..entries).for_each(|_| types.extend([0x60, 0, 0]));
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    put(&mut bytes, 1, &types);
    if section == 3 {
        let mut functions = leb(count);
        functions.resize(functions.len() + count, 0);
        put(&mut bytes, 3, &functions);
    }
    bytes
}

/// One function with 2^32 - 1 locals in two groups.
fn locals_without_end() -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    put(&mut bytes, 1, &[1, 0x60, 0, 0]);
    put(&mut bytes, 3, &[1, 0]);
    put(&mut bytes, 5, &[1, 0, 1]);
    let mut exports = vec![2, 6];
    exports.extend(b"_start\0\0\x06memory\x02\0");
    put(&mut bytes, 7, &exports);
    let body = [2, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7e, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b];
    let mut code = vec![1, body.len() as u8];
    code.extend(body);
    put(&mut bytes, 10, &code);
    bytes
}

/// Two bytes, four gigabytes apart: an image of them would be that large.
fn far_data() -> String {
    "(module (memory (export \"memory\") 65536) (data (i32.const 0) \"a\") (data (i32.const 0xfffffff0) \"z\") (func (export \"_start\")))".to_owned()
}

fn much_data(size: usize) -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    put(&mut bytes, 1, &[1, 0x60, 0, 0]);
    put(&mut bytes, 3, &[1, 0]);
    let mut memory = vec![1, 0];
    memory.extend(leb(size >> 16));
    put(&mut bytes, 5, &memory);
    let mut exports = vec![2, 6];
    exports.extend(b"_start\0\0\x06memory\x02\0");
    put(&mut bytes, 7, &exports);
    put(&mut bytes, 10, &[1, 2, 0, 0x0b]);
    let mut data = vec![1, 0, 0x41, 0, 0x0b];
    data.extend(leb(size));
    data.resize(data.len() + size, 0);
    put(&mut bytes, 11, &data);
    bytes
}

fn large_custom_section(size: usize) -> Vec<u8> {
    let mut bytes = wat::parse_str(program("nop")).expect("a program");
    let mut section = vec![11];
    section.extend(b"description");
    section.resize(section.len() + size, b'x');
    put(&mut bytes, 0, &section);
    bytes
}

fn nested(depth: usize) -> Vec<u8> {
    let header = b"\0asm\x0d\0\x01\0";
    (0..depth).fold(header.to_vec(), |inner, _| {
        let mut bytes = header.to_vec();
        put(&mut bytes, 4, &inner);
        bytes
    })
}

/// A list of a list of a list …
fn deep_types(depth: usize) -> Vec<u8> {
    let mut types = leb(depth);
    types.extend([0x70, 0x7f]);
    for index in 0..depth - 1 {
        types.push(0x70);
        types.extend(leb(index));
    }
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    put(&mut bytes, 7, &types);
    bytes
}

/// Each type holds the one before it twice: written out, the last has 2^depth parts.
fn doubling_types(depth: usize) -> String {
    let mut text = "(component (type $t0 (tuple u8 u8))".to_owned();
    for level in 1..depth {
        let _ = write!(text, "(type $t{level} (tuple $t{0} $t{0}))", level - 1);
    }
    text + ")"
}

/// The same of components that are instantiated.
fn doubling_instances(depth: usize) -> String {
    let mut text = "(component (component $c0)".to_owned();
    for level in 1..depth {
        let below = level - 1;
        let _ = write!(
            text,
            "(component $c{level} (alias outer 1 $c{below} (component $i)) (instance (instantiate $i)) (instance (instantiate $i)))"
        );
    }
    let _ = write!(text, "(instance (instantiate $c{})))", depth - 1);
    text
}

fn forged() -> String {
    "(module (import \"\\1b[2J\\0a2026-01-01T00:00:00Z  INFO all is well\\e2\\80\\ae\" \"f\" (func)))".to_owned()
}

fn long_name() -> String {
    format!("(module (import \"{}\" \"f\" (func)))", "x".repeat(90_000))
}

fn many_imports(count: usize) -> String {
    let imports: String = (0..count).map(|number| format!("(import \"m{number}\" \"f\" (func))")).collect();
    format!("(module {imports})")
}

fn section_without_end() -> Vec<u8> {
    b"\0asm\x0d\0\x01\0\x07\xff\xff\xff\xff\x0f".to_vec()
}

fn put(bytes: &mut Vec<u8>, id: u8, content: &[u8]) {
    bytes.push(id);
    bytes.extend(leb(content.len()));
    bytes.extend(content);
}

fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
