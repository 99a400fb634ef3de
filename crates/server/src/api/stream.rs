use std::{convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, stream};
use http::HeaderMap;

use super::InNamespace;
use crate::{
    app::App,
    auth::guard::SessionName,
    clients::Caller,
    extract::Query,
    problem::Problem,
    service::stream::{Change, Listener},
};

/// Time between signs of life on a quiet stream.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Changes as they happen (Server-Sent Events), as far as the caller may see them.
///
/// Load lists when `ready` or `reset` comes; apply `applied` and `deleted` in between. A browser that comes back
/// with `Last-Event-ID` gets what it missed, or `ready` where that is no longer known. Where nothing changes, an event
/// named `alive` comes every 15 s.
#[utoipa::path(get, path = "/stream", tag = "stream", params(InNamespace), responses(
    (status = 200, description = "Events, each a `Change`.", body = Change, content_type = "text/event-stream"),
    (status = 503, description = "Too many streams.", body = Problem),
))]
pub(crate) async fn follow(
    State(app): State<App>,
    caller: Caller,
    session: Option<Extension<SessionName>>,
    headers: HeaderMap,
    Query(scope): Query<InNamespace>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let listener = app.hubs.listen(&caller, scope.namespace(), last)?;
    let following = Following { app, listener, session: session.map(|session| session.0), ended: false };
    let events = stream::unfold(following, |mut following| async move {
        let event = following.next().await?;
        Some((Ok(event), following))
    });
    // An event, not a comment: only events tell the page that the way to the server is still open.
    let alive = Event::default().event("alive").data("still here");
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT).event(alive)))
}

struct Following {
    app: App,
    listener: Listener,
    session: Option<SessionName>,
    ended: bool,
}

impl Following {
    async fn next(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        loop {
            tokio::select! {
                () = self.app.shutdown.cancelled() => return None,
                change = self.listener.next() => {
                    let numbered = change?;
                    self.ended = numbered.change.type_ == "signedOut";
                    return Some(event(Some(&numbered.id), &numbered.change));
                }
                () = tokio::time::sleep(HEARTBEAT) => {
                    if self.session.is_some_and(|session| !self.app.sessions.is_open(session.0)) {
                        self.ended = true;
                        return Some(event(None, &Change::signed_out()));
                    }
                }
            }
        }
    }
}

fn event(id: Option<&str>, change: &Change) -> Event {
    let event = Event::default().event("change");
    let event = match id.filter(|id| !id.is_empty()) {
        Some(id) => event.id(id),
        None => event,
    };
    // Serialising a change of strings and JSON cannot fail; an empty event would only be ignored.
    event.json_data(change).unwrap_or_default()
}
