//! What one request loads in batches.

use std::collections::HashMap;

use braid_service::fault::Fault;
use braid_service::loader::{Batch, Loader};

use crate::domain::{Customer, Reservation};
use crate::store::Store;
use crate::store::memberships::Accounts;
use crate::store::read::By;

/// The loaders of one request.
pub struct Loaders {
    pub by_id: Loader<Customers>,
    pub by_account: Loader<Customers>,
    pub by_user: Loader<Customers>,
    pub buying_accounts: Loader<BuyingAccounts>,
    pub reservations: Loader<FirstReservations>,
}

/// Loads customers by one of their unique columns.
pub struct Customers(Store, By);

/// Loads the accounts that users buy for.
pub struct BuyingAccounts(Store);

/// Loads first pages of claims: by customer and number of rows.
pub struct FirstReservations(Store);

impl Loaders {
    /// Fresh loaders over a store.
    #[must_use]
    pub fn new(store: &Store) -> Self {
        Self {
            by_id: Loader::new(Customers(store.clone(), By::Id)),
            by_account: Loader::new(Customers(store.clone(), By::Account)),
            by_user: Loader::new(Customers(store.clone(), By::User)),
            buying_accounts: Loader::new(BuyingAccounts(store.clone())),
            reservations: Loader::new(FirstReservations(store.clone())),
        }
    }
}

impl Batch for Customers {
    type Key = String;
    type Value = Customer;

    async fn load(&self, keys: Vec<String>) -> Result<HashMap<String, Customer>, Fault> {
        Ok(self.0.customers_by(self.1, keys).await?)
    }
}

impl Batch for BuyingAccounts {
    type Key = String;
    type Value = Accounts;

    async fn load(&self, keys: Vec<String>) -> Result<HashMap<String, Accounts>, Fault> {
        Ok(self.0.buying_accounts(keys).await?)
    }
}

impl Batch for FirstReservations {
    type Key = (String, i64);
    type Value = Vec<Reservation>;

    /// One statement per number of rows asked for; nearly always that is one.
    async fn load(
        &self,
        keys: Vec<(String, i64)>,
    ) -> Result<HashMap<(String, i64), Vec<Reservation>>, Fault> {
        let mut by_limit: HashMap<i64, Vec<String>> = HashMap::new();
        for (customer, limit) in keys {
            by_limit.entry(limit).or_default().push(customer);
        }
        let mut found = HashMap::new();
        for (limit, customers) in by_limit {
            for (customer, page) in self.0.first_reservations(customers, limit).await? {
                found.insert((customer, limit), page);
            }
        }
        Ok(found)
    }
}
