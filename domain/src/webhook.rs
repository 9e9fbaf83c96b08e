//! Webhooks: who is told of which events, what an answer means, and when it is tried again.
//!
//! How a message is signed and sent is `outbound`'s; where it is kept, `app`'s.

mod delivery;
mod endpoint;
mod rotation;
mod schedule;

pub use delivery::{Answer, Attempted, Delivery, Next, Status, StatusKind as DeliveryStatusKind};
pub use endpoint::{
    Change, DisabledReason, Endpoint, GIVE_UP_AFTER, MAX_ENDPOINTS, MAX_SECRETS, Settings, State,
};
pub use rotation::{MAX_OVERLAP_HOURS, overlap};
pub use schedule::{MAX_RETRY_AFTER, SCHEDULE};
