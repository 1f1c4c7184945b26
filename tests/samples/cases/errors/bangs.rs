//! Function-like macros with bad input: futures, indoc, paste, time, phf, async-stream.
#![allow(dead_code)]

use futures_util as _;

fn futures() {
    futures_macro::select_internal! {
        a = b => c
        d = e => f,
    };
    futures_macro::select_internal! { complete => (), complete => (), };
    futures_macro::join_internal!(1 2);
}

const NOT_A_STRING: &str = indoc::indoc!(1);
const TWO: &str = indoc::indoc!("a" "b");
const FORMAT: String = indoc::formatdoc!("{missing}
    {}
");
const IDENT: &str = indoc::indoc!(ident);

paste::paste! {
    fn [<a - b>]() {}
    const [<1 2>]: u8 = 1;
    const [<a:unknown>]: u8 = 2;
    const [<env!("PM_AOT_IS_NOT_SET")>]: u8 = 3;
    const [<>]: u8 = 4;
}

const DATES: &[time::Date] = &[
    time_macros::date!(2021-13-01),
    time_macros::date!(2021-02-29),
    time_macros::date!(2021-366),
    time_macros::date!(2021-W54-1),
    time_macros::date!(hello),
    time_macros::date!(),
];
const TIME: time::Time = time_macros::time!(24:00);
const MERIDIEM: time::Time = time_macros::time!(13 pm);
const OFFSET: time::UtcOffset = time_macros::offset!(+26);
const FORMATS: &[&[time::format_description::BorrowedFormatItem<'_>]] = &[
    time_macros::format_description!("[unknown] component"),
    time_macros::format_description!("[year padding:nonsense]"),
    time_macros::format_description!("größe [month"),
    time_macros::format_description!(version = 4, "x"),
    time_macros::format_description!(r#"raw [oops]"#),
];

const MAP: phf::Map<&str, u8> = phf_macros::phf_map! { "a" => 1, "b" => 2, "a" => 3 };
const KEYS: phf::Set<u8> = phf_macros::phf_set! { 1 + x, f(), 1.5 };
const SYNTAX: phf::Map<u8, u8> = phf_macros::phf_map! { 1u8 = 2 };

fn stream() {
    async_stream_impl::stream_inner!((async_stream) yield;);
    async_stream_impl::stream_inner!((async_stream) let = 3;);
    async_stream_impl::stream_inner!(no_path);
    async_stream_impl::try_stream_inner!();
}
