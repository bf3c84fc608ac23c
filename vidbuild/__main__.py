"""`python -m vidbuild`."""

from vidbuild.cli import main

main()
