//! What a guest sees without a descriptor: environment, clocks, randomness.

use crate::context::WasiCtx;
use crate::errno::Errno;
use crate::memory::{Memory, u16_at, u32_at, u64_at};

/// The number of clocks: real time, monotonic, and two of processor time. Here they are one.
const CLOCKS: u32 = 4;

/// The most subscriptions in one call.
const MAX_SUBSCRIPTIONS: u32 = 1024;

const SUBSCRIPTION_SIZE: u32 = 48;
const EVENT_SIZE: u32 = 32;

impl WasiCtx {
    pub(super) fn args_sizes_get(
        &mut self,
        memory: &mut Memory<'_>,
        count: u32,
        size: u32,
    ) -> Result<(), Errno> {
        memory.write_u32(count, 0)?;
        memory.write_u32(size, 0)
    }

    pub(super) fn environ_get(
        &mut self,
        memory: &mut Memory<'_>,
        mut list: u32,
        mut text: u32,
    ) -> Result<(), Errno> {
        for (name, value) in self.grants.variables() {
            memory.write_u32(list, text)?;
            list = list.checked_add(4).ok_or(Errno::FAULT)?;
            for piece in [name, "=", value, "\0"] {
                memory.write(text, piece.as_bytes())?;
                // Cannot overflow: the piece was just written to memory.
                text = text.checked_add(piece.len() as u32).ok_or(Errno::FAULT)?;
            }
        }
        Ok(())
    }

    pub(super) fn environ_sizes_get(
        &mut self,
        memory: &mut Memory<'_>,
        count: u32,
        size: u32,
    ) -> Result<(), Errno> {
        let variables = self.grants.variables();
        let text: usize = variables
            .iter()
            .map(|(name, value)| name.len() + value.len() + 2)
            .sum();
        memory.write_u32(
            count,
            u32::try_from(variables.len()).map_err(|_| Errno::FAULT)?,
        )?;
        memory.write_u32(size, u32::try_from(text).map_err(|_| Errno::FAULT)?)
    }

    pub(super) fn clock_res_get(
        &mut self,
        memory: &mut Memory<'_>,
        clock: u32,
        out: u32,
    ) -> Result<(), Errno> {
        known(clock)?;
        memory.write_u64(out, 1)
    }

    pub(super) fn clock_time_get(
        &mut self,
        memory: &mut Memory<'_>,
        clock: u32,
        out: u32,
    ) -> Result<(), Errno> {
        known(clock)?;
        memory.write_u64(out, self.tick())
    }

    pub(super) fn random_get(
        &mut self,
        memory: &mut Memory<'_>,
        address: u32,
        length: u32,
    ) -> Result<(), Errno> {
        for chunk in memory.bytes_mut(address, length)?.chunks_mut(8) {
            chunk.copy_from_slice(&self.random().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }

    /// Sleeping takes no time: the clock moves on to the first time that is waited for. There is
    /// nothing else to wait for, so a wait for a descriptor is over at once, as not supported.
    pub(super) fn poll_oneoff(
        &mut self,
        memory: &mut Memory<'_>,
        subscriptions: u32,
        events: u32,
        count: u32,
        out: u32,
    ) -> Result<(), Errno> {
        if count == 0 || count > MAX_SUBSCRIPTIONS {
            return Err(Errno::INVAL);
        }
        let now = self.tick();
        let size = SUBSCRIPTION_SIZE as usize;
        let all = memory
            .bytes(subscriptions, count * SUBSCRIPTION_SIZE)?
            .chunks_exact(size);
        let all: Vec<_> = all.map(|record| Subscription::read(record, now)).collect();
        let over = all
            .iter()
            .map(|subscription| subscription.time)
            .min()
            .unwrap_or(now);
        self.sleep_until(over);
        let mut happened = 0;
        for subscription in all.iter().filter(|subscription| subscription.time <= over) {
            let event = happened * EVENT_SIZE;
            memory.write(
                events.checked_add(event).ok_or(Errno::FAULT)?,
                &subscription.event(),
            )?;
            happened += 1;
        }
        memory.write_u32(out, happened)
    }
}

fn known(clock: u32) -> Result<(), Errno> {
    if clock < CLOCKS {
        Ok(())
    } else {
        Err(Errno::INVAL)
    }
}

/// What a guest waits for.
struct Subscription {
    userdata: u64,
    /// 0 is a clock, 1 and 2 are descriptors to be read and written.
    kind: u8,
    /// When the wait is over.
    time: u64,
    result: Result<(), Errno>,
}

impl Subscription {
    fn read(record: &[u8], now: u64) -> Self {
        let (userdata, kind) = (u64_at(record, 0), record[8]);
        let (clock, timeout, flags) = (u32_at(record, 16), u64_at(record, 24), u16_at(record, 40));
        let result = match kind {
            0 => known(clock),
            1 | 2 => Err(Errno::NOTSUP),
            _ => Err(Errno::INVAL),
        };
        let is_absolute = flags & 1 != 0;
        let time = match result {
            Err(_) => now,
            Ok(()) if is_absolute => timeout.max(now),
            Ok(()) => now.saturating_add(timeout),
        };
        Self {
            userdata,
            kind,
            time,
            result,
        }
    }

    fn event(&self) -> [u8; EVENT_SIZE as usize] {
        let errno = self.result.err().map_or(0, |Errno(number)| number);
        let mut event = [0; EVENT_SIZE as usize];
        event[0..8].copy_from_slice(&self.userdata.to_le_bytes());
        event[8..10].copy_from_slice(&errno.to_le_bytes());
        event[10] = self.kind;
        event
    }
}
