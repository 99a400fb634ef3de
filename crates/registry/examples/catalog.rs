//! Lists the charts below an OCI URL over plain HTTP, after pushing the archives named:
//! `cargo run -p pilothouse-registry --example catalog -- oci://127.0.0.1:5000/charts [app-1.0.0.tgz …]`
#![expect(clippy::print_stdout, reason = "an example prints")]

use pilothouse_registry::push::Upload;
use pilothouse_registry::sync::{Options, State, sync};
use pilothouse_registry::{Access, Pool};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("give a URL: oci://host/path")?;
    let client = Pool::default().oci(url.parse()?, Access::default().plain_http())?;
    for file in arguments {
        let pushed = client.push_chart(&Upload::from_archive(std::fs::read(&file)?)?).await?;
        println!("pushed {file} as {} {}", pushed.tag, pushed.digest);
    }
    let synced = sync(&client, State::default(), &Options::default()).await?;
    println!("{}, complete: {}, {} requests", synced.method.as_str(), synced.complete, synced.requests);
    for (chart, versions) in &synced.catalog.entries {
        for version in versions {
            println!("{chart} {} (app {}) sha256:{}", version.version, version.app_version, version.digest);
        }
    }
    Ok(())
}
