"""Datasets and the loader that reads them batch by batch, with PyTorch's names and meanings."""
from numbacnn.data.collate import default_collate, default_convert
from numbacnn.data.combined import ChainDataset, ConcatDataset, IterableDataset
from numbacnn.data.dataset import Dataset, Subset, TensorDataset, random_split
from numbacnn.data.loader import DataLoader
from numbacnn.data.reading import WorkerError
from numbacnn.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from numbacnn.data.seeding import random_generator
from numbacnn.data.worker import WorkerInfo, get_worker_info

__all__ = [
    "Dataset",
    "TensorDataset",
    "Subset",
    "ConcatDataset",
    "IterableDataset",
    "ChainDataset",
    "random_split",
    "DataLoader",
    "default_collate",
    "default_convert",
    "Sampler",
    "SequentialSampler",
    "RandomSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
    "BatchSampler",
    "WorkerError",
    "WorkerInfo",
    "get_worker_info",
    "random_generator",
]
