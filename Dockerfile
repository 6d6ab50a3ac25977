# The container image of sluice. scripts/image builds and proves it without a container engine.

FROM docker.io/library/debian:bookworm-slim AS builder
WORKDIR /sluice
COPY scripts/packages.txt scripts/common.sh scripts/install-packages scripts/
RUN scripts/install-packages build && rm -rf /var/lib/apt/lists/*
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY config config
COPY include include
COPY src src
ARG SLUICE_COMMIT=
RUN cmake --preset release -D SLUICE_BUILD_BENCH=OFF -D SLUICE_COMMIT="$SLUICE_COMMIT" \
    && cmake --build --preset release --parallel "$(nproc)" \
    && strip build/release/sluice

FROM docker.io/library/debian:bookworm-slim
COPY scripts/packages.txt scripts/common.sh scripts/install-packages /tmp/sluice/scripts/
RUN /tmp/sluice/scripts/install-packages run \
    && rm -rf /tmp/sluice /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log
COPY --from=builder /sluice/build/release/sluice /usr/local/bin/sluice
COPY config/sluice.yaml /etc/sluice/sluice.yaml
USER 65532:65532
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["sluice", "healthcheck", "--config", "/etc/sluice/sluice.yaml"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["sluice"]
CMD ["--config", "/etc/sluice/sluice.yaml"]
