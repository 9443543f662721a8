//! Outbox, bus, inbox, idempotency and sagas together, on SQLite and PostgreSQL.

mod delivery;
mod keys;
mod purchase;
mod world;
