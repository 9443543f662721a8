//! Who may do what to which order (DOMAIN section 10).
//!
//! | caller | sees | places for | approves |
//! |---|---|---|---|
//! | a person | what they placed, and what belongs to them as a customer | themselves | – |
//! | `BUYER` of an account | all of the account's | the account; large orders need approval | others' orders |
//! | `ADMIN` of an account | the same | the account | others' orders |
//! | `MEMBER` of an account | what they placed | – | – |
//! | staff | all | anybody | others' orders |
//! | a program linked to an account | the account's | the account; large orders need approval | – |
//!
//! What somebody may not see does not exist for them.

use braid_service::braid_vouch::{Caller, CallerKind};
use braid_service::db::DbError;
use braid_service::event::Cause;
use braid_service::membership::{Memberships, Role};

use crate::commands::place::Buyer;
use crate::domain::{Code, Order, Problem};
use crate::store::projection::{self, Customer};
use crate::store::read::Visible;
use crate::store::{Failure, Store};

pub const READ: &str = "orders:read";
pub const WRITE: &str = "orders:write";
pub const APPROVE: &str = "orders:approve";
const STAFF: &str = "STAFF";

/// The rules over what they need to know. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    pub store: Store,
    pub memberships: Memberships,
}

/// Staff of Corridor.
#[must_use]
pub fn is_staff(caller: &Caller) -> bool {
    caller.kind == CallerKind::User && caller.is_in(STAFF)
}

/// The cause of what a caller does.
#[must_use]
pub fn cause(caller: &Caller) -> Cause {
    Cause { actor: Some(caller.subject.clone()), ..Cause::default() }
}

impl Access {
    /// What the caller sees.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn visible(&self, caller: &Caller) -> Result<Visible, DbError> {
        let customers = match caller.kind {
            CallerKind::User if is_staff(caller) => return Ok(Visible::All),
            CallerKind::User => {
                projection::customers_of_user(&self.store.db, &caller.subject).await?
            }
            CallerKind::Client => match &caller.account {
                Some(account) => projection::customers_of_account(&self.store.db, account).await?,
                None => Vec::new(),
            },
        };
        Ok(Visible::Of { placed_by: caller.subject.clone(), customers })
    }

    /// The right to order for a customer.
    ///
    /// # Errors
    /// Refused with `NOT_FOUND` or `FORBIDDEN`; or the database failed.
    pub async fn buyer(&self, caller: &Caller, customer: &str) -> Result<Buyer, Failure> {
        let path = &["input", "customerId"];
        let unknown = || Problem::new(Code::NotFound, path, "no such customer");
        let customer = self.customer(customer).await?.ok_or_else(unknown)?;
        let has_threshold = match caller.kind {
            CallerKind::User if is_staff(caller) => false,
            CallerKind::Client if caller.account.is_some() => {
                if customer.account != caller.account {
                    return Err(unknown().into());
                }
                true
            }
            CallerKind::Client => return Err(unknown().into()),
            CallerKind::User if customer.user.as_ref() == Some(&caller.subject) => false,
            CallerKind::User => match self.role(caller, &customer).await? {
                Some(Role::Admin) => false,
                Some(Role::Buyer) => true,
                Some(Role::Member) => {
                    let message = "members of an account do not order for it";
                    return Err(Problem::new(Code::Forbidden, path, message).into());
                }
                None => return Err(unknown().into()),
            },
        };
        Ok(Buyer { customer, has_threshold })
    }

    /// Deals exist for staff alone; nobody else orders for one.
    ///
    /// # Errors
    /// Refused with `NOT_FOUND`.
    pub fn check_deal(caller: &Caller, deal: Option<&str>) -> Result<(), Problem> {
        match deal {
            Some(_) if !is_staff(caller) => {
                Err(Problem::new(Code::NotFound, &["input", "dealId"], "no such deal"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Checks the right to decide about an order that the caller sees.
    ///
    /// # Errors
    /// Refused with `FORBIDDEN`; or the database failed.
    pub async fn check_approver(&self, caller: &Caller, order: &Order) -> Result<(), Failure> {
        if is_staff(caller) {
            return Ok(());
        }
        let role = match self.customer(&order.placed.customer).await? {
            Some(customer) if caller.kind == CallerKind::User => {
                self.role(caller, &customer).await?
            }
            Some(_) | None => None,
        };
        match role {
            Some(Role::Admin | Role::Buyer) => Ok(()),
            Some(Role::Member) | None => {
                let message = "only who buys for the account decides about its orders";
                Err(Problem::new(Code::Forbidden, &["id"], message).into())
            }
        }
    }

    async fn customer(&self, id: &str) -> Result<Option<Customer>, DbError> {
        Ok(projection::customers(&self.store.db, vec![id.to_owned()]).await?.remove(id))
    }

    async fn role(&self, caller: &Caller, customer: &Customer) -> Result<Option<Role>, DbError> {
        match &customer.account {
            Some(account) => self.memberships.role(&caller.subject, account).await,
            None => Ok(None),
        }
    }
}

/// Whether an order is among those that somebody sees.
#[must_use]
pub fn sees(visible: &Visible, order: &Order) -> bool {
    match visible {
        Visible::All => true,
        Visible::Of { placed_by, customers } => {
            order.placed.placed_by == *placed_by || customers.contains(&order.placed.customer)
        }
    }
}
