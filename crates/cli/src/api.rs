//! The client of the HTTP API: one request, one answer, errors in words.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use pilothouse_registry::{TlsOptions, distrust};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::connection::Connection;

/// How long a request may take; rendering and pulling a chart happen within it.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Largest answer that is read.
const MAX_ANSWER: usize = 64 << 20;

/// Talks to one server with one token.
pub(crate) struct Api {
    http: reqwest::Client,
    connection: Connection,
}

/// RFC 9457 problem details, as the server writes them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: String,
    detail: Option<String>,
    hint: Option<String>,
    errors: Vec<FieldError>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FieldError {
    field: String,
    message: String,
}

/// The server answered that the object is not there.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotFound(String);

impl Api {
    /// A client for that connection.
    ///
    /// # Errors
    /// Where the certificate authority cannot be read.
    pub(crate) fn new(connection: Connection) -> anyhow::Result<Self> {
        let authority = connection.certificate_authority.as_ref();
        let read =
            |file: &PathBuf| std::fs::read(file).with_context(|| format!("cannot read {}", file.display()));
        let tls = TlsOptions { ca: authority.map(read).transpose()?, ..TlsOptions::default() };
        let named = || authority.map_or_else(String::new, |file| format!(" with {}", file.display()));
        let config = tls.config().map_err(|why| anyhow::anyhow!("cannot set up TLS{}: {why}", named()))?;
        let mut http = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none());
        // A proxy has no business between this machine and itself.
        if connection.server.starts_with("http://") {
            http = http.no_proxy();
        }
        Ok(Self { http: http.build().context("cannot set up the HTTP client")?, connection })
    }

    /// Reads.
    ///
    /// # Errors
    /// The server's refusal in its words, or why it was not reached.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, None).await
    }

    /// Creates, or starts something.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Changes.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// Deletes.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::DELETE, path, None).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let server = self.connection.server.trim_end_matches('/');
        let mut request =
            self.http.request(method, format!("{server}/api/v1{path}")).bearer_auth(&self.connection.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| unreached(server, error.without_url()))?;
        let status = answer.status();
        let text = read(answer).await.with_context(|| format!("the answer of {server} broke off"))?;
        if status.is_success() {
            if text.is_empty() {
                return Ok(Value::Null);
            }
            return serde_json::from_slice(&text).with_context(|| {
                format!("{server} does not answer as Pilothouse does: is the address right?")
            });
        }
        Err(refused(status, &text))
    }
}

async fn read(mut answer: reqwest::Response) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
        if text.len() + part.len() > MAX_ANSWER {
            bail!("the answer is larger than {} MiB", MAX_ANSWER >> 20);
        }
        text.extend_from_slice(&part);
    }
    Ok(text)
}

/// What a person can do about a server that gave no answer.
fn unreached(server: &str, error: reqwest::Error) -> anyhow::Error {
    match distrust(&error) {
        Some(why) => anyhow::anyhow!(
            "{server} is not trusted: {why}. Sign in with `pilothouse login {server} --ca-file FILE`, FILE being the \
             certificate of its authority"
        ),
        None => anyhow::Error::new(error)
            .context(format!("cannot reach {server}: does `pilothouse up` run there?")),
    }
}

fn refused(status: StatusCode, text: &[u8]) -> anyhow::Error {
    let problem: Problem = serde_json::from_slice(text).unwrap_or_default();
    let mut said = problem.detail.unwrap_or(problem.title);
    if said.is_empty() {
        said = format!("the server answered {status}");
    }
    for error in problem.errors {
        // Where there is one error, the detail says it already.
        if !said.contains(&error.message) {
            said.push_str(&format!("\n  {}: {}", error.field, error.message));
        }
    }
    if status == StatusCode::UNAUTHORIZED {
        said.push_str("\n  hint: sign in with `pilothouse login`, or give a token with --token");
    }
    if let Some(hint) = problem.hint {
        said.push_str(&format!("\n  hint: {hint}"));
    }
    if status == StatusCode::NOT_FOUND {
        return NotFound(said).into();
    }
    anyhow::anyhow!(said)
}

/// A text for a path or query: everything but letters, digits, `-`, `_`, `.` and `~` is escaped.
pub(crate) fn escape(text: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const SET: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(text, SET).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_fields_and_the_hint() {
        let text = br#"{"title":"Invalid","detail":"two fields are wrong","hint":"see the form",
            "errors":[{"field":"url","message":"has a tag"},{"field":"name","message":"is taken"}]}"#;
        let error = refused(StatusCode::UNPROCESSABLE_ENTITY, text).to_string();
        assert_eq!(error, "two fields are wrong\n  url: has a tag\n  name: is taken\n  hint: see the form");
    }

    #[test]
    fn an_answer_that_is_no_problem_still_gives_an_error() {
        assert_eq!(
            refused(StatusCode::BAD_GATEWAY, b"<html>").to_string(),
            "the server answered 502 Bad Gateway"
        );
    }

    #[test]
    fn names_are_escaped_for_paths() {
        assert_eq!(escape("a/b c+1"), "a%2Fb%20c%2B1");
    }
}
