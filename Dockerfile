# One image for every role. ROLE is the name of a program: braid (the router), corridor (all in one;
# `subgraph NAME` runs one subgraph), or a subgraph: identity, accounts, catalog, customers, orders.
#
#   docker build --build-arg ROLE=orders --tag corridor/orders .

FROM rust:1.95-bookworm AS build
ARG ROLE
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target,sharing=locked \
    cargo build --release --locked --bin "$ROLE" && cp "target/release/$ROLE" /program

FROM debian:bookworm-slim
# Not root, and nothing to write to but the data folder.
RUN useradd --system --uid 10001 --home-dir /data --create-home braid
# For calls out over TLS, such as a provider's keys.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /program /usr/local/bin/program
# For health checks: `healthy PORT /health/ready`.
COPY deploy/healthy /usr/local/bin/healthy
COPY schema/supergraph.graphql /etc/braid/supergraph.graphql
USER braid
WORKDIR /data
ENTRYPOINT ["/usr/local/bin/program"]
