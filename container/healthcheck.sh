#!/bin/bash
# Ask each program the question that its user would ask, all at once; fail if one does not answer.
#
# Prints a line for each program: its name, ok or down (off: nobody wants it), and what it said, with
# tabs between; of stunnel only where there is a certificate. Asked by Docker every few seconds, by `imagetrove status` and the health page; works as
# root and as imagetrove. A program that hangs must not hang the answer, so each question has a limit.
set -uo pipefail
cd /app || exit 1

readonly seconds=3
# Ingest polls about twice a second, the beat asks for its heartbeat every five.
readonly longest_silence=30

orthanc() {
    # DCMTK's: pynetdicom has one of the same name, which comes first on the PATH.
    /usr/bin/echoscu --timeout "$seconds" --aetitle HEALTH --call STORESCP 127.0.0.1 5000 2>&1 || return 1
    local password=${IMAGETROVE_ORTHANC_PASSWORD:-$(<"${IMAGETROVE_ORTHANC_PASSWORD_FILE:-/data/secrets/orthanc_password}")}
    printf 'user = "imagetrove:%s"' "$password" |
        fetch --config - http://127.0.0.1:8042/system
}

postgresql() { query "UPDATE jobs_heartbeat SET name = name WHERE name = 'beat'"; }

# On a full disk it answers, but with an error: it could not keep what it is told.
valkey() {
    local answer
    answer=$(echo PING | nc -U -W 1 /run/valkey/valkey.sock)
    echo "${answer%$'\r'}"
    [[ $answer == +PONG* ]]
}

portal() { fetch --unix-socket /run/portal/portal.sock http://localhost/healthz; }

nginx() {
    fetch http://127.0.0.1:8000/healthz || return 1
    if certificate_is_there; then
        fetch --insecure https://127.0.0.1:8443/healthz
    fi
}

# Its own door: at the scanners' one it might be asked for a certificate.
stunnel() {
    /usr/bin/echoscu --timeout "$seconds" --aetitle HEALTH --call STORESCP --anonymous-tls --ignore-peer-cert \
        127.0.0.1 2763 2>&1
}

ingest() { younger 'SELECT max(poll_time) FROM registration_ingestreport' 'has not polled'; }

# The beat asks for it through valkey, and a worker writes it.
worker() { younger "SELECT max(time) FROM jobs_heartbeat WHERE name = 'beat'" 'no heartbeat came through beat and worker'; }

# This question has `beat` among its own arguments, and grep its pattern: neither has these four words.
beat() { runs 'celery\x00--app\x00portal\.jobs\x00beat\x00'; }

certificates() { runs 'python\x00container/certificates\.py\x00'; }

# runs PATTERN: nobody can speak to it, so look for its process, and whether that is stopped (T) or dead (Z).
runs() {
    local found
    found=$(grep --no-messages --text --files-with-matches --perl-regexp "$1" /proc/[0-9]*/cmdline)
    if [[ ! $found ]]; then
        echo "does not run"
        return 1
    fi
    if grep --no-messages --quiet '^State:[[:space:]]*[TtZ]' "${found%%/cmdline*}/status"; then
        echo "is stopped"
        return 1
    fi
}

sshd() {
    local banner=''
    { exec 5<>/dev/tcp/127.0.0.1/22; } 2>/dev/null && read -r banner <&5
    [[ $banner == SSH-2.0-* ]]
}

# Of stunnel's folder and nginx's, nobody but they and root sees anything.
certificate_is_there() { grep --quiet '"ends": "2' /run/imagetrove/certificate.json 2>/dev/null; }

fetch() { curl --silent --show-error --fail --max-time "$seconds" --output /dev/null "$@" 2>&1; }

query() {
    local command=(psql --no-psqlrc --quiet --tuples-only --no-align --host=/run/postgresql --dbname=imagetrove --command "$1")
    if ((EUID == 0)); then
        command=(container/as imagetrove "${command[@]}")
    fi
    "${command[@]}" 2>&1
}

# younger QUERY-FOR-A-TIME WORDS-WHEN-NOT
younger() {
    local age
    age=$(query "SELECT coalesce(extract(epoch FROM now() - ($1))::int, 999999)") || {
        echo "unknown, for postgresql does not answer"
        return 1
    }
    ((age < longest_silence)) || {
        echo "$2 for ${age} s"
        return 1
    }
}

answer_of() {
    local words
    if words=$(timeout --kill-after=0.2 "$seconds" "$0" "$1"); then
        printf '%s\tok\tanswers\n' "$1"
    else
        words=${words//$'\n'/; }
        words=${words//$'\t'/ }
        printf '%s\tdown\t%s\n' "$1" "${words:-does not answer}"
    fi
}

if (($#)); then
    "$1"
    exit
fi
# Until supervisord runs there is nobody to ask, and PostgreSQL may be up for migrations alone.
if [[ ! -S /run/supervisor.sock ]]; then
    printf 'boot\tdown\tnot finished yet\n'
    exit 1
fi
programs=(orthanc ingest postgresql valkey portal worker beat nginx certificates)
if certificate_is_there; then
    programs+=(stunnel)
fi
answers=$(
    for program in "${programs[@]}"; do answer_of "$program" & done
    if [[ ${IMAGETROVE_SSHD:-on} == off ]]; then
        printf 'sshd\toff\tswitched off by IMAGETROVE_SSHD\n'
    else
        answer_of sshd &
    fi
    wait
)
sort <<<"$answers"
! grep --quiet $'\tdown\t' <<<"$answers"
