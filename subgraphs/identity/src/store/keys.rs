//! The key that signs access tokens: made at the first start, kept in the database.

use braid_service::app::StartError;
use braid_service::db::sql;
use braid_vouch::TokenSigner;
use braid_vouch::token::TokenKeyError;

use super::Store;

impl Store {
    /// The keys, the one that signs first; then those that were replaced, whose tokens may live.
    ///
    /// # Errors
    /// The database, or a stored key that is none.
    pub async fn signers(
        &self,
        issuer: &str,
        audience: &str,
    ) -> Result<Vec<TokenSigner>, StartError> {
        let unusable = |error: TokenKeyError| StartError::Config {
            name: "signing key".to_owned(),
            problem: error.to_string(),
        };
        let new = TokenSigner::generate_key().map_err(unusable)?;
        // One statement, so that two processes that start together agree on one key.
        let insert = sql("INSERT INTO signing_keys (id, pkcs8, created_at) \
             SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE retired_at IS NULL)");
        self.db
            .execute(insert.bind("first").bind(new).bind(self.now_us()))
            .await
            .or_else(|error| if error.is_unique_violation() { Ok(0) } else { Err(error) })?;
        let all = sql("SELECT pkcs8 FROM signing_keys \
             ORDER BY CASE WHEN retired_at IS NULL THEN 0 ELSE 1 END, created_at DESC LIMIT 8");
        let rows = self.db.fetch_all(all).await?;
        rows.iter()
            .map(|row| {
                let pkcs8: Vec<u8> = row.get("pkcs8")?;
                TokenSigner::new(&pkcs8, issuer, audience).map_err(unusable)
            })
            .collect()
    }
}
