"""`python -m router` is `ivr`."""

from router.cli import main

main()
