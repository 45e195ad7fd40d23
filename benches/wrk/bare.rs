//! A bare axum server to hold a reader against: the bytes of each file at `/0`, `/1`, …; 304 at `/unchanged`. Serves until it is killed.
//!
//!     cargo bench --bench bare -- FILE...

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use bytes::Bytes;

fn main() -> std::io::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(serve())
}

async fn serve() -> std::io::Result<()> {
    let mut router = Router::new().route("/unchanged", get(|| async { StatusCode::NOT_MODIFIED }));
    // Cargo adds a flag of its own.
    for (number, path) in std::env::args().skip(1).filter(|word| !word.starts_with("--")).enumerate() {
        let body = Bytes::from(std::fs::read(path)?);
        router = router.route(&format!("/{number}"), get(async move || ([("content-type", "application/json")], body.clone())));
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("serving at http://{}", listener.local_addr()?);
    axum::serve(listener, router).await
}
