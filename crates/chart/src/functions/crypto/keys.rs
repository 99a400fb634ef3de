//! Private keys: generation, PEM forms, signatures.

use dsa::{Components, KeySize};
use ed25519_dalek::Signer as _;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::DecodePrivateKey;
use pilothouse_gotemplate::{CallError, Context};
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey, EncodeRsaPublicKey};
use rsa::signature::SignatureEncoding;
use sha2::Sha256;

use super::{der, pem};
use crate::functions::surroundings::{generator, random};

/// A private key of a kind that Sprig knows.
pub(super) enum PrivateKey {
    Rsa(Box<RsaPrivateKey>),
    P256(p256::SecretKey),
    Ed25519(ed25519_dalek::SigningKey),
    Dsa(Box<dsa::SigningKey>),
}

/// Contents of object identifiers.
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// Null, as parameters of RSA's algorithms.
const NULL: [u8; 2] = [0x05, 0x00];

/// Steps that making a key or a signature counts as: it takes up to a second, and the time is asked for every time.
pub(super) const STEPS: usize = 100_000;

pub(super) fn generate_rsa(context: &Context<'_>, bits: usize) -> Result<PrivateKey, CallError> {
    context.charge_steps(STEPS)?;
    RsaPrivateKey::new(&mut generator(context)?, bits)
        .map(|key| PrivateKey::Rsa(Box::new(key)))
        .map_err(|error| format!("error generating rsa key: {error}").into())
}

/// `genPrivateKey`: a key in PEM, or Sprig's message.
pub(super) fn generate(context: &Context<'_>, kind: &str) -> Result<String, CallError> {
    context.charge_steps(STEPS)?;
    let key = match kind {
        "" | "rsa" => generate_rsa(context, 4096)?,
        "dsa" => {
            let mut generator = generator(context)?;
            let components = Components::generate(&mut generator, KeySize::DSA_2048_256);
            PrivateKey::Dsa(Box::new(dsa::SigningKey::generate(&mut generator, components)))
        }
        "ecdsa" => PrivateKey::P256(p256::SecretKey::random(&mut generator(context)?)),
        "ed25519" => {
            let mut seed = [0; 32];
            seed.copy_from_slice(&random(context, 32)?);
            PrivateKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed))
        }
        other => return Ok(format!("Unknown type {other}")),
    };
    key.to_pem()
}

impl PrivateKey {
    /// Reads the first PEM block; the errors are Sprig's.
    pub(super) fn from_pem(text: &[u8]) -> Result<Self, String> {
        let Some((label, contents)) = pem::decode(text) else { return Err("no PEM data in input".into()) };
        if label == "PRIVATE KEY" {
            return Self::from_pkcs8(&contents).map_err(|error| format!("decoding PEM as PKCS#8: {error}"));
        }
        let Some(kind) = label.strip_suffix(" PRIVATE KEY") else {
            return Err(format!("no private key data in PEM block of type {label}"));
        };
        match kind {
            "RSA" => RsaPrivateKey::from_pkcs1_der(&contents)
                .map(|key| Self::Rsa(Box::new(key)))
                .map_err(|error| format!("parsing RSA private key from PEM: {error}")),
            "EC" => p256::SecretKey::from_sec1_der(&contents)
                .map(Self::P256)
                .map_err(|error| format!("parsing EC private key from PEM: {error}")),
            "DSA" => read_dsa(&contents)
                .ok_or_else(|| "parsing DSA private key from PEM: asn1: structure error".into()),
            other => Err(format!("invalid private key type {other}")),
        }
    }

    fn from_pkcs8(contents: &[u8]) -> Result<Self, String> {
        if let Ok(key) = RsaPrivateKey::from_pkcs8_der(contents) {
            return Ok(Self::Rsa(Box::new(key)));
        }
        if let Ok(key) = p256::SecretKey::from_pkcs8_der(contents) {
            return Ok(Self::P256(key));
        }
        ed25519_seed(contents)
            .map(|seed| Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed)))
            .ok_or_else(|| "x509: PKCS#8 wrapping contained private key with unknown algorithm".into())
    }

    pub(super) fn to_pem(&self) -> Result<String, CallError> {
        let failed = |error: String| CallError::from(format!("error pem-encoding key: {error}"));
        Ok(match self {
            Self::Rsa(key) => {
                let document = key.to_pkcs1_der().map_err(|error| failed(error.to_string()))?;
                pem::encode("RSA PRIVATE KEY", document.as_bytes())
            }
            Self::P256(key) => {
                // The curve and the public key are optional in the format, but OpenSSL wants the curve.
                let point = key.public_key().to_encoded_point(false);
                let document = der::sequence(&[
                    der::integer(&[1]),
                    der::tagged(der::OCTET_STRING, &key.to_bytes()),
                    der::tagged(0xa0, &der::object_id(PRIME256V1)),
                    der::tagged(0xa1, &der::bit_string(point.as_bytes())),
                ]);
                pem::encode("EC PRIVATE KEY", &document)
            }
            Self::Ed25519(key) => {
                let seed = der::tagged(der::OCTET_STRING, &der::tagged(der::OCTET_STRING, key.as_bytes()));
                let algorithm = der::sequence(&[der::object_id(ED25519)]);
                pem::encode("PRIVATE KEY", &der::sequence(&[der::integer(&[0]), algorithm, seed]))
            }
            Self::Dsa(key) => {
                let public = key.verifying_key();
                let components = public.components();
                let numbers = [components.p(), components.q(), components.g(), public.y(), key.x()];
                let mut parts = vec![der::integer(&[0])];
                parts.extend(numbers.iter().map(|number| der::integer(&number.to_bytes_be())));
                pem::encode("DSA PRIVATE KEY", &der::sequence(&parts))
            }
        })
    }

    /// The public key as `SubjectPublicKeyInfo`, and its bits alone.
    pub(super) fn public_key(&self) -> Result<(Vec<u8>, Vec<u8>), CallError> {
        let (algorithm, bits) = match self {
            Self::Rsa(key) => {
                let document = key
                    .to_public_key()
                    .to_pkcs1_der()
                    .map_err(|error| CallError::from(format!("error creating certificate: {error}")))?;
                let algorithm = der::sequence(&[der::object_id(RSA_ENCRYPTION), NULL.to_vec()]);
                (algorithm, document.as_bytes().to_vec())
            }
            Self::P256(key) => {
                let algorithm = der::sequence(&[der::object_id(EC_PUBLIC_KEY), der::object_id(PRIME256V1)]);
                (algorithm, key.public_key().to_encoded_point(false).as_bytes().to_vec())
            }
            Self::Ed25519(key) => {
                (der::sequence(&[der::object_id(ED25519)]), key.verifying_key().as_bytes().to_vec())
            }
            Self::Dsa(_) => {
                return Err(
                    "error creating certificate: x509: unsupported public key type: *dsa.PublicKey".into()
                );
            }
        };
        Ok((der::sequence(&[algorithm, der::bit_string(&bits)]), bits))
    }

    /// The algorithm of this key's signatures, as `AlgorithmIdentifier`.
    pub(super) fn signature_algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => der::sequence(&[der::object_id(SHA256_WITH_RSA), NULL.to_vec()]),
            Self::P256(_) => der::sequence(&[der::object_id(ECDSA_WITH_SHA256)]),
            Self::Ed25519(_) | Self::Dsa(_) => der::sequence(&[der::object_id(ED25519)]),
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CallError> {
        let failed =
            |error: rsa::signature::Error| CallError::from(format!("error creating certificate: {error}"));
        match self {
            Self::Rsa(key) => {
                let signer = rsa::pkcs1v15::SigningKey::<Sha256>::new(key.as_ref().clone());
                rsa::signature::Signer::try_sign(&signer, message)
                    .map(|signature| signature.to_vec())
                    .map_err(failed)
            }
            Self::P256(key) => {
                let signer = p256::ecdsa::SigningKey::from(key);
                let signature: Result<p256::ecdsa::DerSignature, _> =
                    rsa::signature::Signer::try_sign(&signer, message);
                signature.map(|signature| signature.as_bytes().to_vec()).map_err(failed)
            }
            Self::Ed25519(key) => Ok(key.sign(message).to_bytes().to_vec()),
            Self::Dsa(_) => Err("error creating certificate: x509: unsupported private key type".into()),
        }
    }
}

/// The seed in a PKCS#8 key of the algorithm Ed25519.
fn ed25519_seed(contents: &[u8]) -> Option<[u8; 32]> {
    let outer = der::Elements(contents).next()?;
    let parts: Vec<_> = der::Elements(outer.contents).collect();
    let algorithm = der::Elements(parts.get(1)?.contents).next()?;
    if algorithm.contents != ED25519 {
        return None;
    }
    let inner = der::Elements(parts.get(2)?.contents).next()?;
    inner.contents.try_into().ok()
}

fn read_dsa(contents: &[u8]) -> Option<PrivateKey> {
    let outer = der::Elements(contents).next()?;
    let numbers: Vec<dsa::BigUint> = der::Elements(outer.contents)
        .filter(|element| element.tag == der::INTEGER)
        .map(|element| dsa::BigUint::from_bytes_be(element.contents))
        .collect();
    let [_, p, q, g, y, x] = <[dsa::BigUint; 6]>::try_from(numbers).ok()?;
    let components = Components::from_components(p, q, g).ok()?;
    let public = dsa::VerifyingKey::from_components(components, y).ok()?;
    dsa::SigningKey::from_components(public, x).ok().map(|key| PrivateKey::Dsa(Box::new(key)))
}
