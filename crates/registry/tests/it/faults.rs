use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use pilothouse_registry::{Access, Credentials, Error, Kind, PoolOptions};

use crate::test_registry::{TestRegistry, answer, serve};

#[tokio::test]
async fn a_busy_registry_is_asked_again_when_it_says() {
    let registry = TestRegistry::start().await;
    registry.push("", "app", "1.0.0").await;
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    registry.control.script(move |_| {
        let n = counted.fetch_add(1, Ordering::SeqCst);
        match n {
            0 => Some(answer(503, &[], "")),
            1 => Some(answer(
                429,
                &[
                    ("retry-after", "0"),
                    ("ratelimit-limit", "100;w=21600"),
                    ("ratelimit-remaining", "0;w=21600"),
                ],
                "",
            )),
            _ => None,
        }
    });
    let client = registry.client("app");
    assert_eq!(client.tags().await.unwrap().tags, ["1.0.0"]);
    assert_eq!(count.load(Ordering::SeqCst), 3);
    let rate = client.rate_limit().unwrap();
    assert_eq!((rate.limit, rate.remaining), (Some(100), Some(0)));
}

#[tokio::test]
async fn a_long_wait_is_an_error_that_says_until_when_and_the_host_is_left_alone() {
    let registry = TestRegistry::start().await;
    registry.control.script(|_| Some(answer(429, &[("retry-after", "600")], "")));
    let error = registry.client("app").tags().await.unwrap_err();
    assert_eq!(error.kind(), Kind::RateLimited);
    assert!(error.retry_after().unwrap() > Duration::from_secs(590));
    registry.control.take();
    let error = registry.client("other").tags().await.unwrap_err();
    assert_eq!(error.kind(), Kind::RateLimited);
    assert!(registry.control.take().is_empty(), "a host that asked to wait is not asked");
}

#[tokio::test]
async fn a_server_that_always_fails_is_asked_four_times() {
    let registry = TestRegistry::start().await;
    registry.control.script(|_| Some(answer(502, &[], "bad gateway")));
    let error = registry.client("app").tags().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Server);
    assert_eq!(registry.control.take().len(), 4);
}

#[tokio::test]
async fn credentials_stay_home_when_a_blob_is_elsewhere_and_its_challenge_is_ignored() {
    let registry = TestRegistry::start().await;
    registry.push("", "app", "1.0.0").await;
    let (elsewhere, storage) = serve(Router::new().route("/{*path}", get(|| async { "" }))).await;
    storage.script(|_| Some(answer(401, &[("www-authenticate", r#"Basic realm="phish""#)], "")));
    registry.control.script(move |seen| {
        if seen.authorization().is_none() {
            return Some(answer(401, &[("www-authenticate", r#"Basic realm="x""#)], ""));
        }
        let location = format!("http://{elsewhere}/blob?signature=secret-signature");
        (seen.method == "GET" && seen.path.contains("/blobs/"))
            .then(|| answer(307, &[("location", &location)], ""))
    });
    let client = registry.client_as("app", Credentials::basic("u", "p"));
    let error = client.pull_chart("1.0.0").await.unwrap_err();
    assert!(error.is_authentication());
    assert!(!error.to_string().contains("secret-signature"), "{error}");
    let seen = storage.take();
    assert_eq!(seen.len(), 1, "no second try with credentials");
    assert!(seen[0].authorization().is_none());
}

#[tokio::test]
async fn redirects_that_go_on_for_ever_end() {
    let registry = TestRegistry::start().await;
    registry.control.script(|seen| {
        let next = format!("{}x", seen.path);
        Some(answer(307, &[("location", &next)], ""))
    });
    let error = registry.client("app").tags().await.unwrap_err();
    assert!(matches!(error, Error::Redirect { .. }), "{error}");
}

#[tokio::test]
async fn pages_are_followed_bounded_and_never_in_circles() {
    let registry = TestRegistry::start().await;
    let page = |seen: &crate::test_registry::Seen| -> usize {
        seen.query.split("page=").nth(1).and_then(|n| n.parse().ok()).unwrap_or(0)
    };
    registry.control.script(move |seen| {
        let n = page(seen);
        let body = format!(r#"{{"tags":["t{n}"]}}"#);
        let link = format!(r#"<{}?page={}>; rel="next""#, seen.path, n + 1);
        Some(answer(200, if n < 2 { vec![("link", link.as_str())] } else { vec![] }.as_slice(), &body))
    });
    assert_eq!(registry.client("app").tags().await.unwrap().tags, ["t0", "t1", "t2"]);
    registry.control.script(move |seen| {
        let link = format!(r#"<{}?page={}>; rel="next""#, seen.path, (page(seen) + 1) % 3 + 1);
        Some(answer(200, &[("link", &link)], r#"{"tags":["t"]}"#))
    });
    assert!(
        registry.client("app").tags().await.unwrap().truncated,
        "what lies outside the circle is not known"
    );
    registry.control.script(move |seen| {
        let link = format!(r#"<{}?page={}>; rel="next""#, seen.path, page(seen) + 1);
        Some(answer(200, &[("link", &link)], r#"{"tags":["t"]}"#))
    });
    let mut access = Access::default();
    access.limits.pages = 5;
    let list = registry.client_with("app", access).tags().await.unwrap();
    assert!(list.truncated);
    assert_eq!(list.tags.len(), 5);
}

#[tokio::test]
async fn nobody_listening_and_no_such_host_are_told_apart() {
    let pool = pilothouse_registry::Pool::new(PoolOptions::default());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let free = listener.local_addr().unwrap();
    drop(listener);
    let client =
        pool.oci(format!("oci://{free}/app").parse().unwrap(), Access::default().plain_http()).unwrap();
    let error = client.tags().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Connect);
    let expected =
        format!("Get \"http://{free}/v2/app/tags/list\": dial tcp {free}: connect: connection refused");
    assert_eq!(error.to_string(), expected);
    let client = pool.oci("oci://no-such-host.invalid/app".parse().unwrap(), Access::default()).unwrap();
    assert_eq!(client.tags().await.unwrap_err().kind(), Kind::Dns);
}

#[tokio::test]
async fn a_slow_answer_ends_at_the_deadline() {
    let slow = Router::new().fallback(|| async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        ""
    });
    let (host, _) = serve(slow).await;
    let access = Access::default().plain_http().with_timeout(Duration::from_millis(200));
    let client = pilothouse_registry::Pool::default()
        .oci(format!("oci://{host}/app").parse().unwrap(), access)
        .unwrap();
    let started = std::time::Instant::now();
    assert_eq!(client.tags().await.unwrap_err().kind(), Kind::Timeout);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_web_page_instead_of_an_answer_is_named() {
    let registry = TestRegistry::start().await;
    registry.control.script(|_| Some(answer(200, &[("content-type", "text/html")], "<html>log in</html>")));
    // axum sets text/plain first; the client looks at the first value only, so the page is told by its shape.
    let error = registry.client("app").tags().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Malformed);
}

#[tokio::test]
async fn a_listing_that_goes_on_elsewhere_or_in_a_circle_is_not_complete() {
    let registry = TestRegistry::start().await;
    for link in ["<http://elsewhere.example/v2/app/tags/list?last=a>", "</v2/app/tags/list?n=1000>"] {
        registry.control.script(move |_| {
            Some(answer(200, &[("link", &format!(r#"{link}; rel="next""#))], r#"{"tags":["1.0.0"]}"#))
        });
        let list = registry.client("app").tags().await.unwrap();
        assert!(list.truncated, "{link}");
        assert!(registry.control.take().len() == 1, "{link}");
    }
}

#[tokio::test]
async fn a_link_with_another_scheme_or_port_of_the_host_goes_on_where_the_list_began() {
    let registry = TestRegistry::start().await;
    registry.control.script(|seen| {
        let link = r#"<https://127.0.0.1:1/v2/app/tags/list?last=1.0.0>; rel="next""#;
        Some(if seen.query.contains("last=") {
            answer(200, &[], r#"{"tags":["2.0.0"]}"#)
        } else {
            answer(200, &[("link", link)], r#"{"tags":["1.0.0"]}"#)
        })
    });
    let list = registry.client("app").tags().await.unwrap();
    assert_eq!((list.tags, list.truncated), (vec!["1.0.0".to_owned(), "2.0.0".to_owned()], false));
}

#[tokio::test]
async fn a_registry_that_repeats_the_credentials_does_not_get_them_shown() {
    let registry = TestRegistry::start().await;
    let bodies = [
        r#"{"errors":[{"code":"DENIED","message":"SENT and p4ssw0rd","detail":{"p4ssw0rd":["SENT"]}}]}"#,
        r#"{"message":"SENT p4ssw0rd"}"#,
        "SENT p4ssw0rd",
    ];
    for (body, status) in bodies.into_iter().flat_map(|body| [403, 429].map(|status| (body, status))) {
        registry.control.script(move |seen| {
            Some(match seen.authorization() {
                None => answer(401, &[("www-authenticate", r#"Basic realm="x""#)], ""),
                Some(sent) => {
                    let json = (
                        "content-type",
                        if body.starts_with('{') { "application/json" } else { "text/plain" },
                    );
                    answer(status, &[json, ("retry-after", "0")], &body.replace("SENT", sent))
                }
            })
        });
        let error = registry.client_as("app", Credentials::basic("u", "p4ssw0rd")).tags().await.unwrap_err();
        for text in [error.to_string(), error.answered(), format!("{error:?}")] {
            assert!(!text.contains("p4ssw0rd") && !text.contains("dTpwNHNzdzByZA"), "{text}");
        }
    }
}
