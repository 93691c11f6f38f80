#!/bin/bash
# Process 1 of the box, until supervisord takes over: from five folders to running programs.
#
# Runs at every start; each step does nothing where its work is done. A step that refuses says
# why in one line and ends the boot; container/README.md lists the exit codes.
set -euo pipefail
cd /app

# A shell that is process 1 ignores TERM while it waits for a child, so each step runs as
# `step & wait`: stopping during boot is prompt.
child=
trap 'kill -TERM "$child" 2>/dev/null; echo "boot: stopped"; exit 143' TERM INT
run() {
    "$@" &
    child=$!
    wait "$child"
}

export IMAGETROVE_SSHD=${IMAGETROVE_SSHD:-on} IMAGETROVE_STABLE_AGE=${IMAGETROVE_STABLE_AGE:-10}
export IMAGETROVE_HTTPS_REDIRECT=${IMAGETROVE_HTTPS_REDIRECT:-on}

run container/check_volumes.sh # all there and writable; nothing is touched yet
exec 4>>/data/.lock            # below 5, or supervisord would close it, and with it the lock
flock --nonblock 4 || container/refuse 75 "another box runs on these volumes (it holds /data/.lock); stop that one first"

run container/check_version.sh # not of a newer ImageTrove
run container/take_volumes.sh  # folders, owners, modes; a trial link, as orthanc
run container/make_secrets.sh  # into /data/secrets, only those that are missing
run container/prepare_run.sh   # /run: sockets' folders, the environment, Orthanc's settings, certificates
run container/as postgres ./postgresql_first_run.sh
run container/with_postgresql.sh container/prepare_database.sh # migrations, the first administrator

# Neither the programs nor their children need to carry the password.
unset IMAGETROVE_ADMIN_PASSWORD
echo "boot: starting the programs; each writes /var/log/imagetrove/<program>.log"
exec supervisord --configuration /app/supervisord.conf
