//! Operators.

use std::fmt;

/// An operator: a character of punctuation, or several that belong together.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Op(&'static str);

impl Op {
    /// The quote of a lifetime that is still apart from its name.
    pub const QUOTE: Op = Op("'");
    /// `=`
    pub const EQ: Op = Op("=");
    /// `-`
    pub const MINUS: Op = Op("-");
    /// `#`
    pub const POUND: Op = Op("#");

    /// The operator of that text, if there is one.
    pub fn new(text: &[u8]) -> Option<Op> {
        Some(Op(match text {
            b"=" => "=",
            b"<" => "<",
            b">" => ">",
            b"!" => "!",
            b"~" => "~",
            b"+" => "+",
            b"-" => "-",
            b"*" => "*",
            b"/" => "/",
            b"%" => "%",
            b"^" => "^",
            b"&" => "&",
            b"|" => "|",
            b"@" => "@",
            b"." => ".",
            b"," => ",",
            b";" => ";",
            b":" => ":",
            b"#" => "#",
            b"$" => "$",
            b"?" => "?",
            b"'" => "'",
            b"==" => "==",
            b"=>" => "=>",
            b"<=" => "<=",
            b"<<" => "<<",
            b"<-" => "<-",
            b"<<=" => "<<=",
            b">=" => ">=",
            b">>" => ">>",
            b">>=" => ">>=",
            b"!=" => "!=",
            b"+=" => "+=",
            b"-=" => "-=",
            b"->" => "->",
            b"*=" => "*=",
            b"/=" => "/=",
            b"%=" => "%=",
            b"^=" => "^=",
            b"&=" => "&=",
            b"&&" => "&&",
            b"|=" => "|=",
            b"||" => "||",
            b".." => "..",
            b"..." => "...",
            b"..=" => "..=",
            b"::" => "::",
            _ => return None,
        }))
    }

    /// Its text.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The operator that this and the next make. Any two whose text is an operator do.
    pub fn glue(self, next: Op) -> Option<Op> {
        let (first, second) = (self.0.as_bytes(), next.0.as_bytes());
        let len = first.len() + second.len();
        let mut text = [0; 4];
        text.get_mut(..first.len())?.copy_from_slice(first);
        text.get_mut(first.len()..len)?.copy_from_slice(second);
        Op::new(&text[..len])
    }
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
