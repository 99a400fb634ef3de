//! Watches over HTTP: a stream of JSON lines.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use http_body::Frame;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::negotiate::{Form, Shape};
use super::respond;
use super::service::{Body, Incoming};
use crate::cluster::Cluster;
use crate::convert;
use crate::resource::Resource;
use crate::status::{ApiError, ApiResult};
use crate::store::Object;
use crate::table::{self, TableOptions};
use crate::verbs::watch::{self, Event, Watch};

/// Events that wait for a slow reader; the rest stays in the store's ring.
const QUEUE: usize = 16;

/// Answers a watch.
pub(crate) async fn answer(
    cluster: &Cluster,
    incoming: &Incoming,
    resource: &Arc<Resource>,
    form: Form,
) -> ApiResult<Response<Body>> {
    let mut options = watch::options(&incoming.query, resource)?;
    let name = incoming.info.path_name();
    if !name.is_empty() {
        options.selector.fields.require_name(name);
    }
    let permit = cluster.watch_permit().ok_or_else(|| {
        let details = crate::status::Details { retry_after_seconds: 1, ..Default::default() };
        ApiError::new(429, "TooManyRequests", "too many watches are open, please try again later")
            .with_details(details)
    })?;
    let table = table::options(&incoming.query, form)?;
    let watch = watch::start(cluster, resource, &incoming.info.namespace, options).await?;
    let (sender, receiver) = mpsc::channel(QUEUE);
    let printer = Printer { resource: resource.clone(), form, table, columns_sent: false };
    cluster.spawn(pump(watch, printer, sender, permit));
    let mut response = respond::empty(200);
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    *response.body_mut() = Lines { receiver }.boxed_unsync();
    Ok(response)
}

async fn pump(mut watch: Watch, mut printer: Printer, sender: Sender<Bytes>, _permit: OwnedSemaphorePermit) {
    loop {
        let event = tokio::select! {
            () = sender.closed() => return,
            event = watch.next() => event,
        };
        let Some(event) = event else { return };
        if sender.send(printer.line(&event)).await.is_err() {
            return;
        }
    }
}

struct Printer {
    resource: Arc<Resource>,
    form: Form,
    table: TableOptions,
    columns_sent: bool,
}

impl Printer {
    fn line(&mut self, event: &Event) -> Bytes {
        match event {
            Event::Change(kind, object) if self.form.shape == Shape::Object => self.stored(kind, object),
            Event::Change(kind, object) => {
                let value = convert::read(&self.resource, object);
                line(kind, &self.shaped(&value))
            }
            Event::Bookmark(version, initial_events_end) => {
                let object = watch::bookmark(&self.resource, *version, *initial_events_end);
                line("BOOKMARK", &self.shaped(&object))
            }
            Event::Error(error) => line("ERROR", &error.to_json()),
        }
    }

    fn stored(&self, kind: &str, object: &Object) -> Bytes {
        let body = convert::read_bytes(&self.resource, object);
        let mut out = Vec::with_capacity(body.len() + 40);
        out.extend_from_slice(b"{\"type\":\"");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\",\"object\":");
        out.extend_from_slice(&body);
        out.extend_from_slice(b"}\n");
        Bytes::from(out)
    }

    fn shaped(&mut self, object: &Value) -> Value {
        match self.form.shape {
            Shape::Object => object.clone(),
            Shape::Partial | Shape::PartialList => table::partial(object, self.form.beta),
            Shape::Table => {
                let mut table = table::one(&self.resource, object, &self.table);
                // Only the first event of a watch tells the columns.
                if self.columns_sent {
                    table["columnDefinitions"] = Value::Null;
                }
                self.columns_sent = true;
                table
            }
        }
    }
}

fn line(kind: &str, object: &Value) -> Bytes {
    let mut text = json!({ "type": kind, "object": object }).to_string();
    text.push('\n');
    Bytes::from(text)
}

/// Lines as they come.
struct Lines {
    receiver: Receiver<Bytes>,
}

impl http_body::Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.receiver.poll_recv(context).map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}
