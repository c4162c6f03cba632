"""`python -m lennox.cli`, for where the `lennox` script is not on the path."""

from lennox.cli import main

main()
