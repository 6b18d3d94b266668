//! The disk: a folder of files in memory, its power, and what goes wrong on it. SQLite reaches it through the VFS of
//! this crate when the file's path lies in the disk's folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use wfl_sim::Random;

use crate::content::Content;
use crate::fault::{Counts, Fault, Kind, Lies};
use crate::folder::{FileId, Folder};
use crate::locks::Locks;

/// The disks of this process by their folders.
static DISKS: LazyLock<Mutex<BTreeMap<PathBuf, Arc<Shared>>>> = LazyLock::new(Mutex::default);

/// A disk. Dropping it takes it out of the VFS.
pub struct Disk {
    folder: PathBuf,
    shared: Arc<Shared>,
}

/// What the disk and the connections to its files hold together.
pub(crate) struct Shared(Mutex<State>);

/// Why an operation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The device says so, or there is no power, or the process that asks has ended.
    Failed,
    /// There is no room.
    Full,
    /// There is no such file.
    Absent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    On,
    /// The power is on, the process has ended.
    Ended,
    Off,
}

pub(crate) struct State {
    pub(crate) folder: Folder,
    pub(crate) files: BTreeMap<FileId, Content>,
    pub(crate) locks: BTreeMap<FileId, Locks>,
    /// How often a process began. Connections of former ones are dead.
    pub(crate) life: u64,
    power: Power,
    next_id: u64,
    fault: Option<Fault>,
    lies: Lies,
    /// Since the fault was armed.
    done: [u64; 6],
    /// How many bytes all files together may have.
    capacity: Option<usize>,
    counts: Counts,
    pub(crate) random: Random,
}

/// What is to become of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// It is done.
    Done,
    /// It fails; a part of it may be done.
    Fails,
    /// It is done or not, and nobody hears of it.
    LastOne,
}

impl Shared {
    pub(crate) fn new(seed: u64) -> Arc<Shared> {
        Arc::new(Shared(Mutex::new(State {
            folder: Folder::default(),
            files: BTreeMap::new(),
            locks: BTreeMap::new(),
            life: 0,
            power: Power::On,
            next_id: 0,
            fault: None,
            lies: Lies::default(),
            done: [0; 6],
            capacity: None,
            counts: Counts::default(),
            random: Random::new(seed),
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The disk whose folder holds this path, and the name of the file.
pub(crate) fn find(path: &str) -> Option<(Arc<Shared>, &str)> {
    let (folder, name) = path.rsplit_once('/')?;
    let disks = DISKS.lock().unwrap_or_else(PoisonError::into_inner);
    disks.get(Path::new(folder)).map(|disk| (Arc::clone(disk), name))
}

impl State {
    pub(crate) fn is_up(&self, life: u64) -> bool {
        self.power == Power::On && self.life == life
    }

    pub(crate) fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Counts an operation of a living process, and says what becomes of it.
    pub(crate) fn begin(&mut self, kind: Kind) -> Course {
        self.counts.operations[kind.place()] += 1;
        self.done[kind.place()] += 1;
        let of_kind = self.done[kind.place()];
        let changes = self.done.iter().sum::<u64>() - self.done[Kind::Read.place()];
        match self.fault {
            Some(Fault::PowerCut { at }) if kind != Kind::Read && changes == at => {
                self.cut_power();
                Course::LastOne
            }
            Some(Fault::Kill { at }) if kind != Kind::Read && changes == at => {
                self.counts.kills += 1;
                self.power = Power::Ended;
                Course::LastOne
            }
            Some(Fault::Error { kind: failing, at, is_lasting })
                if failing == kind && (of_kind == at || is_lasting && of_kind > at) =>
            {
                self.counts.errors[kind.place()] += 1;
                Course::Fails
            }
            _ => Course::Done,
        }
    }

    fn cut_power(&mut self) {
        self.counts.power_cuts += 1;
        self.power = Power::Off;
    }

    /// How many bytes of a write there is room for.
    pub(crate) fn room(&mut self, file: FileId, offset: usize, amount: usize) -> usize {
        let size = self.files.get(&file).map_or(0, Content::size);
        let named = self.folder.files();
        let used: usize = self.files.iter().filter(|(id, _)| named.contains(id)).map(|(_, f)| f.size()).sum();
        let growth = (offset + amount).saturating_sub(size);
        if let Some(Fault::Full { at }) = self.fault
            && self.capacity.is_none()
            && self.done[Kind::Write.place()] >= at
        {
            self.capacity = Some(used + self.random.below(growth as u64 + 1) as usize);
        }
        let Some(capacity) = self.capacity else { return amount };
        let room = capacity.saturating_sub(used);
        if growth <= room {
            return amount;
        }
        let fits = (size + room).saturating_sub(offset).min(amount);
        self.counts.full += 1;
        self.counts.part_written += u64::from(fits > 0);
        fits
    }

    /// Makes the changes of a file durable, or fails to.
    pub(crate) fn sync(&mut self, file: FileId, with_folder: bool, course: Course) -> Result<(), Refusal> {
        let Some(content) = self.files.get_mut(&file) else { return Err(Refusal::Failed) };
        match course {
            Course::Done if self.lies.ignores_sync => Ok(()),
            Course::Done => {
                content.sync();
                if with_folder {
                    self.folder.sync();
                }
                Ok(())
            }
            Course::LastOne => {
                if self.random.below(2) == 0 {
                    content.sync();
                }
                Err(Refusal::Failed)
            }
            Course::Fails => {
                content.fail_sync(&mut self.random);
                if self.lies.hides_failed_sync { Ok(()) } else { Err(Refusal::Failed) }
            }
        }
    }

    pub(crate) fn trusts_the_system(&self) -> bool {
        self.lies.skips_renewal
    }

    /// Makes all names durable, or fails to.
    pub(crate) fn sync_folder(&mut self, course: Course) -> Result<(), Refusal> {
        match course {
            Course::Done if self.lies.ignores_sync => Ok(()),
            Course::Done => {
                self.folder.sync();
                Ok(())
            }
            Course::Fails if self.lies.hides_failed_sync => Ok(()),
            Course::Fails | Course::LastOne => Err(Refusal::Failed),
        }
    }

    /// A process begins. After a power cut it finds what was on the disk.
    fn start(&mut self) {
        if self.power == Power::Off {
            self.folder.lose_power(&mut self.random);
            let named = self.folder.files();
            self.files.retain(|id, _| named.contains(id));
            for content in self.files.values_mut() {
                let toll = content.lose_power(&mut self.random);
                self.counts.lost += toll.lost + toll.torn;
                self.counts.torn += toll.torn;
            }
        }
        self.power = Power::On;
        self.life += 1;
        self.locks.clear();
    }
}

impl Disk {
    /// An empty disk whose folder is this one. The folder should be there: other files of the program lie in it.
    pub fn new(folder: &Path, seed: u64) -> Disk {
        let shared = Shared::new(seed);
        let mut disks = DISKS.lock().unwrap_or_else(PoisonError::into_inner);
        disks.insert(folder.to_owned(), Arc::clone(&shared));
        Disk { folder: folder.to_owned(), shared }
    }

    /// The path of a file on it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Has something go wrong, in place of what was armed before. Operations are counted from now on.
    pub fn arm(&self, fault: Fault) {
        let mut state = self.shared.state();
        state.fault = Some(fault);
        state.done = [0; 6];
    }

    /// Nothing goes wrong any more, and there is room again.
    pub fn mend(&self) {
        let mut state = self.shared.state();
        (state.fault, state.capacity) = (None, None);
    }

    /// From now on it lies like this.
    pub fn lie(&self, lies: Lies) {
        self.shared.state().lies = lies;
    }

    /// Cuts the power now.
    pub fn cut_power(&self) {
        let mut state = self.shared.state();
        if state.power != Power::Off {
            state.cut_power();
        }
    }

    /// True as long as neither the power was cut nor the process ended.
    pub fn is_up(&self) -> bool {
        self.shared.state().power == Power::On
    }

    /// Ends the process if it still runs, puts the power on, and begins a new process. The disk is not mended.
    pub fn start(&self) {
        self.shared.state().start();
    }

    /// What was done and went wrong on it so far.
    pub fn counts(&self) -> Counts {
        self.shared.state().counts
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        DISKS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.folder);
    }
}
