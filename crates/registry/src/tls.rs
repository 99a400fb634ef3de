//! TLS: the system's roots plus a repository's own, client certificates, and checking switched off when asked.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest as _, Sha256};

/// TLS settings of one repository. The default: the system's roots, no client certificate, everything checked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Certificate authorities (PEM) trusted in addition to the system's.
    pub ca: Option<Vec<u8>>,
    /// Client certificate chain and its private key (PEM), for mutual TLS.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
    /// Do not check the server's certificate.
    pub skip_verify: bool,
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("ca", &self.ca.is_some())
            .field("client", &self.client.as_ref().map(|_| "****"))
            .field("skip_verify", &self.skip_verify)
            .finish()
    }
}

impl TlsOptions {
    /// A fingerprint: clients with equal settings share connections.
    pub(crate) fn id(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        part(self.ca.as_deref().unwrap_or_default());
        let (certificate, key) = self.client.as_ref().map_or((&[][..], &[][..]), |(c, k)| (c, k));
        part(certificate);
        part(key);
        part(&[u8::from(self.skip_verify)]);
        hasher.finalize().into()
    }

    /// The settings as rustls wants them.
    ///
    /// # Errors
    /// Which of the files is wrong, in words; never its content.
    pub fn config(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|e| format!("TLS versions: {e}"))?;
        let builder = if self.skip_verify {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Unchecked(provider)))
        } else {
            builder.dangerous().with_custom_certificate_verifier(self.verifier(provider)?)
        };
        let mut config = match &self.client {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates(certificate).map_err(|e| format!("`tls.crt` {e}"))?;
                // The parser's error may quote the key: say only that it is wrong.
                let key = PrivateKeyDer::from_pem_slice(key)
                    .map_err(|_| "`tls.key` holds no private key in PEM".to_owned())?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|e| format!("`tls.crt` and `tls.key` do not fit together: {e}"))?
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    fn verifier(&self, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, String> {
        let system = system_roots();
        let own = self.ca.as_deref().map(certificates).transpose().map_err(|e| format!("`ca.crt` {e}"))?;
        let roots = match &own {
            None => system,
            Some(own) => {
                let mut store = RootCertStore::clone(&system);
                for certificate in own {
                    store
                        .add(certificate.clone())
                        .map_err(|e| format!("`ca.crt` holds a certificate that cannot be used: {e}"))?;
                }
                Arc::new(store)
            }
        };
        let chains = WebPkiServerVerifier::builder_with_provider(roots, provider)
            .build()
            .map_err(|e| format!("certificate authorities: {e}"))?;
        Ok(match own {
            None => chains,
            Some(own) => Arc::new(TrustedItself { chains, own }),
        })
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|e| format!("is not PEM: {e}"))?;
    if found.is_empty() { Err("holds no certificate in PEM".into()) } else { Ok(found) }
}

/// Read once for the process: it costs milliseconds and files.
fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    ROOTS
        .get_or_init(|| {
            let mut store = RootCertStore::empty();
            let loaded = rustls_native_certs::load_native_certs();
            for error in &loaded.errors {
                tracing::warn!(%error, "cannot read some of the system's certificate authorities");
            }
            store.add_parsable_certificates(loaded.certs);
            Arc::new(store)
        })
        .clone()
}

/// Checks chains, and accepts a certificate that was itself given as an authority: one that `openssl req -x509` makes
/// is both the server's and its own authority, and Go's `x509.Certificate.Verify` takes it when it is among the roots.
#[derive(Debug)]
struct TrustedItself {
    chains: Arc<WebPkiServerVerifier>,
    own: Vec<CertificateDer<'static>>,
}

impl TrustedItself {
    fn accepts(
        &self,
        certificate: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<bool, rustls::Error> {
        if !self.own.contains(certificate) {
            return Ok(false);
        }
        let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate) else { return Ok(false) };
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if parsed.validity().not_after.timestamp() < now {
            return Err(rustls::CertificateError::Expired.into());
        }
        if parsed.validity().not_before.timestamp() > now {
            return Err(rustls::CertificateError::NotValidYet.into());
        }
        verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
        Ok(true)
    }
}

impl ServerCertVerifier for TrustedItself {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chained =
            self.chains.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match chained {
            Err(_) if self.accepts(end_entity, server_name, now)? => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chains.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chains.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}

/// Accepts any certificate; signatures of the handshake are still checked.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
