# syntax=docker/dockerfile:1
# The host, its shipped plugins, and nothing else. Data lives in the volume /data; configuration and your own plugins are mounted.
# tests/system/docker.rs holds this file to its rules and carries out the steps of the last stage. As it is meant to be run:
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges -e NOONTIDE_TOKEN -v noontide:/data -v ./conf:/conf:ro -p 7878:7878 noontide

FROM rust:1.95-slim-bookworm AS tools
# Debian keeps no older versions to be pinned to.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev make && rm -rf /var/lib/apt/lists/*
RUN rustup target add wasm32-wasip2
WORKDIR /src
COPY . .
ENV CARGO_TARGET_DIR=/target

FROM tools AS guests
RUN make -C plugins CARGO_TARGET_DIR=/target/plugins all

FROM tools AS host
# `noontide init` gives it away.
COPY --from=guests /src/plugins/dist/hello.wasm /src/plugins/dist/hello.wasm
RUN cargo build --locked --release -p noontide

FROM debian:bookworm-slim
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="noontide" \
      org.opencontainers.image.description="A scheduler whose tasks are WebAssembly plugins" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=host /target/release/noontide /usr/local/bin/noontide
COPY --from=guests /src/plugins/dist/hello.wasm /src/plugins/dist/live-notice.wasm /src/plugins/dist/log-digest.wasm \
     /src/plugins/dist/db-inspect.wasm /plugins/
COPY conf /conf
# The one folder that is written: all others may be read-only.
RUN install -d -o 65532 -g 65532 -m 0700 /data
USER 65532:65532
# The folder as a whole is mounted over, never a single file: a mounted file delivers no changes.
ENV NOONTIDE_CONF=/conf NOONTIDE_ENV=online NOONTIDE__DATA__DIR=/data NOONTIDE__PLUGINS__DIR=/plugins
# Loopback inside a container is nobody's: a published port needs all addresses. `online` asks for NOONTIDE_TOKEN.
ENV NOONTIDE__HTTP__LISTEN=0.0.0.0:7878
EXPOSE 7878
VOLUME ["/data"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/noontide", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/noontide"]
CMD ["serve"]
