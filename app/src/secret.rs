//! Secrets that must be read again, such as those that sign webhooks: kept sealed under a key that is not in
//! the database, and each bound to the record it belongs to.
//!
//! What never has to be read again (an API token) is kept as a hash instead.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use domain::{Refusal, refusal::Code};
use rand::RngCore;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Error;

/// The length of a key, in bytes.
pub const KEY_BYTES: usize = 32;
/// How sealed text is laid out: this byte, the key's mark, the nonce, and what was sealed.
const VERSION: u8 = 1;
const MARK_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;

/// The keys that secrets are kept by: the first seals, and all of them open, so that keys can be replaced.
#[derive(Clone, Default)]
pub struct Keyring(Arc<[Key]>);

struct Key {
    mark: [u8; MARK_BYTES],
    cipher: XChaCha20Poly1305,
}

/// A secret that signs webhooks, as its holder gets it, once: `whsec_` and the base64 of 32 random bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(String);

impl SigningSecret {
    /// What every one begins with, by the Standard Webhooks specification.
    const PREFIX: &str = "whsec_";
    /// How many characters behind the prefix its hint shows: few enough to give nothing away.
    const SHOWN: usize = 4;

    pub(crate) fn random() -> Self {
        Self(format!("{}{}", Self::PREFIX, random_base64()))
    }

    /// A secret that was kept.
    pub(crate) fn known(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for its holder.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its start, which tells it from others.
    pub(crate) fn hint(&self) -> String {
        self.0.chars().take(Self::PREFIX.len() + Self::SHOWN).collect()
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// The text is no key. The text itself is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is the base64 of {KEY_BYTES} random bytes")]
pub struct InvalidKey;

impl Keyring {
    /// A ring of keys, each the base64 of [`KEY_BYTES`] bytes; of none, nothing can be sealed.
    pub fn parse<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidKey> {
        keys.into_iter().map(Key::parse).collect::<Result<Vec<_>, _>>().map(|keys| Self(keys.into()))
    }

    /// A new key, as an operator keeps it.
    pub fn generate() -> String {
        random_base64()
    }

    /// Seals a secret for the record `owner`; for another record it does not open.
    pub fn seal(&self, owner: Uuid, secret: &str) -> Result<Vec<u8>, Error> {
        let key = self.0.first().ok_or_else(|| {
            Refusal::new(
                Code::SecretKeyMissing,
                "the system was started without VENTURI_SECRET_KEYS, so it can keep no secret",
            )
        })?;
        let mut nonce = [0_u8; NONCE_BYTES];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: secret.as_bytes(), aad: owner.as_bytes() };
        let sealed = key
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| anyhow::anyhow!("a secret could not be sealed"))?;
        Ok([&[VERSION][..], &key.mark, &nonce, &sealed].concat())
    }

    /// Opens what was sealed for the record `owner`.
    pub fn open(&self, owner: Uuid, sealed: &[u8]) -> Result<String, Error> {
        self.try_open(owner, sealed).map_err(|reason| anyhow::anyhow!("a secret of {owner}: {reason}").into())
    }

    fn try_open(&self, owner: Uuid, sealed: &[u8]) -> Result<String, &'static str> {
        let broken = "what is kept is no sealed secret";
        let (&version, rest) = sealed.split_first().ok_or(broken)?;
        let (mark, rest) = rest.split_first_chunk::<MARK_BYTES>().ok_or(broken)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(broken)?;
        if version != VERSION {
            return Err(broken);
        }
        let key = self.0.iter().find(|key| key.mark == *mark);
        let key = key.ok_or("the key it was sealed by is not among VENTURI_SECRET_KEYS")?;
        let payload = Payload { msg: text, aad: owner.as_bytes() };
        let opened = key.cipher.decrypt(&XNonce::from(*nonce), payload);
        String::from_utf8(opened.map_err(|_| "it was changed, or is another record's")?).map_err(|_| broken)
    }
}

/// The base64 of 32 random bytes.
fn random_base64() -> String {
    let mut bytes = [0_u8; KEY_BYTES];
    rand::rng().fill_bytes(&mut bytes);
    STANDARD.encode(bytes)
}

impl Key {
    fn parse(text: &str) -> Result<Self, InvalidKey> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| InvalidKey)?;
        let bytes: [u8; KEY_BYTES] = bytes.try_into().map_err(|_| InvalidKey)?;
        let digest = Sha256::digest(bytes);
        let mark = digest.first_chunk().copied().ok_or(InvalidKey)?;
        Ok(Self { mark, cipher: XChaCha20Poly1305::new(&bytes.into()) })
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Keyring({} keys)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(keys: &[&str]) -> Keyring {
        Keyring::parse(keys.iter().copied()).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_for_its_record_alone_and_unchanged() {
        let (ring, owner) = (ring(&[&Keyring::generate()]), Uuid::from_u128(1));
        let mut sealed = ring.seal(owner, "whsec_hunter2").unwrap();
        assert_eq!(ring.open(owner, &sealed).unwrap(), "whsec_hunter2");
        assert!(!sealed.windows(7).any(|bytes| bytes == b"hunter2"));
        assert_ne!(sealed, ring.seal(owner, "whsec_hunter2").unwrap(), "a nonce of its own");
        assert!(ring.open(Uuid::from_u128(2), &sealed).is_err());
        assert!(ring.open(owner, &sealed[..20]).is_err() && ring.open(owner, &[]).is_err());
        *sealed.last_mut().unwrap() ^= 1;
        assert!(ring.open(owner, &sealed).is_err());
    }

    #[test]
    fn keys_are_replaced_by_putting_the_new_one_first() {
        let (old, new, owner) = (Keyring::generate(), Keyring::generate(), Uuid::from_u128(1));
        let kept = ring(&[&old]).seal(owner, "secret").unwrap();
        let both = ring(&[&new, &old]);
        assert_eq!(both.open(owner, &kept).unwrap(), "secret");
        let anew = both.seal(owner, "secret").unwrap();
        assert_eq!(ring(&[&new]).open(owner, &anew).unwrap(), "secret");
        let lost = ring(&[&new]).open(owner, &kept).unwrap_err().to_string();
        assert!(lost.contains("VENTURI_SECRET_KEYS") && !lost.contains("secret of 1"), "{lost}");
    }

    #[test]
    fn a_signing_secret_is_shown_when_asked_and_not_otherwise() {
        let secret = SigningSecret::random();
        let encoded = secret.expose().strip_prefix("whsec_").unwrap();
        assert_eq!(STANDARD.decode(encoded).unwrap().len(), 32);
        assert_ne!(secret, SigningSecret::random());
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!((secret.hint().len(), secret.expose().starts_with(&secret.hint())), (10, true));
    }

    #[test]
    fn without_a_key_nothing_is_kept_and_a_bad_key_is_refused_unquoted() {
        let refused = Keyring::default().seal(Uuid::nil(), "secret").unwrap_err();
        assert!(matches!(refused, Error::Refused(Refusal { code: Code::SecretKeyMissing, .. })));
        for bad in ["", "hunter2", "aHVudGVyMg=="] {
            assert_eq!(Keyring::parse([bad]).err(), Some(InvalidKey), "{bad}");
        }
        assert!(!format!("{:?}", ring(&[&Keyring::generate()])).contains('='));
    }
}
