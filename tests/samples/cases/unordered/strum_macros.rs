//! `EnumProperty` orders its methods by a `HashMap` of random seed: another order each time it is run
//! natively.
#![allow(dead_code)]

use strum_macros::EnumProperty;

#[derive(EnumProperty, Clone)]
enum Props {
    #[strum(props(Name = "a", Count = 3, Flag = false))]
    A,
    #[strum(props(Name = "b"), props(Other = "o"))]
    B(u8),
    #[strum(disabled)]
    C { x: u8 },
}
