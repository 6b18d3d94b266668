//! A connection's hold of a file on the disk: what SQLite asks of an open file, without its pointers.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::content::Content;
use crate::disk::{Course, Refusal, Shared, State};
use crate::fault::Kind;
use crate::folder::FileId;
use crate::locks::{HandleId, Level, Locks, Region};

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish {
    /// It is made if it is not there.
    pub(crate) creates: bool,
    /// Its first sync makes the names of the folder durable too.
    pub(crate) syncs_folder: bool,
    /// Its name goes when it is closed.
    pub(crate) is_temporary: bool,
}

/// An open file.
pub(crate) struct Handle {
    disk: Arc<Shared>,
    file: FileId,
    id: HandleId,
    life: u64,
    syncs_folder: AtomicBool,
    /// The name that goes when it is closed.
    temporary: Option<String>,
    /// The shared memory that SQLite was given: it may look there also when the process counts as dead.
    mapped: Mutex<Vec<Region>>,
}

/// Opens a file of a disk.
pub(crate) fn open(disk: &Arc<Shared>, name: &str, wish: Wish) -> Result<Handle, Refusal> {
    let mut state = disk.state();
    let life = state.life;
    if !state.is_up(life) {
        return Err(Refusal::Failed);
    }
    let file = match state.folder.find(name) {
        Some(file) => file,
        None if !wish.creates => return Err(Refusal::Absent),
        None => {
            let course = state.begin(Kind::Create);
            if course == Course::Fails {
                return Err(Refusal::Failed);
            }
            let file = state.id();
            state.files.insert(file, Content::default());
            state.folder.give(name, file);
            if course == Course::LastOne {
                return Err(Refusal::Failed);
            }
            file
        }
    };
    let id = state.id();
    drop(state);
    Ok(Handle {
        disk: Arc::clone(disk),
        file,
        id,
        life,
        syncs_folder: AtomicBool::new(wish.syncs_folder),
        temporary: wish.is_temporary.then(|| name.to_owned()),
        mapped: Mutex::default(),
    })
}

/// Takes a name away.
pub(crate) fn delete(disk: &Shared, name: &str, syncs_folder: bool) -> Result<(), Refusal> {
    let mut state = disk.state();
    let life = state.life;
    if !state.is_up(life) {
        return Err(Refusal::Failed);
    }
    if state.folder.find(name).is_none() {
        return Err(Refusal::Absent);
    }
    let course = state.begin(Kind::Delete);
    if course == Course::Fails {
        return Err(Refusal::Failed);
    }
    state.folder.take(name);
    if course == Course::LastOne {
        return Err(Refusal::Failed);
    }
    if syncs_folder {
        state.folder.sync();
    }
    Ok(())
}

/// Is there a file of this name? Asked by a dead process it fails.
pub(crate) fn exists(disk: &Shared, name: &str) -> Result<bool, Refusal> {
    let state = disk.state();
    if !state.is_up(state.life) {
        return Err(Refusal::Failed);
    }
    let file = state.folder.find(name).and_then(|file| state.files.get(&file));
    // As the system's VFS has it: an empty file counts as none.
    Ok(file.is_some_and(|file| file.size() > 0))
}

/// Writes the bytes of a file anew, if it is there, and makes them durable, and whether it is there.
pub(crate) fn renew(disk: &Arc<Shared>, name: &str) -> Result<(), Refusal> {
    if disk.state().trusts_the_system() {
        return Ok(());
    }
    match open(disk, name, Wish { syncs_folder: true, ..Wish::default() }) {
        Ok(file) => {
            let mut bytes = vec![0; file.size()?];
            file.read(&mut bytes, 0)?;
            file.write(&bytes, 0)?;
            file.sync()
        }
        Err(Refusal::Absent) => sync_folder(disk),
        Err(refusal) => Err(refusal),
    }
}

/// Makes all names durable.
fn sync_folder(disk: &Shared) -> Result<(), Refusal> {
    let mut state = disk.state();
    let life = state.life;
    if !state.is_up(life) {
        return Err(Refusal::Failed);
    }
    let course = state.begin(Kind::Sync);
    state.sync_folder(course)
}

impl Handle {
    /// The state of the disk, if the process still lives.
    fn state(&self) -> Result<MutexGuard<'_, State>, Refusal> {
        let state = self.disk.state();
        if state.is_up(self.life) { Ok(state) } else { Err(Refusal::Failed) }
    }

    /// Fills the buffer, with zeros behind the end of the file; says how many bytes there were.
    pub(crate) fn read(&self, buffer: &mut [u8], offset: usize) -> Result<usize, Refusal> {
        let mut state = self.state()?;
        if state.begin(Kind::Read) == Course::Fails {
            return Err(Refusal::Failed);
        }
        let content = state.files.get(&self.file).ok_or(Refusal::Failed)?;
        let found = content.read(offset, buffer.len());
        buffer[..found.len()].copy_from_slice(found);
        buffer[found.len()..].fill(0);
        Ok(found.len())
    }

    pub(crate) fn write(&self, bytes: &[u8], offset: usize) -> Result<(), Refusal> {
        let mut state = self.state()?;
        let course = state.begin(Kind::Write);
        let fits = state.room(self.file, offset, bytes.len());
        let written = match course {
            Course::Fails => state.random.below(fits as u64 + 1) as usize,
            Course::Done | Course::LastOne => fits,
        };
        let content = state.files.get_mut(&self.file).ok_or(Refusal::Failed)?;
        if written > 0 {
            content.write(offset, &bytes[..written]);
        }
        match course {
            Course::Done if fits < bytes.len() => Err(Refusal::Full),
            Course::Done => Ok(()),
            Course::Fails | Course::LastOne => Err(Refusal::Failed),
        }
    }

    pub(crate) fn truncate(&self, size: usize) -> Result<(), Refusal> {
        let mut state = self.state()?;
        let course = state.begin(Kind::Truncate);
        let old = state.files.get(&self.file).map_or(0, Content::size);
        if size > old && state.room(self.file, old, size - old) < size - old {
            return Err(Refusal::Full);
        }
        let content = state.files.get_mut(&self.file).ok_or(Refusal::Failed)?;
        if course != Course::Fails {
            content.truncate(size);
        }
        if course == Course::Done { Ok(()) } else { Err(Refusal::Failed) }
    }

    pub(crate) fn sync(&self) -> Result<(), Refusal> {
        let mut state = self.state()?;
        let course = state.begin(Kind::Sync);
        let with_folder = self.syncs_folder.load(Ordering::Relaxed);
        state.sync(self.file, with_folder, course)?;
        self.syncs_folder.store(false, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn size(&self) -> Result<usize, Refusal> {
        let state = self.state()?;
        state.files.get(&self.file).map(Content::size).ok_or(Refusal::Failed)
    }

    fn locks<T>(&self, ask: impl FnOnce(&mut Locks, HandleId) -> T) -> Result<T, Refusal> {
        let mut state = self.state()?;
        Ok(ask(state.locks.entry(self.file).or_default(), self.id))
    }

    pub(crate) fn lock(&self, level: Level) -> Result<bool, Refusal> {
        self.locks(|locks, id| locks.raise(id, level))
    }

    pub(crate) fn unlock(&self, level: Level) {
        let _ = self.locks(|locks, id| locks.lower(id, level));
    }

    pub(crate) fn is_reserved(&self) -> Result<bool, Refusal> {
        self.locks(|locks, _| locks.is_reserved())
    }

    /// A region of the shared memory; none when it is not there and not to be made.
    pub(crate) fn map(&self, number: usize, bytes: usize, makes: bool) -> Result<Option<Region>, Refusal> {
        let found = self.locks(|locks, id| {
            locks.users.insert(id);
            while makes && locks.regions.len() <= number {
                let words = (0..bytes.div_ceil(8)).map(|_| AtomicU64::new(0)).collect();
                locks.regions.push(Arc::new(words));
            }
            locks.regions.get(number).cloned()
        })?;
        self.mapped().extend(found.clone());
        Ok(found)
    }

    pub(crate) fn take_slots(&self, slots: Range<usize>, is_exclusive: bool) -> Result<bool, Refusal> {
        self.locks(|locks, id| locks.take(id, slots, is_exclusive))
    }

    pub(crate) fn give_slots(&self, slots: Range<usize>) {
        let _ = self.locks(|locks, id| locks.give(id, slots));
    }

    pub(crate) fn leave_memory(&self) {
        let _ = self.locks(Locks::leave);
        self.mapped().clear();
    }

    fn mapped(&self) -> MutexGuard<'_, Vec<Region>> {
        self.mapped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let _ = self.locks(Locks::close);
        if let (Some(name), Ok(mut state)) = (&self.temporary, self.state()) {
            state.folder.take(name);
        }
    }
}
