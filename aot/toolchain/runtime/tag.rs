//! The tag that all exceptions of unwinding code carry. Clang's runtime would bring it; Rust's has
//! none for this target.
#![no_std]
#![feature(asm_experimental_arch)]

core::arch::global_asm!(
    ".globl __cpp_exception",
    ".tagtype __cpp_exception i32",
    "__cpp_exception:",
);
