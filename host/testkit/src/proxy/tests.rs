//! With a server that says back what it hears.

use std::io::{Read as _, Write as _};

use super::*;

/// A proxy before it.
fn echoing() -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut to = client.try_clone().expect("a second hand");
                let _ = io::copy(&mut &client, &mut to);
            });
        }
    });
    Proxy::before(&format!("mysql://somebody@127.0.0.1:{port}/shop?ssl-mode=disabled"))
}

fn client(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(("127.0.0.1", proxy.port)).expect("it listens")
}

/// What comes back; `None` if the connection is cut instead.
fn said(client: &mut TcpStream, text: &[u8]) -> Option<Vec<u8>> {
    client.write_all(text).ok()?;
    let mut heard = vec![0; text.len()];
    client.read_exact(&mut heard).ok().map(|()| heard)
}

/// As MySQL's clients ask. Said back, it looks like an error, and so like an end.
const QUERY: &[u8] = b"\x09\0\0\0\x03SELECT 1";
const COMMIT: &[u8] = b"\x07\0\0\0\x03COMMIT";

#[test]
fn it_leads_to_the_server_under_the_same_user_and_database() {
    let proxy = echoing();
    assert_eq!(proxy.url(), format!("mysql://somebody@127.0.0.1:{}/shop", proxy.port));
    assert_eq!(said(&mut client(&proxy), QUERY).as_deref(), Some(QUERY));
}

#[test]
fn what_is_cut_ends_and_who_comes_next_is_let_in_unless_all_are_refused() {
    let proxy = echoing();
    let mut first = client(&proxy);
    assert!(said(&mut first, QUERY).is_some());
    proxy.cut();
    assert_eq!(said(&mut first, QUERY), None);
    assert!(said(&mut client(&proxy), QUERY).is_some());
    proxy.refuse(true);
    assert_eq!(said(&mut client(&proxy), QUERY), None);
    proxy.refuse(false);
    assert!(said(&mut client(&proxy), QUERY).is_some());
}

#[test]
fn what_is_held_goes_on_when_it_is_let_go() {
    let proxy = echoing();
    let mut held = client(&proxy);
    assert!(said(&mut held, QUERY).is_some());
    proxy.hold(true);
    held.write_all(QUERY).expect("it is taken");
    held.set_nonblocking(true).expect("a setting");
    assert!(held.read(&mut [0]).is_err(), "nothing comes");
    held.set_nonblocking(false).expect("a setting");
    proxy.hold(false);
    let mut heard = vec![0; QUERY.len()];
    held.read_exact(&mut heard).expect("it comes");
    assert_eq!(heard, QUERY);
}

#[test]
fn the_answer_to_a_commit_is_lost_and_nothing_else_is() {
    let proxy = echoing();
    proxy.lose_next(1);
    let mut first = client(&proxy);
    assert!(said(&mut first, QUERY).is_some());
    assert_eq!((said(&mut first, COMMIT), proxy.lost()), (None, 1));
    let mut second = client(&proxy);
    assert!(said(&mut second, COMMIT).is_some());
    proxy.lose_each(2);
    let answered: Vec<_> = (0..4).map(|_| said(&mut client(&proxy), COMMIT).is_some()).collect();
    assert_eq!(answered.iter().filter(|answered| **answered).count(), 2, "{answered:?}");
}
