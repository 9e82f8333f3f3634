"""How fast the router is, beside a floor in C and beside what others offer: ``python -m loadtest.bench``."""
