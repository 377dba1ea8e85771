//! What goes when a level is larger than its cap: rows of deleted files, then the least recently
//! used.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, params};

use crate::cache::level::LEVELS;
use crate::cache::sqlite;

/// Bytes kept of a level that was too large, in percent of its cap: the next rows must not be too
/// many again.
const KEEP_PERCENT: u64 = 80;

/// Rows deleted in one transaction: other processes write in between.
const BATCH: usize = 1_000;

/// Brings every level below its cap; returns how many rows went, by level. `root` is where owners'
/// relative paths are taken from.
pub(super) fn evict(
    writer: &mut Connection,
    root: &Path,
    caps: &[u64; LEVELS.len()],
) -> rusqlite::Result<[u64; LEVELS.len()]> {
    let mut evicted = [0; LEVELS.len()];
    if file_bytes(writer)? <= *caps.iter().min().expect("there are levels") {
        return Ok(evicted);
    }
    for (level, cap) in caps.iter().enumerate() {
        if level_bytes(writer, level)? <= *cap {
            continue;
        }
        let keep = cap * KEEP_PERCENT / 100;
        evicted[level] += delete(writer, &of_deleted_files(writer, level, root)?)?;
        if level_bytes(writer, level)? > keep {
            evicted[level] += delete(writer, &least_recently_used(writer, level, keep)?)?;
        }
    }
    if evicted.iter().any(|&rows| rows > 0) {
        sqlite::shrink(writer)?;
    }
    Ok(evicted)
}

/// Deletes the rows of deleted files, at every level; returns how many there were.
pub(super) fn collect(writer: &mut Connection, root: &Path) -> rusqlite::Result<u64> {
    let mut gone = 0;
    for spec in &LEVELS {
        let rows = of_deleted_files(writer, spec.level.index(), root)?;
        gone += delete(writer, &rows)?;
    }
    sqlite::shrink(writer)?;
    Ok(gone)
}

fn file_bytes(writer: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name: &str| writer.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    Ok(((pragma("page_count")? - pragma("freelist_count")?) * pragma("page_size")?) as u64)
}

fn level_bytes(writer: &Connection, level: usize) -> rusqlite::Result<u64> {
    writer
        .prepare_cached("SELECT coalesce(sum(size), 0) FROM rows WHERE level = ?1")?
        .query_row([level as i64], |row| row.get::<_, i64>(0))
        .map(|bytes| bytes as u64)
}

fn of_deleted_files(writer: &Connection, level: usize, root: &Path) -> rusqlite::Result<Vec<i64>> {
    let mut select =
        writer.prepare("SELECT owner, id FROM rows WHERE level = ?1 AND owner IS NOT NULL ORDER BY owner")?;
    let mut rows = select.query([level as i64])?;
    let mut gone = Vec::new();
    let mut last: Option<(String, bool)> = None;
    while let Some(row) = rows.next()? {
        let owner: String = row.get(0)?;
        let missing = match &last {
            Some((path, missing)) if *path == owner => *missing,
            _ => matches!(root.join(&owner).try_exists(), Ok(false)),
        };
        if missing {
            gone.push(row.get(1)?);
        }
        last = Some((owner, missing));
    }
    Ok(gone)
}

fn least_recently_used(writer: &Connection, level: usize, keep: u64) -> rusqlite::Result<Vec<i64>> {
    let mut select = writer.prepare(
        "SELECT id FROM (
             SELECT id, sum(size) OVER (ORDER BY used_at DESC, id DESC ROWS UNBOUNDED PRECEDING) AS kept
             FROM rows WHERE level = ?1
         ) WHERE kept > ?2",
    )?;
    select.query_map(params![level as i64, keep as i64], |row| row.get(0))?.collect()
}

fn delete(writer: &mut Connection, ids: &[i64]) -> rusqlite::Result<u64> {
    for batch in ids.chunks(BATCH) {
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut delete = transaction.prepare_cached("DELETE FROM rows WHERE id = ?1")?;
            for id in batch {
                delete.execute([id])?;
            }
        }
        transaction.commit()?;
    }
    Ok(ids.len() as u64)
}
