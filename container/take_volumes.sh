#!/bin/bash
# Make the five volumes ours: the folders that the programs expect, their owners and modes.
#
# Runs at every boot, on folders as `mkdir -p` leaves them or as we left them. Sets top folders
# only, never what lies in them: there may be millions of files. Ends with a trial link.
set -euo pipefail
cd /app

# take MODE OWNER:GROUP FOLDER…
take() {
    local folder
    for folder in "${@:3}"; do
        mkdir -p "$folder"
        if ! chown "$2" "$folder" 2>/dev/null || ! chmod "$1" "$folder" 2>/dev/null || [[ $(stat --dereference --format %U:%G "$folder") != "$2" ]]; then
            container/refuse 77 "$folder cannot be given to $2; use a file system that keeps owners" \
                "(an NFS server needs no_root_squash), or chown it there to $(id --user "${2%:*}"):$(getent group "${2#*:}" | cut -d : -f 3)"
        fi
    done
}

mkdir -p /imagetrove/{mytardis_staging,mytardis_store,data,var_log,OrthancStorage}
chmod a+rx /imagetrove
take 0755 root:root /data /var/log /var/log/imagetrove
take 0711 root:root /data/secrets
take 0700 root:root /data/ssh /data/tls
take 0700 postgres:postgres /data/postgresql
take 0700 valkey:valkey /data/valkey
take 0750 orthanc:trove /data/ingest
# The set-group-id bit hands the group down: a hard link keeps its inode's group.
take 2770 orthanc:trove /OrthancStorage
take 2770 imagetrove:trove /mytardis_staging /mytardis_store /mytardis_store/thumbnails
take 2770 orthanc:trove /mytardis_store/dicom /mytardis_store/parked

# Only trying tells: two bind mounts of one file system show the same device and still refuse a
# link. And only orthanc's own try counts, for root may link anything.
mkdir -p /run/imagetrove
readonly trial=/OrthancStorage/.trial link=/mytardis_store/dicom/.trial
rm -f "$trial" "$link"
container/as orthanc touch "$trial"
if container/as orthanc ln "$trial" "$link" 2>/dev/null; then
    echo link >/run/imagetrove/mode
    echo "boot: link mode, a scan is stored once"
else
    echo copy >/run/imagetrove/mode
    echo "boot: warning: copy mode, EVERY SCAN IS STORED TWICE, because /OrthancStorage and /mytardis_store" \
        "are two mounts; mount one parent folder at /imagetrove instead, with the five folders in it"
fi
rm -f "$trial" "$link"
