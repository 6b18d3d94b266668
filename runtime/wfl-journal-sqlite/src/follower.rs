//! Followers: first the table page by page, then the latest records from memory; a slow one goes back to the table.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::stream::{BoxStream, StreamExt, unfold};
use sqlx::sqlite::SqlitePool;
use tokio::sync::watch;
use wfl_journal::{Followed, ReadError};
use wfl_record::{Partition, Position, partition_of};

use crate::read;
use crate::rows::{RecordRow, corrupt};
use crate::shared::Shared;

pub(crate) struct Follower {
    pub(crate) readers: SqlitePool,
    pub(crate) shared: Arc<Shared>,
    pub(crate) news: watch::Receiver<()>,
    pub(crate) partition: Partition,
    pub(crate) partitions: u32,
    /// All before and at this position was given.
    pub(crate) cursor: Position,
    pub(crate) phase: Phase,
    pub(crate) ready: VecDeque<Result<Followed, ReadError>>,
}

pub(crate) enum Phase {
    Begins,
    /// Reads the table from a row behind `after` on; `last` is the end of the journal when the reading began.
    Pages {
        after: i64,
        last: Position,
        goal: Option<Position>,
    },
    Lives,
    Ended,
}

impl Follower {
    pub(crate) fn stream(self) -> BoxStream<'static, Result<Followed, ReadError>> {
        unfold(self, |mut follower| async move { follower.next().await.map(|item| (item, follower)) }).boxed()
    }

    async fn next(&mut self) -> Option<Result<Followed, ReadError>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            let step = match &self.phase {
                Phase::Begins => self.begin().await,
                Phase::Pages { .. } => self.page().await,
                Phase::Lives => {
                    self.live().await?;
                    Ok(())
                }
                Phase::Ended => return None,
            };
            if let Err(error) = step {
                self.phase = Phase::Ended;
                return Some(Err(error));
            }
        }
    }

    async fn begin(&mut self) -> Result<(), ReadError> {
        let missing = || ReadError::Unavailable(format!("there is no partition {}", self.partition));
        let goal = self.shared.tail(self.partition).ok_or_else(missing)?;
        read::log(&self.readers, self.partition).await?;
        if goal < self.cursor {
            return Err(ReadError::WentBack { partition: self.partition, tail: goal, seen: self.cursor });
        }
        // From the very beginning also rows are looked at that stand where no row can stand.
        let after = if self.cursor == Position::ZERO { i64::MIN } else { self.cursor.0.cast_signed() };
        self.phase = Phase::Pages { after, last: self.shared.last(), goal: Some(goal) };
        Ok(())
    }

    async fn page(&mut self) -> Result<(), ReadError> {
        let Phase::Pages { after, last, goal } = self.phase else { return Ok(()) };
        let page = read::page(&self.readers, (self.partition, self.partitions), after, last).await?;
        if let Some((end, _)) = page.rows.last() {
            self.phase = Phase::Pages { after: *end, last, goal };
        }
        let mut gaps = page.gaps.iter().map(|(_, last)| *last).peekable();
        let mut removed = None;
        for (position, row) in page.rows {
            while let Some(gap) = gaps.next_if(|gap| *gap < position) {
                removed = Some(Position(gap.cast_unsigned()));
            }
            match row {
                RecordRow::Elsewhere => {}
                RecordRow::Sound(sound) => {
                    let (record, owner) = *sound;
                    self.cursor = self.cursor.max(record.position);
                    if !owner.purged {
                        let removed = removed.take().map(Followed::Removed);
                        self.ready.extend(removed.into_iter().chain([Followed::Record(record)]).map(Ok));
                    }
                }
                RecordRow::Damaged { position, instance, reason } => {
                    let here = instance.is_none_or(|id| partition_of(&id, self.partitions) == self.partition);
                    if here {
                        self.ready.push_back(Err(corrupt(self.partition, position, instance, reason)));
                    }
                    if instance.is_none() {
                        // Nobody can say whose record this is: what comes behind it may depend on it.
                        self.phase = Phase::Ended;
                        return Ok(());
                    }
                }
            }
        }
        let removed = gaps.last().map(|gap| Position(gap.cast_unsigned())).or(removed);
        self.ready.extend(removed.map(|removed| Ok(Followed::Removed(removed))));
        if let Some(position) = page.lost {
            let reason = "the record at this position is lost";
            self.ready.push_back(Err(corrupt(self.partition, position, None, reason)));
            self.phase = Phase::Ended;
        } else if page.is_last {
            self.cursor = self.cursor.max(last);
            self.ready.extend(goal.map(|goal| Ok(Followed::CaughtUp(goal))));
            self.phase = Phase::Lives;
        }
        Ok(())
    }

    /// Waits for more; `None` when the journal has ended.
    async fn live(&mut self) -> Option<()> {
        self.news.borrow_and_update();
        match self.shared.behind(self.partition, self.cursor) {
            Ok(records) if records.is_empty() => self.news.changed().await.ok()?,
            Ok(records) => {
                self.cursor = records.last().map_or(self.cursor, |record| record.position);
                self.ready.extend(records.into_iter().map(|record| Ok(Followed::Record(record))));
            }
            Err(()) => {
                let after = self.cursor.0.cast_signed();
                self.phase = Phase::Pages { after, last: self.shared.last(), goal: None };
            }
        }
        Some(())
    }
}
