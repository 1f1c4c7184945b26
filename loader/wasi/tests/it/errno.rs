//! The error numbers of WASI, as the specification has them.

pub(crate) const SUCCESS: u32 = 0;
pub(crate) const ACCES: u32 = 2;
pub(crate) const BADF: u32 = 8;
pub(crate) const FAULT: u32 = 21;
pub(crate) const ILSEQ: u32 = 25;
pub(crate) const INVAL: u32 = 28;
pub(crate) const ISDIR: u32 = 31;
pub(crate) const LOOP: u32 = 32;
pub(crate) const MFILE: u32 = 33;
pub(crate) const NAMETOOLONG: u32 = 37;
pub(crate) const NOENT: u32 = 44;
pub(crate) const NOSYS: u32 = 52;
pub(crate) const NOTDIR: u32 = 54;
pub(crate) const NOTSUP: u32 = 58;
pub(crate) const ROFS: u32 = 69;
pub(crate) const SPIPE: u32 = 70;
