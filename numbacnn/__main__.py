"""`python -m numbacnn` is `numbacnn`."""
import sys

from numbacnn.cli import main

sys.exit(main())
