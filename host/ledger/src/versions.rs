//! The versions of plugins: read, and decided about.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use noontide_domain::PluginName;
use noontide_domain::alert::noted;
use noontide_domain::plugin::upgrade::{
    Approval, Arrival, Change, Decision, HandlerRecord, KnownVersion, Use, User, VersionStanding,
};
use noontide_domain::ports::{LedgerError, VersionContent, VersionMarks, Versions};
use noontide_domain::{PluginVersion, Schedule};

use crate::connection::Readers;
use crate::fault::{self, shape};
use crate::query::query;
use crate::row::Row;
use crate::writer::{Desk, Inbox, Request};
use crate::{notices, rows};

statements!(versions: MARKS, DECISIONS, DECIDED, KNOWN, RECORDS, CONTENT, HAS_CONTENT, KEEP_CONTENT, SIGN, ARRIVE, HAS_A_FILE, CHANGE, ANEW, FORGET, FORGET_RECORDS, FORGET_CONTENT, SCHEDULES, RUNS, CALLS);

/// Of zstd: what a build's worth of time gives; more takes longer and saves little.
const LEVEL: i32 = 3;

/// The door to the versions in a SQLite file.
pub(crate) struct Versioning {
    pub inbox: Inbox,
    pub heeds: Arc<AtomicBool>,
    pub readers: Readers,
}

#[async_trait]
impl Versions for Versioning {
    async fn marks(&self) -> Result<VersionMarks, LedgerError> {
        let row = query(MARKS).one(&self.readers).await.map_err(fault::answer)?;
        let number = |column| row.try_get(column).map_err(fault::answer);
        Ok(VersionMarks {
            decisions: number("decisions")?,
            endings: number("endings")?,
            schedules: number("schedules")?,
        })
    }

    async fn versions(&self, plugin: Option<&PluginName>) -> Result<Vec<KnownVersion>, LedgerError> {
        known(&self.readers, plugin).await.map_err(fault::answer)
    }

    async fn content(&self, sha256: &str) -> Result<Option<VersionContent>, LedgerError> {
        let row = query(CONTENT).bind(sha256).first(&self.readers).await.map_err(fault::answer)?;
        let Some(row) = row else { return Ok(None) };
        let (size, packed): (i64, Vec<u8>) =
            row.try_get("size").and_then(|size| Ok((size, row.try_get("content")?))).map_err(fault::answer)?;
        let signature = row.try_get("signature").map_err(fault::answer)?;
        let broken = |reason: String| LedgerError::Broken(format!("the bytes of plugin {sha256}: {reason}"));
        let unpack = move || zstd::bulk::decompress(&packed, usize::try_from(size).unwrap_or_default());
        let unpacked = tokio::task::spawn_blocking(unpack).await.map_err(|panic| broken(panic.to_string()))?;
        let kept = |bytes| Some(VersionContent { bytes, signature });
        unpacked.map(kept).map_err(|error| broken(error.to_string()))
    }

    async fn uses(&self, plugin: &PluginName) -> Result<Vec<Use>, LedgerError> {
        uses(&self.readers, plugin).await.map_err(fault::answer)
    }

    async fn decide(&self, decision: Decision) -> Result<bool, LedgerError> {
        let broken = |reason: String| LedgerError::Broken(format!("the bytes of a plugin: {reason}"));
        let mut packed = None;
        if let Some(arrival) = &decision.arrival {
            let (content, sha256) = (arrival.content.clone(), &arrival.version.sha256);
            let known = query(HAS_CONTENT).bind(sha256).one(&self.readers).await;
            if known.and_then(|row| row.try_get::<i64>("known")).map_err(fault::answer)? == 0 {
                let pack = move || zstd::bulk::compress(&content, LEVEL);
                let done = tokio::task::spawn_blocking(pack).await.map_err(|panic| broken(panic.to_string()))?;
                packed = Some(done.map_err(|error| broken(error.to_string()))?);
            }
        }
        self.inbox.ask(Decide { decision, packed, heeds: self.heeds.load(Ordering::Acquire) }).await
    }
}

async fn known(readers: &Readers, plugin: Option<&PluginName>) -> Result<Vec<KnownVersion>, sqlx::Error> {
    let name = plugin.map(PluginName::as_str);
    let mut records: HashMap<(String, String), BTreeMap<String, HandlerRecord>> = HashMap::new();
    for row in &query(RECORDS).bind(name).all(readers).await? {
        let of = (row.try_get("plugin")?, row.try_get("sha256")?);
        records.entry(of).or_default().insert(row.try_get("handler")?, record(row)?);
    }
    let found = query(KNOWN).bind(name).all(readers).await?;
    found
        .iter()
        .map(|row| {
            let mut one = version(row)?;
            let of = (one.version.name.to_string(), one.version.sha256.clone());
            one.records = records.remove(&of).unwrap_or_default();
            Ok(one)
        })
        .collect()
}

fn version(row: &Row) -> Result<KnownVersion, sqlx::Error> {
    let standing: &str = row.try_get("standing")?;
    let approved = (row.try_get::<Option<String>>("approved_by")?, rows::maybe_instant(row, "approved_at")?);
    Ok(KnownVersion {
        version: PluginVersion {
            name: rows::required(row, "plugin")?,
            version: row.try_get("version")?,
            sha256: row.try_get("sha256")?,
        },
        info: rows::from_json("info", row.try_get("info")?)?,
        imports: rows::from_json("imports", row.try_get("imports")?)?,
        file: row.try_get("file")?,
        size: row.try_get::<i64>("size")?.unsigned_abs(),
        first_seen: rows::instant(row, "first_seen")?,
        last_loaded: rows::instant(row, "last_loaded")?,
        standing: VersionStanding::parse(standing).ok_or_else(|| shape("standing", standing))?,
        since: rows::instant(row, "since")?,
        why: row.try_get("why")?,
        approved: approved.0.zip(approved.1).map(|(by, at)| Approval { by, at }),
        replaces: row.try_get("replaces")?,
        records: BTreeMap::new(),
    })
}

/// How a handler did, from its row.
pub(crate) fn record(row: &Row) -> Result<HandlerRecord, sqlx::Error> {
    let number = |column| row.try_get::<i64>(column).map(i64::unsigned_abs);
    Ok(HandlerRecord {
        good: number("good")?,
        bad: number("bad")?,
        streak: row.try_get("streak")?,
        recent: row.try_get("recent")?,
        last_error: row.try_get("last_error")?,
    })
}

async fn uses(readers: &Readers, plugin: &PluginName) -> Result<Vec<Use>, sqlx::Error> {
    // Names hold nothing that GLOB would take for a pattern.
    let (name, handlers) = (plugin.as_str(), format!("{plugin}/*"));
    let mut uses = Vec::new();
    for row in &query(SCHEDULES).bind(name).bind(&handlers).all(readers).await? {
        let schedule: Schedule = rows::from_json("taken", row.try_get("taken")?)?;
        if schedule.enabled {
            uses.push(Use { by: User::Schedule(schedule.name), handler: schedule.handler, input: schedule.input });
        }
    }
    for sql in [RUNS, CALLS] {
        for row in &query(sql).bind(name).bind(&handlers).all(readers).await? {
            let times = row.try_get::<i64>("times")?.unsigned_abs();
            let input = rows::from_json("input", row.try_get("input")?)?;
            uses.push(Use { by: User::Runs(times), handler: rows::required(row, "handler")?, input });
        }
    }
    Ok(uses)
}

struct Decide {
    decision: Decision,
    /// The bytes that came, if they are new.
    packed: Option<Vec<u8>>,
    heeds: bool,
}

#[async_trait]
impl Request for Decide {
    type Answer = bool;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<bool, sqlx::Error> {
        let Decision { plugin, seen, arrival, changes, keep, at } = &self.decision;
        let decisions: i64 = query(DECISIONS).one(&mut *desk).await?.try_get("decisions")?;
        if decisions != *seen {
            return Ok(false);
        }
        let now = at.timestamp_millis();
        if let Some(arrival) = arrival {
            self.arrive(arrival, now, desk).await?;
        }
        desk.heeds = self.heeds;
        notices::write(&noted::versions(plugin, changes, desk.now), desk).await?;
        // Nobody is what somebody else is: those that step back come first.
        let steps_up =
            |change: &&Change| matches!(change.standing, VersionStanding::Active | VersionStanding::Candidate);
        let (up, back): (Vec<_>, Vec<_>) = changes.iter().partition(steps_up);
        for change in back.into_iter().chain(up) {
            write(plugin, change, now, desk).await?;
        }
        let keep = i64::try_from(*keep).unwrap_or(i64::MAX);
        query(FORGET).bind(plugin.as_str()).bind(keep).run(&mut *desk).await?;
        query(FORGET_RECORDS).bind(plugin.as_str()).run(&mut *desk).await?;
        query(FORGET_CONTENT).run(&mut *desk).await?;
        query(DECIDED).run(&mut *desk).await?;
        Ok(true)
    }
}

impl Decide {
    async fn arrive(&self, arrival: &Arrival, now: i64, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        let PluginVersion { name, version, sha256 } = &arrival.version;
        let size = rows::signed(arrival.content.len() as u64);
        if let Some(packed) = &self.packed {
            let keep = query(KEEP_CONTENT).bind(sha256).bind(size).bind(packed.as_slice());
            keep.run(&mut *desk).await?;
        }
        if let Some(signature) = &arrival.signature {
            query(SIGN).bind(sha256).bind(signature).run(&mut *desk).await?;
        }
        let arrive = query(ARRIVE).bind(name.as_str()).bind(sha256).bind(version).bind(&arrival.file).bind(size);
        let info = rows::to_json("info", &arrival.info)?;
        let arrive = arrive.bind(info).bind(rows::to_json("imports", &arrival.imports)?).bind(now);
        arrive.run(&mut *desk).await?;
        query(HAS_A_FILE).bind(name.as_str()).bind(&arrival.file).run(&mut *desk).await.map(drop)
    }
}

async fn write(plugin: &PluginName, change: &Change, now: i64, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let approved = change.approved.as_ref();
    let written = query(CHANGE)
        .bind(plugin.as_str())
        .bind(&change.sha256)
        .bind(change.standing.as_str())
        .bind(now)
        .bind(&change.why)
        .bind(&change.replaces)
        .bind(approved.map(|approved| approved.by.as_str()))
        .bind(approved.map(|approved| approved.at.timestamp_millis()))
        .bind(change.alone);
    written.run(&mut *desk).await?;
    if change.anew {
        query(ANEW).bind(plugin.as_str()).bind(&change.sha256).run(&mut *desk).await?;
    }
    Ok(())
}
