// This program counts who came back, from Rust: it ingests a file, asks, and prints the answer.
use std::ffi::{c_char, c_int, c_void, CStr};
use std::ptr::{null, null_mut};

type Handle = *mut c_void;

#[link(name = "rollcall")]
extern "C" {
    fn rollcall_open(directory: *const u8, size: usize, options: *const u8, options_size: usize,
                     out: *mut Handle, error: *mut Handle) -> c_int;
    fn rollcall_ingest_files(engine: Handle, paths: *const u8, size: usize, options: *const u8,
                             options_size: usize, stop: *const c_void, out: *mut *mut c_char,
                             out_size: *mut usize, error: *mut Handle) -> c_int;
    fn rollcall_query(engine: Handle, question: *const u8, size: usize, stop: *const c_void,
                      timeout_ms: u64, out: *mut *mut c_char, out_size: *mut usize,
                      error: *mut Handle) -> c_int;
    fn rollcall_close(engine: Handle, error: *mut Handle) -> c_int;
    fn rollcall_engine_free(engine: Handle);
    fn rollcall_error_text(error: Handle, size: *mut usize) -> *const c_char;
    fn rollcall_free(text: *mut c_char);
}

// Ends the program if a call failed.
unsafe fn check(code: c_int, error: Handle) {
    if code != 0 {
        eprintln!("retention: {}", CStr::from_ptr(rollcall_error_text(error, null_mut())).to_string_lossy());
        std::process::exit(1);
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let paths = format!("[{:?}]", arguments[2]);
    let question = r#"{"kind": "retention", "return_event": "login", "periods": 2}"#;
    let (mut engine, mut error, mut answer) = (null_mut(), null_mut(), null_mut());
    unsafe {
        check(rollcall_open(arguments[1].as_ptr(), arguments[1].len(), null(), 0, &mut engine, &mut error), error);
        check(rollcall_ingest_files(engine, paths.as_ptr(), paths.len(), null(), 0, null(), null_mut(),
                                    null_mut(), &mut error), error);
        check(rollcall_query(engine, question.as_ptr(), question.len(), null(), 0, &mut answer, null_mut(),
                             &mut error), error);
        println!("{}", CStr::from_ptr(answer).to_string_lossy());
        rollcall_free(answer);
        check(rollcall_close(engine, &mut error), error);
        rollcall_engine_free(engine);
    }
}
