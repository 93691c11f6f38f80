# ImageTrove in four stages, in the order of how seldom they change: Debian's servers, the locked
# Python packages, the limits of what Orthanc reads, ImageTrove itself. Builds with BuildKit and with the classic builder.

# ── Servers ─────────────────────────────────────────────────────────────────────────
FROM debian:trixie-slim AS servers
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]

# Fixed ids, made before any package could draw its own: what lies on a volume outlives the image.
RUN groupadd --gid 5001 postgres && groupadd --gid 5002 orthanc && groupadd --gid 5003 valkey \
    && groupadd --gid 5004 imagetrove && groupadd --gid 5005 stunnel4 && groupadd --gid 5010 trove \
    && useradd --uid 5001 --gid 5001 --home-dir /var/lib/postgresql --shell /bin/bash postgres \
    && useradd --uid 5002 --gid 5002 --groups trove --home-dir /var/lib/orthanc --shell /usr/sbin/nologin orthanc \
    && useradd --uid 5003 --gid 5003 --home-dir /var/lib/valkey --shell /usr/sbin/nologin valkey \
    && useradd --uid 5004 --gid 5004 --groups trove --create-home --shell /bin/bash imagetrove \
    && useradd --uid 5005 --gid 5005 --home-dir /run/stunnel --shell /usr/sbin/nologin stunnel4 \
    && usermod --append --groups trove www-data

# No service starts in a build and no cluster is made: the first run makes it, on the volume. What
# servers never read goes in the same layer: PostgreSQL's just-in-time compiler (off in
# postgresql.conf), static libraries, and the ssh host keys that the package would bake in.
# hadolint ignore=DL3008  # Debian's stable release is the pin; a fixed version would refuse security fixes
RUN printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d \
    && mkdir -p /etc/postgresql-common/createcluster.d \
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/none.conf \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates \
        curl \
        dcmtk \
        libpq5 \
        netcat-openbsd \
        nginx-light \
        openssh-server \
        orthanc \
        orthanc-dicomweb \
        orthanc-python \
        postgresql-17 \
        python3 \
        rsync \
        stunnel4 \
        tzdata \
        valkey-server \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_* /usr/share/i18n \
        /usr/lib/postgresql/17/lib/bitcode /usr/lib/postgresql/17/lib/llvmjit* \
        /usr/lib/*/libLLVM* /usr/lib/llvm-* /usr/lib/*/libz3* \
    && find /usr/lib -name '*.a' -delete

# The five volumes are one folder's five parts, so that one mounted parent holds them all (a hard
# link crosses no mount); the old paths lead there, and a volume mounted on one arrives there too.
RUN mkdir -p /imagetrove/mytardis_staging /imagetrove/mytardis_store /imagetrove/data /imagetrove/var_log \
        /imagetrove/OrthancStorage \
    && rm -rf /var/log && ln -s /imagetrove/var_log /var/log \
    && ln -s /imagetrove/mytardis_staging /imagetrove/mytardis_store /imagetrove/data /imagetrove/OrthancStorage /

# ── Packages ────────────────────────────────────────────────────────────────────────
FROM debian:trixie-slim AS packages
# hadolint ignore=DL3008  # as above
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates gcc libc6-dev libpq-dev python3-dev python3-setuptools python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.lock /
# Byte-compiled here: the programs cannot write beside their modules, and would compile at every start.
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --requirement /requirements.lock \
    && find /opt/venv -name tests -type d -path '*/site-packages/numpy/*' -prune -exec rm -rf {} +
# Our own package, made by Debian's setuptools: nothing comes from the index that is not in the lock.
# Its wheel stays, for whoever wants it elsewhere, and for its test.
COPY django-auth-aaf/pyproject.toml django-auth-aaf/README.md django-auth-aaf/LICENSE /django-auth-aaf/
COPY django-auth-aaf/src /django-auth-aaf/src
WORKDIR /django-auth-aaf
RUN python3 -c 'from setuptools.build_meta import build_wheel; build_wheel("/opt/venv/wheels")' \
    && /opt/venv/bin/pip install --no-cache-dir --no-deps --no-index /opt/venv/wheels/*.whl

# ── Limits ──────────────────────────────────────────────────────────────────────────
FROM debian:trixie-slim AS limits
# hadolint ignore=DL3008  # as above
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends g++ libc6-dev libdcmtk-dev \
    && rm -rf /var/lib/apt/lists/*
COPY container/dcmtk_limits.cpp container/dcmtk_senders.cpp /
RUN for one in limits senders; do \
        g++ -std=c++17 -O2 -Wall -Wextra -Werror -shared -fPIC -o /dcmtk_$one.so /dcmtk_$one.cpp -ldl; \
    done

# ── ImageTrove ──────────────────────────────────────────────────────────────────────
FROM servers
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 LANG=C.UTF-8
COPY --from=packages /opt/venv /opt/venv
COPY --from=limits /dcmtk_limits.so /dcmtk_senders.so /usr/local/lib/
COPY container /app/container
COPY rules /app/rules
COPY ingest /app/ingest
COPY portal /app/portal
COPY CHANGELOG.md authorized_keys create_admin.py manage.py postgresql_first_run.sh settings.py supervisord.conf /app/
WORKDIR /app
# The secrets that settings ask for are not used by collectstatic, and are not kept.
RUN ln -s /app/container/command /usr/local/bin/imagetrove \
    && IMAGETROVE_SECRET_KEY=build IMAGETROVE_INGEST_API_KEY=build python manage.py collectstatic --no-input \
    && python -m compileall -q . \
    && chmod -R u=rwX,go=rX /app

# Nothing listens on the last two until there is a certificate.
EXPOSE 22 8000 5000 8443 2762
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s CMD ["/app/container/healthcheck.sh"]
CMD ["/app/container/boot.sh"]
