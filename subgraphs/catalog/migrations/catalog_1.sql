CREATE TABLE categories (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    position BIGINT NOT NULL
);

-- name_key and search_text are lowered copies for sorting and searching; attrs is JSON of the kind.
CREATE TABLE products (
    id TEXT NOT NULL PRIMARY KEY,
    sku TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    search_text TEXT NOT NULL,
    summary TEXT,
    category TEXT NOT NULL REFERENCES categories (id),
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    image TEXT,
    attrs TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX products_name ON products (name_key, id);
CREATE INDEX products_newest ON products (created_at, id);
CREATE INDEX products_category ON products (category, status);

-- The price in force is the one with the latest effective_from that is not in the future.
-- announced = 0: it lies in the future and its product's change is still to be published.
CREATE TABLE prices (
    product TEXT NOT NULL REFERENCES products (id),
    currency TEXT NOT NULL,
    effective_from BIGINT NOT NULL,
    minor BIGINT NOT NULL,
    announced BIGINT NOT NULL,
    PRIMARY KEY (product, currency, effective_from)
);
CREATE INDEX prices_due ON prices (announced, effective_from);

CREATE TABLE account_prices (
    account TEXT NOT NULL,
    product TEXT NOT NULL REFERENCES products (id),
    currency TEXT NOT NULL,
    minor BIGINT NOT NULL,
    PRIMARY KEY (account, product, currency)
);
