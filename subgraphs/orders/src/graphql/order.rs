//! `type Order` and what belongs to it.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::money::{Currency, Money};
use braid_service::page::{Cursor, Page, PageArgs, PageInfo};
use braid_service::scalars::DateTime;

use super::loaders::Loaders;
use super::references::{Customer, Deal, Product, Saga, User, user};
use crate::commands::Commands;
use crate::domain::{self, ApprovalStatus, OrderStatus, Recorded, RejectionReason};
use crate::store::read::{Filter, Visible};

/// Events when nothing else is asked for.
const HISTORY_DEFAULT: i32 = 20;

/// `type Order`.
pub struct Order {
    order: domain::Order,
    currency: Currency,
}

impl Order {
    /// The stored order for GraphQL.
    ///
    /// # Errors
    /// Its currency is none: the store is broken.
    pub fn new(order: domain::Order) -> Result<Self, Fault> {
        let currency = order.placed.currency.parse().map_err(Fault::internal)?;
        Ok(Self { order, currency })
    }

    fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }
}

#[Object]
impl Order {
    pub(crate) async fn id(&self) -> ID {
        ID(self.order.id.clone())
    }

    async fn number(&self) -> &str {
        &self.order.placed.number
    }

    async fn status(&self) -> OrderStatus {
        self.order.status
    }

    async fn rejection_reason(&self) -> Option<RejectionReason> {
        self.order.rejection
    }

    async fn lines(&self) -> Vec<OrderLine> {
        let lines = self.order.placed.lines.iter().zip(1..);
        lines.map(|(line, number)| OrderLine::new(self, line, number)).collect()
    }

    async fn subtotal(&self) -> Money {
        self.money(self.order.placed.sums.subtotal_minor)
    }

    async fn discount(&self) -> Money {
        self.money(self.order.placed.sums.discount_minor)
    }

    async fn tax(&self) -> Money {
        self.money(self.order.placed.sums.tax_minor)
    }

    async fn total(&self) -> Money {
        self.money(self.order.placed.sums.total_minor)
    }

    async fn customer(&self) -> Option<Customer> {
        Some(Customer(self.order.placed.customer.clone()))
    }

    async fn customer_id(&self) -> ID {
        ID(self.order.placed.customer.clone())
    }

    async fn placed_by(&self) -> Option<User> {
        user(&self.order.placed.placed_by)
    }

    async fn deal(&self) -> Option<Deal> {
        self.order.placed.deal.clone().map(|id| Deal { id: ID(id) })
    }

    async fn approval(&self) -> Option<OrderApproval> {
        self.order.approval.as_ref().map(OrderApproval::from)
    }

    async fn saga(&self) -> Option<Saga> {
        self.order.placed.saga.clone().map(|id| Saga { id: ID(id) })
    }

    /// Only what had happened when the order was as it is shown.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20)] first: Option<i32>,
    ) -> Result<Vec<OrderEvent>, Fault> {
        let wanted = PageArgs::new(first, None, HISTORY_DEFAULT)?.limit() - 1;
        let key = (self.order.id.clone(), wanted);
        let events = ctx.get::<Loaders>()?.histories.load(key).await?.unwrap_or_default();
        let shown = events.into_iter().filter(|event| event.seq <= self.order.version);
        Ok(shown.map(OrderEvent).collect())
    }

    async fn placed_at(&self) -> DateTime {
        DateTime(self.order.placed_at_us)
    }

    async fn updated_at(&self) -> DateTime {
        DateTime(self.order.updated_at_us)
    }

    async fn version(&self) -> i32 {
        // An order has a handful of events.
        i32::try_from(self.order.version).unwrap_or(i32::MAX)
    }
}

/// `type OrderLine`.
#[derive(SimpleObject)]
pub struct OrderLine {
    id: ID,
    product: Option<Product>,
    product_name: String,
    sku: String,
    quantity: i32,
    unit_price: Money,
    total: Money,
}

impl OrderLine {
    fn new(order: &Order, line: &domain::Line, number: u32) -> Self {
        Self {
            id: ID(format!("{}:{number}", order.order.id)),
            product: Some(Product { id: ID(line.product.clone()) }),
            product_name: line.name.clone(),
            sku: line.sku.clone(),
            // Checked against its limit when the order was placed.
            quantity: i32::try_from(line.quantity).unwrap_or(i32::MAX),
            unit_price: order.money(line.unit_minor),
            total: order.money(line.total_minor),
        }
    }
}

/// `type OrderApproval`.
#[derive(SimpleObject)]
pub struct OrderApproval {
    status: ApprovalStatus,
    requested_at: DateTime,
    decided_at: Option<DateTime>,
    decided_by: Option<User>,
    expires_at: DateTime,
}

impl From<&domain::Approval> for OrderApproval {
    fn from(approval: &domain::Approval) -> Self {
        Self {
            status: approval.status,
            requested_at: DateTime(approval.requested_at_us),
            decided_at: approval.decided_at_us.map(DateTime),
            decided_by: approval.decided_by.as_deref().and_then(user),
            expires_at: DateTime(approval.expires_at_us),
        }
    }
}

/// `type OrderEvent`.
pub struct OrderEvent(Recorded);

#[Object]
impl OrderEvent {
    async fn sequence(&self) -> i32 {
        i32::try_from(self.0.seq).unwrap_or(i32::MAX)
    }

    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        self.0.event.kind()
    }

    async fn at(&self) -> DateTime {
        DateTime(self.0.at_us)
    }

    async fn actor(&self) -> Option<User> {
        self.0.actor.as_deref().and_then(user)
    }

    async fn summary(&self) -> String {
        self.0.event.summary()
    }
}

/// `type OrderConnection`; counts only when asked.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct OrderConnection {
    nodes: Vec<Order>,
    page_info: PageInfo,
    #[graphql(skip)]
    counted: (Visible, Filter),
}

#[ComplexObject]
impl OrderConnection {
    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<i32>, Fault> {
        let (visible, filter) = &self.counted;
        let count = ctx.get::<Commands>()?.store.count(visible, filter).await?;
        Ok(i32::try_from(count).ok())
    }
}

impl OrderConnection {
    /// The page of `rows`, and what its `totalCount` counts.
    ///
    /// # Errors
    /// The store is broken.
    pub fn new(
        page: &PageArgs,
        rows: Vec<domain::Order>,
        counted: (Visible, Filter),
    ) -> Result<Self, Fault> {
        let Page { nodes, page_info } = Page::new(page, rows, |order: &domain::Order| {
            Cursor::new([order.placed_at_us.to_string(), order.id.clone()])
        });
        let nodes = nodes.into_iter().map(Order::new).collect::<Result<_, _>>()?;
        Ok(Self { nodes, page_info, counted })
    }
}
