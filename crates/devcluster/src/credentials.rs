//! What the cluster keeps secret in its data directory: its certificate authority, the key of service account tokens,
//! the tokens of its own users.

use std::fs;
use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::auth::Token;

/// Why credentials could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// A file could not be read or written.
    #[error("cannot {action} `{path}`")]
    File {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A certificate could not be made.
    #[error("cannot make the certificate of {what}")]
    Certificate {
        /// Whose.
        what: &'static str,
        /// Why.
        source: rcgen::Error,
    },
    /// rustls does not take the certificate.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
}

/// The authority's certificate and key, and secrets.
pub(crate) struct Credentials {
    ca: CertificateParams,
    ca_key: KeyPair,
    /// The authority's certificate, PEM.
    pub(crate) ca_certificate: String,
    /// Secret of service account tokens.
    pub(crate) token_secret: Vec<u8>,
    directory: Option<std::path::PathBuf>,
}

impl Credentials {
    /// Reads the credentials of a data directory, or makes and keeps them; without one they last as long as the process.
    pub(crate) fn load(directory: Option<&Path>) -> Result<Self, CredentialsError> {
        let key_file = directory.map(|d| d.join("ca.key"));
        let key_pem = match &key_file {
            Some(file) => keep(file, || Ok(new_key("the certificate authority")?.serialize_pem()))?,
            None => new_key("the certificate authority")?.serialize_pem(),
        };
        let ca_key = KeyPair::from_pem(&key_pem).map_err(certificate("the certificate authority"))?;
        let ca = authority();
        let fresh = || {
            let made = authority().self_signed(&ca_key).map_err(certificate("the certificate authority"))?;
            Ok(made.pem())
        };
        let ca_certificate = match directory {
            Some(directory) => keep(&directory.join("ca.crt"), fresh)?,
            None => fresh()?,
        };
        let secret = || Ok(STANDARD.encode(rand::random::<[u8; 32]>()));
        let token_secret = match directory {
            Some(directory) => keep(&directory.join("service-account.key"), secret)?,
            None => secret()?,
        };
        Ok(Self {
            ca,
            ca_key,
            ca_certificate,
            token_secret: token_secret.trim().as_bytes().to_vec(),
            directory: directory.map(Path::to_owned),
        })
    }

    /// The token of one of the cluster's own users; kept in the data directory.
    pub(crate) fn token(&self, user: &str) -> Result<Token, CredentialsError> {
        let fresh = || Ok(Token::random().reveal().to_owned());
        let text = match &self.directory {
            Some(directory) => keep(&directory.join(format!("{user}.token")), fresh)?,
            None => fresh()?,
        };
        Ok(Token::new(text.trim()))
    }

    /// A server certificate for addresses and names, signed by the authority; good for a year.
    pub(crate) fn server(&self, names: &[String]) -> Result<rustls::ServerConfig, CredentialsError> {
        let wrong = certificate("the API server");
        let key = new_key("the API server")?;
        let mut all: Vec<String> = [
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
            "127.0.0.1",
            "::1",
            "10.96.0.1",
        ]
        .map(str::to_owned)
        .to_vec();
        all.extend(names.iter().filter(|n| !n.is_empty()).cloned());
        let mut params = CertificateParams::default();
        for name in all {
            let san = match name.parse() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(name.try_into().map_err(certificate("the API server"))?),
            };
            if !params.subject_alt_names.contains(&san) {
                params.subject_alt_names.push(san);
            }
        }
        params.distinguished_name = named("kube-apiserver");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let (from, until) = validity(1);
        params.not_before = from;
        params.not_after = until;
        let issuer = Issuer::from_params(&self.ca, &self.ca_key);
        let made = params.signed_by(&key, &issuer).map_err(wrong)?;
        let chain = vec![CertificateDer::from(made.der().to_vec())];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(CredentialsError::Tls)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(CredentialsError::Tls)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn certificate(what: &'static str) -> impl Fn(rcgen::Error) -> CredentialsError {
    move |source| CredentialsError::Certificate { what, source }
}

fn new_key(what: &'static str) -> Result<KeyPair, CredentialsError> {
    KeyPair::generate().map_err(certificate(what))
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// The authority's parameters: the same at every start, so that key and certificate on disk fit them.
fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named("pilothouse embedded cluster");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    let (from, until) = validity(10);
    params.not_before = from;
    params.not_after = until;
    params
}

/// From yesterday (clocks differ) for some years.
fn validity(years: i64) -> (time::OffsetDateTime, time::OffsetDateTime) {
    let now = time::OffsetDateTime::now_utc();
    (now - time::Duration::days(1), now + time::Duration::days(365 * years))
}

/// The text of a file; where it is missing, a fresh one is written first, for nobody else to read.
fn keep(
    file: &Path,
    fresh: impl FnOnce() -> Result<String, CredentialsError>,
) -> Result<String, CredentialsError> {
    let failed = |action, source| CredentialsError::File { action, path: file.display().to_string(), source };
    match fs::read_to_string(file) {
        Ok(text) if !text.trim().is_empty() => return Ok(text),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("read", error)),
    }
    let text = fresh()?;
    // Written whole or not at all: a crash leaves no half of a key.
    let temporary = file.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let written = options
        .open(&temporary)
        .and_then(|mut out| out.write_all(text.as_bytes()).and_then(|()| out.sync_all()))
        .and_then(|()| fs::rename(&temporary, file));
    written.map_err(|error| failed("write", error))?;
    Ok(text)
}
