//! Mutations and their payloads. Refusals are data; everything else is a fault.

use async_graphql::{Context, ID, InputObject, Interface, Object, SimpleObject};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::money::{Currency, MoneyInput};

use super::access::{CREDIT_WRITE, WRITE, cause, staff};
use super::customer::Customer;
use crate::domain::{Code, Opening, PaymentTerms, Problem};
use crate::store::write::{NewLimit, Request};
use crate::store::{Failure, Store};

/// `type Mutation`.
pub struct Mutation;

/// `input OpenCustomerInput`.
#[derive(InputObject)]
pub struct OpenCustomerInput {
    account_id: Option<ID>,
    user_id: Option<ID>,
    currency: Currency,
    payment_terms: PaymentTerms,
    credit_limit: Option<MoneyInput>,
}

/// `type CustomerError`.
#[derive(SimpleObject)]
pub struct CustomerError {
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
    Customer(CustomerError),
}

/// `type CustomerPayload`.
#[derive(SimpleObject)]
pub struct CustomerPayload {
    customer: Option<Customer>,
    user_errors: Vec<CustomerError>,
}

#[Object]
impl Mutation {
    async fn open_customer(
        &self,
        ctx: &Context<'_>,
        input: OpenCustomerInput,
        idempotency_key: ID,
    ) -> Result<CustomerPayload, Fault> {
        let caller = staff(ctx, WRITE)?;
        let store = ctx.get::<Store>()?;
        let cause = cause(caller);
        let request = Request { subject: &caller.subject, key: &idempotency_key, cause: &cause };
        let opened = match input.check() {
            Ok(opening) => store.open(&request, &opening).await,
            Err(problem) => Err(problem.into()),
        };
        payload(store, opened).await
    }

    async fn set_credit_limit(
        &self,
        ctx: &Context<'_>,
        customer_id: ID,
        limit: MoneyInput,
        reason: String,
        expected_version: i32,
    ) -> Result<CustomerPayload, Fault> {
        let caller = staff(ctx, CREDIT_WRITE)?;
        let store = ctx.get::<Store>()?;
        let set = match limit.to_money() {
            Err(error) => Err(Problem::invalid(&["limit", "amount"], error.to_string()).into()),
            Ok(limit) => {
                let new = NewLimit {
                    customer: &customer_id,
                    limit,
                    reason: &reason,
                    expected_version: expected_version.into(),
                };
                store.set_limit(&new, &cause(caller)).await
            }
        };
        payload(store, set.map(|()| customer_id.0)).await
    }

    async fn set_customer_hold(
        &self,
        ctx: &Context<'_>,
        customer_id: ID,
        on_hold: bool,
        reason: String,
    ) -> Result<CustomerPayload, Fault> {
        let caller = staff(ctx, CREDIT_WRITE)?;
        let store = ctx.get::<Store>()?;
        let set = store.set_hold(&customer_id, (on_hold, &reason), &cause(caller)).await;
        payload(store, set.map(|()| customer_id.0)).await
    }
}

impl OpenCustomerInput {
    fn check(self) -> Result<Opening, Problem> {
        let limit = self.credit_limit.map(MoneyInput::to_money).transpose().map_err(|error| {
            Problem::invalid(&["input", "creditLimit", "amount"], error.to_string())
        })?;
        let owner = (self.account_id.map(|id| id.0), self.user_id.map(|id| id.0));
        Opening::check(owner, self.currency, self.payment_terms, limit)
    }
}

/// The payload of a command: the customer as it is now, or why the command was refused.
async fn payload(
    store: &Store,
    outcome: Result<String, Failure>,
) -> Result<CustomerPayload, Fault> {
    match outcome {
        Ok(id) => {
            let customer = store.customer(&id).await?.map(Customer);
            Ok(CustomerPayload { customer, user_errors: Vec::new() })
        }
        Err(Failure::Refused(Problem { code, message, path })) => {
            let error = CustomerError { message, path: Some(path), code };
            Ok(CustomerPayload { customer: None, user_errors: vec![error] })
        }
        Err(failure) => Err(failure.into()),
    }
}
