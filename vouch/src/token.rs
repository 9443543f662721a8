//! Access tokens: JWTs (RFC 7519, profile of RFC 9068) signed with Ed25519 (RFC 8037) or, by
//! another provider, with ES256.
//!
//! What a verifier accepts is decided by its keys, never by the token: the key named by `kid` says
//! which algorithm it is for, and a header that says anything else is refused (so `none`, and HS256
//! with a public key as its secret, cannot happen). The header may hold `alg`, `typ` and `kid` and
//! nothing more: `jku`, `jwk`, `x5u`, `x5c` and `crit` are refused unread. `typ` must be `at+jwt`,
//! so an ID token is no access token. `exp`, `iss`, `aud` and `sub` must be there and right.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey,
    VerificationAlgorithm,
};
use serde::{Deserialize, Serialize};

use crate::caller::{Caller, CallerKind};

/// The longest token that is read, in bytes.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// The longest key set that is read, in bytes.
pub const JWKS_BYTES_MAX: usize = 64 * 1024;
/// Keys of a set that are kept; the rest is ignored.
pub const JWKS_KEYS_MAX: usize = 32;
/// How far clocks may be apart, in seconds.
pub const LEEWAY_S: i64 = 30;
/// The longest lifetime that a token may claim, in seconds; ours live ten minutes.
pub const LIFETIME_S_MAX: i64 = 24 * 3_600;

const TYPE: &str = "at+jwt";

/// Why a token is refused. Clients are told the same for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of base64url JSON, too long, or a header with more than it may have.
    #[error("malformed token")]
    Malformed,
    /// `alg` is not the one of the key.
    #[error("wrong algorithm")]
    Algorithm,
    /// No such key.
    #[error("unknown key")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("signature does not match")]
    Signature,
    /// Past `exp`.
    #[error("expired")]
    Expired,
    /// Before `nbf`.
    #[error("not valid yet")]
    NotYet,
    /// Another issuer or audience.
    #[error("for somebody else")]
    NotForUs,
}

/// A key or key set that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenKeyError {
    /// Not PKCS#8 of an Ed25519 key.
    #[error("not an Ed25519 key in PKCS#8")]
    Key,
    /// Not a JSON Web Key Set with a usable key.
    #[error("not a key set with a key for EdDSA or ES256")]
    KeySet,
    /// The system gave no randomness.
    #[error("no randomness from the system")]
    Randomness,
    /// The caller does not fit a token.
    #[error("caller too large for a token")]
    Caller,
}

/// Issues access tokens.
pub struct TokenSigner {
    key: Ed25519KeyPair,
    kid: String,
    issuer: String,
    audience: String,
}

/// Verifies access tokens with the keys of a set.
pub struct TokenVerifier {
    keys: Vec<VerifyingKey>,
    issuer: String,
    audience: String,
}

struct VerifyingKey {
    kid: String,
    algorithm: &'static str,
    key: UnparsedPublicKey<Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    sub: String,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    iat: i64,
    jti: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    groups: Vec<String>,
    kind: CallerKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    kid: String,
    x: String,
    #[serde(default)]
    y: Option<String>,
    #[serde(default, rename = "use")]
    usage: Option<String>,
    #[serde(default)]
    alg: Option<String>,
}

// === impl TokenSigner ===

impl TokenSigner {
    /// A new key, as PKCS#8 to be kept.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn generate_key() -> Result<Vec<u8>, TokenKeyError> {
        Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new())
            .map(|document| document.as_ref().to_vec())
            .map_err(|_| TokenKeyError::Randomness)
    }

    /// A signer with a key from [`TokenSigner::generate_key`].
    ///
    /// # Errors
    /// The bytes are no such key.
    pub fn new(pkcs8: &[u8], issuer: &str, audience: &str) -> Result<Self, TokenKeyError> {
        let key = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| TokenKeyError::Key)?;
        let kid = thumbprint(&key);
        Ok(Self { key, kid, issuer: issuer.to_owned(), audience: audience.to_owned() })
    }

    /// A token for `caller`, good from `now_s` for `lifetime_s` seconds. `id` is its `jti`.
    ///
    /// # Errors
    /// The caller is too large.
    pub fn issue(
        &self,
        caller: &Caller,
        id: &str,
        now_s: i64,
        lifetime_s: i64,
    ) -> Result<String, TokenKeyError> {
        let header =
            Header { alg: "EdDSA".to_owned(), typ: TYPE.to_owned(), kid: self.kid.clone() };
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: Audience::One(self.audience.clone()),
            sub: caller.subject.clone(),
            exp: now_s + lifetime_s,
            nbf: Some(now_s),
            iat: now_s,
            jti: id.to_owned(),
            scope: caller.scopes.join(" "),
            groups: caller.groups.clone(),
            kind: caller.kind,
            account: caller.account.clone(),
        };
        let mut token = format!("{}.{}", encode(&header)?, encode(&claims)?);
        let signature = self.key.sign(token.as_bytes());
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature.as_ref()));
        if token.len() > TOKEN_BYTES_MAX { Err(TokenKeyError::Caller) } else { Ok(token) }
    }

    /// The key set with this signer's public key, as a JSON document.
    pub fn jwks(&self) -> String {
        jwks([self])
    }

    /// The public key as a JWK (RFC 8037).
    fn jwk(&self) -> serde_json::Value {
        serde_json::json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "use": "sig",
            "alg": "EdDSA",
            "kid": self.kid,
            "x": URL_SAFE_NO_PAD.encode(self.key.public_key().as_ref()),
        })
    }
}

/// The key set of several signers: the current one first, then those that are being retired.
pub fn jwks<'s>(signers: impl IntoIterator<Item = &'s TokenSigner>) -> String {
    let keys: Vec<serde_json::Value> = signers.into_iter().map(TokenSigner::jwk).collect();
    serde_json::json!({ "keys": keys }).to_string()
}

/// The key's id: its RFC 7638 thumbprint, so that it needs no table of names.
fn thumbprint(key: &Ed25519KeyPair) -> String {
    let x = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    let digest = ring::digest::digest(&ring::digest::SHA256, canonical.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.as_ref())
}

fn encode<T: Serialize>(part: &T) -> Result<String, TokenKeyError> {
    let json = serde_json::to_vec(part).map_err(|_| TokenKeyError::Caller)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

// === impl TokenVerifier ===

impl TokenVerifier {
    /// A verifier with the keys of a JSON Web Key Set. Keys of other kinds and for other uses are
    /// ignored.
    ///
    /// # Errors
    /// Not a key set, or no usable key in it.
    pub fn new(jwks: &str, issuer: &str, audience: &str) -> Result<Self, TokenKeyError> {
        if jwks.len() > JWKS_BYTES_MAX {
            return Err(TokenKeyError::KeySet);
        }
        let set: KeySet = serde_json::from_str(jwks).map_err(|_| TokenKeyError::KeySet)?;
        let keys: Vec<VerifyingKey> =
            set.keys.into_iter().filter_map(VerifyingKey::read).take(JWKS_KEYS_MAX).collect();
        if keys.is_empty() {
            return Err(TokenKeyError::KeySet);
        }
        Ok(Self { keys, issuer: issuer.to_owned(), audience: audience.to_owned() })
    }

    /// Whether a token names a key that is not here, so that fetching the key set anew may help.
    pub fn lacks_key_of(&self, token: &str) -> bool {
        token
            .split_once('.')
            .and_then(|(header, _)| read::<Header>(header))
            .is_some_and(|header| !self.keys.iter().any(|key| key.kid == header.kid))
    }

    /// The caller of a valid token. `now_s` is seconds since the epoch.
    ///
    /// # Errors
    /// Anything about the token is not as it must be.
    pub fn verify(&self, token: &str, now_s: i64) -> Result<Caller, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Malformed);
        }
        let (signed, mac) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let head: Header = read(header).ok_or(TokenError::Malformed)?;
        if head.typ != TYPE {
            return Err(TokenError::Malformed);
        }
        let key = self.keys.iter().find(|key| key.kid == head.kid).ok_or(TokenError::UnknownKey)?;
        if head.alg != key.algorithm {
            return Err(TokenError::Algorithm);
        }
        let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| TokenError::Malformed)?;
        key.key.verify(signed.as_bytes(), &mac).map_err(|_| TokenError::Signature)?;
        let claims: Claims = read(claims).ok_or(TokenError::Malformed)?;
        self.check(&claims, now_s)?;
        Ok(Caller {
            subject: claims.sub,
            kind: claims.kind,
            scopes: claims.scope.split_ascii_whitespace().map(str::to_owned).collect(),
            groups: claims.groups,
            account: claims.account,
        })
    }

    fn check(&self, claims: &Claims, now_s: i64) -> Result<(), TokenError> {
        if claims.sub.is_empty() || claims.exp < 0 {
            return Err(TokenError::Malformed);
        }
        if claims.exp.saturating_sub(claims.iat) > LIFETIME_S_MAX {
            return Err(TokenError::Malformed);
        }
        if now_s >= claims.exp.saturating_add(LEEWAY_S) {
            return Err(TokenError::Expired);
        }
        let from = claims.nbf.unwrap_or(claims.iat).max(claims.iat);
        if now_s < from.saturating_sub(LEEWAY_S) {
            return Err(TokenError::NotYet);
        }
        let is_for_us = match &claims.aud {
            Audience::One(audience) => *audience == self.audience,
            Audience::Many(audiences) => audiences.contains(&self.audience),
        };
        if is_for_us && claims.iss == self.issuer { Ok(()) } else { Err(TokenError::NotForUs) }
    }
}

impl VerifyingKey {
    fn read(value: serde_json::Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        if jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return None;
        }
        let x = URL_SAFE_NO_PAD.decode(&jwk.x).ok().filter(|x| x.len() == 32)?;
        let (algorithm, verification, bytes): (_, &'static dyn VerificationAlgorithm, _) =
            match (jwk.kty.as_str(), jwk.crv.as_str(), &jwk.y) {
                ("OKP", "Ed25519", None) => ("EdDSA", &ED25519, x),
                ("EC", "P-256", Some(y)) => {
                    let y = URL_SAFE_NO_PAD.decode(y).ok().filter(|y| y.len() == 32)?;
                    // SEC 1, 2.3.3: an uncompressed point.
                    let point = [&[4_u8], x.as_slice(), y.as_slice()].concat();
                    ("ES256", &ECDSA_P256_SHA256_FIXED, point)
                }
                _ => return None,
            };
        if jwk.alg.as_deref().is_some_and(|alg| alg != algorithm) {
            return None;
        }
        let key = UnparsedPublicKey::new(verification, bytes);
        Some(Self { kid: jwk.kid, algorithm, key })
    }
}

/// A JSON object in strict base64url; duplicate members are refused by the derived readers.
fn read<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    let json = URL_SAFE_NO_PAD.decode(part).ok()?;
    if json.first() != Some(&b'{') {
        return None;
    }
    serde_json::from_slice(&json).ok()
}
