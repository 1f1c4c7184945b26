//! What std for `wasm32-wasip1` needs of a libc and an old wasi-libc (that of 2022, say) does not
//! have.
//!
//! It is an archive behind the libc's own on the linker's command line, so that it serves only what
//! that one lacks; and weak, in case that one has some of it in an object with other functions.
#![no_std]
#![feature(linkage, thread_local)]
use core::ffi::{c_char, c_int, c_void};

const PATH_MAX: usize = 4096;
const EAGAIN: c_int = 6;
const EINVAL: c_int = 28;
const ELOOP: c_int = 32;
const ENAMETOOLONG: c_int = 37;
const ENOENT: c_int = 44;
const ENOTSUP: c_int = 58;

unsafe extern "C" {
    fn readlink(path: *const c_char, buffer: *mut c_char, size: usize) -> isize;
    fn getcwd(buffer: *mut c_char, size: usize) -> *mut c_char;
    fn malloc(size: usize) -> *mut c_void;
    #[thread_local]
    static mut errno: c_int;
}

/// POSIX `realpath`: `path` with every symbolic link, `.` and `..` resolved. `resolved` holds
/// `PATH_MAX` bytes or is null, and then the result is the caller's to free.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
#[linkage = "weak"]
pub unsafe extern "C" fn realpath(path: *const c_char, resolved: *mut c_char) -> *mut c_char {
    let fail = |number| unsafe {
        errno = number;
        core::ptr::null_mut()
    };
    if path.is_null() {
        return fail(EINVAL);
    }
    // What is still to be resolved stands at the end of `todo`, from `at` on.
    let mut todo = [0u8; PATH_MAX];
    let mut done = [0u8; PATH_MAX + 1];
    let mut link = [0u8; PATH_MAX];
    let mut length = 0;
    while unsafe { *path.add(length) } != 0 {
        length += 1;
        if length >= PATH_MAX {
            return fail(ENAMETOOLONG);
        }
    }
    if length == 0 {
        return fail(ENOENT);
    }
    let mut at = PATH_MAX - length;
    for i in 0..length {
        todo[at + i] = unsafe { *path.add(i) } as u8;
    }
    if todo[at] != b'/' {
        if unsafe { getcwd(link.as_mut_ptr().cast(), PATH_MAX) }.is_null() {
            return core::ptr::null_mut();
        }
        let cwd = link.iter().take_while(|byte| **byte != 0).count();
        if cwd + 1 > at {
            return fail(ENAMETOOLONG);
        }
        at -= cwd + 1;
        todo[at..at + cwd].copy_from_slice(&link[..cwd]);
        todo[at + cwd] = b'/';
    }
    // `done` is without its slash at the end.
    let (mut end, mut links) = (0, 0);
    while at < PATH_MAX {
        if todo[at] == b'/' {
            at += 1;
            continue;
        }
        let mut next = at;
        while next < PATH_MAX && todo[next] != b'/' {
            next += 1;
        }
        let name = &todo[at..next];
        if name == b".." || name == b"." {
            if name.len() == 2 {
                while end > 0 && done[end - 1] != b'/' {
                    end -= 1;
                }
                end = end.saturating_sub(1);
            }
            at = next;
            continue;
        }
        if end + 1 + name.len() >= PATH_MAX {
            return fail(ENAMETOOLONG);
        }
        done[end] = b'/';
        done[end + 1..end + 1 + name.len()].copy_from_slice(name);
        let stop = end + 1 + name.len();
        // With a slash after it, anything but a directory is an error.
        let is_last = next == PATH_MAX;
        done[stop] = 0;
        let size = unsafe { readlink(done.as_ptr().cast(), link.as_mut_ptr().cast(), PATH_MAX) };
        if size < 0 {
            if unsafe { errno } != EINVAL {
                return core::ptr::null_mut();
            }
            if !is_last {
                done[stop] = b'/';
                done[stop + 1] = 0;
                let size =
                    unsafe { readlink(done.as_ptr().cast(), link.as_mut_ptr().cast(), PATH_MAX) };
                if size < 0 && unsafe { errno } != EINVAL {
                    return core::ptr::null_mut();
                }
            }
            (at, end) = (next, stop);
            continue;
        }
        let size = size as usize;
        links += 1;
        if links > 40 {
            return fail(ELOOP);
        }
        if size == 0 || size >= next {
            return fail(if size == 0 { ENOENT } else { ENAMETOOLONG });
        }
        at = next - size;
        todo[at..next].copy_from_slice(&link[..size]);
        if link[0] == b'/' {
            end = 0;
        }
    }
    if end == 0 {
        done[0] = b'/';
        end = 1;
    }
    let out = match resolved.is_null() {
        true => unsafe { malloc(end + 1) }.cast::<c_char>(),
        false => resolved,
    };
    if !out.is_null() {
        for (i, &byte) in done[..end].iter().enumerate() {
            unsafe { *out.add(i) = byte as c_char };
        }
        unsafe { *out.add(end) = 0 };
    }
    out
}

/// Threads there are none: `std::thread::spawn` gets the error and passes it on.
#[unsafe(no_mangle)]
#[linkage = "weak"]
pub extern "C" fn pthread_create(_: *mut c_void, _: *const c_void, _: *const c_void, _: *mut c_void) -> c_int {
    EAGAIN
}
#[unsafe(no_mangle)]
#[linkage = "weak"]
pub extern "C" fn pthread_attr_init(_: *mut c_void) -> c_int { 0 }
#[unsafe(no_mangle)]
#[linkage = "weak"]
pub extern "C" fn pthread_attr_setstacksize(_: *mut c_void, _: usize) -> c_int { 0 }
#[unsafe(no_mangle)]
#[linkage = "weak"]
pub extern "C" fn pthread_attr_destroy(_: *mut c_void) -> c_int { 0 }
#[unsafe(no_mangle)]
#[linkage = "weak"]
pub extern "C" fn pthread_detach(_: *mut c_void) -> c_int { ENOTSUP }
#[unsafe(no_mangle)]
#[linkage = "weak"]
pub extern "C" fn pthread_join(_: *mut c_void, _: *mut *mut c_void) -> c_int { ENOTSUP }
