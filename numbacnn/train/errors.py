"""What a user of the command line did wrong."""
from numbacnn.errors import NumbacnnError


class CommandError(NumbacnnError, ValueError):
    """A folder, a file or a data set that was named cannot be used."""
