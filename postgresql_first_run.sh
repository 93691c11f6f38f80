#!/bin/bash
# Create the PostgreSQL cluster, role and database on an empty data volume.
#
# Does nothing if the cluster exists. A first run cut short is swept away and
# begun again: the cluster gets its final name only when it is complete.
set -euo pipefail

export PATH=/usr/lib/postgresql/17/bin:$PATH
readonly cluster=/data/postgresql/17
readonly draft=/data/postgresql/new

if [[ -d $cluster ]]; then
    exit 0
fi

echo "boot: first run, making the database cluster"
rm -rf "$draft"
initdb --pgdata="$draft" --data-checksums --encoding=UTF8 --locale=C.UTF-8 \
    --auth-local=peer --auth-host=reject >/dev/null
pg_ctl --pgdata="$draft" --wait --silent --log=/dev/null --options='-c listen_addresses=' start
createuser imagetrove
createdb --owner=imagetrove imagetrove
pg_ctl --pgdata="$draft" --wait --silent stop
mv "$draft" "$cluster"
sync
