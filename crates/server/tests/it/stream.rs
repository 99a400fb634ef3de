use std::time::Duration;

use axum::body::Body;
use futures::StreamExt;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::web::Server;

struct Events {
    body: axum::body::BodyDataStream,
    text: String,
}

impl Events {
    async fn open(server: &Server, token: &str, last: Option<&str>) -> Self {
        let mut request = Request::get("/api/v1/stream")
            .header("host", "localhost")
            .header("authorization", format!("Bearer {token}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = server.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next event: its id and data.
    async fn next(&mut self) -> (String, Value) {
        loop {
            if let Some((event, rest)) = self.text.clone().split_once("\n\n") {
                self.text = rest.to_owned();
                let field =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                if let Some(data) = field("data:") {
                    return (
                        field("id:").unwrap_or_default().to_owned(),
                        serde_json::from_str(data).unwrap(),
                    );
                }
                continue;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.body.next())
                .await
                .expect("an event in time");
            self.text.push_str(&String::from_utf8_lossy(&chunk.unwrap().unwrap()));
        }
    }

    async fn until(&mut self, type_: &str) -> (String, Value) {
        loop {
            let (id, event) = self.next().await;
            if event["type"] == type_ {
                return (id, event);
            }
        }
    }
}

fn repository(name: &str) -> Value {
    json!({"name": name, "url": "oci://x.example/charts"})
}

#[tokio::test]
async fn changes_follow_after_ready_and_can_be_resumed() {
    let server = Server::new();
    server.post("/namespaces/apps/repositories", repository("before")).await;
    let mut events = Events::open(&server, "admin-token", None).await;
    events.until("ready").await;
    server.post("/namespaces/apps/repositories", repository("one")).await;
    let (id, event) = events.until("applied").await;
    assert_eq!(
        (&event["kind"], &event["name"], &event["item"]["url"]),
        (&json!("HelmRepository"), &json!("one"), &json!("oci://x.example/charts"))
    );
    drop(events);

    server.post("/namespaces/apps/repositories", repository("two")).await;
    server.delete("/namespaces/apps/repositories/one").await;
    let mut events = Events::open(&server, "admin-token", Some(&id)).await;
    assert_eq!(events.until("applied").await.1["name"], "two");
    let (_, deleted) = events.until("deleted").await;
    assert_eq!((&deleted["name"], &deleted["item"]), (&json!("one"), &Value::Null));

    let mut stranger = Events::open(&server, "admin-token", Some("unknown-7")).await;
    assert_eq!(stranger.next().await.1["type"], "ready");
}

#[tokio::test]
async fn a_stream_without_a_token_is_refused() {
    let server = Server::new();
    let request = Request::get("/api/v1/stream").header("host", "localhost").body(Body::empty()).unwrap();
    assert_eq!(server.send(request).await.status, StatusCode::UNAUTHORIZED);
}
