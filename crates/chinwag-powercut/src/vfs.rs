//! The disk as SQLite's table of functions.
//!
//! SQLite gives each function what `sqlite3_vfs` and `sqlite3_io_methods` promise: pointers that
//! are valid for the call, to structures that it does not use at the same time. That is what the
//! safety comments mean by "SQLite's promise".

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::ptr;
use std::sync::{Mutex, Once};

use rusqlite::{Connection, ffi};

use crate::disk::{Dead, State, lock};

/// An open file, as SQLite makes room for it.
#[repr(C)]
struct Handle {
    base: ffi::sqlite3_file,
    /// From a box, until the file is closed.
    file: *mut Opened,
}

/// What we know of an open file.
struct Opened {
    name: String,
    disk: &'static Mutex<State>,
}

/// SQLite is set up by whoever comes first, and SQLCipher's part of that is not protected against
/// who comes at the same time.
static SET_UP: Once = Once::new();

/// Makes a disk known to SQLite.
pub(crate) fn register(name: &'static CStr, disk: &'static Mutex<State>) {
    let size = size_of::<Handle>();
    let table = Box::leak(Box::new(ffi::sqlite3_vfs {
        iVersion: 1,
        szOsFile: c_int::try_from(size).expect("a handle of a few bytes"),
        mxPathname: 256,
        pNext: ptr::null_mut(),
        zName: name.as_ptr(),
        pAppData: ptr::from_ref(disk).cast_mut().cast(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_path),
        xDlOpen: None,
        xDlError: None,
        xDlSym: None,
        xDlClose: None,
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(current_time),
        xGetLastError: None,
        xCurrentTimeInt64: None,
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    }));
    SET_UP.call_once(|| drop(Connection::open_in_memory()));
    // SAFETY: the table is complete for its version and lives as long as the process.
    let result = unsafe { ffi::sqlite3_vfs_register(table, 0) };
    assert_eq!(result, ffi::SQLITE_OK, "SQLite does not want this file system");
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock_file),
    xUnlock: Some(lock_file),
    xCheckReservedLock: Some(check_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

fn code(result: Result<(), Dead>) -> c_int {
    match result {
        Ok(()) => ffi::SQLITE_OK,
        Err(Dead) => ffi::SQLITE_IOERR,
    }
}

fn position(number: i64) -> usize {
    usize::try_from(number).expect("a position in a file")
}

/// # Safety
///
/// `vfs` is a table that [`register`] made.
unsafe fn disk_of(vfs: *mut ffi::sqlite3_vfs) -> &'static Mutex<State> {
    // SAFETY: by SQLite's promise it is our table, and `register` put a reference there that is
    // valid as long as the process.
    unsafe { &*(*vfs).pAppData.cast::<Mutex<State>>() }
}

/// # Safety
///
/// `file` was opened by [`open`] and not closed yet.
unsafe fn opened<'a>(file: *mut ffi::sqlite3_file) -> &'a Opened {
    // SAFETY: `open` put a pointer from a box there, and `close` has not taken it back.
    unsafe { &*(*file.cast::<Handle>()).file }
}

/// # Safety
///
/// `name` is null or ends with a zero byte.
unsafe fn text(name: *const c_char) -> String {
    if name.is_null() {
        return "a temporary file".to_owned();
    }
    // SAFETY: the caller says so.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's promise.
    let (disk, name) = unsafe { (disk_of(vfs), text(name)) };
    let handle = file.cast::<Handle>();
    if lock(disk).open(&name).is_err() {
        // SAFETY: SQLite's promise; without methods it does not close what did not open.
        unsafe { (*handle).base.pMethods = ptr::null() };
        return ffi::SQLITE_CANTOPEN;
    }
    let opened = Box::into_raw(Box::new(Opened { name, disk }));
    // SAFETY: SQLite's promise: there is room for a handle, and the flags may be null.
    unsafe {
        handle.write(Handle {
            base: ffi::sqlite3_file { pMethods: &raw const METHODS },
            file: opened,
        });
        if !out_flags.is_null() {
            *out_flags = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: `open` made the box, and SQLite closes a file once.
    drop(unsafe { Box::from_raw((*file.cast::<Handle>()).file) });
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    to: *mut c_void,
    len: c_int,
    at: i64,
) -> c_int {
    // SAFETY: SQLite's promise: there is room for so many bytes.
    let (file, to) =
        unsafe { (opened(file), std::slice::from_raw_parts_mut(to.cast(), position(len.into()))) };
    let disk = lock(file.disk);
    if disk.must_have_power().is_err() {
        return ffi::SQLITE_IOERR_READ;
    }
    let seen = disk.files.get(&file.name).and_then(|file| file.seen.get(position(at)..));
    let seen = seen.unwrap_or_default();
    let count = seen.len().min(to.len());
    to[..count].copy_from_slice(&seen[..count]);
    // What is not there must be read as zeros.
    to[count..].fill(0);
    if count == to.len() { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_SHORT_READ }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    len: c_int,
    at: i64,
) -> c_int {
    // SAFETY: SQLite's promise: there are so many bytes.
    let (file, from) =
        unsafe { (opened(file), std::slice::from_raw_parts(from.cast(), position(len.into()))) };
    code(lock(file.disk).write(&file.name, position(at), from))
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, len: i64) -> c_int {
    // SAFETY: SQLite's promise.
    let file = unsafe { opened(file) };
    code(lock(file.disk).truncate(&file.name, position(len)))
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: SQLite's promise.
    let file = unsafe { opened(file) };
    code(lock(file.disk).sync(&file.name))
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: SQLite's promise.
    let (file, size) = unsafe { (opened(file), &mut *size) };
    let len = lock(file.disk).files.get(&file.name).map_or(0, |file| file.seen.len());
    *size = i64::try_from(len).expect("a file in memory");
    ffi::SQLITE_OK
}

/// There is one connection, so there is nobody to be locked out.
unsafe extern "C" fn lock_file(_file: *mut ffi::sqlite3_file, _level: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_lock(_file: *mut ffi::sqlite3_file, is_locked: *mut c_int) -> c_int {
    // SAFETY: SQLite's promise.
    unsafe { *is_locked = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(
    _file: *mut ffi::sqlite3_file,
    _operation: c_int,
    _argument: *mut c_void,
) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    512
}

/// None: not even that what stands beside a torn write is left alone.
unsafe extern "C" fn characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    0
}

unsafe extern "C" fn delete(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    is_synced: c_int,
) -> c_int {
    // SAFETY: SQLite's promise.
    let (disk, name) = unsafe { (disk_of(vfs), text(name)) };
    code(lock(disk).delete(&name, is_synced != 0))
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    _flags: c_int,
    is_there: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's promise.
    let (disk, name) = unsafe { (disk_of(vfs), text(name)) };
    let found = lock(disk).files.contains_key(&name);
    // SAFETY: SQLite's promise.
    unsafe { *is_there = found.into() };
    ffi::SQLITE_OK
}

/// Names are used as they are.
unsafe extern "C" fn full_path(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    to: *mut c_char,
) -> c_int {
    // SAFETY: SQLite's promise.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if name.len() > position(room.into()) {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: SQLite's promise: there is so much room, and it is not where the name is.
    unsafe { ptr::copy_nonoverlapping(name.as_ptr().cast(), to, name.len()) };
    ffi::SQLITE_OK
}

/// The same in each run.
unsafe extern "C" fn randomness(_vfs: *mut ffi::sqlite3_vfs, len: c_int, to: *mut c_char) -> c_int {
    // SAFETY: SQLite's promise: there is room for so many bytes.
    let to: &mut [u8] = unsafe { std::slice::from_raw_parts_mut(to.cast(), position(len.into())) };
    for (byte, number) in to.iter_mut().zip((0..=u8::MAX).cycle()) {
        *byte = number.wrapping_mul(37).wrapping_add(11);
    }
    len
}

unsafe extern "C" fn sleep(_vfs: *mut ffi::sqlite3_vfs, us: c_int) -> c_int {
    us
}

unsafe extern "C" fn current_time(_vfs: *mut ffi::sqlite3_vfs, julian_day: *mut f64) -> c_int {
    // SAFETY: SQLite's promise.
    unsafe { *julian_day = 2_460_000.5 };
    ffi::SQLITE_OK
}
