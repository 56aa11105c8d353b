# The catalogue in a container. Before a version serves, it is released: schema first, then what is new in the seed.
#
#   docker build --tag catalogue .
#   docker run --rm --volume catalogue:/data catalogue catalogue migrate
#   docker run --rm --volume catalogue:/data catalogue catalogue publish seed
#   docker run --read-only --tmpfs /tmp --volume catalogue:/data --publish 8000:8000 catalogue
#
# With --env DATABASE_URL=postgresql://… nothing is kept in the container and /data stays empty.
# An intranet names its own base image and package index: --build-arg BASE=… --build-arg PIP_INDEX_URL=…
ARG BASE=python:3.12-slim

FROM ${BASE} AS builder
ARG PIP_INDEX_URL
ENV PIP_NO_CACHE_DIR=1
WORKDIR /srv/catalogue
RUN python3 -m venv .venv
COPY requirements.lock ./
RUN .venv/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app/
COPY migrations migrations/
COPY seed seed/
RUN .venv/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation -e .
# Compiled now, as nothing can be written later; and whatever the checkout's modes, only root may write.
RUN .venv/bin/python -m compileall -q app && chmod -R go=rX .

FROM ${BASE}
ENV PATH=/srv/catalogue/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/catalogue.db \
    HOST=0.0.0.0 \
    PORT=8000
WORKDIR /srv/catalogue
COPY --from=builder /srv/catalogue ./
RUN install --directory --owner=10001 --group=10001 /data
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.build_opener(u.ProxyHandler({})).open(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=4)"]
CMD ["catalogue", "serve"]
