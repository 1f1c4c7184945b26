//! Date and time literals and format descriptions, checked at compile time.
#![allow(dead_code)]

use time::format_description::{BorrowedFormatItem, StaticFormatDescription};
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime, UtcOffset};
use time_macros::{date, datetime, format_description, offset, time, utc_datetime};

const DATES: [Date; 8] = [
    date!(2020-01-01),
    date!(2020-366),
    date!(2020 - W 01 - 3),
    date!(2019-W 52-7),
    date!(-0001-12-31),
    date!(+1999-06-30),
    date!(0000 - 001),
    date! { 1600-02-29 },
];

const TIMES: [Time; 9] = [
    time!(0:00),
    time!(1:02:03),
    time!(1:02:03.004),
    time!(12 am),
    time!(12 PM),
    time!(1:02:03.004_005_006 pm),
    time!(23:59:59.999_999_999),
    time!(5 AM),
    time!(11:30 PM),
];

const OFFSETS: [UtcOffset; 7] = [
    offset!(UTC),
    offset!(utc),
    offset!(+0),
    offset!(-5),
    offset!(+1:30),
    offset!(-0:00:01),
    offset!(+25:59:59),
];

const PRIMITIVE: [PrimitiveDateTime; 4] = [
    datetime!(2020-01-01 0:00),
    datetime!(2020-W 01-3 1:02:03.004_005_006),
    datetime!(2020-001 11 pm),
    datetime!(1970-01-01 23:59:59),
];

const OFFSET: [OffsetDateTime; 4] = [
    datetime!(2020-01-01 0:00 UTC),
    datetime!(2020-W 01-3 0:00 -1),
    datetime!(2020-001 1:02:03.004 +1:02:03),
    datetime!(9999-12-31 23:59:59.999_999_999 -23:59),
];

const UTC: [UtcDateTime; 2] = [utc_datetime!(2020-01-01 0:00), utc_datetime!(2024-366 12:30:15.5)];

const ISO: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
const EMPTY: &[BorrowedFormatItem<'_>] = format_description!("");
const LITERAL: StaticFormatDescription = format_description!("just text größe, [[brackets]");
const MODIFIERS: StaticFormatDescription = format_description!(
    "[day padding:none]/[month repr:short case_sensitive:false]/[year repr:last_two base:iso_week] \
     [hour repr:12 padding:space][period case:lower] [minute padding:zero]:[second].[subsecond digits:3] \
     [offset_hour sign:mandatory]:[offset_minute]:[offset_second] [weekday repr:long] [weekday repr:monday one_indexed:false] \
     [week_number repr:sunday] [ordinal padding:zero]"
);
const ALL: StaticFormatDescription = format_description!(
    "[unix_timestamp precision:microsecond sign:automatic] [ignore count:3] [subsecond digits:1+]"
);
const V2: StaticFormatDescription = format_description!(
    version = 2,
    r#"[optional [[year]-[month]]] \[escaped\] \\ [first [[hour]:[minute]] [[hour]]] [optional [[first [a] [[day]]]]]"#
);
const BYTES: StaticFormatDescription = format_description!(b"[hour repr:24]h[minute]m");
const ONE: StaticFormatDescription = format_description!("[year]");

struct Epoch<const N: usize>;
impl<const N: usize> Epoch<N> {
    const START: OffsetDateTime = datetime!(1970-01-01 0:00 UTC);
    fn until(self, end: OffsetDateTime) -> time::Duration {
        let midnight = time!(0:00);
        if end.time() == midnight { end - datetime!(2000-01-01 0:00 UTC) } else { end - Self::START }
    }
}

fn matches(date: Date) -> &'static str {
    const CHRISTMAS: Date = date!(2023-12-25);
    match date {
        CHRISTMAS => "christmas",
        d if d == date!(2023-W 01-1) => "first monday",
        d if d > date!(2023-001) && d < date!(2023-032) => "january",
        _ => "other",
    }
}

fn format(t: OffsetDateTime) -> Result<String, time::error::Format> {
    t.to_offset(offset!(+2)).format(&format_description!("[hour]:[minute]:[second padding:none]"))
}

fn parse(s: &str) -> Result<(Date, Time), time::error::Parse> {
    Ok((Date::parse(s, ISO)?, Time::parse(s, format_description!("[hour]:[minute] [period]"))?))
}

macro_rules! holidays {
    ($($name:ident = $year:tt - $month:tt - $day:tt;)*) => {
        $(const $name: Date = date!($year-$month-$day);)*
    };
}
holidays! {
    NEW_YEAR = 2024-01-01;
    LABOUR = 2024-05-01;
    UNITY = 2024-10-03;
}

macro_rules! formats {
    ($($name:ident: $text:tt),* $(,)?) => {
        $(static $name: StaticFormatDescription = time_macros::format_description!($text);)*
    };
}
formats! {
    SHORT: "[hour]:[minute]",
    LONG: r"[weekday], [day] [month repr:long] [year]",
    STAMP: "[unix_timestamp]",
}

mod nested {
    pub mod inner {
        pub(in super::super) const FN: super::super::Time = ::time_macros::time!(6:07:08.9);
    }
}
