#!/bin/bash
# Start nginx. The workers of a killed master live on and keep port 8000: end such orphans first.
set -euo pipefail

for stat in /proc/[0-9]*/stat; do
    read -r pid name _ parent _ <"$stat" 2>/dev/null || continue
    if [[ $name == '(nginx)' && $parent == 1 && $pid != "$$" ]]; then
        kill -KILL "$pid"
    fi
done
exec /usr/sbin/nginx -e stderr -c /app/container/nginx.conf
