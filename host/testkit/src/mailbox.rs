//! Somebody who takes mail: a real SMTP server that writes down what arrives and answers as it is told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The authority that has signed the certificate of `localhost` that a mailbox shows.
pub const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tls/ca.pem");

/// A letter as it arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients who were taken.
    pub to: Vec<String>,
    /// Headers and text, with plain line ends.
    pub text: String,
    /// Whether it came by TLS.
    pub is_secret: bool,
    /// What was shown as user and password, as it came: base64 of a zero, the user, a zero and the password.
    pub login: Option<String>,
}

impl Letter {
    /// A header's value, folded lines joined.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.text.split("\n\n").next()?.replace("\n ", " ");
        head.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned()))
    }
}

/// How a mailbox keeps what it is told a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// Not at all.
    None,
    /// After STARTTLS; without it no mail is taken.
    StartTls,
    /// From the first byte.
    Implicit,
}

#[derive(Default)]
struct Answers {
    /// Beginning of a command, and what it is answered.
    scripted: VecDeque<(&'static str, &'static str)>,
}

/// Listens on a port of its own until it is dropped.
pub struct Mailbox {
    address: SocketAddr,
    answers: Arc<Mutex<Answers>>,
    letters: watch::Sender<Vec<Letter>>,
    task: JoinHandle<()>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<Any: AsyncRead + AsyncWrite + Send + Unpin> Stream for Any {}

impl Mailbox {
    /// On any free port of 127.0.0.1.
    ///
    /// # Panics
    /// There is no port.
    pub async fn start(secrecy: Secrecy) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (answers, letters) = (Arc::new(Mutex::new(Answers::default())), watch::Sender::new(Vec::new()));
        let (kept, told, tls) = (Arc::clone(&answers), letters.clone(), acceptor());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answers, letters, tls) = (Arc::clone(&kept), told.clone(), tls.clone());
                tokio::spawn(async move {
                    let stream: Box<dyn Stream> = match secrecy {
                        Secrecy::Implicit => Box::new(tls.accept(stream).await.ok()?),
                        _ => Box::new(stream),
                    };
                    let mut talk = Talk { secrecy, tls, answers, letters, letter: Letter::default() };
                    talk.letter.is_secret = secrecy == Secrecy::Implicit;
                    talk.carry_on(stream).await
                });
            }
        });
        Self { address, answers, letters, task }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The next command that begins so is answered with this line, once.
    pub fn answer(&self, command: &'static str, line: &'static str) {
        locked(&self.answers).scripted.push_back((command, line));
    }

    /// All that has arrived, as soon as there are `count` letters or more.
    pub async fn arrived(&self, count: usize) -> Vec<Letter> {
        // The sender is in `self`, so it is never gone.
        let _ = self.letters.subscribe().wait_for(|letters| letters.len() >= count).await;
        self.letters.borrow().clone()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn locked(answers: &Mutex<Answers>) -> MutexGuard<'_, Answers> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}

fn acceptor() -> TlsAcceptor {
    let file = |name: &str| format!("{}/tls/{name}", env!("CARGO_MANIFEST_DIR"));
    let certificate = CertificateDer::from_pem_file(file("server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(file("server.key")).expect("a key");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_no_client_auth().with_single_cert(vec![certificate], key);
    TlsAcceptor::from(Arc::new(config.expect("a certificate with its key")))
}

/// One dialogue.
struct Talk {
    secrecy: Secrecy,
    tls: TlsAcceptor,
    answers: Arc<Mutex<Answers>>,
    letters: watch::Sender<Vec<Letter>>,
    letter: Letter,
}

impl Talk {
    /// `None` if the other side went away.
    async fn carry_on(&mut self, stream: Box<dyn Stream>) -> Option<()> {
        let mut stream = BufReader::new(stream);
        say(&mut stream, "220 localhost").await?;
        loop {
            let line = line(&mut stream).await?;
            let answer = self.scripted(&line).unwrap_or_else(|| self.answer(&line).to_owned());
            say(&mut stream, &answer).await?;
            match (line.as_str(), answer.as_bytes()[0]) {
                ("STARTTLS", b'2') => {
                    stream = BufReader::new(Box::new(self.tls.accept(stream.into_inner()).await.ok()?));
                    self.letter.is_secret = true;
                }
                ("DATA", b'3') => {
                    self.letter.text = text(&mut stream).await?;
                    let taken = self.scripted("TEXT").unwrap_or_else(|| "250 taken".to_owned());
                    if taken.starts_with('2') {
                        self.letters.send_modify(|letters| letters.push(self.letter.clone()));
                    }
                    say(&mut stream, &taken).await?;
                }
                ("QUIT", _) => return Some(()),
                _ => {}
            }
        }
    }

    fn scripted(&self, line: &str) -> Option<String> {
        let scripted = &mut locked(&self.answers).scripted;
        let place = scripted.iter().position(|(command, _)| line.starts_with(command))?;
        scripted.remove(place).map(|(_, answer)| answer.to_owned())
    }

    fn answer(&mut self, line: &str) -> &'static str {
        let waits = self.secrecy == Secrecy::StartTls && !self.letter.is_secret;
        let between = |line: &str| Some(line.split_once('<')?.1.split_once('>')?.0.to_owned());
        match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" if waits => "250-localhost\r\n250 STARTTLS",
            "EHLO" => "250-localhost\r\n250 AUTH PLAIN",
            "STARTTLS" if waits => "220 go ahead",
            "QUIT" => "221 bye",
            _ if waits => "530 must issue a STARTTLS command first",
            "AUTH" => {
                self.letter.login = line.strip_prefix("AUTH PLAIN ").map(str::to_owned);
                "235 welcome"
            }
            "MAIL" => {
                self.letter.from = between(line).unwrap_or_default();
                self.letter.to.clear();
                "250 ok"
            }
            "RCPT" => {
                self.letter.to.extend(between(line));
                "250 ok"
            }
            "DATA" => "354 go on",
            _ => "502 not here",
        }
    }
}

async fn say(stream: &mut BufReader<Box<dyn Stream>>, line: &str) -> Option<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

async fn line(stream: &mut BufReader<Box<dyn Stream>>) -> Option<String> {
    let mut line = String::new();
    (stream.read_line(&mut line).await.ok()? > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Up to the line with a dot.
async fn text(stream: &mut BufReader<Box<dyn Stream>>) -> Option<String> {
    let mut text = String::new();
    loop {
        let line = line(stream).await?;
        match line.strip_prefix('.') {
            Some("") => return Some(text),
            Some(rest) => text.push_str(rest),
            None => text.push_str(&line),
        }
        text.push('\n');
    }
}
