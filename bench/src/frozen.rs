//! The frozen yardstick: a database with the schema and the seed of `frozen/`, which follows neither migrations nor
//! entities. `pipeline.sql` there runs on it, and so does the Node stack.

use anyhow::Context;
use uuid::Uuid;

use crate::deployment::{Known, execute, planted_venture};

const SCHEMA: &str = include_str!("../frozen/schema.sql");
const SEED: &str = include_str!("../frozen/seed.sql");
const PAGE: &str = include_str!("../frozen/page.sql");

/// The script for pgbench.
pub(crate) const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/frozen/pipeline.sql");
/// The token of the one person in it.
pub(crate) const TOKEN: &str = "venturi_frozen_yardstick";

/// Fills an empty database with what the pipeline needs.
pub(crate) async fn fill(database_url: &str) -> anyhow::Result<()> {
    execute(database_url, SCHEMA).await.context("frozen/schema.sql")?;
    execute(database_url, SEED).await.context("frozen/seed.sql")
}

/// The same, with what a page of ventures shows.
pub(crate) async fn fill_page(database_url: &str) -> anyhow::Result<()> {
    fill(database_url).await?;
    execute(database_url, PAGE).await.context("frozen/page.sql")
}

/// What the script is to be told.
pub(crate) fn known() -> Known {
    Known {
        portfolio: Uuid::from_u128(0x01a1fc91_9eec_76c8_a6e2_6f0c42e49db9),
        person: Uuid::from_u128(0x01a1fc91_9f05_778a_9633_7c3e402405d5),
        token_hash: app::token::hash(TOKEN),
    }
}

/// The ids of its ventures.
pub(crate) fn ventures(count: u32) -> Vec<String> {
    (1..=count).map(|number| planted_venture(number).to_string()).collect()
}

#[cfg(test)]
mod tests {
    use testing::servers::{Durability, PrivatePostgres};

    use super::*;
    use crate::{
        deployment::{count, open},
        validations::VENTURES,
    };

    #[tokio::test]
    async fn the_frozen_database_holds_what_its_users_name() {
        let postgres = PrivatePostgres::start(Durability::Fast).await.unwrap();
        fill_page(&postgres.url()).await.unwrap();
        let db = open(&postgres.url()).await.unwrap();
        let Known { portfolio, person, token_hash } = known();
        let signed_in = format!(
            "SELECT count(*) AS count FROM token AS t JOIN member AS m USING (person_id) \
             WHERE t.hash = '{token_hash}' AND m.portfolio_id = '{portfolio}' AND m.person_id = '{person}'"
        );
        assert_eq!(count(&db, &signed_in).await.unwrap(), 1);
        let named = ventures(VENTURES).join("', '");
        let ready = format!(
            "SELECT count(*) AS count FROM venture AS v JOIN stage_run AS r ON r.id = v.stage_run_id \
             AND r.venture_id = v.id WHERE v.id IN ('{named}') AND v.status = 'ACTIVE' AND r.stage = 1"
        );
        assert_eq!(count(&db, &ready).await.unwrap(), i64::from(VENTURES));
        for (table, of_each) in [("attestation", 4), ("gate_run", 6)] {
            let rows = count(&db, &format!("SELECT count(*) AS count FROM {table}")).await.unwrap();
            assert_eq!(rows, i64::from(VENTURES) * of_each, "{table}");
        }
        db.close().await.unwrap();
    }
}
