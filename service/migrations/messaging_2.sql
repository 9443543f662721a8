-- What the broker is known to have: its life, and the last mark that the relay left with it.
CREATE TABLE outbox_broker (
    service TEXT NOT NULL PRIMARY KEY,
    life TEXT NOT NULL,
    mark BIGINT NOT NULL
);
