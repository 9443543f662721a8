//! Batched reading, one set of loaders per request.

use std::collections::HashMap;

use async_graphql::Request;
use braid_service::fault::Fault;
use braid_service::loader::{Batch, Loader};

use crate::store::Store;
use crate::store::clients::ClientRow;
use crate::store::privacy::{OutcomeRow, RequestRow};
use crate::store::users::{ConsentRow, MembershipRow, UserRow};

macro_rules! batch {
    ($(#[$doc:meta])* $name:ident, $value:ty, $load:ident) => {
        $(#[$doc])*
        pub struct $name(Store);

        impl Batch for $name {
            type Key = String;
            type Value = $value;

            async fn load(&self, keys: Vec<String>) -> Result<HashMap<String, $value>, Fault> {
                Ok(self.0.$load(keys).await?)
            }
        }
    };
}

batch!(
    /// Users by id.
    Users,
    UserRow,
    users
);
batch!(
    /// Memberships by user.
    Memberships,
    Vec<MembershipRow>,
    memberships
);
batch!(
    /// Consents by user.
    Consents,
    Vec<ConsentRow>,
    consents
);
batch!(
    /// Privacy requests by id.
    Requests,
    RequestRow,
    requests
);
batch!(
    /// Privacy requests by user.
    RequestsOf,
    Vec<RequestRow>,
    requests_of
);
batch!(
    /// Outcomes by privacy request.
    Outcomes,
    Vec<OutcomeRow>,
    outcomes
);
batch!(
    /// API clients by id.
    Clients,
    ClientRow,
    clients_by_id
);

/// Whether `(caller, user)` are in an account together.
pub struct Shared(Store);

impl Batch for Shared {
    type Key = (String, String);
    type Value = ();

    async fn load(&self, keys: Vec<Self::Key>) -> Result<HashMap<Self::Key, ()>, Fault> {
        // All keys of a request have the same caller.
        let Some((caller, _)) = keys.first().cloned() else { return Ok(HashMap::new()) };
        let others = keys.into_iter().map(|(_, user)| user).collect();
        let sharing = self.0.sharing_account(&caller, others).await?;
        Ok(sharing.into_iter().map(|user| ((caller.clone(), user), ())).collect())
    }
}

/// All loaders.
pub struct Loaders;

impl Loaders {
    /// Gives a request its loaders.
    pub fn add(request: Request, store: &Store) -> Request {
        request
            .data(Loader::new(Users(store.clone())))
            .data(Loader::new(Memberships(store.clone())))
            .data(Loader::new(Consents(store.clone())))
            .data(Loader::new(Requests(store.clone())))
            .data(Loader::new(RequestsOf(store.clone())))
            .data(Loader::new(Outcomes(store.clone())))
            .data(Loader::new(Clients(store.clone())))
            .data(Loader::new(Shared(store.clone())))
    }
}
