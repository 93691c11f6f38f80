"""Mail to people: what to say, to whom, once.

Below the services, which tell, and above `sharing`, which says what may be named. May
import the rooms and the foundations. `outbox` keeps what is to be sent, in the
transaction of what it tells of; `news` becomes mail when it has waited for its like.
"""
