//! Weeks written as one identifier, which time-macros reads from a version on that needs this rustc.
//@ rustc: 1.88
#![allow(dead_code)]

use time::{Date, OffsetDateTime, PrimitiveDateTime};
use time_macros::{date, datetime};

const DATE: Date = date!(2019-W52-7);
const PRIMITIVE: PrimitiveDateTime = datetime!(2020-W01-3 1:02:03.004_005_006);
const OFFSET: OffsetDateTime = datetime!(2020-W01-3 0:00 -1);

fn matches(date: Date) -> &'static str {
    match date {
        d if d == date!(2023-W01-1) => "first monday",
        _ => "other",
    }
}
