"""What becomes of a series: instrument, project, experiment, titles, people.

Pure: a header and a rules document go in, a decision and its reasons come out. Standard
library only. Used by ingest and by the portal, so that there is one matcher; imports
neither.
"""
