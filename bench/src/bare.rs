//! What the bare servers share: axum over a pool of connections, and a token looked up in the database. They are the
//! limit of the queries, so nothing here does more than the answer needs.

use std::net::{Ipv4Addr, SocketAddr};

use axum::{
    Router,
    http::{HeaderMap, StatusCode},
};
use sea_orm::sqlx::{
    self, PgPool, Row,
    postgres::{PgPoolOptions, PgRow},
};
use uuid::Uuid;

/// As many as one of the system's processes holds.
const CONNECTIONS: u32 = 20;

/// Connects to a database.
pub(crate) async fn connect(database_url: &str) -> Result<PgPool, sqlx::Error> {
    PgPoolOptions::new().max_connections(CONNECTIONS).connect(database_url).await
}

/// Serves in this process until it ends.
pub(crate) async fn serve(router: Router) -> anyhow::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// The portfolios of who holds the token: one statement, as in the system. `holder` takes the token's hash and gives
/// a row for each of them.
pub(crate) async fn authenticate(
    pool: &PgPool,
    holder: &'static str,
    headers: &HeaderMap,
) -> Result<Vec<Uuid>, StatusCode> {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok());
    let secret = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or(StatusCode::UNAUTHORIZED)?;
    let places: Vec<PgRow> =
        sqlx::query(holder).bind(app::token::hash(secret)).fetch_all(pool).await.map_err(failed)?;
    if places.is_empty() {
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(places.iter().filter_map(|row| row.get("portfolio_id")).collect())
}

/// What a caller gets when the database refuses.
pub(crate) fn failed(_: sqlx::Error) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}
