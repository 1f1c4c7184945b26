//! Environment, clocks, randomness, waiting, sockets.

use pm_wasi::Grants;

use crate::errno::*;
use crate::guest::{Guest, INPUT, OUT};

fn variables(grants: Grants) -> Vec<String> {
    let mut guest = Guest::new(grants);
    assert_eq!(guest.call("environ_sizes_get", &[0, 4]), SUCCESS);
    let (count, size) = (guest.u32(0), guest.u32(4));
    assert_eq!(guest.call("environ_get", &[INPUT.into(), 4096]), SUCCESS);
    let text = guest.text(4096, size);
    let variables: Vec<_> = text.split_terminator('\0').map(str::to_owned).collect();
    let mut at = 4096;
    for (index, variable) in variables.iter().enumerate() {
        assert_eq!(guest.u32(INPUT + 4 * index as u32), at);
        at += variable.len() as u32 + 1;
    }
    assert_eq!((variables.len(), at), (count as usize, 4096 + size));
    variables
}

#[test]
fn environment() {
    assert_eq!(variables(Grants::default()), [""; 0]);
    let mut grants = Grants::default();
    grants
        .env("B", "2")
        .env("A", "ä=1")
        .env("B", "3")
        .env("EMPTY", "");
    grants
        .env("", "x")
        .env("C=", "x")
        .env("D\0", "x")
        .env("E", "\0");
    assert_eq!(variables(grants), ["A=ä=1", "B=3", "EMPTY="]);
}

#[test]
fn crate_variables() {
    let mut grants = Grants::default();
    let names = [
        "CARGO",
        "CARGO_HOME",
        "CARGO_MANIFEST_DIR",
        "CARGO_PKG_VERSION",
        "CARGO_REGISTRY_TOKEN",
        "CARGO_REGISTRIES_MINE_TOKEN",
        "HOME",
        "OUT_DIR",
    ];
    grants.crate_variables(names.map(|name| (name.to_owned(), "x".to_owned())));
    assert_eq!(
        variables(grants),
        ["CARGO_MANIFEST_DIR=x", "CARGO_PKG_VERSION=x", "OUT_DIR=x"]
    );
}

#[test]
fn arguments() {
    let mut guest = Guest::new(Grants::default());
    guest.put(0, &[0xff; 8]);
    assert_eq!(guest.call("args_sizes_get", &[0, 4]), SUCCESS);
    assert_eq!(guest.u64(0), 0);
    assert_eq!(guest.call("args_get", &[0, 4]), SUCCESS);
}

#[test]
fn randomness_is_one_constant_stream() {
    let stream = || {
        let mut guest = Guest::new(Grants::default());
        assert_eq!(guest.call("random_get", &[0, 13]), SUCCESS);
        assert_eq!(guest.call("random_get", &[13, 16]), SUCCESS);
        guest.bytes(0, 29)
    };
    assert_eq!(stream(), stream());
    let (first, later) = (stream()[..13].to_vec(), stream()[13..26].to_vec());
    assert_ne!(first, later);
    // SplitMix64's published first output for the seed 0: the order of `HashMap`s, and so
    // expansions, depend on it.
    assert_eq!(first[..8], 0xe220_a839_7b1d_cdaf_u64.to_le_bytes());
}

#[test]
fn clocks_start_at_the_epoch_and_move_on() {
    let mut guest = Guest::new(Grants::default());
    for (look, clock) in [0, 1, 2, 3].into_iter().enumerate() {
        assert_eq!(
            guest.call("clock_time_get", &[clock, 0, OUT.into()]),
            SUCCESS
        );
        assert_eq!(guest.u64(OUT), 1000 * (look as u64 + 1));
        assert_eq!(guest.call("clock_res_get", &[clock, OUT.into()]), SUCCESS);
        assert_eq!(guest.u64(OUT), 1);
    }
    assert_eq!(guest.call("clock_time_get", &[4, 0, OUT.into()]), INVAL);
    assert_eq!(guest.call("clock_res_get", &[4, OUT.into()]), INVAL);
}

/// A subscription to a clock; `flags` is 1 for an absolute time.
fn clock(userdata: u64, timeout: u64, flags: u16) -> [u8; 48] {
    let mut record = [0; 48];
    record[0..8].copy_from_slice(&userdata.to_le_bytes());
    record[16] = 1;
    record[24..32].copy_from_slice(&timeout.to_le_bytes());
    record[40..42].copy_from_slice(&flags.to_le_bytes());
    record
}

#[test]
fn waiting_takes_no_time() {
    let mut guest = Guest::new(Grants::default());
    let year = 365 * 86_400 * 1_000_000_000;
    guest.put(INPUT, &[clock(1, 2 * year, 0), clock(2, year, 1)].concat());
    assert_eq!(
        guest.call("poll_oneoff", &[INPUT.into(), 4096, 2, OUT.into()]),
        SUCCESS
    );
    assert_eq!(guest.u32(OUT), 1);
    assert_eq!((guest.u64(4096), guest.u64(4096 + 8)), (2, 0));
    assert_eq!(guest.call("clock_time_get", &[0, 0, OUT.into()]), SUCCESS);
    assert_eq!(guest.u64(OUT), year + 1000);
    // For ever.
    guest.put(INPUT, &clock(3, u64::MAX, 0));
    assert_eq!(
        guest.call("poll_oneoff", &[INPUT.into(), 4096, 1, OUT.into()]),
        SUCCESS
    );
    assert_eq!(guest.call("clock_time_get", &[0, 0, OUT.into()]), SUCCESS);
    assert_eq!(guest.u64(OUT), u64::MAX);
}

#[test]
fn waiting_for_anything_else_is_over_at_once() {
    let mut guest = Guest::new(Grants::default());
    for (kind, errno) in [(1, NOTSUP), (2, NOTSUP), (9, INVAL)] {
        let mut other = clock(5, 0, 0);
        other[8] = kind;
        guest.put(INPUT, &[clock(4, 100, 0), other].concat());
        assert_eq!(
            guest.call("poll_oneoff", &[INPUT.into(), 4096, 2, OUT.into()]),
            SUCCESS
        );
        assert_eq!((guest.u32(OUT), guest.u64(4096)), (1, 5));
        let event = guest.u64(4096 + 8);
        assert_eq!((event as u16, (event >> 16) as u8), (errno as u16, kind));
    }
    assert_eq!(
        guest.call("poll_oneoff", &[INPUT.into(), 4096, 0, OUT.into()]),
        INVAL
    );
    assert_eq!(
        guest.call(
            "poll_oneoff",
            &[INPUT.into(), 4096, 0xffff_ffff, OUT.into()]
        ),
        INVAL
    );
    assert_eq!(guest.call("sched_yield", &[]), SUCCESS);
    assert_eq!(guest.call("proc_raise", &[6]), NOSYS);
}

#[test]
fn sockets_are_refused() {
    let mut guest = Guest::new(Grants::default());
    assert_eq!(guest.call("sock_accept", &[3, 0, OUT.into()]), ACCES);
    assert_eq!(guest.call("sock_recv", &[3, 0, 0, 0, 0, 0]), ACCES);
    assert_eq!(guest.call("sock_send", &[3, 0, 0, 0, 0]), ACCES);
    assert_eq!(guest.call("sock_shutdown", &[3, 0]), ACCES);
    assert_eq!(
        guest.refusals(),
        ["using the network was refused (`sock_accept`)"]
    );
}
