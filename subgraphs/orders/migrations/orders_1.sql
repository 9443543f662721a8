-- The truth: what happened to each order. at grows with seq. Never updated, never deleted.
CREATE TABLE events (
    stream TEXT NOT NULL,
    seq BIGINT NOT NULL,
    type TEXT NOT NULL,
    ver BIGINT NOT NULL,
    data TEXT NOT NULL,
    actor TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (stream, seq)
);

-- A fold up to seq, to begin from; may be thrown away at any time.
CREATE TABLE snapshots (
    stream TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (stream, seq)
);

-- The order as it is, written with its events; state is the whole fold.
CREATE TABLE order_view (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    customer TEXT NOT NULL,
    placed_by TEXT NOT NULL,
    status TEXT NOT NULL,
    placed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL
);
CREATE INDEX order_view_newest ON order_view (placed_at, id);
CREATE INDEX order_view_customer ON order_view (customer, placed_at, id);
CREATE INDEX order_view_placed_by ON order_view (placed_by, placed_at, id);

-- The last number given out, by year.
CREATE TABLE order_numbers (
    year BIGINT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

-- Projections of catalog and customers: what is needed to price an order and to know whose it is.
CREATE TABLE products (
    id TEXT NOT NULL PRIMARY KEY,
    sku TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    price_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    sequence BIGINT NOT NULL
);
CREATE TABLE customers (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT,
    user_id TEXT,
    terms TEXT NOT NULL,
    currency TEXT NOT NULL,
    sequence BIGINT NOT NULL
);
CREATE INDEX customers_account ON customers (account);
CREATE INDEX customers_user ON customers (user_id);
