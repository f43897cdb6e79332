# The server for everyone without Home Assistant OS; see compose.yaml for how to run it.
FROM python:3.13-slim-trixie AS build

WORKDIR /source
# The compiler is for the kernels of CosyVoice and stays in this stage.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && python -m venv /opt/cosyvoice
COPY pyproject.toml hatch_build.py README.md LICENSE NOTICE ./
COPY wyoming_cosyvoice wyoming_cosyvoice
COPY models models
RUN /opt/cosyvoice/bin/pip install --no-cache-dir '.[all]' \
    && /opt/cosyvoice/bin/pip uninstall --yes pip

FROM python:3.13-slim-trixie

# Nothing of the image is written to: models and caches are in the volume, and the root file system can be read-only.
COPY --from=build /opt/cosyvoice /opt/cosyvoice
RUN useradd --uid 10200 --user-group --no-create-home --shell /usr/sbin/nologin cosyvoice \
    && install --directory --owner cosyvoice --group cosyvoice /data
USER 10200:10200
ENV PATH=/opt/cosyvoice/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/data \
    WYOMING_COSYVOICE_DATA_DIR=/data \
    WYOMING_COSYVOICE_HTTP=0.0.0.0:10201
VOLUME /data
EXPOSE 10200 10201
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=20s --start-period=10m --start-interval=5s \
    CMD ["wyoming-cosyvoice", "health", "--uri", "tcp://127.0.0.1:10200"]
ENTRYPOINT ["wyoming-cosyvoice"]
CMD ["serve"]
