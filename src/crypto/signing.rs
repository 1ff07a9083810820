//! Signing access tokens: Ed25519 (RFC 8032) as JWS with `alg` EdDSA (RFC 8037), public keys as JWK.
//!
//! It signs and shows public keys; it checks no token, since the gateway takes none of these back. Where keys are kept
//! is not decided here.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::random_bytes;

/// Length of a private key, in bytes.
pub const SEED_BYTES: usize = 32;

/// Bytes that are no Ed25519 private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 private key of {SEED_BYTES} bytes")]
pub struct SigningKeyError;

/// A public key as services read it (RFC 7517, RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    kty: &'static str,
    crv: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
    x: String,
}

/// A private key. Lives as long as its holder: ring's key pair does not wipe itself.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    kid: String,
}

impl SigningKey {
    /// The private key of a new pair, to be sealed.
    pub fn new_seed() -> Zeroizing<[u8; SEED_BYTES]> {
        random_bytes()
    }

    /// The key of a seed. Its id is its thumbprint (RFC 7638), so two keys never share one.
    ///
    /// # Errors
    /// When the seed is not 32 bytes.
    pub fn from_seed(seed: &[u8]) -> Result<Self, SigningKeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| SigningKeyError)?;
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        Ok(Self { pair, kid: URL_SAFE_NO_PAD.encode(thumbprint) })
    }

    /// The id that tokens name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half.
    pub fn jwk(&self) -> Jwk {
        Jwk {
            kty: "OKP",
            crv: "Ed25519",
            usage: "sig",
            alg: "EdDSA",
            kid: self.kid.clone(),
            x: URL_SAFE_NO_PAD.encode(self.pair.public_key()),
        }
    }

    /// A signed token (JWT) with these claims, which must be a JSON object.
    pub fn sign(&self, claims: &[u8]) -> String {
        let header = format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"JWT"}}"#, self.kid);
        self.compact(header.as_bytes(), claims)
    }

    /// JWS compact serialisation (RFC 7515, section 7.1).
    fn compact(&self, header: &[u8], payload: &[u8]) -> String {
        let mut text = URL_SAFE_NO_PAD.encode(header);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut text);
        let signature = self.pair.sign(text.as_bytes());
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        text
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, private key redacted)", self.kid)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    /// RFC 8037, appendix A.
    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

    fn key() -> SigningKey {
        SigningKey::from_seed(&URL_SAFE_NO_PAD.decode(SEED).unwrap()).unwrap()
    }

    #[test]
    fn the_public_key_and_its_thumbprint_are_those_of_rfc_8037() {
        let jwk = key().jwk();
        assert_eq!(jwk.x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(jwk.kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let json = serde_json::to_value(&jwk).unwrap();
        assert_eq!(json["use"], "sig");
        assert_eq!((json["kty"].as_str(), json["crv"].as_str()), (Some("OKP"), Some("Ed25519")));
        assert_eq!(json.get("d"), None, "no private part");
    }

    #[test]
    fn the_signature_is_that_of_rfc_8037() {
        let signed = key().compact(br#"{"alg":"EdDSA"}"#, b"Example of Ed25519 signing");
        assert_eq!(
            signed,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
             hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }

    #[test]
    fn a_token_names_its_key() {
        let key = key();
        let token = key.sign(br#"{"sub":"user_1"}"#);
        let parts: Vec<_> = token.split('.').collect();
        let header: serde_json::Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
        assert_eq!(header, serde_json::json!({ "alg": "EdDSA", "kid": key.kid(), "typ": "JWT" }));
        assert_eq!(URL_SAFE_NO_PAD.decode(parts[1]).unwrap(), br#"{"sub":"user_1"}"#);
    }

    #[test]
    fn a_seed_of_another_length_is_refused_and_every_new_one_differs() {
        assert_eq!(SigningKey::from_seed(&[0; 31]).unwrap_err(), SigningKeyError);
        assert_ne!(*SigningKey::new_seed(), *SigningKey::new_seed());
    }

    #[test]
    fn debug_shows_the_key_id_only() {
        let shown = format!("{:?}", key());
        assert_eq!(shown, format!("SigningKey({}, private key redacted)", key().kid()));
    }
}
