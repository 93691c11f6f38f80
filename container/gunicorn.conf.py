"""How gunicorn serves the portal: on a socket that nginx asks, and nobody else."""

import os

bind = "unix:/run/portal/portal.sock"
# Only the socket gets this mask: gunicorn makes it its own group's, whatever the folder
# says. The folder lets in imagetrove and the group trove.
umask = 0
worker_class = "gthread"
workers = max(2, min(4, os.cpu_count() or 2))
threads = 8
preload_app = True
worker_tmp_dir = "/dev/shm"  # noqa: S108  # a heartbeat file that must never wait for a disk
timeout = 60
graceful_timeout = 3
keepalive = 5
forwarded_allow_ips = "*"
control_socket_disable = True
errorlog = "-"
