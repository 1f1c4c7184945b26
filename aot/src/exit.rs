//! How a run ends.

use std::process::ExitCode;

/// How a run ends: the exit codes of every command. docs/CLI.md has this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// All was done. That nobody reads the output any more (a broken pipe) is no failure.
    Success = 0,
    /// A check said no, a macro panicked, or failures of several of the kinds below.
    Failure = 1,
    /// The command line can't be understood.
    Usage = 2,
    /// An input isn't what the command needs.
    Input = 3,
    /// A file can't be read, written or removed.
    File = 4,
    /// There is no toolchain that compiles macros to wasm, or it doesn't work.
    Toolchain = 5,
    /// `build`: cargo failed.
    Cargo = 101,
}

impl Exit {
    /// All of them.
    pub(crate) const ALL: &[Exit] = &[
        Exit::Success,
        Exit::Failure,
        Exit::Usage,
        Exit::Input,
        Exit::File,
        Exit::Toolchain,
        Exit::Cargo,
    ];

    /// The number.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// What it means, for people.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Exit::Success => "all was done (also when nobody reads the output any more)",
            Exit::Failure => {
                "a check said no, a macro or its expansion failed, or there were failures of \
                 several of the kinds below"
            }
            Exit::Usage => "the command line can't be understood",
            Exit::Input => {
                "an input isn't what the command needs: it doesn't exist, isn't a proc-macro \
                 module, is damaged, or can't be compiled"
            }
            Exit::File => "a file can't be read, written or removed, or the disk is full",
            Exit::Toolchain => {
                "there is no toolchain that compiles macros to wasm, or it doesn't work"
            }
            Exit::Cargo => "`build`: cargo failed, and has said why",
        }
    }

    /// The end of a run in which both of these happened.
    pub(crate) fn and(self, other: Exit) -> Exit {
        match (self, other) {
            (Exit::Success, end) | (end, Exit::Success) => end,
            (one, other) if one == other => one,
            _ => Exit::Failure,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_one_kind_keep_their_code() {
        let check = |ends: &[Exit], expect: Exit| {
            let end = ends.iter().fold(Exit::Success, |sum, &end| sum.and(end));
            assert_eq!(end, expect, "{ends:?}");
        };
        check(&[], Exit::Success);
        check(&[Exit::Input, Exit::Success, Exit::Input], Exit::Input);
        check(&[Exit::Success, Exit::File], Exit::File);
        check(&[Exit::Input, Exit::File, Exit::Input], Exit::Failure);
    }

    #[test]
    fn codes_are_in_order() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 101]);
    }
}
