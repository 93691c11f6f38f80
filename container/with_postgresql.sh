#!/bin/bash
# Run one command with PostgreSQL up, on its socket only. Used by boot, before the programs start.
set -euo pipefail
cd /app

# A subshell of root opens the log; the server writes it as postgres.
container/as postgres /usr/lib/postgresql/17/bin/postgres -D /data/postgresql/17 \
    -c config_file=/app/container/postgresql.conf >>/var/log/imagetrove/postgresql.log 2>&1 &
readonly server=$!
trap 'kill -INT "$server" 2>/dev/null; wait "$server" 2>/dev/null' EXIT

until container/as postgres /usr/lib/postgresql/17/bin/pg_isready --quiet --host=/run/postgresql; do
    if ! kill -0 "$server" 2>/dev/null; then
        tail -n 5 /var/log/imagetrove/postgresql.log
        container/refuse 70 "PostgreSQL does not start; its last words stand above, the rest is in /var/log/imagetrove/postgresql.log"
    fi
    sleep 0.05
done
"$@"
