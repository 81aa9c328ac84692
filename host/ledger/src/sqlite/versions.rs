//! The versions of plugins: read, and decided about.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use noontide_domain::PluginName;
use noontide_domain::plugin::upgrade::{
    Approval, Arrival, Change, Decision, HandlerRecord, KnownVersion, Use, User, VersionStanding,
};
use noontide_domain::ports::{LedgerError, VersionContent, VersionMarks, Versions};
use noontide_domain::{PluginVersion, Schedule};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use super::fault::{self, shape};
use super::rows;
use super::writer::{Desk, Inbox, Request};

const MARKS: &str = "SELECT decisions, endings, (SELECT revision FROM edits) AS schedules FROM plugin_marks";
const DECISIONS: &str = "SELECT decisions FROM plugin_marks";
const DECIDED: &str = "UPDATE plugin_marks SET decisions = decisions + 1";
const KNOWN: &str = "\
    SELECT plugin, sha256, version, file, size, info, imports, first_seen, last_loaded, standing, since, why, approved_by, \
    approved_at, replaces FROM plugin_version WHERE ?1 IS NULL OR plugin = ?1 \
    ORDER BY plugin, last_loaded DESC, first_seen DESC, sha256";
const RECORDS: &str = "\
    SELECT plugin, sha256, handler, good, bad, streak, recent, last_error FROM plugin_record WHERE ?1 IS NULL OR plugin = ?1";
const CONTENT: &str = "SELECT size, signature, content FROM plugin_content WHERE sha256 = ?1";
const HAS_CONTENT: &str = "SELECT count(*) FROM plugin_content WHERE sha256 = ?1";
const KEEP_CONTENT: &str =
    "INSERT INTO plugin_content (sha256, size, content) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const SIGN: &str = "UPDATE plugin_content SET signature = ?2 WHERE sha256 = ?1 AND signature IS NOT ?2";
/// A version that comes again keeps what it was; a plugin that has a file again is not without one.
const ARRIVE: &str = "\
    INSERT INTO plugin_version (plugin, sha256, version, file, size, info, imports, first_seen, last_loaded, standing, since) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, 'superseded', ?8) \
    ON CONFLICT (plugin, sha256) DO UPDATE SET file = excluded.file, last_loaded = excluded.last_loaded, \
    info = excluded.info, imports = excluded.imports";
const HAS_A_FILE: &str = "UPDATE plugin_version SET file = ?2 WHERE plugin = ?1 AND file IS NULL";
const CHANGE: &str = "\
    UPDATE plugin_version SET standing = ?3, since = ?4, why = ?5, replaces = ?6, \
    approved_by = coalesce(?7, approved_by), approved_at = coalesce(?8, approved_at), \
    file = CASE WHEN ?9 THEN NULL ELSE file END WHERE plugin = ?1 AND sha256 = ?2";
const ANEW: &str = "DELETE FROM plugin_record WHERE plugin = ?1 AND sha256 = ?2";
/// Those in use stay, and what one of them would go back to.
const FORGET: &str = "\
    DELETE FROM plugin_version WHERE plugin = ?1 AND standing NOT IN ('active', 'candidate') AND sha256 NOT IN \
        (SELECT sha256 FROM plugin_version WHERE plugin = ?1 ORDER BY last_loaded DESC, first_seen DESC, sha256 LIMIT ?2) \
    AND sha256 NOT IN (SELECT replaces FROM plugin_version WHERE plugin = ?1 AND replaces IS NOT NULL \
                       AND standing IN ('active', 'candidate'))";
const FORGET_RECORDS: &str = "\
    DELETE FROM plugin_record WHERE plugin = ?1 AND sha256 NOT IN (SELECT sha256 FROM plugin_version WHERE plugin = ?1)";
const FORGET_CONTENT: &str = "DELETE FROM plugin_content WHERE sha256 NOT IN (SELECT sha256 FROM plugin_version)";

const SCHEDULES: &str = "\
    SELECT taken FROM schedule WHERE removed_at IS NULL AND taken IS NOT NULL \
    AND (taken ->> '$.handler' = ?1 OR taken ->> '$.handler' GLOB ?2)";
/// More kinds of calls than these are not looked at.
const RUNS: &str = "\
    SELECT handler, input, count(*) AS times FROM run WHERE state < 2 AND (handler = ?1 OR handler GLOB ?2) \
    GROUP BY handler, input LIMIT 1000";
const CALLS: &str = "\
    SELECT handler, coalesce(errand -> '$.input', 'null') AS input, count(*) AS times FROM link INDEXED BY link_waiting \
    WHERE state = 0 AND (handler = ?1 OR handler GLOB ?2) GROUP BY handler, 2 LIMIT 1000";

/// Of zstd: what a build's worth of time gives; more takes longer and saves little.
const LEVEL: i32 = 3;

/// The door to the versions in a SQLite file.
pub(super) struct SqliteVersions {
    pub inbox: Inbox,
    pub readers: SqlitePool,
}

#[async_trait]
impl Versions for SqliteVersions {
    async fn marks(&self) -> Result<VersionMarks, LedgerError> {
        let row = sqlx::query(MARKS).fetch_one(&self.readers).await.map_err(fault::answer)?;
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
        let row = sqlx::query(CONTENT).bind(sha256).fetch_optional(&self.readers).await.map_err(fault::answer)?;
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
            let known = sqlx::query_scalar::<_, i64>(HAS_CONTENT).bind(sha256).fetch_one(&self.readers).await;
            if known.map_err(fault::answer)? == 0 {
                let pack = move || zstd::bulk::compress(&content, LEVEL);
                let done = tokio::task::spawn_blocking(pack).await.map_err(|panic| broken(panic.to_string()))?;
                packed = Some(done.map_err(|error| broken(error.to_string()))?);
            }
        }
        self.inbox.ask(Decide { decision, packed }).await
    }
}

async fn known(readers: &SqlitePool, plugin: Option<&PluginName>) -> Result<Vec<KnownVersion>, sqlx::Error> {
    let name = plugin.map(PluginName::as_str);
    let mut records: HashMap<(String, String), BTreeMap<String, HandlerRecord>> = HashMap::new();
    for row in &sqlx::query(RECORDS).bind(name).fetch_all(readers).await? {
        let of = (row.try_get("plugin")?, row.try_get("sha256")?);
        records.entry(of).or_default().insert(row.try_get("handler")?, record(row)?);
    }
    let found = sqlx::query(KNOWN).bind(name).fetch_all(readers).await?;
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

fn version(row: &SqliteRow) -> Result<KnownVersion, sqlx::Error> {
    let standing: &str = row.try_get("standing")?;
    let approved = (row.try_get::<Option<String>, _>("approved_by")?, rows::maybe_instant(row, "approved_at")?);
    Ok(KnownVersion {
        version: PluginVersion {
            name: rows::required(row, "plugin")?,
            version: row.try_get("version")?,
            sha256: row.try_get("sha256")?,
        },
        info: rows::from_json("info", row.try_get("info")?)?,
        imports: rows::from_json("imports", row.try_get("imports")?)?,
        file: row.try_get("file")?,
        size: row.try_get::<i64, _>("size")?.unsigned_abs(),
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
pub(super) fn record(row: &SqliteRow) -> Result<HandlerRecord, sqlx::Error> {
    let number = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
    Ok(HandlerRecord {
        good: number("good")?,
        bad: number("bad")?,
        streak: row.try_get("streak")?,
        recent: row.try_get("recent")?,
        last_error: row.try_get("last_error")?,
    })
}

async fn uses(readers: &SqlitePool, plugin: &PluginName) -> Result<Vec<Use>, sqlx::Error> {
    // Names hold nothing that GLOB would take for a pattern.
    let (name, handlers) = (plugin.as_str(), format!("{plugin}/*"));
    let mut uses = Vec::new();
    for row in &sqlx::query(SCHEDULES).bind(name).bind(&handlers).fetch_all(readers).await? {
        let schedule: Schedule = rows::from_json("taken", row.try_get("taken")?)?;
        if schedule.enabled {
            uses.push(Use { by: User::Schedule(schedule.name), handler: schedule.handler, input: schedule.input });
        }
    }
    for sql in [RUNS, CALLS] {
        for row in &sqlx::query(sql).bind(name).bind(&handlers).fetch_all(readers).await? {
            let times = row.try_get::<i64, _>("times")?.unsigned_abs();
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
}

#[async_trait]
impl Request for Decide {
    type Answer = bool;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<bool, sqlx::Error> {
        let Decision { plugin, seen, arrival, changes, keep, at } = &self.decision;
        let decisions: i64 = sqlx::query_scalar(DECISIONS).fetch_one(&mut *desk.connection).await?;
        if decisions != *seen {
            return Ok(false);
        }
        let now = at.timestamp_millis();
        if let Some(arrival) = arrival {
            self.arrive(arrival, now, desk).await?;
        }
        // Nobody is what somebody else is: those that step back come first.
        let steps_up =
            |change: &&Change| matches!(change.standing, VersionStanding::Active | VersionStanding::Candidate);
        let (up, back): (Vec<_>, Vec<_>) = changes.iter().partition(steps_up);
        for change in back.into_iter().chain(up) {
            write(plugin, change, now, desk).await?;
        }
        let keep = i64::try_from(*keep).unwrap_or(i64::MAX);
        sqlx::query(FORGET).bind(plugin.as_str()).bind(keep).execute(&mut *desk.connection).await?;
        sqlx::query(FORGET_RECORDS).bind(plugin.as_str()).execute(&mut *desk.connection).await?;
        sqlx::query(FORGET_CONTENT).execute(&mut *desk.connection).await?;
        sqlx::query(DECIDED).execute(&mut *desk.connection).await?;
        Ok(true)
    }
}

impl Decide {
    async fn arrive(&self, arrival: &Arrival, now: i64, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        let PluginVersion { name, version, sha256 } = &arrival.version;
        let size = rows::signed(arrival.content.len() as u64);
        if let Some(packed) = &self.packed {
            let keep = sqlx::query(KEEP_CONTENT).bind(sha256).bind(size).bind(packed.as_slice());
            keep.execute(&mut *desk.connection).await?;
        }
        if let Some(signature) = &arrival.signature {
            sqlx::query(SIGN).bind(sha256).bind(signature).execute(&mut *desk.connection).await?;
        }
        let arrive = sqlx::query(ARRIVE).bind(name.as_str()).bind(sha256).bind(version).bind(&arrival.file).bind(size);
        let info = rows::to_json("info", &arrival.info)?;
        let arrive = arrive.bind(info).bind(rows::to_json("imports", &arrival.imports)?).bind(now);
        arrive.execute(&mut *desk.connection).await?;
        sqlx::query(HAS_A_FILE).bind(name.as_str()).bind(&arrival.file).execute(&mut *desk.connection).await.map(drop)
    }
}

async fn write(plugin: &PluginName, change: &Change, now: i64, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let approved = change.approved.as_ref();
    let query = sqlx::query(CHANGE)
        .bind(plugin.as_str())
        .bind(&change.sha256)
        .bind(change.standing.as_str())
        .bind(now)
        .bind(&change.why)
        .bind(&change.replaces)
        .bind(approved.map(|approved| approved.by.as_str()))
        .bind(approved.map(|approved| approved.at.timestamp_millis()))
        .bind(change.alone);
    query.execute(&mut *desk.connection).await?;
    if change.anew {
        sqlx::query(ANEW).bind(plugin.as_str()).bind(&change.sha256).execute(&mut *desk.connection).await?;
    }
    Ok(())
}

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 2] {
    [SCHEDULES, RUNS]
}
