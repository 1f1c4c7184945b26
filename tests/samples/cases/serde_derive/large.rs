//! A schema of many wide types, made by a macro: twenty copies of a wide struct and two enums.
#![allow(dead_code)]

macro_rules! schema {
    ($($module:ident)*) => {
        $(
            pub mod $module {
                use serde_derive::{Deserialize, Serialize};

                #[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
                #[serde(rename_all = "camelCase")]
                pub struct Request {
                    pub request_id: u64,
                    pub session_token: String,
                    pub retry_count: Option<u32>,
                    pub user_agent: String,
                    pub accepted_languages: Vec<String>,
                    pub feature_flags: std::collections::BTreeMap<String, bool>,
                    pub created_at: i64,
                    pub updated_at: i64,
                    pub latitude: f64,
                    pub longitude: f64,
                    pub payload: Payload,
                    pub attachments: Vec<Payload>,
                    #[serde(default)]
                    pub trace: bool,
                    #[serde(skip_serializing_if = "Option::is_none")]
                    pub parent: Option<Box<Request>>,
                    pub checksum: [u8; 16],
                    pub version: (u8, u8, u8),
                }

                #[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
                #[serde(tag = "kind", content = "data")]
                pub enum Payload {
                    Empty,
                    Text(String),
                    Binary(Vec<u8>),
                    Range { from: u64, to: u64, step: u32 },
                    Many(Vec<Payload>),
                }

                #[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
                pub enum Outcome<T, E> {
                    Done(T),
                    Failed { error: E, code: i32, hint: Option<String> },
                    Pending,
                }
            }
        )*
    };
}

schema! {
    alpha beta gamma delta epsilon zeta eta theta iota kappa
    lambda mu nu xi omicron pi rho sigma tau upsilon
}
