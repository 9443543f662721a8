//! Mutations and their payloads. Refusals are data; everything else is a fault.

use async_graphql::{Context, ID, InputObject, Interface, Object, SimpleObject};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;

use super::order::Order;
use super::query::seen;
use crate::access::{APPROVE, Access, WRITE, cause};
use crate::commands::place::{Input, InputLine, PlacedOrder};
use crate::commands::{Commands, Decision, Request, refused};
use crate::domain::{self, Code, OrderId, Problem};
use crate::store::Failure;

/// `type Mutation`.
pub struct Mutation;

/// `input OrderLineInput`.
#[derive(InputObject)]
pub struct OrderLineInput {
    product_id: ID,
    quantity: i32,
}

/// `input PlaceOrderInput`.
#[derive(InputObject)]
pub struct PlaceOrderInput {
    customer_id: ID,
    lines: Vec<OrderLineInput>,
    quote_token: Option<String>,
    payment_method_id: Option<ID>,
    deal_id: Option<ID>,
    note: Option<String>,
}

/// `type OrderError`.
#[derive(SimpleObject)]
pub struct OrderError {
    message: String,
    path: Option<Vec<String>>,
    code: Code,
}

/// `interface UserError`.
#[derive(Interface)]
#[graphql(
    field(name = "message", ty = "&String"),
    field(name = "path", ty = "&Option<Vec<String>>")
)]
pub enum UserError {
    Order(OrderError),
}

/// `type PlaceOrderPayload`.
#[derive(SimpleObject)]
pub struct PlaceOrderPayload {
    order: Option<Order>,
    replayed: bool,
    user_errors: Vec<OrderError>,
}

/// `type OrderPayload`.
#[derive(SimpleObject)]
pub struct OrderPayload {
    order: Option<Order>,
    user_errors: Vec<OrderError>,
}

#[Object]
impl Mutation {
    async fn place_order(
        &self,
        ctx: &Context<'_>,
        input: PlaceOrderInput,
        idempotency_key: ID,
    ) -> Result<PlaceOrderPayload, Fault> {
        let caller = ctx.require_scope(WRITE)?;
        let commands = ctx.get::<Commands>()?;
        let cause = cause(caller);
        let request = Request { subject: &caller.subject, key: &idempotency_key, cause: &cause };
        let input = Input::from(input);
        let buyer = ctx.get::<Access>()?.buyer(caller, &input.customer).await;
        let deal = Access::check_deal(caller, input.deal.as_deref());
        let placed = match (buyer, deal) {
            (Ok(buyer), Ok(())) => commands.place(request, &input, &buyer).await,
            (Err(failure), _) => Err(failure),
            (Ok(_), Err(problem)) => Err(problem.into()),
        };
        Ok(match refused(placed)? {
            Ok(PlacedOrder { order, is_replay }) => PlaceOrderPayload {
                order: Some(Order::new(order)?),
                replayed: is_replay,
                user_errors: Vec::new(),
            },
            Err(problem) => PlaceOrderPayload {
                order: None,
                replayed: false,
                user_errors: vec![problem.into()],
            },
        })
    }

    async fn cancel_order(
        &self,
        ctx: &Context<'_>,
        id: ID,
        reason: Option<String>,
        idempotency_key: ID,
    ) -> Result<OrderPayload, Fault> {
        let caller = ctx.require_scope(WRITE)?;
        let commands = ctx.get::<Commands>()?;
        let cause = cause(caller);
        let request = Request { subject: &caller.subject, key: &idempotency_key, cause: &cause };
        let cancelled = match known(ctx, &id).await? {
            Ok((id, _)) => commands.cancel(request, &id, reason.as_deref()).await,
            Err(problem) => Err(problem.into()),
        };
        payload(cancelled)
    }

    async fn approve_order(
        &self,
        ctx: &Context<'_>,
        id: ID,
        expected_version: i32,
    ) -> Result<OrderPayload, Fault> {
        decide(ctx, &id, expected_version, None).await
    }

    async fn decline_order(
        &self,
        ctx: &Context<'_>,
        id: ID,
        reason: String,
        expected_version: i32,
    ) -> Result<OrderPayload, Fault> {
        decide(ctx, &id, expected_version, Some(&reason)).await
    }
}

async fn decide(
    ctx: &Context<'_>,
    id: &str,
    expected_version: i32,
    declined: Option<&str>,
) -> Result<OrderPayload, Fault> {
    let caller = ctx.require_scope(APPROVE)?;
    let (id, order) = match known(ctx, id).await? {
        Ok(known) => known,
        Err(problem) => return payload(Err(problem.into())),
    };
    let allowed = ctx.get::<Access>()?.check_approver(caller, &order).await;
    if let Err(failure) = allowed {
        return payload(Err(failure));
    }
    let decision = Decision {
        id: &id,
        by: &caller.subject,
        expected_version: expected_version.into(),
        declined,
    };
    payload(ctx.get::<Commands>()?.decide(decision, &cause(caller)).await)
}

/// The order that the caller means, if they may see it.
async fn known(
    ctx: &Context<'_>,
    id: &str,
) -> Result<Result<(OrderId, domain::Order), Problem>, Fault> {
    let Ok(order_id) = id.parse::<OrderId>() else { return Ok(Err(Problem::not_found())) };
    let order = seen(ctx, id.to_owned()).await?;
    Ok(order.map(|order| (order_id, order)).ok_or_else(Problem::not_found))
}

fn payload(outcome: Result<domain::Order, Failure>) -> Result<OrderPayload, Fault> {
    Ok(match refused(outcome)? {
        Ok(order) => OrderPayload { order: Some(Order::new(order)?), user_errors: Vec::new() },
        Err(problem) => OrderPayload { order: None, user_errors: vec![problem.into()] },
    })
}

impl From<Problem> for OrderError {
    fn from(problem: Problem) -> Self {
        Self { message: problem.message, path: Some(problem.path), code: problem.code }
    }
}

impl From<PlaceOrderInput> for Input {
    fn from(input: PlaceOrderInput) -> Self {
        let lines = input
            .lines
            .into_iter()
            .map(|line| InputLine { product: line.product_id.0, quantity: line.quantity.into() });
        Self {
            customer: input.customer_id.0,
            lines: lines.collect(),
            quote_token: input.quote_token,
            payment_method: input.payment_method_id.map(|id| id.0),
            deal: input.deal_id.map(|id| id.0),
            note: input.note,
        }
    }
}
