# One image for every role. ROLE is the name of a program: braid, bff-mobile, bff-web, rest-shim,
# identity, accounts, catalog, customers, orders, or corridor (all in one).
#
#   docker build --build-arg ROLE=orders --tag corridor/orders .

FROM rust:1.95-bookworm AS build
ARG ROLE
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --bin "$ROLE" && cp "target/release/$ROLE" /program

FROM debian:bookworm-slim
# Not root, and nothing to write to but the data folder.
RUN useradd --system --uid 10001 --home-dir /data --create-home braid
COPY --from=build /program /usr/local/bin/program
COPY schema/supergraph.graphql /etc/braid/supergraph.graphql
USER braid
WORKDIR /data
ENTRYPOINT ["/usr/local/bin/program"]
