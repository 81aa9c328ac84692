//! The commands of Redis.

use std::collections::BTreeMap;
use std::time::Duration;

use noontide_connections::Databases;
use noontide_domain::ports::Connections;
use noontide_domain::{Connection, KvAnswer, KvCommand, KvError, KvVerb};
use noontide_testkit::servers;

use super::stage::{LONG, connection};

fn cache(change: impl FnOnce(Connection) -> Connection) -> Databases {
    let databases = Databases::default();
    let url = servers::redis().url();
    databases.follow(&BTreeMap::from([("cache".parse().expect("a name"), change(connection(&url)))]));
    databases
}

async fn ask(databases: &Databases, key: &str, verb: KvVerb) -> Result<KvAnswer, KvError> {
    databases.kv("cache", KvCommand { key: key.into(), verb }, LONG).await
}

fn set(value: &[u8], ttl: Option<Duration>, if_absent: bool) -> KvVerb {
    KvVerb::Set { value: value.to_vec(), ttl, if_absent }
}

#[tokio::test]
async fn a_value_is_written_read_and_removed() {
    let databases = cache(|connection| connection);
    assert_eq!(ask(&databases, "a:v", KvVerb::Get).await, Ok(KvAnswer::Value(None)));
    assert_eq!(ask(&databases, "a:v", set(&[0, 255], None, false)).await, Ok(KvAnswer::Done(true)));
    assert_eq!(ask(&databases, "a:v", set(b"other", None, true)).await, Ok(KvAnswer::Done(false)));
    assert_eq!(ask(&databases, "a:v", KvVerb::Get).await, Ok(KvAnswer::Value(Some(vec![0, 255]))));
    assert_eq!(ask(&databases, "a:empty", set(b"", None, true)).await, Ok(KvAnswer::Done(true)));
    assert_eq!(ask(&databases, "a:empty", KvVerb::Get).await, Ok(KvAnswer::Value(Some(Vec::new()))));
    assert_eq!(ask(&databases, "a:v", KvVerb::Remove).await, Ok(KvAnswer::Done(true)));
    assert_eq!(ask(&databases, "a:v", KvVerb::Remove).await, Ok(KvAnswer::Done(false)));
}

#[tokio::test]
async fn a_number_counts_and_anything_else_is_refused() {
    let databases = cache(|connection| connection);
    assert_eq!(ask(&databases, "b:n", KvVerb::Increment(5)).await, Ok(KvAnswer::Number(5)));
    assert_eq!(ask(&databases, "b:n", KvVerb::Increment(-7)).await, Ok(KvAnswer::Number(-2)));
    assert_eq!(ask(&databases, "b:t", set(b"text", None, false)).await, Ok(KvAnswer::Done(true)));
    let refused = ask(&databases, "b:t", KvVerb::Increment(1)).await;
    assert!(matches!(&refused, Err(KvError::Refused(said)) if said.contains("integer")), "{refused:?}");
}

#[tokio::test]
async fn a_value_goes_after_its_time() {
    let databases = cache(|connection| connection);
    let brief = Duration::from_millis(20);
    ask(&databases, "c:set", set(b"x", Some(brief), false)).await.expect("written");
    ask(&databases, "c:kept", set(b"x", None, false)).await.expect("written");
    assert_eq!(ask(&databases, "c:kept", KvVerb::Expire(brief)).await, Ok(KvAnswer::Done(true)));
    assert_eq!(ask(&databases, "c:none", KvVerb::Expire(brief)).await, Ok(KvAnswer::Done(false)));
    for key in ["c:set", "c:kept"] {
        let begun = std::time::Instant::now();
        while ask(&databases, key, KvVerb::Get).await != Ok(KvAnswer::Value(None)) {
            assert!(begun.elapsed() < Duration::from_secs(5), "{key} stays");
        }
    }
    assert!(matches!(ask(&databases, "c:x", KvVerb::Expire(Duration::ZERO)).await, Err(KvError::Refused(_))));
}

#[tokio::test]
async fn keys_are_found_by_their_beginning_and_there_may_be_more() {
    let databases = cache(|connection| connection);
    for key in ["d[*]:1", "d[*]:2", "d[*]:3", "dx:4"] {
        ask(&databases, key, set(b"x", None, false)).await.expect("written");
    }
    let found = async |limit| match ask(&databases, "d[*]:", KvVerb::Keys(limit)).await {
        Ok(KvAnswer::Keys { mut keys, more }) => {
            keys.sort();
            (keys, more)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(found(10).await, (["d[*]:1", "d[*]:2", "d[*]:3"].map(str::to_owned).to_vec(), false));
    let (keys, more) = found(2).await;
    assert_eq!((keys.len(), more), (2, true));
}

#[tokio::test]
async fn what_is_too_large_is_neither_sent_nor_fetched() {
    let databases = cache(|connection| connection);
    ask(&databases, "e:large", set(&[7; 4_000], None, false)).await.expect("written");
    let small = cache(|connection| Connection { max_bytes: 1 << 10, ..connection });
    for (key, verb) in [("e:large", KvVerb::Get), ("e:other", set(&[7; 4_000], None, false))] {
        let refused = ask(&small, key, verb).await;
        assert!(matches!(&refused, Err(KvError::TooLarge(said)) if said.contains("max-bytes = 1 KiB")), "{refused:?}");
    }
    assert_eq!(ask(&small, "e:other", KvVerb::Get).await, Ok(KvAnswer::Value(None)));
}
