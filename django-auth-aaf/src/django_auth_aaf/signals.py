"""What a project may listen to, for its trail and its notices.

signed_in  request, user, identity, attributes, new (the identity was bound just now)
refused    request, reason (errors.Reason), identity or None, user or None
collision  request, user or None, attributes, message; `refused` is sent as well

They are sent while the request is answered: a receiver that fails fails the request.
`attributes` hold what is personal: write them to no log.
"""

from django.dispatch import Signal

signed_in = Signal()
refused = Signal()
collision = Signal()
