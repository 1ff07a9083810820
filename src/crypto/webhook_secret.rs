//! The secret that a webhook and its receiver share, and signatures by it, as the Standard Webhooks specification 1.0 has
//! them. (Its own crate, 1.0.1 of 2025, brings second versions of base64 and HMAC for these forty lines; tests check
//! against it.)

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::random_bytes;

/// What the specification puts before a secret, so that leaked ones are recognised.
const PREFIX: &str = "whsec_";
/// 256 bits; the specification asks for 192 to 512.
const BYTES: usize = 32;

/// A webhook's secret.
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

impl WebhookSecret {
    /// Draws a new one.
    pub fn generate() -> Self {
        Self(Zeroizing::new(random_bytes::<BYTES>().to_vec()))
    }

    /// What [`WebhookSecret::as_bytes`] gave.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// What is sealed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As it is shown, once, to whoever sets up the receiver.
    pub fn to_text(&self) -> SecretString {
        let text = Zeroizing::new(STANDARD.encode(self.0.as_slice()));
        format!("{PREFIX}{}", text.as_str()).into()
    }

    /// The signature of a message. Neither the id nor the time may hold a full stop.
    pub fn sign(&self, id: &str, unix_seconds: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        context.update(format!("{id}.{unix_seconds}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign().as_ref()))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use secrecy::ExposeSecret as _;

    use super::*;

    fn of(text: &str) -> WebhookSecret {
        WebhookSecret::from_bytes(&STANDARD.decode(text).unwrap())
    }

    #[test]
    fn signatures_are_those_of_the_specifications_libraries() {
        let secret = of("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b"{\"test\": 2432232314}");
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(secret.to_text().expose_secret(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    }

    #[test]
    fn the_specifications_own_library_takes_a_signature_and_no_other() {
        let secret = WebhookSecret::generate();
        let theirs = standardwebhooks::Webhook::new(secret.to_text().expose_secret()).unwrap();
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        let verified = |signature: &str, id: &str, body: &[u8]| {
            let mut headers = http::HeaderMap::new();
            headers.insert("webhook-id", id.parse().unwrap());
            headers.insert("webhook-timestamp", now.to_string().parse().unwrap());
            headers.insert("webhook-signature", signature.parse().unwrap());
            theirs.verify(body, &headers).is_ok()
        };
        let signed = secret.sign("audit_1", now, b"{}");
        assert!(verified(&signed, "audit_1", b"{}"));
        let other = WebhookSecret::generate().sign("audit_1", now, b"{}");
        assert!(verified(&format!("{other} {signed}"), "audit_1", b"{}"), "one of two is enough");
        assert!(!verified(&other, "audit_1", b"{}"));
        assert!(!verified(&signed, "audit_2", b"{}"));
        assert!(!verified(&signed, "audit_1", b"{ }"));
        assert!(!verified(&secret.sign("audit_1", now - 1, b"{}"), "audit_1", b"{}"));
    }

    #[test]
    fn a_secret_has_256_bits_and_shows_none_of_them() {
        let secret = WebhookSecret::generate();
        assert_eq!(secret.as_bytes().len(), 32);
        assert_eq!(format!("{secret:?}"), "WebhookSecret(…)");
        assert_ne!(secret.as_bytes(), WebhookSecret::generate().as_bytes());
    }
}
