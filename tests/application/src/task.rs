//! What there is to do.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The kind of a task.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::Display, strum::EnumIter,
    strum::EnumString,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Kind {
    Errand,
    PhoneCall,
    #[strum(serialize = "thing", to_string = "other")]
    Other,
}

/// A task, as it is written down.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task<'a> {
    #[serde(borrow)]
    pub title: std::borrow::Cow<'a, str>,
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seconds: Option<u64>,
    #[serde(flatten)]
    place: Option<Place>,
}

/// Where it is to be done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "place", content = "at", rename_all = "snake_case")]
pub enum Place {
    Home,
    Shop { name: String },
    Map(f64, f64),
}

/// Why a task isn't done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a task can't be read: {0}")]
    Json(#[from] serde_json::Error),
    #[error("`{title}` took too long")]
    Late { title: String },
    #[error("nobody is at {0:?}")]
    Nobody(Place),
}

impl Task<'_> {
    /// How long it may take.
    pub fn limit(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(10))
    }

    #[tracing::instrument(err)]
    pub async fn work(&self) -> Result<(), Error> {
        match &self.place {
            Some(Place::Shop { name }) if name.is_empty() => {
                Err(Error::Nobody(Place::Shop { name: name.clone() }))
            }
            Some(_) | None => Ok(()),
        }
    }
}
