#!/bin/bash
# Refuse to boot on volumes that a newer ImageTrove has written, before anything is touched.
#
# `check_version.sh --note` writes this image's version instead, when its schema is in place.
set -euo pipefail
cd /app

readonly note=/data/version
mine=$(grep --only-matching --perl-regexp --max-count=1 '^## \K[0-9]+(\.[0-9]+)*' CHANGELOG.md)
readonly mine

if [[ ${1:-} == --note ]]; then
    echo "$mine" >"$note.new"
    mv "$note.new" "$note"
    exit
fi
if [[ ! -s $note ]]; then
    exit
fi
theirs=$(<"$note")
newest=$(printf '%s\n' "$mine" "$theirs" | sort --version-sort | tail -n 1)
if [[ $newest != "$mine" ]]; then
    container/refuse 65 "these volumes were last used by ImageTrove $theirs, and this is $mine;" \
        "run that version or a newer one, or restore a backup from before the update"
fi
