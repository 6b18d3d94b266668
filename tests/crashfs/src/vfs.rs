//! The VFS: SQLite's pointers to and from [`Handle`]. Nothing else in the repository is unsafe.
//!
//! SQLite promises what the comments rely on: it calls a method of a file only between a successful `xOpen` and the
//! return of `xClose`, from one thread at a time for each file, with buffers as long as it says; names are zero-ended
//! and live as long as the file.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{Ordering, fence};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use libsqlite3_sys as sqlite;
use libsqlite3_sys::{sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs};

use crate::disk::{self, Refusal, Shared};
use crate::handle::{self, Handle, Wish};
use crate::locks::Level;

/// What the system's own VFS says of its files: writing a part of a sector leaves the rest alone, and a part of a page
/// may be read.
const CHARACTERISTICS: c_int = sqlite::SQLITE_IOCAP_POWERSAFE_OVERWRITE | sqlite::SQLITE_IOCAP_SUBPAGE_READ;
/// And the size that it gives for a sector.
const SECTOR_SIZE: c_int = 4096;

/// SQLite's file with ours behind it. SQLite allocates it, with the size that the VFS names.
#[repr(C)]
struct File {
    base: sqlite3_file,
    /// From `Box::into_raw` in `open`, back into a box in `close`.
    handle: *mut Handle,
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Makes the disks known to SQLite, and gives the name to open files on them with.
pub(crate) fn register() -> &'static str {
    const NAME: &CStr = c"wfl-crashfs";
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let vfs = Box::leak(Box::new(sqlite3_vfs {
            iVersion: 2,
            szOsFile: size_of::<File>() as c_int,
            mxPathname: 1024,
            pNext: ptr::null_mut(),
            zName: NAME.as_ptr(),
            pAppData: ptr::null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: None,
            xGetLastError: None,
            xCurrentTimeInt64: Some(current_time),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        // SAFETY: the VFS is never freed and nobody else holds it; its name is a constant.
        let code = unsafe { sqlite::sqlite3_vfs_register(vfs, 0) };
        assert_eq!(code, sqlite::SQLITE_OK, "SQLite takes the VFS");
    });
    NAME.to_str().unwrap_or_default()
}

/// A name that SQLite gave.
///
/// # Safety
/// It is null or zero-ended, and lives as long as it is used.
unsafe fn name<'a>(name: *const c_char) -> Option<&'a str> {
    if name.is_null() {
        return None;
    }
    // SAFETY: the caller says so.
    unsafe { CStr::from_ptr(name) }.to_str().ok()
}

/// The handle behind a file.
///
/// # Safety
/// `file` was opened by `open` and is not closed yet.
unsafe fn handle<'a>(file: *mut sqlite3_file) -> &'a Handle {
    // SAFETY: `open` put a boxed handle there, which lives until `close`.
    unsafe { &*(*file.cast::<File>()).handle }
}

fn code(result: Result<(), Refusal>, failed: c_int) -> c_int {
    match result {
        Ok(()) => sqlite::SQLITE_OK,
        Err(Refusal::Full) => sqlite::SQLITE_FULL,
        Err(Refusal::Failed | Refusal::Absent) => failed,
    }
}

fn busy(result: Result<bool, Refusal>, failed: c_int) -> c_int {
    match result {
        Ok(true) => sqlite::SQLITE_OK,
        Ok(false) => sqlite::SQLITE_BUSY,
        Err(_) => failed,
    }
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    path: sqlite::sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let wish = Wish {
        creates: flags & sqlite::SQLITE_OPEN_CREATE != 0,
        syncs_folder: flags & (sqlite::SQLITE_OPEN_MAIN_JOURNAL | sqlite::SQLITE_OPEN_WAL) != 0
            && flags & sqlite::SQLITE_OPEN_CREATE != 0,
        is_temporary: flags & sqlite::SQLITE_OPEN_DELETEONCLOSE != 0,
    };
    // SAFETY: SQLite's name for the file.
    let opened = match unsafe { name(path) } {
        // A file without a name is scratch of one connection: nothing depends on it after a power cut.
        None => handle::open(&Shared::new(0), "scratch", Wish { creates: true, ..wish }),
        Some(path) => match disk::find(path) {
            Some((disk, name)) => handle::open(&disk, name, wish),
            None => Err(Refusal::Absent),
        },
    };
    // SAFETY: SQLite allocated `file` with the size that the VFS named.
    let place = unsafe { &mut *file.cast::<File>() };
    let Ok(opened) = opened else {
        // Without methods SQLite does not close it.
        place.base.pMethods = ptr::null();
        return sqlite::SQLITE_CANTOPEN;
    };
    place.base.pMethods = &raw const METHODS;
    place.handle = Box::into_raw(Box::new(opened));
    if !out_flags.is_null() {
        // SAFETY: SQLite's own variable.
        unsafe { *out_flags = flags };
    }
    sqlite::SQLITE_OK
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, path: *const c_char, syncs_folder: c_int) -> c_int {
    // SAFETY: SQLite's name of a file.
    let Some((disk, name)) = (unsafe { name(path) }).and_then(disk::find) else {
        return sqlite::SQLITE_IOERR_DELETE_NOENT;
    };
    match handle::delete(&disk, name, syncs_folder & 1 != 0) {
        Err(Refusal::Absent) => sqlite::SQLITE_IOERR_DELETE_NOENT,
        other => code(other, sqlite::SQLITE_IOERR_DELETE),
    }
}

unsafe extern "C" fn access(_: *mut sqlite3_vfs, path: *const c_char, _: c_int, found: *mut c_int) -> c_int {
    // SAFETY: SQLite's name of a file.
    let exists = match (unsafe { name(path) }).and_then(disk::find) {
        Some((disk, name)) => handle::exists(&disk, name),
        None => Ok(false),
    };
    // SAFETY: SQLite's own variable.
    unsafe { *found = c_int::from(exists.unwrap_or_default()) };
    code(exists.map(|_| ()), sqlite::SQLITE_IOERR_ACCESS)
}

unsafe extern "C" fn full_pathname(
    _: *mut sqlite3_vfs,
    path: *const c_char,
    length: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite's name of a file.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes_with_nul();
    if bytes.len() > length as usize {
        return sqlite::SQLITE_CANTOPEN;
    }
    // SAFETY: SQLite's buffer has `length` bytes, and is not the name itself.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len()) };
    sqlite::SQLITE_OK
}

unsafe extern "C" fn randomness(_: *mut sqlite3_vfs, length: c_int, out: *mut c_char) -> c_int {
    // SAFETY: SQLite has a VFS of the system's, which asks for the very same pointers.
    unsafe {
        let system = sqlite::sqlite3_vfs_find(ptr::null());
        (*system).xRandomness.map_or(0, |random| random(system, length, out))
    }
}

unsafe extern "C" fn sleep(_: *mut sqlite3_vfs, micros: c_int) -> c_int {
    thread::sleep(Duration::from_micros(micros.max(0).unsigned_abs().into()));
    micros
}

unsafe extern "C" fn current_time(_: *mut sqlite3_vfs, out: *mut sqlite3_int64) -> c_int {
    // The Julian day in milliseconds.
    const EPOCH: i64 = 210_866_760_000_000;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // SAFETY: SQLite's own variable.
    unsafe { *out = EPOCH + now.as_millis() as i64 };
    sqlite::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: the handle came from a box in `open`, and SQLite closes a file once.
    drop(unsafe { Box::from_raw((*file.cast::<File>()).handle) });
    sqlite::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    out: *mut c_void,
    amount: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite's buffer has `amount` bytes, and the file is open.
    let (buffer, file) =
        unsafe { (std::slice::from_raw_parts_mut(out.cast::<u8>(), amount as usize), handle(file)) };
    match file.read(buffer, offset as usize) {
        Ok(found) if found < buffer.len() => sqlite::SQLITE_IOERR_SHORT_READ,
        Ok(_) => sqlite::SQLITE_OK,
        Err(_) => sqlite::SQLITE_IOERR_READ,
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    amount: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite's buffer has `amount` bytes, and the file is open.
    let (bytes, file) =
        unsafe { (std::slice::from_raw_parts(from.cast::<u8>(), amount as usize), handle(file)) };
    code(file.write(bytes, offset as usize), sqlite::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: the file is open.
    code(unsafe { handle(file) }.truncate(size as usize), sqlite::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _: c_int) -> c_int {
    // SAFETY: the file is open.
    code(unsafe { handle(file) }.sync(), sqlite::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, out: *mut sqlite3_int64) -> c_int {
    // SAFETY: the file is open.
    let size = unsafe { handle(file) }.size();
    // SAFETY: SQLite's own variable.
    unsafe { *out = size.unwrap_or_default() as i64 };
    code(size.map(|_| ()), sqlite::SQLITE_IOERR_FSTAT)
}

fn level(lock: c_int) -> Level {
    match lock {
        sqlite::SQLITE_LOCK_NONE => Level::None,
        sqlite::SQLITE_LOCK_SHARED => Level::Shared,
        sqlite::SQLITE_LOCK_RESERVED => Level::Reserved,
        sqlite::SQLITE_LOCK_PENDING => Level::Pending,
        _ => Level::Exclusive,
    }
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: the file is open.
    busy(unsafe { handle(file) }.lock(level(wanted)), sqlite::SQLITE_IOERR_LOCK)
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: the file is open.
    unsafe { handle(file) }.unlock(level(wanted));
    sqlite::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: the file is open.
    let reserved = unsafe { handle(file) }.is_reserved();
    // SAFETY: SQLite's own variable.
    unsafe { *out = c_int::from(reserved.unwrap_or_default()) };
    code(reserved.map(|_| ()), sqlite::SQLITE_IOERR_CHECKRESERVEDLOCK)
}

unsafe extern "C" fn file_control(_: *mut sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    sqlite::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut sqlite3_file) -> c_int {
    SECTOR_SIZE
}

unsafe extern "C" fn device_characteristics(_: *mut sqlite3_file) -> c_int {
    CHARACTERISTICS
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    number: c_int,
    bytes: c_int,
    makes: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: the file is open.
    let region = unsafe { handle(file) }.map(number as usize, bytes as usize, makes != 0);
    let Ok(region) = region else { return sqlite::SQLITE_IOERR_SHMMAP };
    // Atomics may be written through a pointer from a shared reference; the handle keeps the region alive.
    let start = region.map_or(ptr::null_mut(), |region| region.as_ptr().cast_mut().cast());
    // SAFETY: SQLite's own variable.
    unsafe { *out = start };
    sqlite::SQLITE_OK
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, first: c_int, count: c_int, flags: c_int) -> c_int {
    let slots = first as usize..(first + count) as usize;
    // SAFETY: the file is open.
    let file = unsafe { handle(file) };
    if flags & sqlite::SQLITE_SHM_UNLOCK != 0 {
        file.give_slots(slots);
        return sqlite::SQLITE_OK;
    }
    let is_exclusive = flags & sqlite::SQLITE_SHM_EXCLUSIVE != 0;
    busy(file.take_slots(slots, is_exclusive), sqlite::SQLITE_IOERR_SHMLOCK)
}

unsafe extern "C" fn shm_barrier(_: *mut sqlite3_file) {
    fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, _: c_int) -> c_int {
    // SAFETY: the file is open.
    unsafe { handle(file) }.leave_memory();
    sqlite::SQLITE_OK
}
