#!/bin/bash
# Start Orthanc, bounded in what it reads (dcmtk_limits.cpp) and from whom (dcmtk_senders.cpp). It logs an instance that lacks a UID
# with its PatientID, and values that break their VR, which are for no log; no setting keeps it
# quiet, so a filter takes all but the SOPInstanceUID out, with the lines that a line break begins,
# and what a terminal would obey. It ends with Orthanc.
set -euo pipefail

# Not as UTF-8, since a PatientID may be anything. A line of Orthanc's own begins with a letter, month
# and day; the hold space says whether what follows belongs to an instance's line.
exec env LD_PRELOAD=/usr/local/lib/dcmtk_limits.so:/usr/local/lib/dcmtk_senders.so /usr/sbin/Orthanc /run/orthanc > >(
    LC_ALL=C exec sed --unbuffered --regexp-extended \
        --expression '/^[EWIT][0-9]{4} /!{x; /hide/{x; d}; x}' \
        --expression '/^[EWIT][0-9]{4} /{x; s/.*//; x}' \
        --expression '/for the following instance: |with invalid content for VR /{x; s/.*/hide/; x}' \
        --expression 's/[[:cntrl:]]/?/g; s/(with invalid content for VR ..).*/\1/' \
        --expression 't instance' --expression ':instance' \
        --expression 's/(for the following instance: ).*(SOPInstanceUID=[0-9.]*)$/\1\2/; t' \
        --expression 's/(for the following instance: ).*/\1withheld/'
) 2>&1
