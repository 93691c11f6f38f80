"""One module per page: who may have it, what it shows, nothing else."""
