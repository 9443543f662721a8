-- held_minor and receivable_minor are the sums of the rows below, kept here so that one guarded
-- UPDATE decides about a reservation: held + receivable + new <= limit.
-- version counts changes by people; sequence counts every change and orders the events.
CREATE TABLE customers (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    account TEXT UNIQUE,
    user_id TEXT UNIQUE,
    status TEXT NOT NULL,
    terms TEXT NOT NULL,
    currency TEXT NOT NULL,
    limit_minor BIGINT NOT NULL,
    held_minor BIGINT NOT NULL DEFAULT 0,
    receivable_minor BIGINT NOT NULL DEFAULT 0,
    version BIGINT NOT NULL DEFAULT 1,
    sequence BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL
);

-- A claim of one order on a customer's credit. An order whose release came before its reservation
-- has a RELEASED row of 0. confirmed = 1: the order was approved, so the claim does not expire.
CREATE TABLE reservations (
    id TEXT NOT NULL PRIMARY KEY,
    customer TEXT NOT NULL,
    order_id TEXT NOT NULL UNIQUE,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    confirmed BIGINT NOT NULL DEFAULT 0,
    reserved_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX reservations_customer ON reservations (customer, reserved_at, id);
CREATE INDEX reservations_expiry ON reservations (status, confirmed, expires_at);

-- Open items: what was delivered and is to be paid.
CREATE TABLE receivables (
    customer TEXT NOT NULL,
    item TEXT NOT NULL,
    open_minor BIGINT NOT NULL,
    PRIMARY KEY (customer, item)
);

-- Limits and holds with their reasons, for audit.
CREATE TABLE credit_decisions (
    customer TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    decision TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    PRIMARY KEY (customer, sequence)
);
