"""`python -m router` is `ivr`."""

from router.cli.app import main

main()
