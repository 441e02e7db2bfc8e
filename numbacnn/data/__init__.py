"""Datasets and the loader that reads them batch by batch, with PyTorch's names and meanings."""
from numbacnn.data.collate import default_collate
from numbacnn.data.dataset import Dataset, Subset, TensorDataset, random_split
from numbacnn.data.loader import DataLoader

__all__ = [
    "Dataset",
    "TensorDataset",
    "Subset",
    "random_split",
    "DataLoader",
    "default_collate",
]
