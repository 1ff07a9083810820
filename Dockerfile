# Build:  docker build -t latchkey:0.1.0 .      (or, where the binary is there already: make image)
# Run:    docker run --read-only -p 4000:4000 -e LATCHKEY_… latchkey:0.1.0 serve
# The image holds the gateway with the libraries that it names, the web part and CA roots; no shell, and no mongod.

# By tag here: a digest has to be looked up, and goes stale. To build from what you have looked at:
# --build-arg NODE_IMAGE=node@sha256:… --build-arg RUST_IMAGE=rust@sha256:…  `make image` needs no base image at all.
ARG NODE_IMAGE=docker.io/library/node:22-bookworm-slim
ARG RUST_IMAGE=docker.io/library/rust:1.95-bookworm

FROM ${NODE_IMAGE} AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY schema.graphql /src/schema.graphql
COPY web/ ./
RUN npm run build

FROM ${RUST_IMAGE} AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs ./
# There is no git here: `--build-arg GIT_COMMIT=$(git rev-parse --short=12 HEAD)` and SOURCE_DATE_EPOCH say what is built.
ARG GIT_COMMIT
ARG SOURCE_DATE_EPOCH
COPY src/ src/
COPY tests/architecture.rs tests/architecture.rs
COPY tests/it/main.rs tests/it/main.rs
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --release --bin latchkey && cp target/release/latchkey /latchkey
COPY k8s/image/rootfs.sh LICENSE ./
COPY --from=web /src/web/dist /web
RUN ./rootfs.sh /rootfs /latchkey /web LICENSE

FROM scratch
COPY --from=build /rootfs /
ENV LATCHKEY_WEB_DIR=/usr/share/latchkey/web LATCHKEY_LISTEN=0.0.0.0:4000
USER 65532:65532
EXPOSE 4000
ENTRYPOINT ["/usr/local/bin/latchkey"]
CMD ["serve"]
