-- *_key columns are normalised copies for sorting, searching and finding duplicates.
-- billing_address is JSON.
CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    match_key TEXT NOT NULL,
    search_text TEXT NOT NULL,
    legal_name TEXT,
    domain TEXT,
    tax_id TEXT,
    tax_key TEXT,
    industry TEXT,
    industry_key TEXT,
    employee_count BIGINT,
    status TEXT NOT NULL,
    owner TEXT,
    billing_address TEXT,
    merged_into TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX accounts_name ON accounts (name_key, id);
CREATE INDEX accounts_match ON accounts (match_key);
CREATE INDEX accounts_domain ON accounts (domain);
CREATE INDEX accounts_tax ON accounts (tax_key);
CREATE INDEX accounts_owner ON accounts (owner, name_key, id);

CREATE TABLE contacts (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    full_name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    email TEXT,
    email_key TEXT,
    phone TEXT,
    job_title TEXT,
    user_id TEXT,
    do_not_contact BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX contacts_account ON contacts (account, name_key, id);
CREATE INDEX contacts_email ON contacts (email_key);

-- Which account turned out to be which other one.
CREATE TABLE merges (
    dropped TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    kept TEXT NOT NULL REFERENCES accounts (id),
    merged_by TEXT NOT NULL,
    merged_at BIGINT NOT NULL
);
