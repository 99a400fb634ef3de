//! Runs the controllers against the cluster of the current kubeconfig until Ctrl-C.
//!
//! ```text
//! KUBECONFIG=… cargo run -p pilothouse-controller --example controllers -- DATA_DIR
//! ```

use std::path::PathBuf;

use kube::Client;
use pilothouse_controller::{Options, run};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let data =
        std::env::args_os().nth(1).map_or_else(|| std::env::temp_dir().join("pilothouse"), PathBuf::from);
    let client = Client::try_default().await?;
    let stop = async {
        // Without a signal handler Ctrl-C ends the process, which is as well.
        let _ = tokio::signal::ctrl_c().await;
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    run(client, listener, Options::new(data), stop).await?;
    Ok(())
}
