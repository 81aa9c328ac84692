//! Where a client commits, and where the answer to that ends: as much of the protocols of PostgreSQL and MySQL.

/// Finds commits in what a client sends.
pub(super) struct Commits {
    is_mysql: bool,
    /// PostgreSQL's first messages have no kind.
    has_begun: bool,
    left: Vec<u8>,
}

impl Commits {
    pub fn new(is_mysql: bool) -> Self {
        Self { is_mysql, has_begun: false, left: Vec::new() }
    }

    /// Whether a commit is complete with these bytes.
    pub fn seen(&mut self, bytes: &[u8]) -> bool {
        self.left.extend_from_slice(bytes);
        let mut seen = false;
        while let Some((length, is_commit)) = self.message() {
            seen |= is_commit;
            self.left.drain(..length);
        }
        seen
    }

    /// The length of the first message, and whether it commits; `None` while it is not complete.
    fn message(&mut self) -> Option<(usize, bool)> {
        let header = if self.is_mysql || !self.has_begun { 4 } else { 5 };
        let head = self.left.get(..header)?;
        let length = match (self.is_mysql, self.has_begun) {
            (true, _) => 4 + u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize,
            (false, false) => u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize,
            (false, true) => 1 + u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize,
        };
        let message = self.left.get(..length)?;
        if self.is_mysql {
            // A command begins a count anew; 3 is a query.
            return Some((length, message[3] == 0 && message.get(4) == Some(&3) && commits(&message[5..])));
        }
        if !self.has_begun {
            // The wish for encryption comes before the first message, and is one itself.
            self.has_begun = message.get(4..8) == Some(&[0, 3, 0, 0]);
            return Some((length, false));
        }
        Some((length, message[0] == b'Q' && commits(&message[5..])))
    }
}

/// Something may be said before it or after it in the same text; what is `COMMITTED` is another word.
fn commits(query: &[u8]) -> bool {
    query.split(|sign| !sign.is_ascii_alphabetic()).any(|word| word == b"COMMIT")
}

/// Finds the end of the answer to a commit.
pub(super) struct Answers {
    is_mysql: bool,
    left: Vec<u8>,
}

impl Answers {
    pub fn new(is_mysql: bool) -> Self {
        Self { is_mysql, left: Vec::new() }
    }

    /// Whether the answer is complete with these bytes.
    pub fn is_whole(&mut self, bytes: &[u8]) -> bool {
        self.left.extend_from_slice(bytes);
        // PostgreSQL is ready for what comes next.
        let ready = [b'Z', 0, 0, 0, 5];
        if !self.is_mysql {
            return self.left.len() > 5 && self.left[..self.left.len() - 1].ends_with(&ready);
        }
        while let Some(head) = self.left.get(..4) {
            let length = 4 + u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize;
            let Some(packet) = self.left.get(4..length) else { return false };
            let is_last = packet.first() != Some(&0) || status(&packet[1..]) & MORE == 0;
            self.left.drain(..length);
            if is_last {
                return true;
            }
        }
        false
    }
}

/// Another statement of the same text has yet to answer.
const MORE: u16 = 8;

/// What stands in an OK behind two numbers of one to nine bytes.
fn status(mut packet: &[u8]) -> u16 {
    for _ in 0..2 {
        let length = match packet.first() {
            Some(0xfc) => 3,
            Some(0xfd) => 4,
            Some(0xfe) => 9,
            _ => 1,
        };
        packet = packet.get(length..).unwrap_or_default();
    }
    packet.get(..2).map_or(0, |status| u16::from_le_bytes([status[0], status[1]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn postgres(kind: u8, text: &[u8]) -> Vec<u8> {
        let length = (text.len() as u32 + 4).to_be_bytes();
        [&[kind], length.as_slice(), text].concat()
    }

    const BEGINNING: [u8; 9] = [0, 0, 0, 9, 0, 3, 0, 0, 0];
    const ENCRYPTION: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

    #[test]
    fn a_commit_of_postgresql_is_found_in_whatever_pieces_it_comes() {
        let says =
            [&ENCRYPTION[..], &BEGINNING, &postgres(b'Q', b"BEGIN\0"), &postgres(b'Q', b"SELECT 1; COMMIT\0")].concat();
        for size in 1..says.len() {
            let mut commits = Commits::new(false);
            let seen: Vec<_> = says.chunks(size).map(|piece| commits.seen(piece)).collect();
            assert_eq!(seen.iter().filter(|seen| **seen).count(), 1, "pieces of {size}");
            assert_eq!(seen.last(), Some(&true), "pieces of {size}");
        }
        let mut commits = Commits::new(false);
        assert!(!commits.seen(&[&BEGINNING[..], &postgres(b'P', b"\0COMMIT\0")].concat()), "that is a plan");
    }

    #[test]
    fn a_commit_of_mysql_is_a_query_and_nothing_else() {
        let packet = |number: u8, text: &[u8]| [&[text.len() as u8, 0, 0, number], text].concat();
        let mut commits = Commits::new(true);
        assert!(!commits.seen(&packet(1, b"\x03COMMIT")), "that is a handshake");
        assert!(!commits.seen(&packet(0, b"\x16COMMIT")), "that is a plan");
        assert!(!commits.seen(&packet(0, b"\x03SET TRANSACTION ISOLATION LEVEL READ COMMITTED")), "that is a setting");
        assert!(commits.seen(&packet(0, b"\x03SELECT 1; COMMIT; SELECT 2")));
    }

    #[test]
    fn an_answer_is_whole_with_its_last_statement() {
        let mut answers = Answers::new(true);
        assert!(!answers.is_whole(&[7, 0, 0, 1, 0, 1, 0, 8, 0, 0, 0]), "another follows");
        assert!(!answers.is_whole(&[7, 0, 0, 2, 0, 0]), "in pieces");
        assert!(answers.is_whole(&[0, 2, 0, 0, 0]));
        let mut answers = Answers::new(false);
        assert!(!answers.is_whole(b"C\0\0\0\x0bCOMMIT\0"));
        assert!(answers.is_whole(b"Z\0\0\0\x05I"));
    }
}
