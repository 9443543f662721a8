-- Events and commands written with the state they tell of. published_at = 0: still to be published.
CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    stream TEXT NOT NULL,
    partition_key TEXT NOT NULL,
    lane BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    envelope TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    not_before BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    published_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX outbox_due ON outbox (published_at, partition_key, seq);
CREATE INDEX outbox_key ON outbox (partition_key, seq);

-- A relay publishes the rows of the lanes it holds a lease on.
CREATE TABLE outbox_lanes (
    lane BIGINT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL DEFAULT '',
    lease_until BIGINT NOT NULL DEFAULT 0
);
INSERT INTO outbox_lanes (lane) VALUES
    (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15);

-- Which event a consumer has taken in.
CREATE TABLE inbox (
    consumer TEXT NOT NULL,
    event_id TEXT NOT NULL,
    handled_at BIGINT NOT NULL,
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_age ON inbox (handled_at);

-- Messages that failed too often; the rest flows on.
CREATE TABLE dead_letters (
    consumer TEXT NOT NULL,
    event_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    partition_key TEXT NOT NULL,
    envelope TEXT NOT NULL,
    error TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    first_failed_at BIGINT NOT NULL,
    parked_at BIGINT NOT NULL,
    PRIMARY KEY (consumer, event_id)
);

-- Keys under which mutations were done, with what they answered.
CREATE TABLE idempotency (
    subject TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    result TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (subject, idempotency_key)
);
CREATE INDEX idempotency_age ON idempotency (expires_at);

-- Commands that were carried out, with the answer to repeat.
CREATE TABLE command_answers (
    command_id TEXT NOT NULL PRIMARY KEY,
    answer TEXT NOT NULL,
    answered_at BIGINT NOT NULL
);
CREATE INDEX command_answers_age ON command_answers (answered_at);

CREATE TABLE sagas (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    status TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    cancelled BIGINT NOT NULL DEFAULT 0,
    correlation TEXT NOT NULL,
    actor TEXT,
    started_at BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL DEFAULT 0,
    version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX sagas_due ON sagas (ended_at, due_at);
CREATE INDEX sagas_subject ON sagas (subject);

CREATE TABLE saga_steps (
    saga TEXT NOT NULL,
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    phase TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (saga, position)
);
