#!/bin/bash
# Make what must be secret and is not there yet: passwords and keys, the ssh host keys.
#
# Each secret is a file that its one reader owns; one with several readers is root's, and their
# group reads it. A secret that comes from a file of the site's (IMAGETROVE_<NAME>_FILE) is not made.
set -euo pipefail

# secret NAME OWNER:GROUP MODE [BYTES]
secret() {
    local given=IMAGETROVE_${1^^}_FILE
    local file=/data/secrets/$1
    if [[ -s $file || ${!given:-} ]]; then
        return 1
    fi
    # The name appears only when the file is whole and has its owner.
    rm -f "$file.new"
    (umask 077 && head -c "${4:-24}" /dev/urandom | base64 | tr '+/' '-_' >"$file.new")
    chown "$2" "$file.new"
    chmod "$3" "$file.new"
    sync "$file.new"
    mv "$file.new" "$file"
}

secret secret_key imagetrove:imagetrove 0400 48 || true
secret orthanc_password root:trove 0440 || true
secret ingest_api_key root:trove 0440 || true
if [[ ! ${IMAGETROVE_ADMIN_PASSWORD:-} ]]; then
    secret admin_password imagetrove:imagetrove 0400 || true
fi

for kind in ed25519 ecdsa; do
    key=/data/ssh/ssh_host_${kind}_key
    if [[ ! -s $key || ! -s $key.pub ]]; then
        rm -f "$key" "$key.pub"
        ssh-keygen -q -t "$kind" -N '' -C imagetrove -f "$key"
    fi
done
