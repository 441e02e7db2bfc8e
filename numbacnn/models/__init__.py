"""Networks, ready to train."""
from numbacnn.models.digits_cnn import DigitsCNN
from numbacnn.models.simple_cnn import SimpleCNN

__all__ = ["DigitsCNN", "SimpleCNN"]
