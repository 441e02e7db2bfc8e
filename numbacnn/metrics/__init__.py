"""How good predictions are, with the names and averages of scikit-learn, and the order of arguments of a loss."""
from numbacnn.metrics.averages import f1_score, precision, recall
from numbacnn.metrics.classification import accuracy, confusion_matrix, top_k_accuracy
from numbacnn.metrics.ranking import roc_auc
from numbacnn.metrics.running import Accuracy, ConfusionMatrix

__all__ = [
    "accuracy",
    "top_k_accuracy",
    "confusion_matrix",
    "precision",
    "recall",
    "f1_score",
    "roc_auc",
    "Accuracy",
    "ConfusionMatrix",
]
