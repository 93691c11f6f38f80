#!/bin/bash
# Refuse to boot where the data would vanish or could not be written. Touches nothing.
#
# Either one parent is mounted at /imagetrove (better: then a scan is stored once, under two
# names), or each of the five. IMAGETROVE_EPHEMERAL=1 allows a trial with neither.
set -euo pipefail
cd /app

readonly volumes=(/mytardis_staging /mytardis_store /data /var/log /OrthancStorage)
missing=()
mounted=()
for volume in /imagetrove "${volumes[@]}"; do
    if mountpoint --quiet "$volume"; then
        mounted+=("$volume")
    elif [[ $volume != /imagetrove ]]; then
        missing+=("$volume")
    fi
done

if [[ ${mounted[0]:-} != /imagetrove && ${#missing[@]} -gt 0 && ${IMAGETROVE_EPHEMERAL:-} != 1 ]]; then
    container/refuse 78 "${missing[*]} not mounted, so the data would vanish with the container;" \
        "give docker run -v /somewhere:/imagetrove, or IMAGETROVE_EPHEMERAL=1 for a trial that keeps nothing"
fi
for volume in "${mounted[@]}"; do
    if [[ ! -w $volume ]]; then
        container/refuse 73 "$volume cannot be written; mount it without :ro, and check its file system"
    fi
done

# In the parent form of a new site nothing is there for the lock to lie in.
mkdir -p /imagetrove/data
if ! touch /data/.lock; then
    container/refuse 73 "/data cannot be written; root of this container must be able to write to it"
fi
