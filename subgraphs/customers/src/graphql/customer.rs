//! `type Customer` and what belongs to it.

use async_graphql::{Context, ID, Object, SimpleObject};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::money::Money;
use braid_service::page::{Cursor, Page, PageArgs, PageInfo};
use braid_service::scalars::DateTime;

use super::loaders::Loaders;
use super::references::{Account, Order, User};
use crate::domain::{
    self, CustomerKind, CustomerStatus, PaymentTerms, Reservation, ReservationStatus,
};
use crate::store::Store;

/// `type Customer`.
pub struct Customer(pub domain::Customer);

/// Claims on a page when nothing else is asked for.
const RESERVATIONS_DEFAULT: i32 = 10;

#[Object]
impl Customer {
    pub(crate) async fn id(&self) -> ID {
        (&self.0.id).into()
    }

    async fn kind(&self) -> CustomerKind {
        self.0.kind
    }

    async fn status(&self) -> CustomerStatus {
        self.0.status
    }

    async fn payment_terms(&self) -> PaymentTerms {
        self.0.terms
    }

    async fn credit_limit(&self) -> Money {
        self.0.money(self.0.limit_minor)
    }

    async fn credit_reserved(&self) -> Money {
        self.0.money(self.0.held_minor)
    }

    async fn credit_available(&self) -> Money {
        self.0.money(self.0.available_minor())
    }

    async fn account(&self) -> Option<Account> {
        self.0.account.clone().map(Account)
    }

    async fn user(&self) -> Option<User> {
        self.0.user.clone().map(User)
    }

    async fn reservations(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 10)] first: Option<i32>,
        after: Option<String>,
    ) -> Result<CreditReservationConnection, Fault> {
        let page = PageArgs::new(first, after.as_deref(), RESERVATIONS_DEFAULT)?;
        let rows = match page.after() {
            None => {
                let key = (self.0.id.to_string(), page.limit());
                ctx.get::<Loaders>()?.reservations.load(key).await?.unwrap_or_default()
            }
            Some(_) => ctx.get::<Store>()?.reservations(self.0.id.as_str(), &page).await?,
        };
        let cursor =
            |row: &Reservation| Cursor::new([row.reserved_at_us.to_string(), row.id.to_string()]);
        let Page { nodes, page_info } = Page::new(&page, rows, cursor).map(CreditReservation);
        Ok(CreditReservationConnection { nodes, page_info })
    }

    async fn version(&self) -> i32 {
        // Changes by people: a customer has no two thousand million of them.
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }
}

/// `type CreditReservation`.
pub struct CreditReservation(Reservation);

#[Object]
impl CreditReservation {
    async fn id(&self) -> ID {
        (&self.0.id).into()
    }

    async fn order(&self) -> Option<Order> {
        Some(Order { id: ID(self.0.order.clone()) })
    }

    async fn amount(&self) -> Money {
        self.0.amount
    }

    async fn status(&self) -> ReservationStatus {
        self.0.status
    }

    async fn reserved_at(&self) -> DateTime {
        DateTime(self.0.reserved_at_us)
    }

    async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at_us.map(DateTime)
    }
}

/// `type CreditReservationConnection`.
#[derive(SimpleObject)]
pub struct CreditReservationConnection {
    nodes: Vec<CreditReservation>,
    page_info: PageInfo,
}
