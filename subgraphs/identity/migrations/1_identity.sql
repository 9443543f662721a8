CREATE TABLE users (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    groups_mask BIGINT NOT NULL,
    locale TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX users_by_creation ON users (created_at, id);

-- Everything that tells who somebody is stands in this one table.
CREATE TABLE user_details (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    display_name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    phone TEXT,
    avatar_url TEXT,
    search_key TEXT NOT NULL
);

CREATE TABLE memberships (
    user_id TEXT NOT NULL REFERENCES users (id),
    account_id TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, account_id)
);
CREATE INDEX memberships_by_account ON memberships (account_id);

CREATE TABLE user_teams (
    user_id TEXT NOT NULL REFERENCES users (id),
    team TEXT NOT NULL,
    PRIMARY KEY (user_id, team)
);

CREATE TABLE consents (
    user_id TEXT NOT NULL REFERENCES users (id),
    purpose TEXT NOT NULL,
    granted BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, purpose)
);

CREATE TABLE credentials (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    password_hash TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE TABLE refresh_families (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revoked_for TEXT
);
CREATE INDEX refresh_families_by_user ON refresh_families (user_id);
CREATE INDEX refresh_families_by_end ON refresh_families (expires_at);

CREATE TABLE refresh_tokens (
    token_hash TEXT PRIMARY KEY,
    family_id TEXT NOT NULL REFERENCES refresh_families (id),
    issued_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);

CREATE TABLE api_clients (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    scopes TEXT NOT NULL,
    account_id TEXT,
    rate_limit_per_minute BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    last_used_at BIGINT
);

CREATE TABLE privacy_requests (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    completed_at BIGINT,
    download_url TEXT,
    download_expires_at BIGINT
);
CREATE INDEX privacy_requests_by_user ON privacy_requests (user_id, requested_at);
CREATE INDEX privacy_requests_by_time ON privacy_requests (requested_at, id);

CREATE TABLE privacy_outcomes (
    request_id TEXT NOT NULL REFERENCES privacy_requests (id),
    service TEXT NOT NULL,
    result TEXT NOT NULL,
    reason TEXT,
    retained_until BIGINT,
    record_count BIGINT NOT NULL,
    PRIMARY KEY (request_id, service)
);

CREATE TABLE legal_holds (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    reason TEXT NOT NULL,
    until_day BIGINT,
    placed_by TEXT NOT NULL,
    placed_at BIGINT NOT NULL
);

CREATE TABLE signing_keys (
    id TEXT PRIMARY KEY,
    pkcs8 BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);
