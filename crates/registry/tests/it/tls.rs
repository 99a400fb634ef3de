use std::sync::Arc;

use pilothouse_registry::{Access, Kind, Pool, Scheme, TlsOptions};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        (certificate, key)
    }

    fn pem(&self) -> Vec<u8> {
        self.issuer.pem().into_bytes()
    }
}

/// Answers every request with a tag list; wants a client certificate of `authority` where `mutual`.
async fn serve(authority: &Authority, mutual: bool) -> String {
    let (certificate, key) = authority.issue("localhost");
    serve_as(&certificate, &key, mutual.then_some(authority)).await
}

async fn serve_as(certificate: &rcgen::Certificate, key: &KeyPair, clients: Option<&Authority>) -> String {
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let builder = if let Some(authority) = clients {
        let mut roots = RootCertStore::empty();
        roots.add(authority.issuer.der().clone()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut buffer = [0; 4096];
                let _ = stream.read(&mut buffer).await;
                let body = r#"{"tags":["1.0.0"]}"#;
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    host
}

async fn tags(host: &str, tls: TlsOptions, scheme: Scheme) -> Result<usize, pilothouse_registry::Error> {
    let mut access = Access::default();
    (access.tls, access.scheme) = (tls, scheme);
    let client = Pool::default().oci(format!("oci://{host}/app").parse().unwrap(), access)?;
    client.tags().await.map(|list| list.tags.len())
}

#[tokio::test]
async fn an_unknown_authority_is_named_and_can_be_added_or_skipped() {
    let authority = Authority::new();
    let host = serve(&authority, false).await;
    let error = tags(&host, TlsOptions::default(), Scheme::Https).await.unwrap_err();
    assert_eq!(error.kind(), Kind::TlsNotTrusted, "{error}");
    assert!(error.to_string().contains("certificate signed by unknown authority"), "{error}");
    assert!(error.hint().unwrap().contains("ca.crt"));
    let trusted = TlsOptions { ca: Some(authority.pem()), ..TlsOptions::default() };
    assert_eq!(tags(&host, trusted, Scheme::Https).await.unwrap(), 1);
    assert_eq!(tags(&host, TlsOptions::default(), Scheme::HttpsElsePlain).await.unwrap(), 1);
    let skipped = TlsOptions { skip_verify: true, ..TlsOptions::default() };
    assert_eq!(tags(&host, skipped, Scheme::Https).await.unwrap(), 1);
}

/// What `openssl req -x509` makes: an authority that is the server's own certificate.
fn self_signed(name: &str, years: std::ops::Range<i32>) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    (params.not_before, params.not_after) =
        (rcgen::date_time_ymd(years.start, 1, 1), rcgen::date_time_ymd(years.end, 1, 1));
    (params.self_signed(&key).unwrap(), key)
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_where_it_was_given_and_checked_all_the_same() {
    let with = |certificate: &rcgen::Certificate| TlsOptions {
        ca: Some(certificate.pem().into_bytes()),
        ..TlsOptions::default()
    };
    let (good, key) = self_signed("localhost", 2020..2100);
    let host = serve_as(&good, &key, None).await;
    let error = tags(&host, TlsOptions::default(), Scheme::Https).await.unwrap_err();
    assert_eq!(error.kind(), Kind::TlsNotTrusted, "{error}");
    assert!(
        error.to_string().ends_with("certificate signed by unknown authority (it is self-signed)"),
        "{error}"
    );
    assert_eq!(tags(&host, with(&good), Scheme::Https).await.unwrap(), 1);
    let (other, _) = self_signed("localhost", 2020..2100);
    assert_eq!(tags(&host, with(&other), Scheme::Https).await.unwrap_err().kind(), Kind::TlsNotTrusted);

    for (name, years, words) in [
        ("elsewhere.test", 2020..2100, "not valid for"),
        ("localhost", 2020..2021, "expired"),
        ("localhost", 2090..2100, "not valid yet"),
    ] {
        let (certificate, key) = self_signed(name, years);
        let host = serve_as(&certificate, &key, None).await;
        let error = tags(&host, with(&certificate), Scheme::Https).await.unwrap_err();
        assert!(error.to_string().contains(words), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_client_certificate_is_presented() {
    let authority = Authority::new();
    let host = serve(&authority, true).await;
    let (certificate, key) = authority.issue("client");
    let mut options = TlsOptions { ca: Some(authority.pem()), ..TlsOptions::default() };
    assert!(tags(&host, options.clone(), Scheme::Https).await.is_err());
    options.client = Some((certificate.pem().into_bytes(), key.serialize_pem().into_bytes()));
    assert!(!format!("{options:?}").contains("PRIVATE"));
    assert_eq!(tags(&host, options, Scheme::Https).await.unwrap(), 1);
}

#[tokio::test]
async fn broken_certificates_are_a_configuration_error() {
    for tls in [
        TlsOptions { ca: Some(b"no pem".to_vec()), ..TlsOptions::default() },
        TlsOptions { client: Some((b"x".to_vec(), b"secret-key".to_vec())), ..TlsOptions::default() },
    ] {
        let error = tags("localhost:1", tls, Scheme::Https).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Configuration);
        assert!(!error.to_string().contains("secret-key"));
    }
}

#[tokio::test]
async fn plain_http_behind_an_https_url_is_told() {
    let registry = crate::test_registry::TestRegistry::start().await;
    registry.push("", "app", "1.0.0").await;
    let error = tags(&registry.host, TlsOptions::default(), Scheme::Https).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Tls, "{error}");
    assert!(error.hint().unwrap().contains("insecure"));
    assert_eq!(tags(&registry.host, TlsOptions::default(), Scheme::HttpsElsePlain).await.unwrap(), 1);
}
