"""Peak memory of training steps."""
from . import common, first_step
from .networks import NETWORKS


class StepMemory:
    """What three training steps need at the worst moment, above what the process had after its imports."""

    param_names = ("network",)
    params = (list(NETWORKS),)
    unit = "bytes"
    timeout = 300

    def setup_cache(self):
        """Compile everything: compilers need memory, too."""
        for name in NETWORKS:
            first_step.run("numbacnn", name)

    setup_cache.timeout = 600

    def setup(self, name):
        common.skip_without_backend()

    def track_step(self, name):
        return first_step.run("numbacnn", name)["peak"]
