#!/bin/bash
# Lay out /run, which starts empty or as a killed box left it, and what depends on this boot:
# the environment for the `imagetrove` command, Orthanc's settings, certificates, the example rules.
set -euo pipefail
cd /app

install --directory --mode=0755 /run/imagetrove /run/sshd
install --directory --mode=0755 --owner=postgres --group=postgres /run/postgresql
# nginx and ingest reach these sockets as members of trove.
install --directory --mode=2750 --owner=valkey --group=trove /run/valkey
install --directory --mode=2750 --owner=imagetrove --group=trove /run/portal
rm -f /run/portal/* /run/valkey/* /run/supervisor.sock

# An ssh session knows nothing of the container's environment. NUL ends each value, so that a
# value may hold anything.
(umask 077 && env --null | grep --null-data '^IMAGETROVE_' | grep --null-data --invert-match '^IMAGETROVE_ADMIN_PASSWORD=' \
    >/run/imagetrove/environment) || true
chown root:imagetrove /run/imagetrove/environment
chmod 0440 /run/imagetrove/environment

if [[ ! $IMAGETROVE_STABLE_AGE =~ ^[1-9][0-9]*$ ]]; then
    container/refuse 64 "IMAGETROVE_STABLE_AGE must be a whole number of seconds, not $IMAGETROVE_STABLE_AGE"
fi
password=${IMAGETROVE_ORTHANC_PASSWORD:-$(<"${IMAGETROVE_ORTHANC_PASSWORD_FILE:-/data/secrets/orthanc_password}")}
if [[ $password == *[\"\\]* ]]; then
    container/refuse 64 "Orthanc's password must have no quotation mark and no backslash"
fi
rm -rf /run/orthanc
install --directory --mode=0500 --owner=orthanc --group=orthanc /run/orthanc
(umask 077 && printf '{"StableAge": %s, "RegisteredUsers": {"imagetrove": "%s"}}\n' \
    "$IMAGETROVE_STABLE_AGE" "$password" >/run/orthanc/site.json)
cp container/orthanc.json /run/orthanc/
chown orthanc:orthanc /run/orthanc/*.json

# Where people are to come by HTTPS, nginx sends them there. The address alone: what nginx reads is
# a language, and this a variable.
rm -rf /run/nginx /run/stunnel
install --directory --mode=0700 /run/nginx
install --directory --mode=0500 --owner=stunnel4 --group=stunnel4 /run/stunnel
if [[ ! $IMAGETROVE_HTTPS_REDIRECT =~ ^(on|off)$ ]]; then
    container/refuse 64 "IMAGETROVE_HTTPS_REDIRECT must be on or off, not $IMAGETROVE_HTTPS_REDIRECT"
fi
if [[ ${IMAGETROVE_URL:-} == https:* ]]; then
    if [[ ! $IMAGETROVE_URL =~ ^https://[][A-Za-z0-9.:_-]+ ]]; then
        container/refuse 64 "IMAGETROVE_URL must be like https://imagetrove.example.org, not $IMAGETROVE_URL"
    fi
    printf '"" "%s";\n' "${BASH_REMATCH[0]}" >/run/nginx/https_address.map
    printf '"" %s;\n' "$IMAGETROVE_HTTPS_REDIRECT" >/run/nginx/https_redirect.map
fi
/opt/venv/bin/python container/certificates.py --once

# Orthanc numbers its changes from 1 when its index is made anew, and its interface does not say
# so; ingest compares this id. Written before Orthanc could make the index.
if [[ ! -s /OrthancStorage/index || ! -s /OrthancStorage/generation ]]; then
    cat /proc/sys/kernel/random/uuid >/OrthancStorage/generation.new
    chown orthanc:trove /OrthancStorage/generation.new
    chmod 0640 /OrthancStorage/generation.new
    mv /OrthancStorage/generation.new /OrthancStorage/generation
else
    (umask 027 && container/as orthanc python -m ingest.older_index)
fi

if [[ ! -e /data/instruments.toml ]]; then
    install --mode=0640 --owner=root --group=trove rules/instruments.toml /data/instruments.toml
fi
