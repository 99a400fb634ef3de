//! A cluster on its own: `serve --listen 127.0.0.1:6443 [--data-dir DIR] [--token-auth-file FILE] [--kubeconfig FILE]`.

use std::path::PathBuf;

use pilothouse_devcluster::{DevCluster, Options, StaticUser, Token, read_token_file};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut listen = "127.0.0.1:6443".to_owned();
    let mut options = Options::default();
    let mut token_file = None;
    let mut kubeconfig = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--listen" => listen = value,
            "--data-dir" => options.data_dir = Some(PathBuf::from(value)),
            "--token-auth-file" => token_file = Some(PathBuf::from(value)),
            "--kubeconfig" => kubeconfig = Some(PathBuf::from(value)),
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    options.users = match token_file {
        Some(file) => read_token_file(&file)?,
        None => vec![user("alice", &["developers"]), user("bob", &[])],
    };
    let cluster = DevCluster::start(options).await?;
    let listener = tokio::net::TcpListener::bind(&listen).await?;
    let address = listener.local_addr()?;
    cluster.serve(listener)?;
    let file = kubeconfig.unwrap_or_else(|| PathBuf::from(format!("kubeconfig-{}", address.port())));
    std::fs::write(&file, cluster.kubeconfig(&format!("https://{address}"), "admin"))?;
    tracing::info!(%address, kubeconfig = %file.display(), "serving");
    tokio::signal::ctrl_c().await?;
    cluster.shutdown().await;
    Ok(())
}

fn user(name: &str, groups: &[&str]) -> StaticUser {
    StaticUser {
        token: Token::random(),
        name: name.to_owned(),
        uid: name.to_owned(),
        groups: groups.iter().map(|g| (*g).to_owned()).collect(),
    }
}
