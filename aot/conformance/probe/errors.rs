//! Input of the conformance probe that does not compile.
//!
//! Each macro fails in its own way. The compiler goes on after each failure, so that all of the
//! messages are printed.

#![allow(dead_code, reason = "only the macros' own messages count")]

use pm_aot_probe as probe;

// Panics.

probe::fail! { static }
probe::fail! { string }
probe::fail! { other }
probe::fail! { empty }
probe::fail! { long }
probe::fail! { holding a b c }
probe::fail! { unheard_of }
probe::fail! {}

pub fn expression() -> u8 {
    probe::fail!(string in an expression)
}

#[probe::fail_attribute(static)]
pub fn attribute() {}

#[probe::fail_attribute(other)]
pub struct Attribute;

#[derive(probe::FailDerive)]
#[fail]
pub struct Derive;

// Values that the client of the bridge refuses.

probe::fail! { ident }
probe::fail! { punct }
probe::fail! { float }

// Errors that the macro emits.

probe::errors! {}
probe::errors! { first größe (
    group
) "text" }

// Text that is invalid.

probe::invalid! { INVALID }

// Literals that are invalid, as the lexer passes them on.

probe::echo! { pub const LITERALS: (u8, f32) = (0b, 1e); }
probe::rebuild! { pub const CHAR: char = 'ab'; }

// Output that is not Rust.

probe::fail! { unparsable }
probe::fail! { unfinished }

// Expressions that do not expand.

probe::unexpandable! {
    EXPRESSIONS
    1 +; 1 2; unknown!(); compile_error!("from größe"); concat!(größe); probe::fail!(static);
    probe::echo!(0b)
}
