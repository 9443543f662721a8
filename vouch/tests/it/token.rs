//! Rows 44 to 46: forged, confused and outdated tokens.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use braid_vouch::{Caller, CallerKind, TokenError, TokenSigner, TokenVerifier};
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;

/// An issuer whose key the attacks know, so that they can sign whatever they like.
struct Issuer {
    pkcs8: Vec<u8>,
    signer: TokenSigner,
}

fn issuer() -> Issuer {
    let pkcs8 = TokenSigner::generate_key().unwrap();
    let signer = TokenSigner::new(&pkcs8, "https://id.test", "braid").unwrap();
    Issuer { pkcs8, signer }
}

fn caller() -> Caller {
    Caller {
        subject: "usr_1".to_owned(),
        kind: CallerKind::User,
        scopes: vec!["self".to_owned(), "orders:read".to_owned()],
        groups: vec!["STAFF".to_owned()],
        account: None,
    }
}

impl Issuer {
    fn verifier(&self) -> TokenVerifier {
        TokenVerifier::new(&self.signer.jwks(), "https://id.test", "braid").unwrap()
    }

    fn token(&self) -> String {
        self.signer.issue(&caller(), "jti_1", NOW, 600).unwrap()
    }

    fn parts(&self) -> (Value, Value) {
        let token = self.token();
        let mut parts = token.split('.').map(|part| {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap_or_default())
                .unwrap_or_default()
        });
        (parts.next().unwrap(), parts.next().unwrap())
    }

    /// A correctly signed token with this header and these claims.
    fn signed(&self, header: &str, claims: &str) -> String {
        let text = format!("{}.{}", b64(header), b64(claims));
        let key = Ed25519KeyPair::from_pkcs8(&self.pkcs8).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()).as_ref()))
    }
}

fn b64(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn with(value: &Value, name: &str, to: Value) -> String {
    let mut value = value.clone();
    value[name] = to;
    value.to_string()
}

fn without(value: &Value, name: &str) -> String {
    let mut value = value.clone();
    value.as_object_mut().unwrap().remove(name);
    value.to_string()
}

#[test]
fn a_good_token_tells_its_caller() {
    let issuer = issuer();
    let verifier = issuer.verifier();
    assert_eq!(verifier.verify(&issuer.token(), NOW), Ok(caller()));
    let (header, claims) = issuer.parts();
    let resigned = issuer.signed(&header.to_string(), &claims.to_string());
    assert_eq!(verifier.verify(&resigned, NOW), Ok(caller()), "the attacks below sign well");
    let many = with(&claims, "aud", json!(["other", "braid"]));
    assert_eq!(verifier.verify(&issuer.signed(&header.to_string(), &many), NOW), Ok(caller()));
    let client = Caller { kind: CallerKind::Client, account: Some("acc_1".to_owned()), ..caller() };
    let token = issuer.signer.issue(&client, "j", NOW, 600).unwrap();
    assert_eq!(verifier.verify(&token, NOW), Ok(client));
    assert!(!verifier.lacks_key_of(&token));
}

#[test]
fn row_44_none_and_confused_algorithms_are_refused() {
    let issuer = issuer();
    let verifier = issuer.verifier();
    let (header, claims) = issuer.parts();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = with(&header, "alg", json!(alg));
        let head = format!("{}.{}", b64(&header), b64(&claims.to_string()));
        for signature in ["", "AA"] {
            let refused = verifier.verify(&format!("{head}.{signature}"), NOW);
            assert_eq!(refused, Err(TokenError::Algorithm), "{alg:?}");
        }
        let refused = verifier.verify(&issuer.signed(&header, &claims.to_string()), NOW);
        assert_eq!(refused, Err(TokenError::Algorithm), "{alg:?}");
    }
    // HS256 with the public key in the forms that libraries were fooled by.
    let key = Ed25519KeyPair::from_pkcs8(&issuer.pkcs8).unwrap();
    let raw = key.public_key().as_ref().to_vec();
    let spki =
        [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00], &raw[..]];
    let spki = spki.concat();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(&spki)
    );
    let secrets: [Vec<u8>; 7] = [
        raw.clone(),
        URL_SAFE_NO_PAD.encode(&raw).into_bytes(),
        STANDARD.encode(&raw).into_bytes(),
        spki.clone(),
        pem.clone().into_bytes(),
        pem.trim_end().as_bytes().to_vec(),
        issuer.signer.jwks().into_bytes(),
    ];
    for alg in ["HS256", "HS384", "HS512", "ES256", "RS256", "EdDSA "] {
        for secret in &secrets {
            let header = with(&header, "alg", json!(alg));
            let head = format!("{}.{}", b64(&header), b64(&claims.to_string()));
            let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), head.as_bytes());
            let token = format!("{head}.{}", URL_SAFE_NO_PAD.encode(mac.as_ref()));
            assert_eq!(verifier.verify(&token, NOW), Err(TokenError::Algorithm), "{alg}");
        }
    }
}

#[test]
fn row_45_headers_point_nowhere() {
    let issuer = issuer();
    let verifier = issuer.verifier();
    let (header, claims) = issuer.parts();
    for kid in ["../../dev/null", "' OR 1=1 --", "http://evil.test/jwks.json", "", "KID\0"] {
        let token = issuer.signed(&with(&header, "kid", json!(kid)), &claims.to_string());
        assert_eq!(verifier.verify(&token, NOW), Err(TokenError::UnknownKey), "{kid}");
        assert!(verifier.lacks_key_of(&token));
    }
    for (name, value) in [
        ("jku", json!("http://evil.test/jwks.json")),
        ("x5u", json!("http://evil.test/cert.pem")),
        ("jwk", json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAA" })),
        ("x5c", json!(["AAAA"])),
        ("crit", json!(["exp"])),
        ("zip", json!("DEF")),
        ("b64", json!(false)),
        ("kid", json!(["a"])),
        ("kid", json!(null)),
        ("alg", json!(null)),
        ("typ", json!("JWT")),
        ("typ", json!("id+jwt")),
        ("typ", json!("AT+JWT")),
    ] {
        let token = issuer.signed(&with(&header, name, value), &claims.to_string());
        assert_eq!(verifier.verify(&token, NOW), Err(TokenError::Malformed), "{name}");
    }
    let twice = header.to_string().replacen('{', r#"{"alg":"none","#, 1);
    let token = issuer.signed(&twice, &claims.to_string());
    assert_eq!(verifier.verify(&token, NOW), Err(TokenError::Malformed), "alg twice");
    for name in ["alg", "typ", "kid"] {
        let token = issuer.signed(&without(&header, name), &claims.to_string());
        assert_eq!(verifier.verify(&token, NOW), Err(TokenError::Malformed), "no {name}");
    }
}

#[test]
fn row_46_claims_are_checked() {
    let issuer = issuer();
    let verifier = issuer.verifier();
    let (header, claims) = issuer.parts();
    let header = header.to_string();
    for (name, value, expected) in [
        ("exp", json!(NOW - 30), TokenError::Expired),
        ("exp", json!(0), TokenError::Expired),
        ("exp", json!(-1), TokenError::Malformed),
        ("exp", json!(NOW + 25 * 3_600), TokenError::Malformed),
        ("exp", json!(i64::MAX), TokenError::Malformed),
        ("exp", json!(u64::MAX), TokenError::Malformed),
        ("exp", json!(1.8e9 + 600.5), TokenError::Malformed),
        ("exp", json!((NOW + 600).to_string()), TokenError::Malformed),
        ("exp", json!(null), TokenError::Malformed),
        ("exp", json!([NOW + 600]), TokenError::Malformed),
        ("nbf", json!(NOW + 31), TokenError::NotYet),
        ("iat", json!(NOW + 31), TokenError::NotYet),
        ("nbf", json!("now"), TokenError::Malformed),
        ("iss", json!("https://id.test/"), TokenError::NotForUs),
        ("iss", json!("https://evil.test"), TokenError::NotForUs),
        ("iss", json!(null), TokenError::Malformed),
        ("aud", json!("other"), TokenError::NotForUs),
        ("aud", json!([]), TokenError::NotForUs),
        ("aud", json!({ "braid": true }), TokenError::Malformed),
        ("sub", json!(""), TokenError::Malformed),
        ("sub", json!(7), TokenError::Malformed),
        ("kind", json!("root"), TokenError::Malformed),
    ] {
        let token = issuer.signed(&header, &with(&claims, name, value.clone()));
        assert_eq!(verifier.verify(&token, NOW), Err(expected), "{name} = {value}");
    }
    for name in ["exp", "iss", "aud", "sub", "iat", "jti", "kind"] {
        let token = issuer.signed(&header, &without(&claims, name));
        assert_eq!(verifier.verify(&token, NOW), Err(TokenError::Malformed), "no {name}");
    }
    let twice = claims.to_string().replacen('{', r#"{"sub":"usr_9","#, 1);
    assert_eq!(
        verifier.verify(&issuer.signed(&header, &twice), NOW),
        Err(TokenError::Malformed),
        "sub twice"
    );
    let token = issuer.token();
    assert_eq!(verifier.verify(&token, NOW + 629), Ok(caller()), "leeway");
    assert_eq!(verifier.verify(&token, NOW + 630), Err(TokenError::Expired));
    assert_eq!(verifier.verify(&token, NOW - 31), Err(TokenError::NotYet));
}

#[test]
fn row_46_changed_and_cut_tokens_are_refused() {
    let issuer = issuer();
    let verifier = issuer.verifier();
    let token = issuer.token();
    for cut in 0..token.len() {
        assert!(verifier.verify(&token[..cut], NOW).is_err(), "cut at {cut}");
    }
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(changed == token || verifier.verify(&changed, NOW).is_err(), "changed at {at}");
    }
    let (header, _) = issuer.parts();
    let head = token.rsplit_once('.').unwrap().0;
    let zeros = URL_SAFE_NO_PAD.encode([0_u8; 64]);
    for bad in [
        format!("{head}.{zeros}"),
        format!("{head}."),
        format!("{token}."),
        format!(".{token}"),
        format!(" {token}"),
        format!("{token}\n"),
        format!("{token}="),
        format!("Bearer {token}"),
        format!("{}.a.b.c.d", b64(&header.to_string())),
        "a.b.c".to_owned(),
        "..".to_owned(),
        String::new(),
        "x".repeat(100_000),
        format!("{}.{}", URL_SAFE.encode(header.to_string()), token.split_once('.').unwrap().1),
    ] {
        assert!(verifier.verify(&bad, NOW).is_err(), "{bad:.60}");
    }
    let stranger = self::issuer();
    assert_eq!(verifier.verify(&stranger.token(), NOW), Err(TokenError::UnknownKey));
    // The stranger takes our key's id.
    let (ours, claims) = issuer.parts();
    let forged = stranger.signed(&ours.to_string(), &claims.to_string());
    assert_eq!(verifier.verify(&forged, NOW), Err(TokenError::Signature));
}

#[test]
fn es256_of_another_provider_is_verified_too() {
    let random = ring::rand::SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random)
        .unwrap();
    let point = key.public_key().as_ref();
    let jwk = |usage: &str| {
        json!({ "kty": "EC", "crv": "P-256", "kid": "ec", "use": usage,
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]) })
    };
    let (_, claims) = issuer().parts();
    let head = format!(
        "{}.{}",
        b64(r#"{"alg":"ES256","typ":"at+jwt","kid":"ec"}"#),
        b64(&claims.to_string())
    );
    let mac = key.sign(&random, head.as_bytes()).unwrap();
    let token = format!("{head}.{}", URL_SAFE_NO_PAD.encode(mac.as_ref()));
    let jwks = json!({ "keys": [{ "kty": "RSA", "kid": "r" }, 7, jwk("sig")] }).to_string();
    let verifier = TokenVerifier::new(&jwks, "https://id.test", "braid").unwrap();
    assert_eq!(verifier.verify(&token, NOW), Ok(caller()));
    let zeros = format!("{head}.{}", URL_SAFE_NO_PAD.encode([0_u8; 64]));
    assert_eq!(verifier.verify(&zeros, NOW), Err(TokenError::Signature), "r = s = 0");
    let encryption = json!({ "keys": [jwk("enc")] }).to_string();
    assert!(TokenVerifier::new(&encryption, "i", "a").is_err(), "a key for encryption");
    let padding = " ".repeat(100_000);
    for bad in ["", "{}", r#"{"keys":[]}"#, "[]", padding.as_str()] {
        assert!(TokenVerifier::new(bad, "i", "a").is_err(), "{bad:.20}");
    }
}
