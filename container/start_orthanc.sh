#!/bin/bash
# Start Orthanc. It logs an instance that lacks a UID with its PatientID, which is for no log; no
# setting keeps it quiet, so a filter takes all but the SOPInstanceUID out. It ends with Orthanc.
set -euo pipefail

# Not as UTF-8, since a PatientID may be anything.
exec /usr/sbin/Orthanc /run/orthanc > >(
    LC_ALL=C exec sed --unbuffered --regexp-extended \
        's/(for the following instance: ).*(SOPInstanceUID=[0-9.]*)$/\1\2/; t; s/(for the following instance: ).*/\1withheld/'
) 2>&1
