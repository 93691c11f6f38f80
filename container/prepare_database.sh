#!/bin/bash
# Bring the database to this image's schema, whole or not at all; then make the first administrator.
#
# Migrations run on a copy, which takes the database's name when all of them are done. Whatever
# fails or is killed on the way, the database itself was not touched, and the old image still runs.
set -euo pipefail
cd /app

ask() { container/as postgres psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 "$@"; }
django() { container/as imagetrove /opt/venv/bin/python manage.py "$@"; }

# What a boot that was cut short left behind.
ask --command 'SET client_min_messages = warning' --command 'DROP DATABASE IF EXISTS imagetrove_draft' \
    --command 'DROP DATABASE IF EXISTS imagetrove_before'

if ! django migrate --check &>/dev/null; then
    echo "boot: migrating the database"
    if ! ask --command 'CREATE DATABASE imagetrove_draft OWNER imagetrove TEMPLATE imagetrove'; then
        container/refuse 70 "the database could not be copied to migrate the copy; is there space for it twice?"
    fi
    if ! IMAGETROVE_DATABASE_NAME=imagetrove_draft django migrate --no-input --verbosity 0; then
        container/refuse 70 "a migration failed (its reason stands above); the data is as it was, and the image that ran before still runs on it"
    fi
    ask <<-'SWAP'
	BEGIN;
	ALTER DATABASE imagetrove RENAME TO imagetrove_before;
	ALTER DATABASE imagetrove_draft RENAME TO imagetrove;
	COMMIT;
	DROP DATABASE imagetrove_before;
	SWAP
fi

container/check_version.sh --note
container/as imagetrove /opt/venv/bin/python create_admin.py
