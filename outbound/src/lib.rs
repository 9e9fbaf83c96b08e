//! The guarded way out: whatever Venturi sends to an address that somebody typed in goes through here.
//!
//! A [`Client`] calls public addresses and those that an operator allowed, and nothing else: no private
//! network, no redirect, no proxy. [`sign`] signs by Standard Webhooks. What is sent, and what becomes of
//! the answer, is not known here.

mod answer;
mod client;
mod guard;
mod resolve;
mod settings;
mod signature;

pub use answer::{Answer, MAX_BODY_BYTES, RetryAfter};
pub use client::{Client, Failure, SetupError};
pub use guard::{Guard, Refused};
pub use settings::Settings;
pub use signature::{InvalidSecret, SECRET_BYTES, Secret, sign};
