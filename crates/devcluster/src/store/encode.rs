//! Objects as JSON bytes, written so that the resource version can be filled in last.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::Object;
use crate::selectors;

/// An object ready to be stored: all but its resource version.
#[derive(Debug)]
pub struct Encoded {
    /// Up to where the resource version's digits belong.
    head: Vec<u8>,
    /// What follows the digits.
    tail: Vec<u8>,
    header: u16,
    namespace: Box<str>,
    name: Box<str>,
    uid: Box<str>,
    labels: Box<[(Box<str>, Box<str>)]>,
    fields: Box<[(Box<str>, Box<str>)]>,
}

impl Encoded {
    /// Encodes an object of a bucket; `kind` and `apiVersion` come first, `resourceVersion` first in `metadata`.
    pub fn new(bucket: &str, object: &Value) -> Self {
        let empty = Map::new();
        let top = object.as_object().unwrap_or(&empty);
        let meta = top.get("metadata").and_then(Value::as_object).unwrap_or(&empty);
        let text = |map: &Map<String, Value>, key: &str| -> Box<str> {
            map.get(key).and_then(Value::as_str).unwrap_or_default().into()
        };
        let mut head = Vec::with_capacity(256);
        head.extend_from_slice(b"{\"kind\":");
        write(&mut head, top.get("kind").unwrap_or(&Value::Null));
        head.extend_from_slice(b",\"apiVersion\":");
        write(&mut head, top.get("apiVersion").unwrap_or(&Value::Null));
        head.push(b',');
        let header = u16::try_from(head.len()).unwrap_or(u16::MAX);
        head.extend_from_slice(b"\"metadata\":{\"resourceVersion\":\"");
        let mut tail = vec![b'"'];
        for (key, value) in meta.iter().filter(|(key, _)| *key != "resourceVersion") {
            member(&mut tail, key, value);
        }
        tail.push(b'}');
        for (key, value) in
            top.iter().filter(|(key, _)| !matches!(key.as_str(), "kind" | "apiVersion" | "metadata"))
        {
            member(&mut tail, key, value);
        }
        tail.push(b'}');
        Self {
            head,
            tail,
            header,
            namespace: text(meta, "namespace"),
            name: text(meta, "name"),
            uid: text(meta, "uid"),
            labels: labels(meta),
            fields: selectors::stored_fields(bucket, object),
        }
    }

    /// Size in bytes, without the resource version.
    pub fn len(&self) -> usize {
        self.head.len() + self.tail.len()
    }

    /// Whether nothing is in it; never so.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The stored object, with its version.
    pub(crate) fn finish(self, version: u64) -> Arc<Object> {
        let digits = version.to_string();
        let mut body = Vec::with_capacity(self.len() + digits.len());
        body.extend_from_slice(&self.head);
        body.extend_from_slice(digits.as_bytes());
        body.extend_from_slice(&self.tail);
        Arc::new(Object {
            namespace: self.namespace,
            name: self.name,
            uid: self.uid,
            version,
            labels: self.labels,
            fields: self.fields,
            body: Bytes::from(body),
            header: self.header,
        })
    }
}

impl Object {
    /// Reads a stored body back.
    pub(crate) fn load(bucket: &str, version: u64, body: Vec<u8>) -> Option<Arc<Self>> {
        let value: Value = serde_json::from_slice(&body).ok()?;
        Some(Encoded::new(bucket, &value).finish(version))
    }

    /// The same state with another version: what a `DELETED` event carries.
    pub(crate) fn at_version(&self, version: u64) -> Arc<Self> {
        // The digits follow this fixed text, see `Encoded::new`.
        let start = usize::from(self.header) + b"\"metadata\":{\"resourceVersion\":\"".len();
        let end = self.body[start..].iter().position(|&b| b == b'"').map_or(start, |n| start + n);
        let digits = version.to_string();
        let mut body = Vec::with_capacity(self.body.len() + 4);
        body.extend_from_slice(&self.body[..start]);
        body.extend_from_slice(digits.as_bytes());
        body.extend_from_slice(&self.body[end..]);
        Arc::new(Self {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            uid: self.uid.clone(),
            version,
            labels: self.labels.clone(),
            fields: self.fields.clone(),
            body: Bytes::from(body),
            header: self.header,
        })
    }
}

fn labels(meta: &Map<String, Value>) -> Box<[(Box<str>, Box<str>)]> {
    let Some(labels) = meta.get("labels").and_then(Value::as_object) else { return Box::default() };
    labels.iter().map(|(k, v)| (k.as_str().into(), v.as_str().unwrap_or_default().into())).collect()
}

fn member(out: &mut Vec<u8>, key: &str, value: &Value) {
    out.push(b',');
    write(out, &Value::String(key.to_owned()));
    out.push(b':');
    write(out, value);
}

fn write(out: &mut Vec<u8>, value: &Value) {
    serde_json::to_writer(out, value).expect("writing JSON to memory cannot fail");
}
