# syntax=docker/dockerfile:1

# One image with every binary; the composition chooses which one a container runs.

FROM rust:1-slim-bookworm AS build
WORKDIR /src
COPY . .
# The caches live outside the layers, so the binaries are copied out within the same step; those of an earlier build go
# first. By package rather than `--workspace`, which would build with the features that the tests ask for.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    mkdir -p target/release /out && find target/release -maxdepth 1 -type f -executable -delete \
    && cargo build --release --locked --package standalone --package api --package worker --bins \
    && find target/release -maxdepth 1 -type f -executable -exec install --target-directory=/out {} +

FROM debian:bookworm-slim AS runtime
RUN groupadd --system --gid 10001 venturi \
    && useradd --system --uid 10001 --gid venturi --home-dir /var/lib/venturi --create-home \
        --shell /usr/sbin/nologin venturi
COPY --from=build /out/ /usr/local/bin/
USER 10001:10001
WORKDIR /var/lib/venturi
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
CMD ["/usr/local/bin/venturi"]
