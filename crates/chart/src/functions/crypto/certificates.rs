//! `genCA`, `genSelfSignedCert`, `genSignedCert` and their kin: X.509 certificates as Go's `crypto/x509`
//! makes them.

use std::any::Any;
use std::borrow::Cow;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use pilothouse_gotemplate::{CallError, Context, Field, Function, Object, Param, Str, Struct, Value, format};
use sha2::{Digest, Sha256};

use super::keys::{self, PrivateKey, generate, generate_rsa};
use super::{der, pem};
use crate::functions::encoding::decode_base64;
use crate::functions::surroundings::{now, random};
use crate::functions::{Outcome, int, text};

const TYPE_NAME: &str = "sprig.certificate";
const AUTHORITY: Param = Param::Named(TYPE_NAME);

pub(in crate::functions) const FUNCTIONS: [Function; 8] = [
    Function::new("genPrivateKey", &[Param::String], |context, args| {
        Ok(generate(context, &String::from_utf8_lossy(text(&args[0])))?.into())
    }),
    Function::new("genCA", &[Param::String, Param::Int], |context, args| {
        let key = generate_rsa(context, 2048)?;
        authority(context, &args[0], &args[1], key)
    }),
    Function::new("genCAWithKey", &[Param::String, Param::Int, Param::String], |context, args| {
        let key = given_key(&args[2])?;
        authority(context, &args[0], &args[1], key)
    }),
    Function::new(
        "genSelfSignedCert",
        &[Param::String, Param::List, Param::List, Param::Int],
        |context, args| {
            let key = generate_rsa(context, 2048)?;
            self_signed(context, args, key)
        },
    ),
    Function::new(
        "genSelfSignedCertWithKey",
        &[Param::String, Param::List, Param::List, Param::Int, Param::String],
        |context, args| {
            let key = given_key(&args[4])?;
            self_signed(context, args, key)
        },
    ),
    Function::new(
        "genSignedCert",
        &[Param::String, Param::List, Param::List, Param::Int, AUTHORITY],
        |context, args| {
            let key = generate_rsa(context, 2048)?;
            signed(context, args, key)
        },
    ),
    Function::new(
        "genSignedCertWithKey",
        &[Param::String, Param::List, Param::List, Param::Int, AUTHORITY, Param::String],
        |context, args| {
            let key = given_key(&args[5])?;
            signed(context, args, key)
        },
    ),
    Function::new("buildCustomCert", &[Param::String, Param::String], build_custom),
];

fn given_key(arg: &Value) -> Result<PrivateKey, CallError> {
    PrivateKey::from_pem(text(arg)).map_err(|error| format!("parsing private key: {error}").into())
}

/// A certificate and its key, in PEM.
#[derive(Debug)]
struct Certificate {
    cert: Str,
    key: Str,
}

impl Object for Certificate {
    fn type_name(&self) -> Cow<'static, str> {
        TYPE_NAME.into()
    }
    fn underlying(&self) -> Value {
        let field = |name, value: &Str| Field {
            name,
            json: name,
            omit_empty: false,
            value: Value::Str(value.clone()),
        };
        Value::Struct(Rc::new(Struct {
            type_name: TYPE_NAME,
            pointer: false,
            fields: vec![field("Cert", &self.cert), field("Key", &self.key)],
        }))
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What a certificate says, beside its key and issuer.
struct Template {
    common_name: Vec<u8>,
    addresses: Vec<IpAddr>,
    names: Vec<String>,
    days: i64,
    is_authority: bool,
}

/// Who signs.
struct Issuer<'k> {
    /// The encoded subject.
    name: Vec<u8>,
    key_id: Vec<u8>,
    key: &'k PrivateKey,
}

fn template(args: &[Value]) -> Result<Template, CallError> {
    let items = |arg: &Value| arg.as_list().map_or_else(Vec::new, |list| list.items().to_vec());
    let mut addresses = Vec::new();
    for item in items(&args[1]) {
        let Value::Str(address) = &item else {
            return Err(format!("error parsing ip: {} is not a string", format::display(&item)).into());
        };
        let address = address.to_text();
        addresses.push(address.parse().map_err(|_| CallError::from(format!("error parsing ip: {address}")))?);
    }
    let mut names = Vec::new();
    for item in items(&args[2]) {
        let Value::Str(name) = &item else {
            let shown = format::display(&item);
            return Err(format!("error processing alternate dns name: {shown} is not a string").into());
        };
        names.push(name.to_text().into_owned());
    }
    Ok(Template {
        common_name: text(&args[0]).to_vec(),
        addresses,
        names,
        days: int(&args[3]),
        is_authority: false,
    })
}

fn authority(context: &Context<'_>, name: &Value, days: &Value, key: PrivateKey) -> Outcome {
    let template = Template {
        common_name: text(name).to_vec(),
        addresses: Vec::new(),
        names: Vec::new(),
        days: int(days),
        is_authority: true,
    };
    issue_to_self(context, &template, key)
}

fn self_signed(context: &Context<'_>, args: &[Value], key: PrivateKey) -> Outcome {
    issue_to_self(context, &template(args)?, key)
}

#[expect(clippy::needless_pass_by_value, reason = "the key is made for this certificate")]
fn issue_to_self(context: &Context<'_>, template: &Template, key: PrivateKey) -> Outcome {
    let issuer = Issuer { name: subject(&template.common_name), key_id: Vec::new(), key: &key };
    finish(issue(context, template, &key, &issuer)?, &key)
}

#[expect(clippy::needless_pass_by_value, reason = "the key is made for this certificate")]
fn signed(context: &Context<'_>, args: &[Value], key: PrivateKey) -> Outcome {
    let authority = match &args[4] {
        Value::Object(object) => object.as_any().downcast_ref::<Certificate>(),
        _ => None,
    };
    let Some(authority) = authority else { return Err("no certificate".into()) };
    let Some((_, contents)) = pem::decode(&authority.cert) else {
        return Err("unable to decode certificate".into());
    };
    let Some((name, key_id, public_key)) = read_certificate(&contents) else {
        return Err("error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate".into());
    };
    let signer = PrivateKey::from_pem(&authority.key)
        .map_err(|error| CallError::from(format!("error parsing private key: {error}")))?;
    let template = template(args)?;
    if signer.public_key()?.0 != public_key {
        return Err(
            "error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey".into()
        );
    }
    let issuer = Issuer { name, key_id, key: &signer };
    finish(issue(context, &template, &key, &issuer)?, &key)
}

fn finish(certificate: Vec<u8>, key: &PrivateKey) -> Outcome {
    let cert = pem::encode("CERTIFICATE", &certificate).into();
    Ok(Value::object(Certificate { cert, key: key.to_pem()?.into() }))
}

fn build_custom(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let cert = decode_base64(text(&args[0])).map_err(|_| "unable to decode base64 certificate")?;
    let key = decode_base64(text(&args[1])).map_err(|_| "unable to decode base64 private key")?;
    let Some((_, contents)) = pem::decode(&cert) else { return Err("unable to decode certificate".into()) };
    if read_certificate(&contents).is_none() {
        return Err("error parsing certificate: decodedCert.Bytes: x509: malformed certificate".into());
    }
    PrivateKey::from_pem(&key)
        .map_err(|error| CallError::from(format!("error parsing private key: {error}")))?;
    Ok(Value::object(Certificate { cert: cert.into(), key: key.into() }))
}

/// Contents of object identifiers.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 0x0e];
const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 0x23];
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

/// A name that consists of a common name, or of nothing.
fn subject(common_name: &[u8]) -> Vec<u8> {
    if common_name.is_empty() {
        return der::sequence(&[]);
    }
    let printable = |byte: &u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(byte);
    let tag = if common_name.iter().all(printable) { der::PRINTABLE_STRING } else { der::UTF8_STRING };
    let attribute = der::sequence(&[der::object_id(COMMON_NAME), der::tagged(tag, common_name)]);
    der::sequence(&[der::tagged(der::SET, &attribute)])
}

fn extension(id: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let mut parts = vec![der::object_id(id)];
    if critical {
        parts.push(vec![0x01, 0x01, 0xff]);
    }
    parts.push(der::tagged(der::OCTET_STRING, value));
    der::sequence(&parts)
}

/// The first 160 bits of the SHA-256 of the key's bits, as Go computes them since 1.25.
fn key_id(bits: &[u8]) -> Vec<u8> {
    Sha256::digest(bits)[..20].to_vec()
}

fn issue(
    context: &Context<'_>,
    template: &Template,
    key: &PrivateKey,
    issuer: &Issuer<'_>,
) -> Result<Vec<u8>, CallError> {
    context.charge_steps(keys::STEPS)?;
    let (public_key, key_bits) = key.public_key()?;
    let subject = subject(&template.common_name);
    let start = now(context);
    let days = template.days.wrapping_mul(86_400_000_000_000);
    let length = Duration::from_nanos(days.unsigned_abs());
    let end = if days < 0 { start.checked_sub(length) } else { start.checked_add(length) };
    let validity = der::sequence(&[time(start), time(end.unwrap_or(start))]);
    let mut serial = random(context, 16)?;
    serial[0] |= 1;
    let algorithm = issuer.key.signature_algorithm();
    let extensions = der::sequence(&extensions(template, &subject, issuer, &key_bits)?);
    let to_be_signed = der::sequence(&[
        // Version 3.
        vec![0xa0, 0x03, der::INTEGER, 0x01, 0x02],
        der::integer(&serial),
        algorithm.clone(),
        issuer.name.clone(),
        validity,
        subject,
        public_key,
        der::tagged(0xa3, &extensions),
    ]);
    let signature = issuer.key.sign(&to_be_signed)?;
    Ok(der::sequence(&[to_be_signed, algorithm, der::bit_string(&signature)]))
}

fn extensions(
    template: &Template,
    subject: &[u8],
    issuer: &Issuer<'_>,
    key_bits: &[u8],
) -> Result<Vec<Vec<u8>>, CallError> {
    // Digital signature, key encipherment, and for an authority certificate signing.
    let usage: &[u8] = if template.is_authority { &[0x02, 0xa4] } else { &[0x05, 0xa0] };
    let purposes = der::sequence(&[der::object_id(SERVER_AUTH), der::object_id(CLIENT_AUTH)]);
    let constraints =
        if template.is_authority { der::sequence(&[vec![0x01, 0x01, 0xff]]) } else { der::sequence(&[]) };
    let mut extensions = vec![
        extension(KEY_USAGE, true, &der::tagged(der::BIT_STRING, usage)),
        extension(EXTENDED_KEY_USAGE, false, &purposes),
        extension(BASIC_CONSTRAINTS, true, &constraints),
    ];
    if template.is_authority {
        extensions.push(extension(SUBJECT_KEY_ID, false, &der::tagged(der::OCTET_STRING, &key_id(key_bits))));
    }
    if !issuer.key_id.is_empty() && issuer.name != subject {
        let id = der::sequence(&[der::tagged(0x80, &issuer.key_id)]);
        extensions.push(extension(AUTHORITY_KEY_ID, false, &id));
    }
    let mut names = Vec::new();
    for name in &template.names {
        if !name.is_ascii() {
            let quoted = format!("{name:?}");
            return Err(format!(
                "error creating certificate: x509: {quoted} cannot be encoded as an IA5String"
            )
            .into());
        }
        names.push(der::tagged(0x82, name.as_bytes()));
    }
    for address in &template.addresses {
        names.push(match address {
            IpAddr::V4(address) => der::tagged(0x87, &address.octets()),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(address) => der::tagged(0x87, &address.octets()),
                None => der::tagged(0x87, &address.octets()),
            },
        });
    }
    if !names.is_empty() {
        let critical = template.common_name.is_empty();
        extensions.push(extension(SUBJECT_ALTERNATIVE_NAME, critical, &der::sequence(&names)));
    }
    Ok(extensions)
}

/// `UTCTime` until 2049, `GeneralizedTime` afterwards.
fn time(moment: SystemTime) -> Vec<u8> {
    let timestamp = jiff::Timestamp::try_from(moment).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let civil = timestamp.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let rest = format!(
        "{:02}{:02}{:02}{:02}{:02}Z",
        civil.month(),
        civil.day(),
        civil.hour(),
        civil.minute(),
        civil.second()
    );
    if (1950..2050).contains(&civil.year()) {
        der::tagged(der::UTC_TIME, format!("{:02}{rest}", civil.year() % 100).as_bytes())
    } else {
        der::tagged(der::GENERALIZED_TIME, format!("{:04}{rest}", civil.year()).as_bytes())
    }
}

/// Subject, subject key id and public key of an encoded certificate.
fn read_certificate(contents: &[u8]) -> Option<(Vec<u8>, Vec<u8>, Vec<u8>)> {
    let outer = der::Elements(contents).next().filter(|element| element.tag == der::SEQUENCE)?;
    let body = der::Elements(outer.contents).next().filter(|element| element.tag == der::SEQUENCE)?;
    // A version comes first unless it is 1.
    let parts: Vec<_> = der::Elements(body.contents).filter(|element| element.tag != 0xa0).collect();
    let [serial, _, _, _, subject, public_key, ..] = parts.as_slice() else { return None };
    if serial.tag != der::INTEGER || subject.tag != der::SEQUENCE || public_key.tag != der::SEQUENCE {
        return None;
    }
    let extensions = parts.iter().find(|element| element.tag == 0xa3);
    let list = extensions.and_then(|element| der::Elements(element.contents).next());
    let key_id = list.and_then(|list| {
        der::Elements(list.contents).find_map(|extension| {
            let fields: Vec<_> = der::Elements(extension.contents).collect();
            let is_key_id = fields.first().is_some_and(|id| id.contents == SUBJECT_KEY_ID);
            let value = fields.last().filter(|_| is_key_id)?;
            der::Elements(value.contents).next().map(|id| id.contents.to_vec())
        })
    });
    Some((subject.whole.to_vec(), key_id.unwrap_or_default(), public_key.whole.to_vec()))
}
