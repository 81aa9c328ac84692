//! Good files, broken at random moments that are the same in every run.

use wasmparser::{Parser, Payload};

/// A generator that needs no crate (xorshift); its seed is fixed.
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below.max(1) as u64).unwrap_or(0)
    }
}

/// `count` files, each from one of the bases.
pub fn of(bases: &[Vec<u8>], count: usize) -> Vec<Vec<u8>> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let stripped: Vec<_> = bases.iter().map(|bytes| Sections::of(bytes)).collect();
    (0..count).map(|number| stripped[number % stripped.len()].broken(&mut dice)).collect()
}

/// A file in its sections, the outermost ones whole.
struct Sections {
    header: Vec<u8>,
    all: Vec<Vec<u8>>,
}

impl Sections {
    /// Without its custom sections, which mean nothing to a loader.
    fn of(bytes: &[u8]) -> Self {
        let mut all = Vec::new();
        let mut at = 8;
        while at < bytes.len() {
            let (size, length) = leb(&bytes[at + 1..]);
            let end = at + 1 + length + size;
            if bytes[at] != 0 {
                all.push(bytes[at..end].to_vec());
            }
            at = end;
        }
        Self { header: bytes[..8].to_vec(), all }
    }

    fn whole(&self) -> Vec<u8> {
        self.header.iter().chain(self.all.iter().flatten()).copied().collect()
    }

    fn broken(&self, dice: &mut Dice) -> Vec<u8> {
        match dice.next(8) {
            0 => truncated(self.whole(), dice),
            1 => self.reordered(dice),
            2 => bomb(self.whole(), dice),
            3 => run(self.whole(), dice),
            _ => flipped(self.whole(), dice),
        }
    }

    fn reordered(&self, dice: &mut Dice) -> Vec<u8> {
        let mut all = self.all.clone();
        let (one, other) = (dice.next(all.len()), dice.next(all.len()));
        match dice.next(3) {
            0 => all.swap(one, other),
            1 => all.insert(one, all[other].clone()),
            _ => drop(all.remove(one)),
        }
        Self { header: self.header.clone(), all }.whole()
    }
}

/// A few bits, most of them where the structure is: bodies of functions are the smaller part of what can go wrong.
fn flipped(mut bytes: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    for _ in 0..=dice.next(4) {
        let at = place(&bytes, dice);
        bytes[at] ^= 1 << dice.next(8);
    }
    bytes
}

fn run(mut bytes: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    let (at, value) = (place(&bytes, dice), dice.next(256) as u8);
    let end = (at + 1 + dice.next(32)).min(bytes.len());
    bytes[at..end].fill(value);
    bytes
}

/// At a border of sections, or anywhere.
fn truncated(mut bytes: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    let borders: Vec<usize> = Parser::new(0)
        .parse_all(&bytes)
        .filter_map(|payload| payload.ok()?.as_section())
        .flat_map(|(_, range)| [range.start, range.end])
        .collect();
    let at = if dice.next(2) == 0 { borders[dice.next(borders.len())] } else { dice.next(bytes.len()) };
    bytes.truncate(at);
    bytes
}

/// A number that is much too large, or does not end.
fn bomb(mut bytes: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    let at = place(&bytes, dice);
    let numbers: [&[u8]; 4] = [&[0xff, 0xff, 0xff, 0xff, 0x0f], &[0xff; 10], &[0x80; 12], &[0xff, 0xff, 0xff, 0x7f]];
    let number = numbers[dice.next(numbers.len())];
    let end = (at + number.len()).min(bytes.len());
    bytes[at..end].copy_from_slice(&number[..end - at]);
    bytes
}

/// Three times of four outside of function bodies and data.
fn place(bytes: &[u8], dice: &mut Dice) -> usize {
    if dice.next(4) == 0 {
        return 8 + dice.next(bytes.len() - 8);
    }
    let is_structure = |payload: &Payload<'_>| {
        !matches!(payload, Payload::CodeSectionStart { .. } | Payload::DataSection(_) | Payload::ModuleSection { .. })
    };
    let payloads = Parser::new(0).parse_all(bytes).map_while(Result::ok);
    let ranges: Vec<_> = payloads.filter(is_structure).filter_map(|payload| Some(payload.as_section()?.1)).collect();
    let ranges: Vec<_> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
    match ranges.get(dice.next(ranges.len())) {
        Some(range) => range.start + dice.next(range.len()),
        None => 8 + dice.next(bytes.len() - 8),
    }
}

fn leb(bytes: &[u8]) -> (usize, usize) {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return (value, index + 1);
        }
    }
    (value, bytes.len())
}
