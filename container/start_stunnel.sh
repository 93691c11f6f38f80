#!/bin/bash
# Start stunnel where there is a certificate. Where there is none, wait: certificates.py tells of one by
# HUP, which ends the waiting, and supervisord then comes here again.
set -euo pipefail

if [[ ! -e /run/stunnel/stunnel.conf ]]; then
    echo "No certificate is in force, so nothing listens on port 2762"
    exec sleep infinity
fi
exec /usr/bin/stunnel4 /run/stunnel/stunnel.conf
