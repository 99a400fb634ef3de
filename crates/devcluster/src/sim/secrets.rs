//! Secrets of `ServiceAccounts`: tokens that do not expire, for those who ask for them.

use serde_json::{Value, json};

use super::engine::{Engine, Key};
use super::objects::{annotation, text, uid};
use crate::auth::tokens::{Claims, ISSUER};
use crate::status::ApiResult;

const TYPE: &str = "kubernetes.io/service-account-token";

pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(secret) = engine.get("secrets", &key.namespace, &key.name) else { return Ok(()) };
    if text(&secret, "type") != TYPE {
        return Ok(());
    }
    let account = annotation(&secret, "kubernetes.io/service-account.name").to_owned();
    let Some(owner) = engine.get("serviceaccounts", &key.namespace, &account) else { return Ok(()) };
    if ["ca.crt", "namespace", "token"].iter().all(|field| secret["data"][*field].is_string()) {
        return Ok(());
    }
    let claims = Claims {
        namespace: key.namespace.to_string(),
        account: account.clone(),
        account_uid: uid(&owner).to_owned(),
        audiences: vec![ISSUER.to_owned()],
        bound: Some(("Secret".to_owned(), key.name.to_string(), uid(&secret).to_owned())),
        issued: jiff::Timestamp::now().as_second(),
        // Such tokens do not expire: they last as long as their Secret.
        expires: i64::from(u32::MAX) * 16,
        id: uid(&secret).to_owned(),
    };
    let token = engine.cluster.authenticator().signer.sign(&claims);
    let encode = |text: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(text)
    };
    let data = [
        ("ca.crt", encode(engine.cluster.ca_certificate())),
        ("namespace", encode(&key.namespace)),
        ("token", encode(token.reveal())),
    ];
    let owner_uid = uid(&owner).to_owned();
    let resource = engine.resource("", "Secret")?;
    let change = |live: &mut Value| {
        super::template::set_annotation(live, "kubernetes.io/service-account.uid", &owner_uid);
        for (field, value) in &data {
            live["data"][*field] = json!(value);
        }
        true
    };
    engine.controllers.modify(&resource, "", &key.namespace, &key.name, change).await.map(drop)
}
