//! Names that a derive makes out of text written in a macro's input: hidden by hygiene.
#![allow(dead_code)]

macro_rules! texts {
    ($($name:ident($ty:ty) = $text:literal;)*) => {
        $(
            #[derive(Debug, derive_more_impl::Display)]
            #[display($text)]
            struct $name($ty);
        )*
    };
}
texts! {
    Metres(f64) = "{_0} m";
    Owned(Vec<u8>) = "{_0:?}";
}

macro_rules! docs {
    ($name:ident { $($(#[doc = $text:expr])* $variant:ident $(($ty:ty))?),* }) => {
        #[derive(displaydoc::Display)]
        enum $name { $($(#[doc = $text])* $variant $(($ty))?),* }
    };
}
docs!(Docs {
    /// with {0:?}
    With(Vec<u8>),
    #[doc = "expression {0:?}"]
    Expression(Option<u8>)
});

macro_rules! late {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(serde_derive::Serialize)]
        struct $name {
            camel_case: u8,
        }
    };
}
late! {
    #[serde(rename_all = "PascalCase")]
    Late
}
