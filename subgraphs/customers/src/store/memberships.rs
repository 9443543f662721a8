//! For whom somebody buys, from the chassis's view of identity's memberships.

use std::collections::HashMap;

use braid_service::db::{DbError, sql};

use super::Store;

/// The accounts that somebody buys for, oldest membership first.
pub type Accounts = Vec<String>;

impl Store {
    /// Accounts in which each user is `BUYER` or `ADMIN`.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn buying_accounts(
        &self,
        users: Vec<String>,
    ) -> Result<HashMap<String, Accounts>, DbError> {
        let statement = sql("SELECT user_id, account_id FROM membership_view \
             WHERE role IN ('BUYER', 'ADMIN') AND user_id IN ($LIST) ORDER BY account_id");
        let mut found: HashMap<String, Accounts> = HashMap::new();
        for row in &self.db.fetch_all(statement.bind_list(users)).await? {
            found.entry(row.get("user_id")?).or_default().push(row.get("account_id")?);
        }
        Ok(found)
    }
}
