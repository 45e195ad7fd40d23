# syntax=docker/dockerfile:1.7
# One program, one image: a container's command says which role it is.

FROM rust:1.95-slim-bookworm AS build
# SQLite and the allocator are C, and are compiled in by the C compiler that this image brings.
WORKDIR /build
# What is needed to build the program; .dockerignore keeps everything else out, so that a change of a document builds nothing anew.
COPY . .
# The caches keep what others wrote, compiled, from one build to the next; the program is copied out, since a cache is no layer.
# Line tables are left to who debugs; names stay, so that a panic can be read.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    CARGO_PROFILE_RELEASE_STRIP=debuginfo cargo build --release --locked --bin dateline \
 && cp target/release/dateline /dateline

# No shell, no package manager: the C library, certificates, and a user that is not root.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /dateline /usr/local/bin/dateline
USER 65532:65532
EXPOSE 7310 7311
ENTRYPOINT ["/usr/local/bin/dateline"]
CMD ["--help"]
