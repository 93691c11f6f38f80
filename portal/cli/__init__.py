"""Door: the `imagetrove` command. One module per noun.

May import everything of the portal but the other doors.
"""
